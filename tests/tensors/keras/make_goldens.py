"""Makes ``goldens.npz`` with Keras. From the repository's root, where Keras 3 and any backend are installed:

    KERAS_BACKEND=torch python -m tests.tensors.keras.make_goldens

The ordinary tests read the file and need no Keras.
"""

from importlib import import_module, metadata
from typing import Any

import numpy as np

from mekiki.seeds import stream
from tests.tensors.keras.cases import (
    CASES,
    DISTRIBUTIONS,
    DRAWS,
    GOLDENS,
    PICTURES,
    SHAPE,
    STANDARDISATIONS,
    STANDARDISED,
    STEPS,
    picture_for,
)

KERAS_NAMES = {"width": "ty", "height": "tx"}
"""Keras 3 draws the shift in y from width_shift_range and the shift in x from height_shift_range."""


def tiny_pictures() -> np.ndarray:
    """120 pictures of 5 x 5 whose neighbouring values are alike, (120, 5, 5, 3)."""
    numbers = stream(0, "tiny pictures")
    coarse = numbers.integers(30, 220, (120, 2, 2, 3)).repeat(3, axis=1).repeat(3, axis=2)[:, :5, :5]
    return (coarse + numbers.integers(-30, 30, coarse.shape)).astype(np.uint8)


def main() -> None:
    generator = import_module("keras.src.legacy.preprocessing.image").ImageDataGenerator
    arrays: dict[str, Any] = {"keras": np.array(metadata.version("keras"))}
    for title, case in CASES.items():
        for name in PICTURES:
            result = generator(**case.options).apply_transform(picture_for(case, name), case.parameters)
            arrays[f"case/{title}/{name}"] = np.rint(result * STEPS).astype(np.uint16)
    for title, (number, options) in DISTRIBUTIONS.items():
        np.random.seed(int(stream(0, "keras", title).integers(2**32)))  # noqa: NPY002  Keras draws from it
        made = generator(**options)
        drawn = [made.get_random_transform(SHAPE)[KERAS_NAMES.get(number, number)] for _ in range(DRAWS)]
        arrays[f"distribution/{title}"] = np.array(drawn, dtype=np.float32)
    arrays["tiny"] = tiny_pictures()
    pictures = arrays["tiny"].astype(np.float32)
    for title, options in STANDARDISATIONS.items():
        made = generator(**options)
        made.fit(pictures)
        results = [made.standardize(picture.copy()) for picture in pictures[:STANDARDISED]]
        arrays[f"standardised/{title}"] = np.stack(results)
    np.savez_compressed(GOLDENS, **arrays)
    print(f"{GOLDENS.name}: {len(arrays)} arrays, {GOLDENS.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
