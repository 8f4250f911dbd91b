"""Settings of watching a video or a camera: which frames are asked about, and how their answers become one."""

from __future__ import annotations

from pydantic import Field

from mekiki.config.section import Section


class VideoSettings(Section):
    """How a video is watched."""

    every: int = Field(
        1, ge=1, le=10_000, description="ask the model about every N-th frame; the others keep the last answer"
    )
    keep_up: bool = Field(
        False,
        description="skip frames of a video file where the model is slower than the clip plays; of a camera always "
        "the newest frame is taken",
    )
    smooth_seconds: float = Field(
        0.5, ge=0, le=60, description="time constant of the average over the frames' answers, seconds; 0: none"
    )
    lead: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="how far a new answer's averaged probability must be above the shown one's to replace it, 0..1",
    )
    hold_seconds: float = Field(0.3, ge=0, le=60, description="how long it must lead before it is shown, seconds")
