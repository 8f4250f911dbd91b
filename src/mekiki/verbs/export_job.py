"""One export: whose model it is, and what is asked of it."""

from __future__ import annotations

from dataclasses import dataclass

from mekiki.config import ExportSettings
from mekiki.evaluation.classifier import Classifier
from mekiki.progress import Progress
from mekiki.records.manifest import Manifest
from mekiki.records.run import RunFolder


@dataclass(frozen=True)
class ExportJob:
    """One export.

    Attributes:
        run: Whose model it is.
        classifier: The run's, on the processor in float32.
        photos: Its validation photos, for the proof.
        settings: What is asked of it.
        name: Of the format, with "-int8" where it has 8 bits.
        progress: Where to report to.
    """

    run: RunFolder
    classifier: Classifier
    photos: Manifest
    settings: ExportSettings
    name: str
    progress: Progress
