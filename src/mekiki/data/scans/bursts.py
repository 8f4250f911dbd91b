"""Joins the photos of one burst and the frames of one video, which a split must not tear apart: they are nearly copies.

A burst: the same camera, each photo taken within 2 seconds of the next, as their EXIF tags say; whatever they show.
Frames: neighbours in a series of numbered names of one folder and one picture size that show the same in a row, since
``IMG_0001.jpg`` and ``IMG_0002.jpg`` are ordinary names. Part folders (train, val, test) count as one folder, so that
frames that somebody dealt out are found. Not found: bursts whose tags were removed, frames whose names lost their
numbers, series of fewer than four frames, and many frames between which the picture moves by more than a tenth, or in
which one thing moves before a plain ground.
A machine that takes another thing every second makes bursts by this rule: switch it off there.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
from scipy.fft import fft2, ifft2

from mekiki.data.copies.hashing import Sketch
from mekiki.data.importing.layouts import PART_FOLDERS

BURST_SECONDS = 2.0
MOST_PER_SECOND = 60
"""More photos of one camera in one second than it can take: its clock was not set, or the tag is not the photo's."""

_OUTLINE, _PIXELS, _COLOUR = 0.6, 0.1, 0.35
"""How far the outlines may be from a full correlation, and the share of the pictures' and of the colours' variance that
may be left when one is laid over the other: neighbours below all three speak for a video."""
_NO_CUT = 2.0
"""Neighbours that are further than this many times as far are not joined, whatever stands around them."""
_AROUND, _SPEAKING = 3, 3
"""Of a pair and the pairs up to this many before and after it, how many must speak for a video.

So none of 2,750 guitar photos are joined, where one pair of neighbours in 400 speaks for a video, and no drawings of
products in one pose (one in 40). Of frames that move by 2 % of the picture 99 % are joined, by 4 % 98, by 8 % 96 and by
12 % 75 %.
"""

_WORTH_A_LOOK = 0.8
_SIDE = 32
_REACH = 5
_PADDED = 40
_NOISE = 1.0
_GREY = 8.0
_PHOTOS_AT_ONCE = 1_024
_NUMBERED = re.compile(r"(.*?)([0-9]{1,18})([^0-9]*)", re.DOTALL)
_EXPORT_MARK = re.compile(r"\.rf\.[0-9A-Za-z]+$")


@dataclass(frozen=True, slots=True)
class BurstPair:
    """Two photos of one moment.

    Attributes:
        first: Index of a photo.
        second: Index of another photo.
        reason: "burst" (by time) or "frames" (by number and likeness).
    """

    first: int
    second: int
    reason: Literal["burst", "frames"]


def burst_pairs(
    paths: Sequence[str],
    taken: Sequence[str],
    cameras: Sequence[str],
    sizes: Sequence[tuple[int, int]],
    sketches: Sequence[Sketch],
) -> list[BurstPair]:
    """Pair each photo of a burst or video with the next one.

    Args:
        paths: Relative to the data root, with "/".
        taken: When each was taken, as ISO text; empty if nobody knows.
        cameras: Make and model; empty if nobody knows.
        sizes: Width and height, pixels.
        sketches: Of the pictures.

    Returns:
        Chains of pairs, bursts first.
    """
    return [*_bursts(taken, cameras), *_frames(paths, sizes, sketches)]


def _bursts(taken: Sequence[str], cameras: Sequence[str]) -> Iterator[BurstPair]:
    moments = sorted(
        (camera, moment, index)
        for index, (text, camera) in enumerate(zip(taken, cameras, strict=True))
        if camera and (moment := _seconds(text)) is not None
    )
    crowds = Counter((camera, int(moment)) for camera, moment, _ in moments)
    believed = [found for found in moments if crowds[found[0], int(found[1])] <= MOST_PER_SECOND]
    for (camera, moment, first), (next_camera, next_moment, second) in pairwise(believed):
        if camera == next_camera and next_moment - moment <= BURST_SECONDS:
            yield BurstPair(first, second, "burst")


def _seconds(text: str) -> float | None:
    """Return a moment by the camera's own clock in seconds, None if the text is no moment."""
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    return (moment - datetime(1970, 1, 1)).total_seconds()


def _frames(paths: Sequence[str], sizes: Sequence[tuple[int, int]], sketches: Sequence[Sketch]) -> Iterator[BurstPair]:
    series: dict[tuple[object, ...], list[tuple[int, int]]] = {}
    for index, (path, size) in enumerate(zip(paths, sizes, strict=True)):
        place = _place_in_series(path)
        if place is not None:
            series.setdefault((*place[0], size), []).append((place[1], index))
    for members in series.values():
        if len(members) > _SPEAKING:
            order = [index for _, index in sorted(members)]
            for step in np.flatnonzero(_joined(_unlikeness([sketches[index] for index in order]))):
                yield BurstPair(order[step], order[step + 1], "frames")


def _place_in_series(path: str) -> tuple[tuple[str, ...], int] | None:
    """Return what the names of one series share, and the number of this one; None if its name has no number."""
    name = PurePosixPath(unicodedata.normalize("NFC", path).casefold())
    folders = name.parent.parts
    if folders and folders[0] in PART_FOLDERS:
        folders = folders[1:]
    match = _NUMBERED.fullmatch(_EXPORT_MARK.sub("", name.stem))
    return ((*folders, match[1], match[3], name.suffix), int(match[2])) if match else None


