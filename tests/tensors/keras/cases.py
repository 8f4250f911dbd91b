"""What Keras and mekiki are both asked to do: pictures, parameters, options. Imported by the script and by the tests."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

GOLDENS = Path(__file__).with_name("goldens.npz")
SIDE = 48
STEPS = 128
"""Goldens are whole numbers of 1/128 of a grey level."""
DRAWS = 600
SHAPE = (40, 40, 3)


@dataclass(frozen=True)
class Case:
    """One change of both pictures; ``options`` are the generator's."""

    parameters: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)
    colours: bool = False


def smooth() -> np.ndarray:
    """Gentle waves, (48, 48, 3)."""
    y, x = np.mgrid[:SIDE, :SIDE]
    waves = 127 + 60 * np.sin(x / 7) + 60 * np.cos(y / 9 + x / 15), 127 + 90 * np.sin(x / 11 + y / 5), 4 * x + y
    return np.stack(waves, axis=-1).round().astype(np.uint8)


def sharp() -> np.ndarray:
    """Checks, a disc and stripes with hard edges, (48, 48, 3)."""
    y, x = np.mgrid[:SIDE, :SIDE]
    shapes = (x // 6 + y // 8) % 2 * 200 + 20, (np.hypot(x - 24, y - 20) < 9) * 230 + 5, (x + y) // 5 % 2 * 255
    return np.stack(shapes, axis=-1).astype(np.uint8)


PICTURES = {"smooth": smooth(), "sharp": sharp()}

_ALL = {
    "theta": -40.0, "tx": 5.0, "ty": 3.3, "shear": 10.0, "zx": 0.9, "zy": 1.15, "flip_horizontal": True,
}  # fmt: skip
CASES: dict[str, Case] = {
    "rotation 30": Case({"theta": 30.0}),
    "rotation -137.5": Case({"theta": -137.5}),
    "shift x 7.3": Case({"tx": 7.3}),
    "shift y -5.6": Case({"ty": -5.6}),
    "shear 20": Case({"shear": 20.0}),
    "shear -35": Case({"shear": -35.0}),
    "zoom 0.7, 0.75": Case({"zx": 0.7, "zy": 0.75}),
    "zoom 1.3, 1.2": Case({"zx": 1.3, "zy": 1.2}),
    "horizontal flip": Case({"flip_horizontal": True}),
    "vertical flip": Case({"flip_vertical": True}),
    "channel shift 30.5": Case({"channel_shift_intensity": 30.5}, colours=True),
    "channel shift -41.2": Case({"channel_shift_intensity": -41.2}, colours=True),
    "brightness 0.6": Case({"brightness": 0.6}, colours=True),
    "brightness 1.4": Case({"brightness": 1.4}),
    "all at once": Case({**_ALL, "channel_shift_intensity": 12.3, "brightness": 1.2}, colours=True),
    "order 0, rotation 30": Case({"theta": 30.0}, {"interpolation_order": 0}),
    **{f"{mode}, shift": Case({"tx": -9.4, "ty": 6.5}, {"fill_mode": mode}) for mode in ("reflect", "wrap")},
    **{f"{mode}, position": Case(_ALL, {"fill_mode": mode}) for mode in ("nearest", "reflect", "wrap")},
    "constant, shift": Case({"tx": -9.4, "ty": 6.5}, {"fill_mode": "constant", "cval": 90.0}),
    "constant, position": Case(_ALL, {"fill_mode": "constant", "cval": 90.0}),
}

DISTRIBUTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "rotation": ("theta", {"rotation_range": 45}),
    "rotation all round": ("theta", {"rotation_range": 360}),
    "width, fraction": ("width", {"width_shift_range": 0.2}),
    "width, pixels": ("width", {"width_shift_range": 7}),
    "width, broken pixels": ("width", {"width_shift_range": 2.5}),
    "width, whole float": ("width", {"width_shift_range": 3.0}),
    "width, list of fractions": ("width", {"width_shift_range": [0.1, 0.25, 0.4]}),
    "width, list of pixels": ("width", {"width_shift_range": [-12, 0, 3, 5]}),
    "height, fraction": ("height", {"height_shift_range": 0.3}),
    "height, pixels": ("height", {"height_shift_range": 4}),
    "shear": ("shear", {"shear_range": 20.0}),
    "zoom x, number": ("zx", {"zoom_range": 0.2}),
    "zoom y, pair": ("zy", {"zoom_range": [0.5, 0.9]}),
    "channel shift": ("channel_shift_intensity", {"channel_shift_range": 25.0}),
    "brightness": ("brightness", {"brightness_range": (0.4, 1.7)}),
    "horizontal flip": ("flip_horizontal", {"horizontal_flip": True}),
    "vertical flip": ("flip_vertical", {"vertical_flip": True}),
}
"""Name: the number that is looked at, and the options. "width" and "height" are shifts by what the names say."""

STANDARDISATIONS: dict[str, dict[str, Any]] = {
    "samplewise_center": {"samplewise_center": True},
    "samplewise std": {"samplewise_center": True, "samplewise_std_normalization": True},
    "featurewise_center": {"featurewise_center": True},
    "featurewise std": {"featurewise_center": True, "featurewise_std_normalization": True},
    "featurewise std, rescaled": {
        "featurewise_center": True, "featurewise_std_normalization": True, "rescale": 1 / 255,
    },
    "zca": {"featurewise_center": True, "zca_whitening": True, "rescale": 1 / 255},
    "zca, epsilon 0.1": {"featurewise_center": True, "zca_whitening": True, "zca_epsilon": 0.1, "rescale": 1 / 255},
    "zca, grey levels": {"featurewise_center": True, "zca_whitening": True, "zca_epsilon": 30.0},
}  # fmt: skip
STANDARDISED = 6
"""How many of the fitted pictures are standardised."""


def picture_for(case: Case, name: str) -> np.ndarray:
    """Return a case's picture as floats; one channel unless colours matter, to keep the goldens small."""
    picture = PICTURES[name].astype(np.float32)
    return picture if case.colours else picture[..., :1]
