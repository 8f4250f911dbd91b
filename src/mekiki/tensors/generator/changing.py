"""One picture as the generator changes it: between Keras' dictionary and ``Change``, and either layout of channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mekiki.config import AugmentSettings
from mekiki.errors import SettingsError, unknown_name
from mekiki.tensors.augmentation.applying import change_values
from mekiki.tensors.augmentation.change import Change
from mekiki.tensors.augmentation.drawing import Key, draw_change, draw_pose
from mekiki.tensors.geometry import Pose, about_the_middle

DataFormat = Literal["channels_last", "channels_first"]
INTERPOLATIONS = {0: cv2.INTER_NEAREST, 1: cv2.INTER_LINEAR}
_POSE_NAMES = {
    "theta": "degrees", "tx": "shift_x", "ty": "shift_y", "shear": "shear", "zx": "zoom_x", "zy": "zoom_y",
    "flip_horizontal": "mirrored", "flip_vertical": "flipped",
}  # fmt: skip
_NAMES = (*_POSE_NAMES, "channel_shift_intensity", "brightness")


def draw_dictionary(ranges: AugmentSettings, key: Key, width: int, height: int) -> dict[str, Any]:
    """Draw the numbers of Keras' transforms, as the dictionary that its ``apply_transform`` takes."""
    pose = draw_pose(ranges, key.stream("pose"), width, height)
    light = draw_change(ranges, key, width, height)
    is_shifted, is_lit = ranges.channel_shift_range != 0, ranges.brightness_factors != (1, 1)
    return {
        **{name: _unsigned_zero(getattr(pose, own)) for name, own in _POSE_NAMES.items()},
        "channel_shift_intensity": light.channel_shift if is_shifted else None,
        "brightness": light.brightness if is_lit else None,
    }


def _unsigned_zero(value: float | bool) -> float | bool:
    return value if isinstance(value, bool) else value + 0.0


def change_of(dictionary: Mapping[str, Any]) -> Change:
    """Read Keras' dictionary; what it does not hold is not changed.

    Raises:
        SettingsError: It holds a name that is not Keras'.
    """
    for name in dictionary.keys() - set(_NAMES):
        raise unknown_name("transform parameter", name, _NAMES)
    pose = Pose(**{own: dictionary[name] for name, own in _POSE_NAMES.items() if name in dictionary})
    shift, factor = dictionary.get("channel_shift_intensity"), dictionary.get("brightness")
    return Change(
        about_the_middle(pose),
        channel_shift=0.0 if shift is None else float(shift),
        brightness=1.0 if factor is None else float(factor),
    )


def size_of(shape: tuple[int, ...], data_format: DataFormat) -> tuple[int, int, int]:
    """Return a picture's height, width and channels.

    Raises:
        SettingsError: It is no picture of 1, 3 or 4 channels.
    """
    last = data_format == "channels_last"
    if len(shape) != 3 or shape[2 if last else 0] not in (1, 3, 4) or 0 in shape:
        layout = "(height, width, channels)" if last else "(channels, height, width)"
        raise SettingsError(
            f"an array of shape {shape} is no picture; expected {layout} with 1, 3 or 4 channels",
            f"data_format is {data_format}",
        )
    return (shape[0], shape[1], shape[2]) if last else (shape[1], shape[2], shape[0])


def change_array(
    picture: NDArray[Any], change: Change, ranges: AugmentSettings, order: int, data_format: DataFormat
) -> NDArray[np.float32]:
    """Apply a change to a picture of any numbers.

    Args:
        picture: In the layout of ``data_format``.
        change: Of position, of the channels in floats, and the rest in 8 bits.
        ranges: For what lies outside the picture.
        order: 1 bilinear, 0 nearest.
        data_format: Where the channels are.

    Returns:
        A new array in the same layout.
    """
    values = np.asarray(picture, dtype=np.float32)
    values = np.ascontiguousarray(values if data_format == "channels_last" else np.moveaxis(values, 0, 2))
    drawn = change_values(values, change, ranges.fill_mode, ranges.cval, INTERPOLATIONS[order])
    return drawn if data_format == "channels_last" else np.ascontiguousarray(np.moveaxis(drawn, 2, 0))


def augment_array(
    picture: NDArray[Any], ranges: AugmentSettings, key: Key, order: int, data_format: DataFormat
) -> NDArray[np.float32]:
    """Draw one augmented picture of a key; see ``change_array``, and ``check_levels`` for what it may hold."""
    height, width, _ = size_of(picture.shape, data_format)
    return change_array(picture, draw_change(ranges, key, width, height), ranges, order, data_format)
