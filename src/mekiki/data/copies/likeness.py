"""Decides whether two pictures are one photo, by their pixels after alignment.

Candidates are aligned on 16x16, 32x32 and 64x64 squares, and leave as soon as their outlines do not agree. The
score of those that stay has two parts, both measured where the two pictures overlap and their even borders are left
out:

    outline = 1 - correlation of the gradients of brightness
    tone    = mean difference of brightness and colour, after a gain and an offset that a recoloured copy may have,
              where there is something to see; 1 is 64 of 255 levels
    similarity = 1 - cube root of (outline * tone * tone)

so that a look-alike in another finish fails by its tone, and another scene in the same tones by its outline. The
outline counts at least ``LEAST_OUTLINE``: two drawings of exactly the same outline may still have different tones.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import cv2
import numpy as np

from mekiki.data.copies.alignment import aligned, blurred, framed, identity, moved, overlap, places_of
from mekiki.data.copies.descriptors import WAYS, turned
from mekiki.data.copies.framing import ROUNDS, turned_frames
from mekiki.data.copies.hashing import CHROMA_SIDE, SIDE
from mekiki.data.copies.neighbours import Candidates
from mekiki.data.copies.tones import tone_difference
from mekiki.data.copies.views import COARSE, Views

FULL_TONE = 64.0
LEAST_OUTLINE = 0.007
LEAST_OVERLAP = 0.55

_COARSE_TESTS = ((4, 2, 0.6, 0.0), (6, 0, 0.75, 0.9))
"""Steps of alignment, how often the squares are blurred first, and how much outlines and brightness must then agree."""
_MIDDLE = 32
_MIDDLE_LEAST = 0.85
_COARSE_AT_ONCE = 256
_FINE_AT_ONCE = 128
_NOISE = 0.5
_EVEN_LIGHT = 4.0
_MARGIN = 2
_ROUNDS = (6, 3)


def similarities(views: Views, candidates: Candidates) -> np.ndarray:
    """Score candidates.

    Args:
        views: Of all photos.
        candidates: Pairs of views.

    Returns:
        float32 (n,), 0..1; 1 is the same picture, 0 one that left early.
    """
    count = len(candidates.first)
    scores = np.zeros(count, np.float32)
    blocks = [np.arange(start, min(start + _COARSE_AT_ONCE, count)) for start in range(0, count, _COARSE_AT_ONCE)]
    with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="mekiki-compare") as pool:
        for block, found in zip(blocks, pool.map(partial(_score, views, candidates), blocks), strict=True):
            scores[block] = found
    return scores


def _score(views: Views, candidates: Candidates, chosen: np.ndarray) -> np.ndarray:
    """Score some candidates; numpy and OpenCV release Python's lock meanwhile."""
    scores = np.zeros(len(chosen), np.float32)
    motions, kept = _roughly(views, candidates, chosen)
    for begin in range(0, len(kept), _FINE_AT_ONCE):
        part = kept[begin : begin + _FINE_AT_ONCE]
        stays, found = _closely(views, candidates, chosen[part], motions[part])
        scores[part[stays]] = found
    return scores


