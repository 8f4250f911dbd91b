"""Scores that are high for what a model knows and low for what it does not; and which one decides, from where on.

They come from the logits, or from where the pooled features lie among those of the training photos. Everything is
chosen on validation photos alone: pictures of unknown things are for measuring, never for choosing. How well it works
is measured in ``detection.py``; what a model keeps is in ``records/unknown.py``.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from mekiki.records.unknown import (
    LOGIT_SCORES,
    SCORE_NAMES,
    FeatureReference,
    ScoreName,
    ScoreTrial,
    UnknownRule,
)
from mekiki.scoring.detection import auroc
from mekiki.seeds import stream

MOST_DIRECTIONS = 256
MOST_NEIGHBOURS = 4000
NEIGHBOUR = 5
KEPT = 0.95
LEAST_OF_A_CLASS = 3
BOTH: ScoreName = "energy_mahalanobis"
DISTANCES: tuple[ScoreName, ScoreName] = ("mahalanobis", "relative_mahalanobis")
AS_GOOD = 0.05
"""Of area in the rehearsal: energy and distances together are preferred to a score that is better by no more."""
ALONE = (0.0, 0.0)
_ROWS_AT_ONCE = 2048


def known_scores(
    name: ScoreName,
    logits: NDArray[np.float32],
    features: NDArray[np.float32] | None = None,
    reference: FeatureReference | None = None,
    weights: tuple[float, float] = ALONE,
) -> NDArray[np.float64]:
    """Score pictures.

    Args:
        name: Which score.
        logits: (n, classes).
        features: (n, d) pooled features; needed for a distance.
        reference: Where the training photos lie; needed for a distance.
        weights: Of the distance and of the relative distance beside the energy, for ``energy_mahalanobis``; a rule has
            its own.

    Returns:
        (n,) scores; higher: better known. Of a distance it is the negative.

    Raises:
        ValueError: A distance is asked for without features or reference, or they do not fit.

    Source: energy: Liu et al., NeurIPS 2020, eq. 4; maximum softmax probability: Hendrycks & Gimpel, ICLR 2017;
    maximum logit: Hendrycks et al., ICML 2022; Mahalanobis distance: Lee et al., NeurIPS 2018, eq. 2; relative: Ren et
    al., "A Simple Fix to Mahalanobis Distance for Improving Near-OOD Detection", 2021, eq. 3; neighbours: Sun et al.,
    ICML 2022. Features of length 1 for the distances: Müller & Hein, "Mahalanobis++", ICML 2025; logits and features
    together: Wang et al., "ViM", CVPR 2022.
    """
    if name in LOGIT_SCORES:
        return _logit_scores(name, logits.astype(np.float64))
    if features is None or reference is None or features.shape[1:] != reference.centre.shape:
        raise ValueError(f"the score {name} needs features of (n, d) and the reference that was made of such")
    if name == BOTH:
        energy = _logit_scores("energy", logits.astype(np.float64))
        distance, relative = (known_scores(each, logits, features, reference) for each in DISTANCES)
        return np.asarray(energy + weights[0] * distance + weights[1] * relative)
    rows = [
        _feature_scores(name, features[start : start + _ROWS_AT_ONCE], reference)
        for start in range(0, len(features), _ROWS_AT_ONCE)
    ]
    return np.concatenate(rows) if rows else np.zeros(0)


def _logit_scores(name: ScoreName, logits: NDArray[np.float64]) -> NDArray[np.float64]:
    if name == "energy":
        return np.asarray(logsumexp(logits, axis=1))
    return np.asarray((softmax(logits, axis=1) if name == "max_softmax" else logits).max(axis=1))


def _feature_scores(name: ScoreName, features: NDArray[np.float32], reference: FeatureReference) -> NDArray[np.float64]:
    reduced = ((_of_length_1(features) - reference.centre) @ reference.basis).astype(np.float32, copy=False)
    if name == "neighbours":
        likeness = _of_length_1(reduced) @ reference.neighbours.T
        nearest = min(NEIGHBOUR, int(np.unique(reference.neighbour_classes, return_counts=True)[1].min()))
        kth = np.partition(likeness, -nearest, axis=1)[:, -nearest].astype(np.float64)
        return np.asarray(-np.sqrt(np.maximum(2 - 2 * kth, 0)))
    within, centres = reduced @ reference.within, reference.class_means @ reference.within
    nearest_class: NDArray[np.float64] = _squared_distances(within, centres).min(axis=1)
    if name != "relative_mahalanobis":
        return -nearest_class
    background = ((reduced @ reference.overall).astype(np.float64) ** 2).sum(axis=1)
    return np.asarray(background - nearest_class)


def _squared_distances(points: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.float64]:
    near, far = points.astype(np.float64), centres.astype(np.float64)
    squares = (near**2).sum(axis=1)[:, None] + (far**2).sum(axis=1) - 2 * near @ far.T
    return np.asarray(np.maximum(squares, 0))


def _of_length_1(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.sqrt((rows.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    return np.asarray(rows / np.maximum(lengths, 1e-12), dtype=np.float32)


def measure_reference(features: NDArray[np.float32], labels: NDArray[np.int64]) -> FeatureReference:
    """Measure where training photos lie.

    The covariance within the classes is shared by all and shrunk towards a multiple of the identity, as much as its
    own noise asks for (Ledoit & Wolf, J. Multivariate Analysis 2004), so that a few dozen photos per class suffice. The
    covariance overall is that plus what the class means differ by, so that it is nowhere smaller; shrunk by itself it
    may be, and far strangers then pass for known.

    Args:
        features: (n, d) pooled features of training photos without augmentation, n >= 2.
        labels: (n,) class numbers; each of 0..max has a photo.

    Raises:
        ValueError: Fewer than two photos or classes, features that are not finite, or a class without photos.
    """
    classes = int(labels.max()) + 1 if len(labels) else 0
    counts = np.bincount(labels, minlength=classes)
    if classes < 2 or len(features) != len(labels) or counts.min() == 0 or not np.isfinite(features).all():
        raise ValueError(f"{len(labels)} labels of {classes} classes, features {features.shape}: cannot be measured")
    wide = _of_length_1(features).astype(np.float64)
    centre = wide.mean(axis=0)
    basis = _main_directions(wide - centre)
    reduced = (wide - centre) @ basis
    means = np.stack([reduced[labels == number].mean(axis=0) for number in range(classes)])
    within = _shrunk_covariance(reduced - means[labels])
    single = _some_of_each(labels, classes)
    return FeatureReference(
        centre=centre.astype(np.float32),
        basis=basis.astype(np.float32),
        class_means=means.astype(np.float32),
        within=_whitening(within),
        overall=_whitening(within + (means.T * counts) @ means / len(labels)),
        neighbours=_of_length_1(reduced[single].astype(np.float32)),
        neighbour_classes=labels[single].astype(np.int32),
    )


def _main_directions(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (d, k) directions of most variance, k at most 256, by eigenvectors of the smaller of both squares."""
    n, d = centred.shape
    square = centred.T @ centred if d <= n else centred @ centred.T
    values, vectors = np.linalg.eigh(square)
    kept = [
        place for place in np.argsort(-values)[:MOST_DIRECTIONS] if values[place] > 1e-10 * max(values.max(), 1e-30)
    ]
    chosen = vectors[:, kept] if kept else vectors[:, -1:]
    directions = chosen if d <= n else centred.T @ chosen
    return np.asarray(directions / np.maximum(np.linalg.norm(directions, axis=0), 1e-12))


