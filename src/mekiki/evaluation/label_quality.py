"""From features and labels to how doubtful each label is: pure arithmetic, no pictures and no torch.

Each photo is judged by a linear discriminant that saw neither it nor any photo of its group; cleanlab ranks the labels
by those probabilities and chooses which are listed. It does not know where features come from, and it changes no label.
``docs/log.md`` has what was tried instead. cleanlab comes with the extra ``audit`` and is imported when first used.

Source: Northcutt et al., "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 2021.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.model_selection import StratifiedGroupKFold

from mekiki.errors import DataError, MekikiError
from mekiki.progress import Progress
from mekiki.scoring.discriminant import Moments, honest_scale
from mekiki.seeds import stream

SHRINKAGE = 0.5
ROUNDS = 2
DISPUTED = 0.1
HARDLY = 0.05
SMALLEST_SPREAD = 1e-6

Folds = list[tuple[NDArray[np.int64], NDArray[np.int64]]]


@dataclass(frozen=True)
class Judgement:
    """What photos say of their labels.

    Attributes:
        probabilities: (n, classes), rows sum to 1: from a model that was fitted without the photo and its group. Which
            others that model learns from, and one scale for all, were chosen with every label in view.
        quality: (n,) 0..1, cleanlab's self-confidence: the probability of the given label; lower is more likely
            wrong. 1 where not judged.
        listed: (n,) whether the label is probably wrong: the least likely ones, as many as cleanlab estimates to be
            wrong, and any that is under a twentieth as likely as the likeliest class; never where the label is that.
        judged: (n,) False where all photos of the label are held out together, most often as one group, so that no
            model could know the class.
    """

    probabilities: NDArray[np.float64]
    quality: NDArray[np.float64]
    listed: NDArray[np.bool_]
    judged: NDArray[np.bool_]

    def order(self) -> NDArray[np.int64]:
        """Return the numbers of the listed photos, the most doubtful first."""
        numbers = np.flatnonzero(self.listed)
        return numbers[np.argsort(self.quality[numbers], kind="stable")]


def check_cleanlab() -> None:
    """Refuse to start without cleanlab.

    Raises:
        MekikiError: It is not installed.
    """
    try:
        import cleanlab.filter  # noqa: F401
    except ImportError as error:
        raise MekikiError(
            f"looking for label errors needs cleanlab, which cannot be imported ({error})",
            "pip install 'mekiki[audit]'",
        ) from None


def judge_labels(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: Sequence[str],
    classes: int,
    folds: int,
    seed: int,
    progress: Progress,
) -> Judgement:
    """Ask for each photo whether the others' labels speak for its own.

    Args:
        features: (n, features), finite.
        labels: (n,) class numbers as given, right or wrong; at least two classes occur.
        groups: n names; photos of one group are always held out together.
        classes: Number of classes; those without photos get probability 0.
        folds: Parts of the cross-validation, 2 or more; fewer are made where there are not as many groups.
        seed: Of the folds.
        progress: Where to report to.

    Raises:
        DataError: All photos are of one class or in one group.
        MekikiError: cleanlab is not installed.
    """
    check_cleanlab()
    probabilities, judged = cross_probabilities(features, labels, groups, classes, folds, seed, progress)
    quality, listed = np.ones(len(labels)), np.zeros(len(labels), bool)
    if len(np.unique(labels[judged])) > 1:
        quality[judged], listed[judged] = _rank(labels[judged], probabilities[judged])
    return Judgement(probabilities, quality, listed, judged)


def cross_probabilities(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: Sequence[str],
    classes: int,
    folds: int,
    seed: int,
    progress: Progress,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return what the other photos say of each one: ``probabilities`` and ``judged`` as in ``Judgement``.

    Two rounds of cross-validation on the same folds: the second learns without the photos that the first disputes.
    cleanlab is not needed.

    Args:
        features: As for ``judge_labels``, as are the others.
        labels: Class numbers.
        groups: Names.
        classes: Number of classes.
        folds: Parts of the cross-validation.
        seed: Of the folds.
        progress: Where to report to.

    Raises:
        DataError: All photos are of one class or in one group.
    """
    parts = _grouped_folds(labels, groups, folds, seed)
    rooted = np.sign(features) * np.sqrt(np.abs(features))
    judged = np.zeros(len(labels), bool)
    for learnt, held_out in parts:
        judged[held_out] = np.isin(labels[held_out], labels[learnt])
    disputed = np.zeros(len(labels), bool)
    with progress.task("labels", ROUNDS * len(parts), unit="fits") as task:
        for _ in range(ROUNDS):
            logits = np.full((len(labels), classes), -np.inf)
            for learnt, held_out in parts:
                rows = _worth_learning(learnt, labels, disputed)
                logits[held_out] = discriminant(rooted[rows], labels[rows], rooted[held_out], classes)
                task.advance()
            log_chances = _calibrated(logits, labels, judged)
            own = log_chances[np.arange(len(labels)), labels]
            disputed = judged & (own < np.log(DISPUTED) + log_chances.max(axis=1))
    return np.exp(log_chances), judged


