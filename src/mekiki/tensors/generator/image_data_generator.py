"""``ImageDataGenerator`` with Keras' arguments and methods: holds the settings and hands the work on.

It keeps no state but its settings and what ``fit`` measured. All numbers come from (seed, epoch, sample); NumPy's
global random state is neither used nor changed. ``docs/keras.md`` has what is the same as in Keras and what is not.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from mekiki.config import AugmentSettings, FillMode
from mekiki.errors import DataError, SettingsError, unknown_name
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.generator.array_iterator import NumpyArrayIterator, read_arrays, subset_of
from mekiki.tensors.generator.changing import (
    INTERPOLATIONS,
    DataFormat,
    augment_array,
    change_array,
    change_of,
    draw_dictionary,
    size_of,
)
from mekiki.tensors.generator.class_folders import list_class_folders
from mekiki.tensors.generator.directory_iterator import ClassMode, ColorMode, DirectoryIterator, Interpolation, reading
from mekiki.tensors.generator.iterating import chosen_seed
from mekiki.tensors.generator.keras_fit import for_keras
from mekiki.tensors.generator.ranges import (
    KERAS_RANGES,
    OWN_NAMES,
    RANGE_NAMES,
    OwnTransforms,
    PairRange,
    ShiftRange,
    changed_ranges,
    check_levels,
    make_ranges,
)
from mekiki.tensors.generator.saving import saving_to
from mekiki.tensors.generator.standardiser import (
    FEATUREWISE,
    SAMPLEWISE,
    Preprocessing,
    Standardiser,
    Values,
    is_number,
)

DATA_FORMATS = ("channels_last", "channels_first")


class ImageDataGenerator(Standardiser):
    """Endless batches of changed and standardised pictures, as Keras' class of that name makes them.

    Keras' arguments have Keras' names, meanings and defaults; the transforms beside them are keywords.

    Args:
        featurewise_center: Subtract the mean of the pictures that it was fitted to, channel by channel.
        samplewise_center: Subtract each picture's own mean.
        featurewise_std_normalization: Divide by the std of the pictures that it was fitted to; centres, too.
        samplewise_std_normalization: Divide each picture by its own std; centres, too.
        zca_whitening: Make the values of the fitted pictures uncorrelated; centres, too.
        zca_epsilon: Added to the singular values.
        rotation_range: Turned by up to this, either way, degrees.
        width_shift_range: Sideways by up to this fraction (below 1), or pixels; a whole number means one of those
            below it, and a list one of the list; either way.
        height_shift_range: Likewise up or down.
        brightness_range: Least and most factor; for levels of 0..255.
        shear_range: Sheared by up to this angle, either way, degrees.
        zoom_range: 1 ± this, or a pair of the least and the most; above 1 smaller.
        channel_shift_range: All channels by up to this, either way.
        fill_mode: nearest, reflect, wrap or constant: what comes in from outside the picture.
        cval: For constant, 0..255.
        horizontal_flip: Mirrored left to right, half of the time.
        vertical_flip: Mirrored top to bottom, half of the time.
        rescale: Factor, applied after the changes and before the other normalisations; None: no.
        preprocessing_function: Called with each changed picture before rescale; gives an array of the same shape.
        data_format: channels_last (None) or channels_first.
        validation_split: Share of the pictures that the subset ``validation`` has, 0..1.
        interpolation_order: 1 bilinear; 0 nearest, for masks.
        dtype: Of the batches: float32 (None), float16 or float64.
        **own: Transforms that Keras does not have, as in ``AugmentSettings``: zoom_keeps_shape, elastic, randaugment,
            blur, gaussian_noise, jpeg_quality, pepper_noise, salt_noise, cutout, random_erasing, dust, scribble. All
            but the first two are for RGB pictures of levels 0..255.

    Attributes:
        ranges: The settings of the random changes; each can be read and set under its own name.
        mean: Fitted, or None.
        std: Fitted, or None.
        zca_whitening_matrix: Fitted, or None.

    Raises:
        SettingsError: A value that cannot be, or options that contradict one another.

    Example:
        >>> pictures = np.zeros((4, 32, 32, 3), np.uint8)
        >>> batches = ImageDataGenerator(rotation_range=45, rescale=1 / 255).flow(pictures, batch_size=2, seed=1)
        >>> next(batches).shape
        (2, 32, 32, 3)
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: ShiftRange = 0.0,
        height_shift_range: ShiftRange = 0.0,
        brightness_range: PairRange | None = None,
        shear_range: float = 0.0,
        zoom_range: PairRange = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: FillMode = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Preprocessing | None = None,
        data_format: DataFormat | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: DTypeLike | None = None,
        **own: Unpack[OwnTransforms],
    ) -> None:
        given = dict(locals())
        switched = [name for name in (*SAMPLEWISE, *FEATUREWISE) if given[name]]
        super().__init__(switched, zca_epsilon, rescale, preprocessing_function, _checked_format(data_format), dtype)
        known = tuple(inspect.signature(ImageDataGenerator).parameters)[:-1] + OWN_NAMES
        self.ranges: AugmentSettings = make_ranges({**{name: given[name] for name in KERAS_RANGES}, **own}, known)
        last = self.data_format == "channels_last"
        self.channel_axis, self.row_axis, self.col_axis = (3, 1, 2) if last else (1, 2, 3)
        if validation_split and not (is_number(validation_split) and 0 < validation_split < 1):
            raise SettingsError(f"validation_split {validation_split!r}: expected a share between 0 and 1")
        if interpolation_order not in INTERPOLATIONS:
            raise SettingsError(f"interpolation_order {interpolation_order}: expected 1 (bilinear) or 0 (nearest)")
        self.validation_split, self.interpolation_order = validation_split, interpolation_order

    def __getattr__(self, name: str) -> Any:
        if name in RANGE_NAMES:
            return getattr(self.ranges, name)
        raise AttributeError(f"ImageDataGenerator has no attribute {name!r}")

    def __setattr__(self, name: str, value: object) -> None:
        if name in RANGE_NAMES:
            name, value = "ranges", changed_ranges(self.ranges, name, value)
        object.__setattr__(self, name, value)

    def flow(
        self,
        x: Any,
        y: ArrayLike | None = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: ArrayLike | None = None,
        seed: int | None = None,
        save_to_dir: str | Path | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Return endless batches of an array's pictures.

        Args:
            x: (n, ...) pictures of any number type; or a pair of those and a further array, or a list of some.
            y: Labels, which come along.
            batch_size: Pictures a batch.
            shuffle: Whether each pass has an order of its own.
            sample_weight: Weights, which come along.
            seed: Of the order and the changes; None: a new one, which the iterator knows as ``seed``.
            save_to_dir: A folder to write each picture to; made if it is missing, and nothing in it is written over.
            save_prefix: What those files' names begin with.
            save_format: png, jpg or jpeg.
            ignore_class_split: Allow a subset that lacks a class.
            subset: training or validation, by ``validation_split``; validation is the first part.

        Raises:
            DataError: Arrays that do not belong together, or no pictures.
            SettingsError: An argument that cannot be, or pictures that the transforms are not for.
        """
        arrays = subset_of(read_arrays(x, y, sample_weight), subset, self.validation_split, ignore_class_split)
        saving = saving_to(save_to_dir, save_prefix, save_format)
        return for_keras(NumpyArrayIterator)(arrays, self, batch_size, shuffle, seed, saving)

    def flow_from_directory(
        self,
        directory: str | Path,
        target_size: tuple[int, int] = (256, 256),
        color_mode: ColorMode = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: ClassMode = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | Path | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: Interpolation = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> DirectoryIterator:
        """Return endless batches of the pictures in class folders.

        Args:
            directory: Holds a folder for each class.
            target_size: Height and width of the pictures, pixels.
            color_mode: rgb or grayscale.
            classes: The folders, in the order of their numbers; None: all of them, sorted.
            class_mode: categorical (one of n), binary, sparse (the class's number), input (the picture), None.
            batch_size: Pictures a batch.
            shuffle: Whether each pass has an order of its own.
            seed: Of the order and the changes; None: a new one.
            save_to_dir: As for ``flow``.
            save_prefix: As for ``flow``.
            save_format: As for ``flow``.
            follow_links: Whether to enter folders that are links.
            subset: training or validation; validation is the first part of each class.
            interpolation: nearest, bilinear, bicubic, box, hamming or lanczos; all but nearest average when shrinking.
            keep_aspect_ratio: Cut the middle out in the target's shape, instead of squashing.

        Raises:
            DataError: No such folder, or no pictures in it; from a batch: a picture that cannot be read.
            SettingsError: An argument that cannot be.
        """
        root = Path(directory)
        how = reading(target_size, color_mode, interpolation, keep_aspect_ratio)
        found = list_class_folders(root, classes, subset, self.validation_split, follow_links)
        saving = saving_to(save_to_dir, save_prefix, save_format)
        made = for_keras(DirectoryIterator)
        return made(root, found, how, class_mode, self, batch_size, shuffle, seed, saving)

    def fit(self, x: ArrayLike, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Measure training pictures for the featurewise options and for whitening; without those nothing happens.

        Args:
            x: (n, ...) pictures of the training part.
            augment: Whether to measure changed pictures.
            rounds: How many changed ones of each.
            seed: Of the changes; None: a new one.

        Raises:
            DataError: No pictures, or such that hold values that are no numbers.
            SettingsError: Pictures that are too large to whiten, or less than one round.
        """
        originals = np.asarray(x)
        if not isinstance(rounds, int | np.integer) or rounds < 1:
            raise SettingsError(f"rounds {rounds!r}: expected a whole number of at least 1")
        if originals.ndim != 4 or not len(originals):
            raise DataError(f"x has the shape {originals.shape}; expected pictures in an array of 4 dimensions")
        if not self.featurewise_center:
            return
        channels = size_of(originals.shape[1:], self.data_format)[2]
        if not augment:
            self.measure(originals.astype(self.dtype))
            return
        check_levels(originals, channels, self.ranges)
        chosen = chosen_seed(seed)
        drawn = [
            self.draw(picture, Key(chosen, ("fit", turn, place)))
            for turn in range(rounds)
            for place, picture in enumerate(originals)
        ]
        self.measure(np.stack(drawn).astype(self.dtype))

    def get_random_transform(self, img_shape: tuple[int, ...], seed: int | None = None) -> dict[str, Any]:
        """Draw the numbers of Keras' transforms: theta, tx, ty, shear, zx, zy and so on.

        Args:
            img_shape: Of a picture in this layout.
            seed: Of the numbers; None: a new one.
        """
        height, width, _ = size_of(tuple(img_shape), self.data_format)
        return draw_dictionary(self.ranges, _key(seed), width, height)

    def apply_transform(self, x: Values, transform_parameters: Mapping[str, Any]) -> NDArray[np.float32]:
        """Change one picture by a dictionary as ``get_random_transform`` gives it; what is not in it stays.

        Args:
            x: A picture; it is not changed.
            transform_parameters: theta and shear in degrees, tx and ty in pixels, zx and zy, flip_horizontal,
                flip_vertical, channel_shift_intensity, brightness.

        Raises:
            SettingsError: Another name in the dictionary, or no picture.
        """
        change = change_of(transform_parameters)
        _, _, channels = size_of(np.shape(x), self.data_format)
        if change.brightness != 1:
            check_levels(np.asarray(x), channels, AugmentSettings(preset="none", brightness_range=(0, 2)))
        return change_array(x, change, self.ranges, self.interpolation_order, self.data_format)

    def random_transform(self, x: Values, seed: int | None = None) -> NDArray[np.float32]:
        """Change one picture by numbers that are drawn now, with all that is switched on; it is a new array.

        Raises:
            SettingsError: No picture, or none that the transforms are for.
        """
        picture = np.asarray(x)
        check_levels(picture, size_of(picture.shape, self.data_format)[2], self.ranges)
        return self.draw(picture, _key(seed))

    def draw(self, x: Values, key: Key) -> NDArray[np.float32]:
        """Change one picture by the numbers of a key; the caller has checked it."""
        return augment_array(x, self.ranges, key, self.interpolation_order, self.data_format)


def _key(seed: int | None) -> Key:
    return Key(chosen_seed(seed), ("picture",))


def _checked_format(data_format: str | None) -> DataFormat:
    if data_format is None:
        return "channels_last"
    if data_format not in DATA_FORMATS:
        raise unknown_name("data_format", data_format, DATA_FORMATS)
    return data_format  # type: ignore[return-value]