def _shrunk_covariance(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    from sklearn.covariance import ledoit_wolf  # only trainings need it, and it is slow to import

    covariance, _ = ledoit_wolf(centred, assume_centered=True)
    return np.asarray(covariance)


def _whitening(covariance: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return (k, k) that gives rows of this covariance unit covariance."""
    values, vectors = np.linalg.eigh(covariance)
    floor = max(float(values.max()) * 1e-6, 1e-12)
    return np.asarray(vectors / np.sqrt(np.maximum(values, floor)), dtype=np.float32)


def _some_of_each(labels: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Return places of single photos, as many of each class as keep the file small; which ones is drawn by chance."""
    most = max(1, MOST_NEIGHBOURS // classes)
    numbers = stream(0, "neighbours")
    return np.concatenate(
        [np.sort(numbers.permutation(np.flatnonzero(labels == number))[:most]) for number in range(classes)]
    )


def threshold_keeping(scores: NDArray[np.float64], kept: float = KEPT) -> float:
    """Return the threshold that at least a share of known photos, these and new ones like them, passes.

    Args:
        scores: (n,) of validation photos, n >= 1.
        kept: The share, in (0, 1).

    Returns:
        One of the scores. Of n photos it is the floor((1 - kept) · (n + 1))-th lowest; the lowest where that is 0, and
        then there are too few photos (below 19 for 95 %) to promise the share for new ones.

    Raises:
        ValueError: No photo, or a score that is not finite.

    Source: Vovk et al., "Algorithmic Learning in a Random World", 2005, section 2.2 (split conformal prediction).
    """
    if len(scores) == 0 or not np.isfinite(scores).all():
        raise ValueError(f"{len(scores)} scores, all of which must be finite")
    place = max(1, math.floor((1 - kept) * (len(scores) + 1) + 1e-9))
    return float(np.sort(scores)[place - 1])


def choose_rule(
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    features: NDArray[np.float32] | None = None,
    reference: FeatureReference | None = None,
    kept: float = KEPT,
) -> UnknownRule:
    """Choose the score and its threshold on validation photos.

    Each class in turn plays the unknown: its logit and its place among the features are taken away, and each score says
    how well the class's photos are told from the others. The best on average is chosen, but energy and both distances
    together if they are nearly as good: a class like the others is all that is rehearsed, which the relative distance
    tells, and strangers of quite another kind are what the plain one tells. It is a rehearsal, not a measurement: the
    network was trained on the class, so what it sees of it is tidier than what it sees of strangers. The order of the
    scores may carry over to new pictures; their figures do not.

    Args:
        logits: (n, classes) of validation photos.
        labels: (n,) class numbers.
        features: (n, d) their pooled features; not given: logits alone decide.
        reference: Where the training photos lie.
        kept: Share of validation photos that the threshold keeps, in (0, 1).

    Raises:
        ValueError: No photo, or shapes that do not fit.
    """
    names = SCORE_NAMES if features is not None and reference is not None else LOGIT_SCORES
    weights = _weights(logits, features, reference)
    trials = sorted(
        (_trial(name, logits, labels, features, reference, weights) for name in names), key=lambda trial: -trial.auroc
    )
    best = next((each for each in trials if each.score == BOTH and each.auroc >= trials[0].auroc - AS_GOOD), trials[0])
    scores = known_scores(best.score, logits, features, reference, weights)
    distance, relative = weights if best.score == BOTH else ALONE
    return UnknownRule(
        score=best.score,
        threshold=threshold_keeping(scores, kept),
        kept=kept,
        n=len(labels),
        weight=distance,
        relative_weight=relative,
        trials=tuple(trials),
    )


def _weights(
    logits: NDArray[np.float32], features: NDArray[np.float32] | None, reference: FeatureReference | None
) -> tuple[float, float]:
    """Return the weights at which energy and both distances of validation photos spread alike; 0 without features."""
    if features is None or reference is None or len(logits) == 0:
        return ALONE
    energy, distance, relative = (
        float(known_scores(name, logits, features, reference).std()) for name in ("energy", *DISTANCES)
    )
    return energy / max(distance, 1e-12), energy / max(relative, 1e-12)


def _trial(
    name: ScoreName,
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    features: NDArray[np.float32] | None,
    reference: FeatureReference | None,
    weights: tuple[float, float],
) -> ScoreTrial:
    """Return how well a score tells each class from the others; 0.5 where no class can play."""
    areas = []
    for number in range(logits.shape[1]):
        own = labels == number
        if own.sum() < LEAST_OF_A_CLASS or (~own).sum() < LEAST_OF_A_CLASS or logits.shape[1] < 3:
            continue
        scores = known_scores(name, np.delete(logits, number, axis=1), features, _without(reference, number), weights)
        areas.append(auroc(scores[~own], scores[own]))
    return ScoreTrial(score=name, auroc=float(np.mean(areas)) if areas else 0.5, lowest=min(areas, default=0.5))


def _without(reference: FeatureReference | None, number: int) -> FeatureReference | None:
    """Return where the photos of all other classes lie."""
    if reference is None:
        return None
    others = reference.neighbour_classes != number
    return replace(
        reference,
        class_means=np.delete(reference.class_means, number, axis=0),
        neighbours=reference.neighbours[others],
        neighbour_classes=reference.neighbour_classes[others],
    )