def _unlikeness(sketches: Sequence[Sketch]) -> np.ndarray:
    """Return how unlike each picture and the next are, laid over each other where their outlines agree best.

    Args:
        sketches: Two or more.

    Returns:
        float (N - 1,), 0 or more; up to 1 they may be two frames of a video, in which hardly anything but the camera
        moved.
    """
    found = np.full(len(sketches) - 1, np.inf)
    for start in range(0, len(found), _PHOTOS_AT_ONCE):
        pictures = _reduced(sketches[start : start + _PHOTOS_AT_ONCE + 1])
        coarse = _halved(_halved(pictures))
        places = np.flatnonzero(_left_over(coarse[:-1], coarse[1:])[0] <= _WORTH_A_LOOK)
        outline, shifts = _best_shifts(pictures[places, 0], pictures[places + 1, 0])
        worst = (1 - outline) / _OUTLINE
        for shift in np.unique(shifts[worst <= _NO_CUT], axis=0).tolist():
            at = np.flatnonzero((shifts == shift).all(axis=1))
            pixels, colour = _left_over(*_overlap(pictures[places[at]], pictures[places[at] + 1], *shift))
            worst[at] = np.maximum(worst[at], np.maximum(pixels / _PIXELS, colour / _COLOUR))
        found[start + places] = worst
    return found


def _reduced(sketches: Sequence[Sketch]) -> np.ndarray:
    """Return sketches as float32 (N, 3, 32, 32): brightness, red and blue less brightness."""
    chroma = np.stack([one.chroma for one in sketches]).transpose(0, 3, 1, 2).astype(np.float32) - 128
    pictures = np.empty((len(sketches), 3, _SIDE, _SIDE), np.float32)
    pictures[:, 0] = _halved(np.stack([one.grey for one in sketches]).astype(np.float32))
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        pictures[:, 1:, down::2, right::2] = chroma
    return pictures


def _halved(pictures: np.ndarray) -> np.ndarray:
    """Return pictures of half the height and width, each value the mean of four."""
    rows = pictures[..., ::2, :] + pictures[..., 1::2, :]
    halved: np.ndarray = (rows[..., ::2] + rows[..., 1::2]) / 4
    return halved


def _best_shifts(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far the outlines (gradients) of pictures correlate at their best shift, and that shift.

    All shifts of up to a sixth of the picture are tried at once, by Fourier transforms.

    Args:
        first: float32 (N, 32, 32), brightness.
        second: The same.

    Returns:
        float (N,), up to 1, and int (N, 2), places down and to the right.
    """
    one, other = _outlines(first), _outlines(second)
    spectra = fft2(one, (_PADDED, _PADDED)) * fft2(other, (_PADDED, _PADDED)).conj()
    steps = np.arange(-_REACH, _REACH + 1)
    kept = (_SIDE - np.abs(steps)) / _SIDE
    strengths = [(np.abs(outlines) ** 2).sum(axis=(1, 2)) + _NOISE**2 * _SIDE**2 for outlines in (one, other)]
    products = ifft2(spectra).real[:, steps[:, None], steps] / np.outer(kept, kept)
    flat = products.reshape(-1, len(steps) ** 2) / np.sqrt(strengths[0] * strengths[1])[:, None]
    best = flat.argmax(axis=1)
    return flat[np.arange(len(flat)), best], steps[np.stack(np.divmod(best, len(steps)), axis=1)]


def _outlines(greys: np.ndarray) -> np.ndarray:
    """Return the gradients across and down as complex numbers."""
    outlines = np.zeros(greys.shape, np.complex64)
    outlines.real[:, :, :-1] = np.diff(greys, axis=2)
    outlines.imag[:, :-1] = np.diff(greys, axis=1)
    return outlines


def _overlap(first: np.ndarray, second: np.ndarray, down: int, right: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the parts of pictures that lie over each other when the second is shifted by so many places."""
    one = first[..., max(0, down) : _SIDE + min(0, down), max(0, right) : _SIDE + min(0, right)]
    other = second[..., max(0, -down) : _SIDE + min(0, -down), max(0, -right) : _SIDE + min(0, -right)]
    return one, other


def _left_over(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of the variance that is left when one picture is taken from the other: of all, of the colours.

    Args:
        first: float32 (N, 3, height, width).
        second: The same.

    Returns:
        Twice float (N,): 0 for the same picture, about 1 for two that have nothing to do with each other.
    """
    one, other = (part.reshape(len(part), 3, -1).astype(np.float32) for part in (first, second))
    grey = (one[:, :1].mean(axis=2, keepdims=True) + other[:, :1].mean(axis=2, keepdims=True)) / 2
    one[:, :1] -= grey
    other[:, :1] -= grey
    differing = _strengths(one - other)
    present = _strengths(one) + _strengths(other)
    pixels = differing.sum(axis=1) / np.maximum(present.sum(axis=1), _GREY)
    colour = differing[:, 1:].sum(axis=1) / np.maximum(present[:, 1:].sum(axis=1), _GREY)
    return pixels, colour


def _strengths(values: np.ndarray) -> np.ndarray:
    """Return the mean squares along the last axis."""
    return np.asarray(np.einsum("...i,...i->...", values, values) / values.shape[-1])


def _joined(unlikeness: np.ndarray) -> np.ndarray:
    """Tell which neighbours are frames of one video: there is no cut between them, and most around them are alike."""
    speaking = np.convolve(unlikeness <= 1, np.ones(2 * _AROUND + 1), mode="full")[_AROUND:-_AROUND]
    joined: np.ndarray = (unlikeness <= _NO_CUT) & (speaking >= _SPEAKING)
    return joined
