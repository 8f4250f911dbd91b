"""Features of photos under a frozen pretrained backbone, by workers: what an audit without a run judges by."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mekiki.cluster.parts import Job, Row
from mekiki.cluster.work import Columns, Doing, Work
from mekiki.config import LabelSettings
from mekiki.evaluation.label_errors import FrozenBackbone
from mekiki.progress import Silent


@dataclass(frozen=True)
class FeatureWork(Work):
    """The features of each photo; one that cannot be read any more is an error, as without a cluster.

    Attributes:
        settings: Backbone, weights, size and device.
        classes: Of the catalogue.
        max_megapixels: A larger picture is refused, in millions.
    """

    settings: LabelSettings
    classes: tuple[str, ...]
    max_megapixels: float

    def begin(self, stack: ExitStack) -> Doing:
        backbone = FrozenBackbone(self.settings, self.classes)

        def do(rows: Sequence[Row]) -> Columns:
            places = [row.listed.place for row in rows]
            features = backbone.features(Path("/"), places, self.max_megapixels, Silent())
            return {"features": pa.array(list(features), pa.list_(pa.float32()))}

        return do


def features_of(job: Job) -> NDArray[np.float32]:
    """Return what ``FeatureWork`` wrote, (n, features) in the order of the list."""
    parts = (job.read(part, ["features"])["features"].to_pylist() for part in range(job.parts))
    return np.concatenate([np.array(rows, np.float32) for rows in parts])
