from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mekiki import ImageDataGenerator
from mekiki.errors import SettingsError
from mekiki.tensors.generator.saving import viewable
from tests.conftest import draw_photo

PICTURES = np.stack([draw_photo((40, 170, 60), number, 24) for number in range(3)])


def read(path: Path) -> np.ndarray:
    return np.array(Image.open(path))


def saved(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


@pytest.mark.parametrize("rescale", [None, 1 / 255, 2.0])
def test_saved_pictures_keep_their_levels(tmp_path: Path, rescale: float | None) -> None:
    """Keras stretches the contrast of each."""
    folder = tmp_path / "made" / "here"
    next(ImageDataGenerator(rescale=rescale).flow(PICTURES, save_to_dir=folder, save_prefix="a", shuffle=False))
    paths = saved(folder)
    assert [path.name.split("_")[:2] for path in paths] == [["a", "0"], ["a", "1"], ["a", "2"]]
    for path, picture in zip(paths, PICTURES, strict=True):
        np.testing.assert_array_equal(read(path), picture)


def test_normalised_pictures_are_stretched_as_by_keras(tmp_path: Path) -> None:
    next(ImageDataGenerator(samplewise_std_normalization=True).flow(PICTURES[:1], save_to_dir=tmp_path))
    levels = PICTURES[0].astype(float)
    stretched = (levels - levels.min()) / (levels.max() - levels.min()) * 255
    np.testing.assert_allclose(read(saved(tmp_path)[0]), stretched, atol=1)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """Keras writes over the first flow's files here, since both have the same seed."""
    for picture in (PICTURES[:1], PICTURES[1:2]):
        next(ImageDataGenerator().flow(picture, seed=1, save_to_dir=tmp_path))
    found = [read(path) for path in saved(tmp_path)]
    assert len(found) == 2 and (found[0] != found[1]).any()


def test_grey_transparent_and_jpeg_pictures_are_written(tmp_path: Path) -> None:
    four = np.concatenate([PICTURES, PICTURES[..., :1]], axis=3)
    for name, pictures, ending, mode in (
        ("grey", PICTURES[..., :1], "png", "L"),
        ("clear", four, "png", "RGBA"),
        ("photo", PICTURES, "jpeg", "RGB"),
        ("photo", PICTURES, "jpg", "RGB"),
    ):
        folder = tmp_path / f"{name}-{ending}"
        next(ImageDataGenerator().flow(pictures, save_to_dir=folder, save_format=ending, shuffle=False))
        path = saved(folder)[0]
        image = Image.open(path)
        assert path.suffix == f".{ending}" and (image.format, image.mode) == (
            "PNG" if ending == "png" else "JPEG",
            mode,
        )
        difference = np.array(image).reshape(24, 24, -1) - pictures[0].astype(float)
        assert np.abs(difference).mean() < (1e-9 if ending == "png" else 15)  # swapped colours would be 60 off
    with pytest.raises(SettingsError, match=r"save_format jpg has no transparency.*\nhint: use png"):
        next(ImageDataGenerator().flow(four, save_to_dir=tmp_path, save_format="jpg"))


def test_channels_first_pictures_are_saved_alike(tmp_path: Path) -> None:
    generator = ImageDataGenerator(data_format="channels_first")
    next(generator.flow(np.moveaxis(PICTURES[:1], 3, 1), save_to_dir=tmp_path))
    np.testing.assert_array_equal(read(saved(tmp_path)[0]), PICTURES[0])


def test_an_even_picture_is_no_division_by_zero() -> None:
    assert viewable(np.full((2, 2, 3), 0.3), None).max() == 0
