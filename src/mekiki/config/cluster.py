"""Settings of work that is shared out over a Ray cluster: where it runs, in what pieces, and how addresses are read."""

from __future__ import annotations

from pydantic import Field

from mekiki.config.section import Section


class ClusterSettings(Section):
    """How work is shared out over a Ray cluster (--engine ray)."""

    address: str | None = Field(
        None,
        description="the Ray cluster, host:port (default: RAY_ADDRESS, else the one of this machine, else one of its "
        "own for the time)",
    )
    replicas: int = Field(
        0, ge=0, le=100_000, description="processes that hold the model; 0: as many as the cluster has room for"
    )
    cores: int = Field(1, ge=1, le=1024, description="processor cores of each replica")
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
