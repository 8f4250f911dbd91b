"""What is known of a catalogue's photos before its tags are judged: features, and opinions about what each shows.

The opinions are a trained run's and those of the other listings (grouped cross-validation on the features), or the
latter alone. A photo that the run was trained on knows its tag by heart: there the run is not asked. Nothing is judged
here; ``auditing.py`` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mekiki.config import AuditSettings
from mekiki.errors import DataError, PictureError
from mekiki.evaluation.answering import Answer
from mekiki.evaluation.label_errors import frozen_features
from mekiki.evaluation.label_quality import cross_probabilities
from mekiki.evaluation.seen import Seen
from mekiki.progress import Progress
from mekiki.records.card import ModelCard
from mekiki.records.manifest import Manifest, Photo

FOREIGN = -1
LEAST_CHANCE = 1e-12
SHIFTED = 2.0
"""How many times as often a rule refuses known photos of a catalogue as those that its threshold was chosen on."""
STEEPNESS = 3.0
"""How fast known photos become rarer below the threshold, in its distance from their middle; a bell falls faster."""


@dataclass(frozen=True)
class Evidence:
    """What is known of the photos that could be read.

    Attributes:
        photos: n of them, in path order.
        classes: Names in the order of their numbers.
        labels: (n,) class numbers of the tags; ``FOREIGN``: the tag is none of the classes.
        groups: (n,) numbers; copies and what else belongs together share one.
        features: (n, d).
        opinions: Each (n, classes) probabilities that were made without the photo's own tag; a row of equal ones says
            nothing.
        heard: (n,) whether any of the opinions says something.
        strangers: (n,) probability that the photo shows none of the classes; 0 where nothing tells.
        seen: n; what the run has seen of each.
    """

    photos: tuple[Photo, ...]
    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    features: NDArray[np.float32]
    opinions: tuple[NDArray[np.float64], ...]
    heard: NDArray[np.bool_]
    strangers: NDArray[np.float64]
    seen: tuple[Seen, ...]


def own_evidence(
    manifest: Manifest,
    settings: AuditSettings,
    max_megapixels: float,
    progress: Progress,
    features: NDArray[np.float32] | None = None,
) -> Evidence:
    """Return what a catalogue says of itself, by features of a frozen pretrained backbone.

    Args:
        manifest: The scanned catalogue.
        settings: Backbone, folds, device.
        max_megapixels: A larger picture is refused; as in the scan.
        progress: Where to report to.
        features: (n, d) of the usable photos, if they are known already.

    Raises:
        DataError: All photos are of one class or in one group, or one is gone since the scan.
        SettingsError: The backbone cannot be built like this, or there is no such device.
        WeightsError: The pretrained weights are not to be had, or are damaged.
    """
    photos = manifest.usable()
    if features is None:
        features = frozen_features(manifest, photos, settings, progress, max_megapixels)
    return evidence_of_features(photos, manifest.classes, features, settings, progress)


def evidence_of_features(
    photos: Sequence[Photo],
    classes: tuple[str, ...],
    features: NDArray[np.float32],
    settings: AuditSettings,
    progress: Progress,
) -> Evidence:
    """Return what photos say of each other's tags.

    Args:
        photos: n of them.
        classes: Names in the order of their numbers.
        features: (n, d), finite.
        settings: Folds and their divisions.
        progress: Where to report to.
    """
    labels, groups = _labels(photos, classes), _groups(photos)
    others, heard = _others(features, labels, groups, len(classes), settings, progress)
    none = np.zeros(len(photos))
    return Evidence(tuple(photos), classes, labels, groups, features, (others,), heard, none, (Seen(),) * len(photos))


def evidence_of_run(
    card: ModelCard,
    answers: Iterable[Answer | PictureError],
    manifest: Manifest,
    seen: Sequence[Seen],
    settings: AuditSettings,
    progress: Progress,
) -> Evidence:
    """Return what a run and the catalogue itself say of the catalogue; photos that have gone are left out.

    Args:
        card: Of the run's model.
        answers: What the model says of each usable photo.
        manifest: The catalogue, scanned for the model's classes.
        seen: For each usable photo, what the run has seen of it.
        settings: Folds and their divisions.
        progress: Where to report to.

    Raises:
        DataError: No photo can be read.
    """
    photos = manifest.usable()
    told = [
        (photo, answer, each)
        for photo, answer, each in zip(photos, answers, seen, strict=True)
        if not isinstance(answer, PictureError)
    ]
    if not told:
        raise DataError(f"of the {len(manifest.photos):,} photos in {manifest.root} none can be read")
    kept = [photo for photo, _, _ in told]
    features = np.stack([answer.features for _, answer, _ in told])
    by_others = evidence_of_features(kept, manifest.classes, features, settings, progress)
    trained = np.array([each.part == "train" for *_, each in told], bool)
    return replace(
        by_others,
        opinions=_apart(np.stack([answer.chances for _, answer, _ in told]), by_others.opinions[0], trained),
        heard=by_others.heard | ~trained,
        strangers=_strangers(card, [answer for _, answer, _ in told]),
        seen=tuple(each for *_, each in told),
    )


def _apart(
    of_run: NDArray[np.float32], of_others: NDArray[np.float64], trained: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], ...]:
    """Return opinions so that each is weighed apart where the run may be asked and where it may not."""
    nothing, hidden = np.full_like(of_others, 1 / of_others.shape[1]), trained[:, None]
    return (
        np.where(hidden, nothing, of_run.astype(np.float64)),
        np.where(hidden, nothing, of_others),
        np.where(hidden, of_others, nothing),
    )


def _strangers(card: ModelCard, answers: Sequence[Answer]) -> NDArray[np.float64]:
    rule = card.unknown
    scores = np.array([np.nan if answer.known_score is None else answer.known_score for answer in answers])
    if rule is None or np.isnan(scores).any():
        return np.zeros(len(answers))
    return stranger_chances(scores, rule.threshold, rule.kept)


def stranger_chances(scores: NDArray[np.float64], threshold: float, kept: float) -> NDArray[np.float64]:
    """Return how likely each photo shows none of the classes.

    A rule for the unknown refuses some known photos, too. What it refuses is suspicious as far as there is more of it,
    or it lies further off, than known photos alone would bring. Photos from elsewhere are refused more often than those
    of the training, 7 % of known guitars where 5 % were allowed, so twice as many are allowed for.

    Args:
        scores: (n,) how well known each looks, higher for what is.
        threshold: What the rule refuses lies below.
        kept: Share of known photos that it keeps, in (0, 1).

    Returns:
        (n,) 1 less the share of known ones to be expected among all that look as strange or stranger; 0 where nothing
        is refused.

    Source: Benjamini & Hochberg, "Controlling the false discovery rate", JRSS B 1995, with an exponential tail.
    """
    gap = max(float(np.median(scores)) - threshold, 0.0)
    refused = np.flatnonzero(scores < threshold)
    refused = refused[np.argsort(scores[refused], kind="stable")]
    depth = (threshold - scores[refused]) / gap if gap else np.zeros(len(refused))
    known = SHIFTED * len(scores) * (1 - kept) * np.exp(-STEEPNESS * depth) / np.arange(1, len(refused) + 1)
    chances = np.zeros(len(scores))
    chances[refused] = 1 - np.minimum(np.minimum.accumulate(known[::-1])[::-1], 1)
    return chances


def _labels(photos: Sequence[Photo], classes: Sequence[str]) -> NDArray[np.int64]:
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers.get(photo.label, FOREIGN) for photo in photos], np.int64)


def _groups(photos: Sequence[Photo]) -> NDArray[np.int64]:
    numbers: dict[tuple[str, str], int] = {}
    keys = [("group", photo.group) if photo.group else ("photo", photo.path) for photo in photos]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)


def _others(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    classes: int,
    settings: AuditSettings,
    progress: Progress,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return what the other listings say of each one, and where they can; the mean over several divisions."""
    rows = np.flatnonzero(labels != FOREIGN)
    opinion, heard = np.full((len(labels), classes), 1 / classes), np.zeros(len(labels), bool)
    own, apart = labels[rows], len(np.unique(groups[rows]))
    if len(np.unique(own)) < 2 or apart < 2 or np.bincount(own).max() < 2:
        return opinion, heard
    names = [str(group) for group in groups[rows]]
    total, known = np.zeros((len(rows), classes)), np.ones(len(rows), bool)
    for division in range(settings.divisions):
        seed = settings.seed + division
        chances, judged = cross_probabilities(features[rows], own, names, classes, settings.folds, seed, progress)
        total += np.log(np.maximum(chances, LEAST_CHANCE))
        known &= judged
    mean = np.exp(total / settings.divisions)
    opinion[rows[known]] = (mean / mean.sum(axis=1, keepdims=True))[known]
    heard[rows[known]] = True
    return opinion, heard
