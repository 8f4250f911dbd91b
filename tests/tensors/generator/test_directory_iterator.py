from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mekiki import ImageDataGenerator
from mekiki.errors import DataError, SettingsError
from tests.conftest import draw_photo


def read_all(batches: Any) -> list[Any]:
    return [batches[number] for number in range(len(batches))]


def test_class_folders_become_batches_with_keras_attributes(shared_photos: Path) -> None:
    batches = ImageDataGenerator(rescale=1 / 255).flow_from_directory(shared_photos, (24, 32), batch_size=10, seed=1)
    assert batches.class_indices == {"blue": 0, "green": 1, "red": 2}
    assert (batches.n, batches.samples, batches.num_classes, len(batches)) == (36, 36, 3, 4)
    assert batches.image_shape == (24, 32, 3) and batches.target_size == (24, 32)
    assert batches.filenames[0] == str(Path("blue", "000.png"))
    assert batches.filepaths[-1] == str(shared_photos / "red" / "011.png")
    assert batches.classes.tolist() == [0] * 12 + [1] * 12 + [2] * 12 == batches.labels.tolist()
    pictures, labels = next(batches)
    assert pictures.shape == (10, 24, 32, 3) and 0 <= pictures.min() and 0.5 < pictures.max() <= 1
    np.testing.assert_array_equal(labels.argmax(axis=1), batches.classes[batches.index_array[:10]])


def test_each_class_mode_gives_its_labels(shared_photos: Path) -> None:
    def first(**options: Any) -> Any:
        made = ImageDataGenerator().flow_from_directory(shared_photos, (8, 8), shuffle=False, batch_size=36, **options)
        return made[0]

    np.testing.assert_array_equal(first()[1], np.eye(3).repeat(12, axis=0))
    np.testing.assert_array_equal(first(class_mode="sparse")[1], np.repeat([0, 1, 2], 12))
    two = first(class_mode="binary", classes=["red", "blue"])
    np.testing.assert_array_equal(two[1], np.repeat([0, 1], 12))
    pictures, targets = first(class_mode="input")
    np.testing.assert_array_equal(pictures, targets)
    assert not np.shares_memory(pictures, targets)
    assert first(class_mode=None).shape == (36, 8, 8, 3)


def test_augmented_batches_do_not_depend_on_the_batch_size(shared_photos: Path) -> None:
    generator = ImageDataGenerator(rotation_range=45, dust=20, horizontal_flip=True)
    whole, single = (
        generator.flow_from_directory(shared_photos, (24, 24), class_mode=None, batch_size=size, seed=3)
        for size in (36, 5)
    )
    np.testing.assert_array_equal(np.concatenate(read_all(single)), whole[0])


def test_grey_pictures_have_one_channel_in_either_layout(shared_photos: Path) -> None:
    for data_format, shape in (("channels_last", (16, 20, 1)), ("channels_first", (1, 16, 20))):
        generator = ImageDataGenerator(rotation_range=9, data_format=data_format)
        batches = generator.flow_from_directory(shared_photos, (16, 20), "grayscale", class_mode=None)
        assert batches.image_shape == shape and next(batches).shape == (32, *shape)


def test_photos_are_read_upright_and_transparency_is_white(tmp_path: Path) -> None:
    """Keras does neither."""
    (tmp_path / "a").mkdir()
    picture = np.zeros((8, 4, 3), np.uint8)
    picture[:4] = 255
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.fromarray(picture).save(tmp_path / "a" / "turned.png", exif=exif)
    Image.new("RGBA", (4, 8), (0, 0, 0, 0)).save(tmp_path / "a" / "clear.png")
    batches = ImageDataGenerator().flow_from_directory(tmp_path, (8, 4), shuffle=False, class_mode=None)
    clear, turned = batches[0]
    assert (clear == 255).all()
    np.testing.assert_array_equal(turned, picture[::-1])


def test_the_middle_is_kept_in_shape_if_wanted(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    picture = np.zeros((10, 40, 3), np.uint8)
    picture[:, 15:25] = 255
    Image.fromarray(picture).save(tmp_path / "a" / "wide.png")

    def read(keep: bool) -> np.ndarray:
        made = ImageDataGenerator().flow_from_directory(tmp_path, (20, 20), class_mode=None, keep_aspect_ratio=keep)
        return made[0][0]

    assert (read(True) == 255).all() and (read(False) == 255).mean() == pytest.approx(0.25, abs=0.05)


def test_hidden_files_texts_and_linked_folders_are_left_out(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    for folder in (root / "a", root / ".cache", root / "a" / ".thumbnails", root / "a" / "b", elsewhere):
        folder.mkdir(parents=True)
        Image.fromarray(draw_photo((9, 9, 9), 0)).save(folder / "1.png")
    (root / "a" / "notes.txt").write_text("no picture")
    (root / "a" / "._1.png").write_bytes(b"litter")
    (root / "a" / "link").symlink_to(elsewhere, target_is_directory=True)
    batches = ImageDataGenerator().flow_from_directory(root)
    assert batches.filenames == [str(Path("a", "1.png")), str(Path("a", "b", "1.png"))]
    followed = ImageDataGenerator().flow_from_directory(root, follow_links=True)
    assert followed.filenames == [*batches.filenames, str(Path("a", "link", "1.png"))]


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "bad.jpg").write_bytes(b"\xff\xd8\xff nonsense")
    batches = ImageDataGenerator().flow_from_directory(tmp_path)
    with pytest.raises(DataError, match=r"bad.jpg is .*\nhint: mekiki scan lists"):
        next(batches)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"color_mode": "rgba"}, "color_mode rgba: pictures are read as a person sees them, transparency over white"),
    ({"color_mode": "rbg"}, "no color_mode 'rbg'\nhint: did you mean rgb"),
    ({"class_mode": "category"}, "no class_mode 'category'\nhint: did you mean categorical"),
    ({"class_mode": "binary"}, "class_mode binary is for 2 classes, and .* has 3"),
    ({"classes": ["blue", "rde"]}, "no class folder in .*: 'rde'\nhint: did you mean red"),
    ({"interpolation": "linear"}, "no interpolation 'linear'\nhint: did you mean bilinear"),
    ({"target_size": (0, 9)}, r"target_size \(0, 9\): expected height and width in pixels"),
    ({"subset": "val"}, "no subset 'val'"),
    ({"subset": "training"}, "subset training: there is no validation_split"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_what_cannot_be_read_is_refused_in_plain_words(
    shared_photos: Path, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        ImageDataGenerator().flow_from_directory(shared_photos, **given)


def test_a_folder_without_pictures_is_refused(tmp_path: Path, shared_photos: Path) -> None:
    with pytest.raises(DataError, match="nowhere is no folder; expected one that holds a folder for each class"):
        ImageDataGenerator().flow_from_directory(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"no pictures in the class folders of .*\nhint: expected FOLDER/<class>"):
        ImageDataGenerator().flow_from_directory(tmp_path)
    with pytest.raises(DataError, match=r"no pictures in the class folders of .* for the subset validation"):
        ImageDataGenerator(validation_split=0.01).flow_from_directory(shared_photos, subset="validation")


def test_marks_are_refused_for_grey_pictures_before_any_is_read(shared_photos: Path) -> None:
    with pytest.raises(SettingsError, match=r"cutout is for RGB pictures of 3 channels, and these have 1"):
        ImageDataGenerator(cutout=0.2).flow_from_directory(shared_photos, color_mode="grayscale")