def _grouped_folds(labels: NDArray[np.int64], groups: Sequence[str], folds: int, seed: int) -> Folds:
    """Divide the photos so that no group is on both sides, each class as evenly as its groups allow."""
    _, group_of = np.unique(np.asarray(groups), return_inverse=True)
    number_of_groups = int(group_of.max(initial=-1)) + 1
    if len(np.unique(labels)) < 2 or number_of_groups < 2:
        raise DataError(
            f"label errors are found by comparing photos, and these are of {len(np.unique(labels))} class(es) in "
            f"{number_of_groups} group(s); expected at least two of each",
            "add photos of another class",
        )
    if np.bincount(labels).max() < 2:
        raise DataError(
            "label errors are found by comparing photos of one class, and each class has a single photo",
            "add more photos of each class",
        )
    number = min(folds, number_of_groups, max(2, int(np.bincount(labels).max())))
    splitter = StratifiedGroupKFold(number, shuffle=True, random_state=int(stream(seed, "label folds").integers(2**31)))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        parts = list(splitter.split(group_of, labels, group_of))
    return [(learnt, held_out) for learnt, held_out in parts if len(learnt) and len(held_out)]


def discriminant(
    features: NDArray[np.float32], labels: NDArray[np.int64], asked: NDArray[np.float32], classes: int
) -> NDArray[np.float64]:
    """Fit a linear discriminant on standardised features and return its logits for other photos.

    scikit-learn's own solves by singular values and takes 6 times as long at 1,024 features (a test compares both).

    Args:
        features: (n, features) to learn from.
        labels: (n,) their class numbers.
        asked: (m, features).
        classes: Number of classes.

    Returns:
        (m, classes): log density plus log prior, up to a constant; -inf for classes that do not occur in ``labels``.
    """
    centre, spread = features.mean(axis=0), np.maximum(features.std(axis=0), SMALLEST_SPREAD)
    present, numbers = np.unique(labels, return_inverse=True)
    moments = Moments(len(present))
    moments.add((features - centre) / spread, numbers)
    weight, bias = next(moments.discriminants((SHRINKAGE,)))
    logits = np.full((len(asked), classes), -np.inf)
    logits[:, present] = (asked - centre) / spread @ weight.T + bias
    return logits


def _calibrated(
    logits: NDArray[np.float64], labels: NDArray[np.int64], judged: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Scale the logits by one number so that they are honest log probabilities of the given labels."""
    scale = honest_scale(logits[judged], labels[judged]) if judged.any() else 1.0
    calibrated: NDArray[np.float64] = log_softmax(scale * logits, axis=1)
    return calibrated


def _worth_learning(
    rows: NDArray[np.int64], labels: NDArray[np.int64], disputed: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Leave out the disputed photos; a class of which more than half is disputed stays whole, so that none vanishes."""
    given = labels[rows]
    share = np.bincount(given, disputed[rows]) / np.maximum(np.bincount(given), 1)
    return rows[~disputed[rows] | (share[given] > 0.5)]


def _rank(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return each label's quality, 0..1, and whether it is listed.

    cleanlab counts as wrong what is more surely of another class than the photos of that class are on average. Where
    classes are told apart almost perfectly nothing is, so labels that are hardly possible are listed all the same:
    hardly possible beside the likeliest class, because among many classes every probability may be small.
    """
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    listed = find_label_issues(labels, probabilities, filter_by="low_self_confidence", n_jobs=1)
    quality = get_label_quality_scores(labels, probabilities, method="self_confidence")
    likeliest = probabilities.max(axis=1)
    return quality, (listed & (quality < likeliest)) | (quality < HARDLY * likeliest)