def _roughly(views: Views, candidates: Candidates, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Align on 16x16 squares; return all motions, and which pairs may be copies."""
    fixed = _turned_each(views.coarse[candidates.first[chosen]], candidates.way[chosen]).astype(np.float32)
    loose = views.coarse[candidates.second[chosen]].astype(np.float32)
    motions, kept = identity(len(chosen)), np.arange(len(chosen))
    for rounds, blurring, least_outline, least_light in _COARSE_TESTS:
        if not len(kept):
            break
        one, other = blurred(fixed[kept], blurring), blurred(loose[kept], blurring)
        motions[kept] = aligned(one, other, motions[kept], rounds)
        seen, inside = moved(other, motions[kept]), overlap(motions[kept], COARSE)
        agrees = outline_agreement(one, seen, inside) >= least_outline
        kept = kept[agrees & (_light_agreement(one, seen, inside) >= least_light)]
    return motions, kept


def _closely(
    views: Views, candidates: Candidates, chosen: np.ndarray, motions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Align on finer squares; return which pairs stay, and their similarity."""
    first, second, way = candidates.first[chosen], candidates.second[chosen], candidates.way[chosen]
    photos, others = views.owners[first], views.owners[second]
    fixed, fixed_frames = _turned_each(views.greys(photos), way), _turned_frames_each(views.frames_of(first), way)
    loose, loose_frames = views.greys(others), views.frames_of(second)
    one, other = framed(fixed, fixed_frames, _MIDDLE), framed(loose, loose_frames, _MIDDLE)
    motions = aligned(one, other, motions, _ROUNDS[0])
    seen, inside = moved(other, motions), overlap(motions, _MIDDLE)
    stays = np.nonzero(outline_agreement(one, seen, inside) >= _MIDDLE_LEAST)[0]
    if not len(stays):
        return stays, np.zeros(0, np.float32)
    photos, others, way = photos[stays], others[stays], way[stays]
    fixed_frames, loose_frames = fixed_frames[stays], loose_frames[stays]
    one, other = framed(fixed[stays], fixed_frames, SIDE), framed(loose[stays], loose_frames, SIDE)
    motions = aligned(one, other, motions[stays], _ROUNDS[1])
    seen = moved(other, motions)
    inside, common = _overlap(
        motions,
        (_turned_frames_each(views.frames[photos, 0], way), _turned_frames_each(views.frames[photos, ROUNDS], way)),
        (views.frames[others, 0], views.frames[others, ROUNDS]),
        (fixed_frames, loose_frames),
    )
    colours = _turned_each(views.chromas(photos), way), views.chromas(others)
    tone = tone_difference(one, seen, *_aligned_colours(*colours, fixed_frames, loose_frames, motions), inside)
    outline = 1 - outline_agreement(one, seen, inside)
    return stays, np.where(common >= LEAST_OVERLAP, combined(outline, tone), 0).astype(np.float32)


def combined(outline: np.ndarray, tone: np.ndarray) -> np.ndarray:
    """Return the similarity of pictures, 0..1.

    Args:
        outline: 1 less the correlation of their gradients.
        tone: Their mean difference of tone, levels.
    """
    shares = np.clip(outline, LEAST_OUTLINE, 1) * np.clip(tone / FULL_TONE, 0, 1) ** 2
    return np.asarray(1 - np.cbrt(shares))


def outline_agreement(first: np.ndarray, second: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Correlate the gradients of pictures.

    Args:
        first: float32 (N, n, n), brightness.
        second: float32 (N, n, n).
        inside: bool (N, n, n), the places that count.

    Returns:
        float32 (N,), -1..1; 1 is the same outline at any brightness and contrast, and for two pictures without any.
    """
    kept = inside[:, 1:-1, 1:-1]
    product, one_square, other_square = (np.zeros(len(first), np.float32) for _ in range(3))
    for axis in (1, 2):
        one, other = _differences(first, axis) * kept, _differences(second, axis)
        product += np.einsum("nij,nij->n", one, other)
        one_square += np.einsum("nij,nij->n", one, one)
        other *= kept
        other_square += np.einsum("nij,nij->n", other, other)
    noise = kept.sum(axis=(1, 2)) * np.float32(_NOISE**2) + 1e-6
    return np.asarray((product + noise) / np.sqrt((one_square + noise) * (other_square + noise)))


def _light_agreement(first: np.ndarray, second: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Correlate the brightness of pictures where it counts, -1..1."""
    share = inside / np.maximum(inside.sum(axis=(1, 2), keepdims=True), 1)
    one, other = (values - (share * values).sum(axis=(1, 2), keepdims=True) for values in (first, second))
    common, spread, other_spread = (
        (share * product).sum(axis=(1, 2)) + _EVEN_LIGHT for product in (one * other, one * one, other * other)
    )
    return np.asarray(common / np.sqrt(spread * other_spread))


def _differences(pictures: np.ndarray, axis: int) -> np.ndarray:
    if axis == 1:
        return np.asarray(pictures[:, 2:, 1:-1] - pictures[:, :-2, 1:-1])
    return np.asarray(pictures[:, 1:-1, 2:] - pictures[:, 1:-1, :-2])


def _turned_each(pictures: np.ndarray, ways: np.ndarray) -> np.ndarray:
    result = pictures.copy()
    for way in range(1, WAYS):
        chosen = np.nonzero(ways == way)[0]
        if len(chosen):
            result[chosen] = turned(pictures[chosen], way)
    return result


def _turned_frames_each(frames: np.ndarray, ways: np.ndarray) -> np.ndarray:
    result = frames.copy()
    for way in range(1, WAYS):
        chosen = ways == way
        result[chosen] = turned_frames(frames[chosen], way)
    return result


def _overlap(
    motions: np.ndarray,
    first: tuple[np.ndarray, np.ndarray],
    second: tuple[np.ndarray, np.ndarray],
    chosen: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Find out where two aligned pictures can be compared.

    Args:
        motions: From the chosen frame of the first to that of the second.
        first: The whole and the tightest frames of the first pictures.
        second: Those of the second ones.
        chosen: The frames that were aligned.

    Returns:
        bool (N, 64, 64), the places of the first's chosen frame that lie in the tightest frames of both; and which
        share of the tightest frame the other picture shows, of the one that has less of it, 0..1.
    """
    (whole, tight), (other_whole, other_tight) = (
        [_boxes(frames, outer) for frames in pair] for pair, outer in zip((first, second), chosen, strict=True)
    )
    inner = tight + _MARGIN / SIDE * np.array([-1, 1, -1, 1], np.float32)
    other_inner = other_tight + _MARGIN / SIDE * np.array([-1, 1, -1, 1], np.float32)
    shift, growth = motions[:, [0, 0, 2, 2]], 1 + motions[:, [1, 1, 3, 3]]
    share = _common_share(tight * growth + shift, other_whole)
    other_share = _common_share((other_tight - shift) / growth, whole)
    seen = np.clip(other_inner, -0.5, 0.5)
    return _inside(motions, np.clip(inner, -0.5, 0.5), seen), np.minimum(share, other_share)


def _boxes(frames: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """Return frames in shares of outer ones: top, bottom, left, right, where -0.5..0.5 is the outer frame."""
    start = outer[:, [0, 0, 2, 2]].astype(np.float32)
    return np.asarray((frames - start) / (outer[:, [1, 1, 3, 3]] - start) - 0.5)


def _common_share(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return which share of boxes lies in other boxes, 0..1."""
    sides = np.minimum(boxes[:, 1::2], others[:, 1::2]) - np.maximum(boxes[:, ::2], others[:, ::2])
    return np.asarray(np.maximum(sides, 0).prod(axis=1) / (boxes[:, 1::2] - boxes[:, ::2]).prod(axis=1))


def _inside(motions: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return which places of the grid lie in both boxes, bool (N, 64, 64)."""
    here = places_of(identity(len(motions)), SIDE)
    there = places_of(motions, SIDE)
    kept = np.ones((len(motions), SIDE, SIDE), bool)
    for (rows, columns), box in ((here, first), (there, second)):
        kept &= ((rows >= box[:, :1]) & (rows <= box[:, 1:2]))[:, :, None]
        kept &= ((columns >= box[:, 2:3]) & (columns <= box[:, 3:]))[:, None, :]
    return kept


def _aligned_colours(
    first: np.ndarray, second: np.ndarray, first_frames: np.ndarray, second_frames: np.ndarray, motions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the colours of both pictures at the same places as complex numbers (red + blue i), 0 is grey."""
    both = []
    for channel in (0, 1):
        one = framed(_enlarged(first[..., channel]), first_frames, CHROMA_SIDE)
        other = framed(_enlarged(second[..., channel]), second_frames, CHROMA_SIDE)
        both.append((one - 128, moved(other, motions) - 128))
    return both[0][0] + 1j * both[1][0], both[0][1] + 1j * both[1][1]


def _enlarged(colours: np.ndarray) -> np.ndarray:
    """Enlarge uint8 (N, 16, 16) to the size of a sketch."""
    return np.stack([cv2.resize(colour, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR) for colour in colours])
