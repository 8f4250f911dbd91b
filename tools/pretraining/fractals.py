"""Fractals: each class is an iterated function system, each picture another pose, colour and chance course of it.

Source: Kataoka et al., "Pre-training without Natural Images" (ACCV 2020), section 3; the singular values that make a
map shrink, but not to a point, follow Anderson and Farrell, "Improving Fractal Pre-training" (WACV 2022).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mekiki.seeds import stream

POINTS = 3_000
FIRST = 20
WALKERS = 60


def design(seed: int, number: int) -> NDArray[np.float32]:
    """Return one class as the points of its attractor, (POINTS, 2), the middle 0 and the spread 1/3."""
    rng = stream(seed, "fractal", number)
    while True:
        points = _attractor(rng)
        spread = points.std(axis=0)
        cells = len(np.unique((points * 8 / spread.max()).astype(int), axis=0))
        if spread.min() > 0.2 * spread.max() and cells > 120:
            return ((points - points.mean(axis=0)) / spread.max() / 3).astype(np.float32)


def _attractor(rng: np.random.Generator) -> NDArray[np.float64]:
    count = int(rng.integers(2, 6))
    maps = np.empty((count, 2, 2))
    for number in range(count):
        sizes = rng.uniform(0.3, 0.9, 2)
        maps[number] = _turn(rng) @ np.diag(sizes * rng.choice([-1, 1], 2)) @ _turn(rng)
    shifts = rng.uniform(-1, 1, (count, 2))
    chances = np.abs(np.linalg.det(maps)) + 0.02
    chances /= chances.sum()
    walkers = rng.uniform(-1, 1, (WALKERS, 2))
    course = []
    for step in range(FIRST + POINTS // WALKERS):
        chosen = rng.choice(count, WALKERS, p=chances)
        walkers = np.einsum("nij,nj->ni", maps[chosen], walkers) + shifts[chosen]
        if step >= FIRST:
            course.append(walkers)
    return np.concatenate(course)


def _turn(rng: np.random.Generator) -> NDArray[np.float64]:
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def draw_fractal(points: NDArray[np.float32], canvas: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Draw one picture of a class onto a canvas, in place.

    Args:
        points: The class.
        canvas: (side, side, 3) RGB.
        rng: For pose, colour, thickness and which points are missing.
    """
    side = len(canvas)
    kept = points[rng.integers(0, POINTS // 3) :]
    turn = _turn(rng) @ np.array([[1.0, rng.normal(0, 0.15)], [0.0, rng.uniform(0.8, 1.2)]])
    if rng.random() < 0.5:
        turn[0] *= -1
    placed = kept @ (turn * side * rng.uniform(0.35, 0.6)).T.astype(np.float32) + side / 2 + rng.uniform(-8, 8, 2)
    thick = int(rng.integers(1, 3))
    columns, rows = placed.astype(np.int32).T
    inside = (columns >= 0) & (rows >= 0) & (columns < side - thick) & (rows < side - thick)
    columns, rows = columns[inside], rows[inside]
    first, last = rng.uniform(0, 255, (2, 3))
    share = np.linspace(0, 1, len(rows))[:, None]
    levels = (first + (last - first) * share).astype(np.uint8)
    for down in range(thick):
        for right in range(thick):
            canvas[rows + down, columns + right] = levels
