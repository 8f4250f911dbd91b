"""What a model keeps to answer "unknown": which score decides, from where on, and the arrays that a distance needs.

Scalars are JSON and belong into the model card; arrays are ``unknown.safetensors`` beside the weights. Every score is
higher for what is known. How scores are computed is in ``scoring/unknown.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from safetensors import SafetensorError
from safetensors.numpy import load, save

from mekiki.errors import RunError
from mekiki.files import write_bytes
from mekiki.records.evaluation import Record

ScoreName = Literal[
    "energy", "max_logit", "max_softmax", "mahalanobis", "relative_mahalanobis", "neighbours", "energy_mahalanobis"
]
SCORE_NAMES: tuple[ScoreName, ...] = get_args(ScoreName)
LOGIT_SCORES: tuple[ScoreName, ...] = ("energy", "max_logit", "max_softmax")
FEATURE_SCORES: tuple[ScoreName, ...] = ("mahalanobis", "relative_mahalanobis", "neighbours", "energy_mahalanobis")
LARGEST_FILE = 2**28
_NAMES = ("centre", "basis", "class_means", "within", "overall", "neighbours")
_CLASSES = "neighbour_classes"


class ScoreTrial(Record):
    """How well one score told a class that was played as unknown from the others, on validation photos.

    Attributes:
        score: Its name.
        auroc: Mean over the classes that were played as unknown, 0..1.
        lowest: The worst of them.
    """

    score: ScoreName
    auroc: float
    lowest: float


class UnknownRule(Record):
    """When a model answers "unknown".

    Attributes:
        score: Which score decides.
        threshold: A picture whose score is below is unknown.
        kept: Share of validation photos that the threshold was set to keep.
        n: Validation photos that it was set on.
        weight: Of the distance beside the energy, for ``energy_mahalanobis``.
        relative_weight: Of the relative distance beside both; 0 in models of before it was taken in.
        trials: How the scores did when they were chosen from, the best first; empty where the score was named.
    """

    score: ScoreName
    threshold: float = Field(allow_inf_nan=False)
    kept: float
    n: int
    weight: float = Field(0.0, ge=0, allow_inf_nan=False)
    relative_weight: float = Field(0.0, ge=0, allow_inf_nan=False)
    trials: tuple[ScoreTrial, ...] = ()

    @property
    def weights(self) -> tuple[float, float]:
        """Of the distance and of the relative distance, beside the energy."""
        return self.weight, self.relative_weight


@dataclass(frozen=True)
class FeatureReference:
    """Where the training photos lie among a network's pooled features, reduced to at most 256 directions.

    Attributes:
        centre: (d,) mean of all features, each divided by its length.
        basis: (d, k) the directions in which they differ most; a feature x is (x / |x| - centre) @ basis from there.
        class_means: (classes, k) of the reduced features.
        within: (k, k) whitens what photos of one class differ by: distances are Euclidean after ``@ within``.
        overall: (k, k) the same for what all photos differ by.
        neighbours: (m, k) reduced features of single training photos, each of length 1.
        neighbour_classes: (m,) their class numbers.
    """

    centre: NDArray[np.float32]
    basis: NDArray[np.float32]
    class_means: NDArray[np.float32]
    within: NDArray[np.float32]
    overall: NDArray[np.float32]
    neighbours: NDArray[np.float32]
    neighbour_classes: NDArray[np.int32]


def write_reference(path: Path, reference: FeatureReference) -> None:
    """Write ``unknown.safetensors``."""
    names = (*_NAMES, _CLASSES)
    write_bytes(path, save({name: np.ascontiguousarray(getattr(reference, name)) for name in names}))


def read_reference(path: Path) -> FeatureReference:
    """Read ``unknown.safetensors``.

    Raises:
        RunError: The file is missing, damaged, too large, or holds arrays that do not fit each other.
    """
    hint = "copy it again from where the model was trained, or train again"
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RunError(f"{path} holds {path.stat().st_size:,} bytes, more than {LARGEST_FILE:,}", hint)
        arrays = load(path.read_bytes())
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror or error}", hint) from error
    except (SafetensorError, ValueError, KeyError) as error:
        raise RunError(f"{path} is no safetensors file: {error}", hint) from None
    missing = next((name for name in (*_NAMES, _CLASSES) if name not in arrays), None)
    if missing is not None:
        raise RunError(f"{path} holds no array {missing!r}", hint)
    kinds = all(arrays[name].dtype == np.float32 for name in _NAMES) and arrays[_CLASSES].dtype == np.int32
    if not kinds or not all(np.isfinite(arrays[name]).all() for name in _NAMES):
        raise RunError(f"{path} holds numbers that are not finite float32", hint)
    reference = FeatureReference(**{name: arrays[name] for name in (*_NAMES, _CLASSES)})
    if not _fits(reference):
        shapes = ", ".join(f"{name} {arrays[name].shape}" for name in _NAMES)
        raise RunError(f"the arrays in {path} do not fit each other: {shapes}", hint)
    return reference


def _fits(reference: FeatureReference) -> bool:
    if reference.basis.ndim != 2 or reference.class_means.ndim != 2 or reference.neighbours.ndim != 2:
        return False
    d, k = reference.basis.shape
    square = reference.within.shape == reference.overall.shape == (k, k)
    rows = reference.class_means.shape[1] == reference.neighbours.shape[1] == k
    single = len(reference.neighbours)
    named = reference.neighbour_classes.shape == (single,) and 0 < single
    return reference.centre.shape == (d,) and square and rows and named and _in_classes(reference)


def _in_classes(reference: FeatureReference) -> bool:
    numbers = reference.neighbour_classes
    return bool((numbers >= 0).all() and (numbers < len(reference.class_means)).all())
