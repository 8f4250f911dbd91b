"""Settings of ``mekiki audit``: how the tags of a catalogue are judged, and which are listed."""

from __future__ import annotations

from pydantic import Field

from mekiki.config.photos import LabelSettings
from mekiki.config.section import Fraction


class AuditSettings(LabelSettings):
    """How tags are judged; backbone, weights and image size are for --self."""

    image_size: int = Field(
        288, ge=16, le=1024, description="the network's input, pixels on each side; more sees finer and takes longer"
    )
    divisions: int = Field(
        3, ge=1, le=20, description="times that the listings are divided into folds; the judges' mean is taken"
    )
    neighbours: int = Field(20, ge=1, le=200, description="nearest other listings that have a say about each one")
    least: Fraction = Field(0.1, description="a listing is suspicious from this probability of a wrong tag on")
