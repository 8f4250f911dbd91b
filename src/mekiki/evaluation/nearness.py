"""Which photos are near each other in feature space, and what their labels say of one another: numpy alone.

Features are whitened by their own covariance, shrunk, without any label: directions that all photos share say little.
Near is a high cosine there. Photos of one group (copies, bursts) are never neighbours. It knows no pictures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

SHRINKAGE = 0.5
ROWS_AT_ONCE = 1024
PRIOR_VOTES = 0.5
FADING = 0.1
"""Of cosine: a neighbour that much further than the nearest has a vote of 1/e."""
SMALLEST = 1e-6


def whitened(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return features of length 1 in a space where all directions vary about alike.

    Args:
        features: (n, d), finite, n >= 1.
    """
    rooted = (np.sign(features) * np.sqrt(np.abs(features))).astype(np.float64)
    centred = rooted - rooted.mean(axis=0)
    centred /= np.maximum(centred.std(axis=0), SMALLEST)
    covariance = (1 - SHRINKAGE) * (centred.T @ centred) / len(centred)
    covariance[np.diag_indices(len(covariance))] += SHRINKAGE
    white = solve_triangular(cholesky(covariance, lower=True), centred.T, lower=True).T
    lengths = np.linalg.norm(white, axis=1, keepdims=True)
    return np.asarray(white / np.maximum(lengths, SMALLEST), dtype=np.float32)


def nearest_others(
    space: NDArray[np.float32],
    groups: NDArray[np.int64],
    asked: NDArray[np.int64],
    among: NDArray[np.int64],
    number: int,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the photos that are nearest to some, none of their own group.

    Args:
        space: (n, d) of length 1.
        groups: (n,) numbers.
        asked: (m,) places of the photos in question.
        among: (k,) places of the photos that may be named.
        number: How many at most.

    Returns:
        (m, number or k) places, the nearest first, and their cosines; -inf where there are no more.
    """
    number = min(number, len(among))
    places, cosines = [np.zeros((0, number), np.int64)], [np.zeros((0, number), np.float32)]
    for start in range(0, len(asked) if number else 0, ROWS_AT_ONCE):
        rows = asked[start : start + ROWS_AT_ONCE]
        likeness = space[rows] @ space[among].T
        likeness[groups[rows, None] == groups[among]] = -np.inf
        chosen = np.argpartition(-likeness, number - 1, axis=1)[:, :number]
        near = np.take_along_axis(likeness, chosen, axis=1)
        order = np.lexsort((chosen, -near))
        places.append(among[np.take_along_axis(chosen, order, axis=1)])
        cosines.append(np.take_along_axis(near, order, axis=1))
    found = np.concatenate(places), np.concatenate(cosines)
    return found if number else (np.zeros((len(asked), 0), np.int64), np.zeros((len(asked), 0), np.float32))


def votes_of(
    places: NDArray[np.int64], cosines: NDArray[np.float32], labels: NDArray[np.int64], classes: int
) -> NDArray[np.float64]:
    """Return the share of each class among the neighbours' labels, the nearest of which count most.

    Args:
        places: (n, k) as ``nearest_others`` gives them for all photos among all.
        cosines: (n, k) of the same.
        labels: (n,) class numbers.
        classes: Number of classes.

    Returns:
        (n, classes), rows sum to 1; half a vote is spread evenly over the classes, so that no share is 0.
    """
    votes = np.full((len(places), classes), PRIOR_VOTES / classes)
    if places.shape[1]:
        there = np.isfinite(cosines)
        fall = np.where(there, cosines, 0) - np.where(there[:, :1], cosines[:, :1], 0)
        worth = np.where(there, np.exp(fall / FADING), 0)
        np.add.at(votes, (np.arange(len(places))[:, None], labels[places]), worth)
    return np.asarray(votes / votes.sum(axis=1, keepdims=True))
