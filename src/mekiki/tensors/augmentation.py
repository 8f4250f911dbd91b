"""Random changes to training photos, by counter: the numbers come from (seed, epoch, sample) and nothing else.

So the same run gives the same pictures with any number of workers and any batch size.
"""

from __future__ import annotations

import cv2
import numpy as np

from mekiki.config import AugmentSettings, FitName
from mekiki.seeds import stream
from mekiki.tensors.geometry import Picture, Pose, in_place, resample, to_square


def draw_pose(settings: AugmentSettings, numbers: np.random.Generator) -> Pose:
    """Draw one change of position.

    Args:
        settings: The ranges.
        numbers: The stream of this picture.
    """
    turn, zoom, shift_x, shift_y = numbers.uniform(-1, 1, size=4)
    mirror, flip = numbers.random(size=2)
    return Pose(
        degrees=float(turn * settings.rotation_range),
        zoom=float(1 + zoom * settings.zoom_range),
        shift_x=float(shift_x * settings.width_shift_range),
        shift_y=float(shift_y * settings.height_shift_range),
        mirrored=bool(settings.horizontal_flip and mirror < 0.5),
        flipped=bool(settings.vertical_flip and flip < 0.5),
    )


def augment(
    picture: Picture, size: int, fit: FitName, settings: AugmentSettings, seed: int, epoch: int, sample: int
) -> Picture:
    """Draw one augmented picture.

    Args:
        picture: (H, W, 3), already reduced to about the square's scale.
        size: Side of the square, pixels.
        fit: How the picture fits the square.
        settings: The ranges.
        seed: The run's seed.
        epoch: Counted from 1.
        sample: Which draw of the epoch: the photo's number, plus the number of photos for each further pass.

    Returns:
        (size, size, 3).
    """
    numbers = stream(seed, "augment", epoch, sample)
    pose = draw_pose(settings, numbers)
    drawn = resample(picture, to_square(picture.shape[1], picture.shape[0], size, fit, pose), size)
    return _recoloured(drawn, settings, numbers)


def augment_in_place(picture: Picture, settings: AugmentSettings, numbers: np.random.Generator) -> Picture:
    """Draw one augmented picture that keeps its size and shape.

    Args:
        picture: (H, W, 3).
        settings: The ranges; shifts are fractions of the longer side.
        numbers: The stream of this picture.

    Returns:
        (H, W, 3).
    """
    height, width = picture.shape[:2]
    pose = draw_pose(settings, numbers)
    drawn = resample(picture, in_place(width, height, pose), (width, height))
    return _recoloured(drawn, settings, numbers)


def _recoloured(drawn: Picture, settings: AugmentSettings, numbers: np.random.Generator) -> Picture:
    gain = 1 + numbers.uniform(-1, 1) * settings.brightness_range
    return np.asarray(cv2.convertScaleAbs(drawn, alpha=float(gain)), dtype=np.uint8)
