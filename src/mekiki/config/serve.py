"""Settings of the service: where it listens, how it batches, and the bounds of what a client may send and wait for."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from mekiki.config.section import Megapixels, Section


class ServeSettings(Section):
    """How the service listens, batches, and what it refuses."""

    host: str = Field(
        "127.0.0.1", description="address to listen at; any other than this machine's own needs a token (MEKIKI_TOKEN)"
    )
    port: int = Field(8777, ge=0, le=65535, description="port to listen at; 0: any that is free")
    token_file: str | None = Field(
        None, description="file whose first line is the token that clients must bring (default: MEKIKI_TOKEN, if set)"
    )
    window_ms: float = Field(
        5.0, ge=0, le=1000, description="how long a prepared picture waits for others that are on their way, ms"
    )
    most_batch: int = Field(16, ge=1, le=4096, description="pictures that the model is asked about at once")
    queue: int = Field(
        128, ge=1, le=100_000, description="pictures that may be under way; beyond, requests get 429 with Retry-After"
    )
    patience: float = Field(
        6.0,
        ge=1,
        le=1000,
        description="a request gets 429, too, when it would wait longer than this many times what one takes alone",
    )
    most_pictures: int = Field(32, ge=1, le=100_000, description="pictures in one request, at most")
    most_megabytes: int = Field(32, ge=1, le=4096, description="a larger request body is refused, megabytes")
    held_megabytes: int = Field(
        256, ge=1, description="bodies held in memory at a time; beyond, requests get 429, megabytes"
    )
    max_megapixels: Megapixels = Field(
        50.0, description="a picture with more pixels is refused before it is decoded, in millions"
    )
    heat_map_pixels: int = Field(1024, ge=64, le=8192, description="longer side of a heat map, at most, pixels")
    body_seconds: float = Field(
        15.0, gt=0, le=3600, description="a request that takes longer to arrive is cut off, seconds"
    )
    answer_seconds: float = Field(30.0, gt=0, le=3600, description="a request unanswered after this gets 503, seconds")
    stop_seconds: float = Field(
        30.0, ge=0, le=3600, description="how long a stop waits for the requests it has taken, seconds"
    )
    connections: int = Field(1000, ge=1, le=100_000, description="connections that may be open at a time")
    workers: int = Field(2, ge=1, le=64, description="threads that decode and prepare pictures")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.most_pictures > self.queue:
            raise ValueError(f"most_pictures {self.most_pictures} do not fit into a queue of {self.queue}")
        if self.most_megabytes > self.held_megabytes:
            raise ValueError(f"most_megabytes {self.most_megabytes} are more than held_megabytes {self.held_megabytes}")
        return self
