"""Draws the numbers of one picture's change; each kind of change has a stream of its own.

So a transform that is switched on does not change the numbers of another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mekiki.config import AugmentSettings
from mekiki.seeds import entropy, stream
from mekiki.tensors.augmentation.change import Change, Operation, Rectangle
from mekiki.tensors.augmentation.marks import REFERENCE_SIDE, cut_out, erase, throw_dust
from mekiki.tensors.augmentation.randaugment import choose_operations
from mekiki.tensors.augmentation.strokes import scribble
from mekiki.tensors.geometry import Pose, about_the_middle

BEND_POINTS = 4


@dataclass(frozen=True, slots=True)
class Key:
    """What a picture's random numbers come from, beside the purpose.

    Attributes:
        seed: The run's seed.
        counters: For training (epoch, sample); for a file's copies (path, number).
    """

    seed: int
    counters: tuple[int | str, ...]

    def stream(self, purpose: str) -> np.random.Generator:
        """Return the generator of one purpose."""
        return stream(self.seed, purpose, *self.counters)


def draw_change(settings: AugmentSettings, key: Key, width: int, height: int) -> Change:
    """Draw the change of one picture; mixing is not part of it, see ``mixing``.

    Args:
        settings: The ranges.
        key: Of the picture.
        width: Of the result, pixels.
        height: Of the result, pixels.
    """
    matrix = about_the_middle(draw_pose(settings, key.stream("pose"), width, height))
    operations: tuple[Operation, ...] = ()
    if settings.randaugment is not None:
        steps, operations = choose_operations(key.stream("randaugment"), *settings.randaugment, width, height)
        matrix = np.column_stack([matrix[:, :2] @ steps[:, :2], matrix[:, :2] @ steps[:, 2] + matrix[:, 2]])
    change = {
        **_draw_light(settings, key),
        **_draw_flaws(settings, key, min(width, height)),
    }
    bend = _draw_bend(settings, key, width, height)
    marks = _draw_marks(settings, key, width, height)
    strokes = tuple(scribble(key.stream("scribble"), settings.scribble)) if settings.scribble else ()
    return Change(matrix, bend, operations=operations, rectangles=marks, strokes=strokes, **change)


def draw_pose(settings: AugmentSettings, numbers: np.random.Generator, width: int, height: int) -> Pose:
    """Draw one change of position; every number has the distribution that it has in Keras.

    Keras 3 takes the height's range for the shift in x and the other way round; here the names are meant.

    Args:
        settings: The ranges.
        numbers: The stream of this purpose.
        width: Of the picture, pixels: a shift below 1 is a fraction of it.
        height: Of the picture, pixels.
    """
    turn, shear, far_x, far_y, across, down = numbers.random(6).tolist()
    low, high = settings.zoom_factors
    zoom_x = low + far_x * (high - low)
    zoom_y = zoom_x if settings.zoom_keeps_shape else low + far_y * (high - low)
    return Pose(
        degrees=(2 * turn - 1) * settings.rotation_range,
        shear=(2 * shear - 1) * settings.shear_range,
        zoom_x=zoom_x,
        zoom_y=zoom_y,
        mirrored=settings.horizontal_flip and across < 0.5,
        flipped=settings.vertical_flip and down < 0.5,
        shift_x=_draw_shift(settings.width_shift_range, numbers, width),
        shift_y=_draw_shift(settings.height_shift_range, numbers, height),
    )


def _draw_shift(given: float | tuple[float, ...], numbers: np.random.Generator, side: int) -> float:
    """Return a shift in pixels: even in ±given, one of the whole numbers below a whole one, or one of a list."""
    place, sign = numbers.random(2).tolist()
    if isinstance(given, float):
        shift = (2 * place - 1) * given
    else:
        choices = given if isinstance(given, tuple) else range(int(given)) or (0,)
        shift = choices[int(place * len(choices))] * (-1 if sign < 0.5 else 1)
    largest = max(given) if isinstance(given, tuple) else given
    return shift * side if largest < 1 else float(shift)


def _draw_bend(settings: AugmentSettings, key: Key, width: int, height: int) -> NDArray[np.float32] | None:
    """Push a grid of points about, normally distributed; its spread is the half of the most, which is not passed.

    Source: the deformation of Ronneberger et al., "U-Net", 2015: random pushes on a coarse grid, bicubic between.
    """
    if not settings.elastic:
        return None
    spread = np.clip(key.stream("elastic").normal(0, 0.5, (BEND_POINTS, BEND_POINTS, 2)), -1, 1)
    return (spread * settings.elastic * min(width, height)).astype(np.float32)


def _draw_light(settings: AugmentSettings, key: Key) -> dict[str, Any]:
    low, high = settings.brightness_factors
    if not settings.channel_shift_range and low == high == 1:
        return {}
    shift, gain = key.stream("light").random(2).tolist()
    return {"channel_shift": (2 * shift - 1) * settings.channel_shift_range, "brightness": low + gain * (high - low)}


def _draw_flaws(settings: AugmentSettings, key: Key, side: int) -> dict[str, Any]:
    """Draw what a camera, a file or a scanner adds; each up to its most, evenly."""
    wanted = (settings.blur, settings.gaussian_noise, settings.pepper_noise, settings.salt_noise)
    if not any(wanted) and settings.jpeg_quality is None and not settings.random_erasing:
        return {}
    blur, noise, pepper, salt, quality = key.stream("flaws").random(5).tolist()
    flaws: dict[str, Any] = {
        "blur": blur * settings.blur * side / REFERENCE_SIDE,
        "gaussian_noise": noise * settings.gaussian_noise,
        "pepper": pepper * settings.pepper_noise,
        "salt": salt * settings.salt_noise,
        "key": entropy(key.seed, "pixels", *key.counters) >> 96,
    }
    if settings.jpeg_quality is not None:
        least, most = settings.jpeg_quality
        flaws["jpeg_quality"] = least + int(quality * (most - least + 1))
    return flaws


def _draw_marks(settings: AugmentSettings, key: Key, width: int, height: int) -> tuple[Rectangle, ...]:
    marks: list[Rectangle] = []
    if settings.cutout:
        marks.append(cut_out(key.stream("cutout"), settings.cutout, width, height))
    if settings.random_erasing:
        erased = erase(key.stream("erasing"), settings.random_erasing, width, height)
        marks += [] if erased is None else [erased]
    if settings.dust:
        marks += throw_dust(key.stream("dust"), settings.dust, width, height)
    return tuple(marks)
