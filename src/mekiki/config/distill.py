"""How a student learns from a teacher."""

from __future__ import annotations

import os

from pydantic import Field, field_validator

from mekiki.config.section import Fraction, Section


class DistillSettings(Section):
    """How it imitates its teacher."""

    teacher: str = Field("", description="the run folder whose answers are learnt from; empty: there is no teacher")
    temperature: float = Field(
        2.0,
        gt=0,
        le=100,
        description="divides the logits of teacher and student: above 1 the runners-up count for more",
    )
    hard: Fraction = Field(0.1, description="share of the loss that the true labels get, beside the teacher's answers")
    variants: int = Field(
        0,
        ge=0,
        le=10_000,
        description="sets of random changes that the epochs take in turn, so that the teacher is asked about each "
        "once, which is faster and teaches less; 0: new ones in every epoch",
    )
    extra: str = Field(
        "",
        description="a folder of pictures without labels, learnt from by the teacher's answers alone",
    )

    @field_validator("teacher", "extra")
    @classmethod
    def _from_anywhere(cls, place: str) -> str:
        """A training may go on from another working folder."""
        return os.path.abspath(place) if place else ""  # noqa: PTH100  links stay as they are named
