"""Batches from class folders (Keras' ``DirectoryIterator``): each picture is read when its batch is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mekiki.data.pictures import read_picture
from mekiki.errors import DataError, PictureError, SettingsError, unknown_name
from mekiki.tensors.generator.class_folders import ClassFolders
from mekiki.tensors.generator.iterating import PictureIterator, Samples
from mekiki.tensors.generator.ranges import check_levels
from mekiki.tensors.generator.saving import Saving

if TYPE_CHECKING:
    from mekiki.tensors.generator.image_data_generator import ImageDataGenerator

ColorMode = Literal["rgb", "grayscale"]
ClassMode = Literal["categorical", "binary", "sparse", "input"] | None
Interpolation = Literal["nearest", "bilinear", "bicubic", "box", "hamming", "lanczos"]
Box = tuple[int, int, int, int]
CLASS_MODES = ("categorical", "binary", "sparse", "input")


@dataclass(frozen=True)
class Reading:
    """How a file becomes an array.

    Attributes:
        height: Pixels.
        width: Pixels.
        color_mode: rgb, or grayscale for one channel.
        interpolation: Pillow's name, in small letters.
        keep_aspect_ratio: Whether the middle is cut out in the target's shape, instead of squashing the picture.
    """

    height: int
    width: int
    color_mode: ColorMode
    interpolation: Interpolation
    keep_aspect_ratio: bool

    @property
    def channels(self) -> int:
        """Return how many channels a picture has."""
        return 1 if self.color_mode == "grayscale" else 3

    def read(self, path: Path) -> NDArray[np.uint8]:
        """Read one picture, upright, (height, width, channels).

        Raises:
            DataError: It cannot be read.
        """
        try:
            image = Image.fromarray(read_picture(path))
        except PictureError as error:
            raise DataError(f"{path} {error.message}", "mekiki scan lists all pictures that cannot be read") from error
        if self.color_mode == "grayscale":
            image = image.convert("L")
        if image.size != (self.width, self.height):
            box = self._middle(image.width, image.height) if self.keep_aspect_ratio else None
            image = image.resize((self.width, self.height), Image.Resampling[self.interpolation.upper()], box)
        return np.array(image).reshape(self.height, self.width, self.channels)

    def _middle(self, width: int, height: int) -> Box:
        """Return the largest part of the target's shape, to the pixel where Keras cuts it."""
        wide = min(width, height * self.width // self.height)
        tall = min(height, width * self.height // self.width)
        left, top = (width - wide) // 2, (height - tall) // 2
        return left, top, left + wide, top + tall


def reading(target_size: Sequence[int], color_mode: str, interpolation: str, keep_aspect_ratio: bool) -> Reading:
    """Check how pictures are to be read.

    Raises:
        SettingsError: A size, colour mode or interpolation that cannot be.
    """
    if color_mode == "rgba":
        raise SettingsError(
            "color_mode rgba: pictures are read as a person sees them, transparency over white",
            "expected rgb or grayscale",
        )
    if color_mode not in get_args(ColorMode):
        raise unknown_name("color_mode", color_mode, get_args(ColorMode))
    if interpolation not in get_args(Interpolation):
        raise unknown_name("interpolation", interpolation, get_args(Interpolation))
    sides = [int(side) for side in target_size]
    if len(sides) != 2 or min(sides) < 1:
        raise SettingsError(f"target_size {target_size!r}: expected height and width in pixels, such as (224, 224)")
    return Reading(sides[0], sides[1], color_mode, interpolation, keep_aspect_ratio)  # type: ignore[arg-type]


class DirectoryIterator(PictureIterator):
    """Batches of pictures in class folders; made by ``ImageDataGenerator.flow_from_directory``.

    Attributes:
        directory: The folder of class folders.
        filenames: Relative to it.
        filepaths: With it.
        classes: (n,) int32, the number of each picture's class.
        class_indices: Class name → number.
        num_classes: How many classes.
        samples: How many pictures.
        class_mode: What a batch has beside the pictures.
        color_mode: As given.
        target_size: Height and width.
    """

    def __init__(
        self,
        directory: Path,
        found: ClassFolders,
        how: Reading,
        class_mode: ClassMode,
        generator: ImageDataGenerator,
        batch_size: int,
        shuffle: bool,
        seed: int | None,
        saving: Saving,
    ) -> None:
        if class_mode is not None and class_mode not in CLASS_MODES:
            raise unknown_name("class_mode", class_mode, CLASS_MODES)
        if class_mode == "binary" and len(found.names) != 2:
            raise SettingsError(
                f"class_mode binary is for 2 classes, and {directory} has {len(found.names)}", "use categorical"
            )
        check_levels(np.empty(0), how.channels, generator.ranges)
        self.directory = str(directory)
        self.filenames = [str(path) for path in found.files]
        self.filepaths = [str(directory / path) for path in found.files]
        self.classes = np.array(found.numbers, dtype=np.int32)
        self.class_indices = {name: number for number, name in enumerate(found.names)}
        self.num_classes, self.samples = len(found.names), len(found.files)
        self.class_mode, self.color_mode, self.interpolation = class_mode, how.color_mode, how.interpolation
        self.target_size, self.keep_aspect_ratio = (how.height, how.width), how.keep_aspect_ratio
        sides = self.target_size
        last = generator.data_format == "channels_last"
        self.image_shape = (*sides, how.channels) if last else (how.channels, *sides)
        self._reading = how
        super().__init__(self.samples, generator, batch_size, shuffle, seed, saving)

    @property
    def labels(self) -> NDArray[np.int32]:
        """Return the number of each picture's class."""
        return self.classes

    def _picture(self, sample: int) -> NDArray[Any]:
        picture = self._reading.read(Path(self.filepaths[sample]))
        return picture if self.data_format == "channels_last" else np.moveaxis(picture, 2, 0)

    def _with_labels(self, pictures: NDArray[Any], samples: Samples) -> Any:
        if self.class_mode is None:
            return pictures
        if self.class_mode == "input":
            return pictures, pictures.copy()
        numbers = self.classes[samples]
        if self.class_mode == "categorical":
            return pictures, np.eye(self.num_classes, dtype=self.dtype)[numbers]
        return pictures, numbers.astype(self.dtype)
