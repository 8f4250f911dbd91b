"""What was found when a model's probabilities were calibrated: kept in the model card, and shown with its figures."""

from __future__ import annotations

from pydantic import Field

from mekiki.records.evaluation import Record


class Calibration(Record):
    """A temperature, and what it did on the photos that it was fitted on.

    Attributes:
        temperature: 0.05..20; the logits are divided by it; above 1 it makes the model less sure. It changes no answer.
        n: Photos that it was fitted on.
        log_loss_before: Mean negative log of the true class's probability at temperature 1; lower is better.
        log_loss_after: The same at this temperature.
        ece_before: Expected calibration error at temperature 1, 0..1; lower is better.
        ece_after: The same at this temperature; a little kind, because it was fitted on these photos.
    """

    temperature: float = Field(ge=0.05, le=20)
    n: int
    log_loss_before: float
    log_loss_after: float
    ece_before: float
    ece_after: float
