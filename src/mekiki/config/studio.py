"""Settings of the studio: where it listens, and how much a browser may send it."""

from __future__ import annotations

from pydantic import Field

from mekiki.config.section import Megapixels, Section


class StudioSettings(Section):
    """How the studio listens, and its bounds."""

    host: str = Field(
        "127.0.0.1", description="address to listen at; any other than this machine's own asks browsers for a token"
    )
    port: int = Field(8765, ge=0, le=65535, description="port to listen at; 0: any that is free")
    most_megabytes: int = Field(512, ge=1, description="a larger file is refused when a browser sends it, megabytes")
    most_photos: int = Field(20_000, ge=1, description="files that a browser may send into one folder of photos")
    max_megapixels: Megapixels = Field(
        100.0, description="a picture with more pixels is refused before it is decoded, millions"
    )
