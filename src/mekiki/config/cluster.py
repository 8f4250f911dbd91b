"""Settings of work that is shared out over a Ray cluster: where it runs, in what pieces, and how addresses are read."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from mekiki.config.section import Section


class ClusterPlace(Section):
    """Which Ray cluster computes, and by how many cores each."""

    address: str | None = Field(
        None,
        description="the Ray cluster: host:port, or auto, the one that ray start began on this machine (default: "
        "RAY_ADDRESS, else one of its own for the time, which nobody else can reach)",
    )
    cores: int = Field(1, ge=1, le=1024, description="processor cores of each replica")


class ClusterSettings(ClusterPlace):
    """How work is shared out over a Ray cluster (--engine ray)."""

    replicas: int = Field(
        0, ge=0, le=100_000, description="processes that hold the model; 0: as many as the cluster has room for"
    )
    part_size: int = Field(
        500, ge=1, le=1_000_000, description="listings in one part; what is lost with a worker is done again by parts"
    )
    file_megabytes: float = Field(
        50.0, gt=0, le=512, description="a larger file behind an address is refused, in millions of bytes"
    )
    file_seconds: float = Field(60.0, gt=0, le=3600, description="time limit to fetch one address, seconds")
    allow_private: bool = Field(
        False, description="also ask private, loopback and link-local web addresses: your own network"
    )
    robots: bool = Field(True, description="obey robots.txt; switch it off only for a host that gave you leave")


class ReplicaSettings(ClusterPlace):
    """How many replicas of a service there are on a Ray cluster (--engine ray)."""

    least_replicas: int = Field(1, ge=1, le=1000, description="replicas that are always there")
    most_replicas: int = Field(
        4, ge=1, le=1000, description="replicas at most; there are more while more requests are under way than a batch"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.least_replicas > self.most_replicas:
            raise ValueError(f"least_replicas {self.least_replicas} are more than most_replicas {self.most_replicas}")
        return self
