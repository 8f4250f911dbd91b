"""The pictures of the live contact sheet."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mekiki.config import AugmentSettings
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.train.contact_sheet import DRAWS, SENT, SIDE, Wanted, draw_sheet, keep_sent
from mekiki.errors import DataError, PictureError
from tests.conftest import write_photos

NONE = AugmentSettings(preset="none")


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)), dtype=int)


def apart(one: bytes, other: bytes) -> float:
    return float(np.abs(pixels(one) - pixels(other)).mean())


def test_without_changes_all_pictures_are_the_photo_and_with_them_each_is_another(studio: Studio):
    photos = write_photos(studio.workspace.roots[1] / "photos", 2)
    plain = draw_sheet(studio, Wanted(str(photos), ranges=NONE))
    assert len(plain.pictures) == 1 + DRAWS and pixels(plain.pictures[0]).shape == (SIDE, SIDE, 3)
    assert all(apart(plain.pictures[0], each) < 1 for each in plain.pictures)
    turned = draw_sheet(studio, Wanted(str(photos), ranges=AugmentSettings(preset="none", rotation_range=90)))
    assert apart(turned.pictures[0], plain.pictures[0]) == 0
    assert all(apart(turned.pictures[0], each) > 5 for each in turned.pictures[1:])
    assert apart(turned.pictures[1], turned.pictures[2]) > 5


def test_another_photo_is_of_another_class_and_may_be_mixed_in(studio: Studio):
    photos = write_photos(studio.workspace.roots[1] / "photos", 2)
    wanted = Wanted(str(photos), ranges=NONE)
    first, second = draw_sheet(studio, wanted), draw_sheet(studio, replace(wanted, number=1))
    assert first.photo.parent.name != second.photo.parent.name
    mixed = draw_sheet(studio, replace(wanted, ranges=AugmentSettings(preset="none", mixup=5)))
    assert max(apart(mixed.pictures[0], each) for each in mixed.pictures[1:]) > 5


def test_photos_outside_the_roots_are_not_shown(studio: Studio, tmp_path: Path):
    outside = write_photos(tmp_path / "outside", 1)
    picture = next(outside.rglob("*.png"))
    with pytest.raises(DataError, match="none of the folders"):
        draw_sheet(studio, Wanted(str(outside)))
    with pytest.raises(DataError, match="none of the folders"):
        draw_sheet(studio, Wanted(photo=str(picture)))
    inside = write_photos(studio.workspace.roots[1] / "photos", 1)
    for each in inside.rglob("*.png"):
        each.unlink()
        each.symlink_to(picture)
    with pytest.raises(DataError, match="leads through a link"):
        draw_sheet(studio, Wanted(str(inside)))


def test_a_folder_without_photos_is_told(studio: Studio):
    with pytest.raises(DataError, match="no"):
        draw_sheet(studio, Wanted(str(studio.workspace.roots[1])))
    with pytest.raises(DataError, match="there is no photo to show") as caught:
        draw_sheet(studio, Wanted())
    assert caught.value.hint == "choose a folder of photos, or a photo"


def test_a_photo_that_was_sent_is_kept_as_pixels_alone_and_the_oldest_go(studio: Studio):
    with pytest.raises(PictureError):
        keep_sent(studio, b"<html>no picture</html>")
    kept = []
    for shade in range(23):
        content = io.BytesIO()
        Image.new("RGB", (64, 48), (shade * 10, 90, 90)).save(content, "PNG")
        kept.append(keep_sent(studio, content.getvalue() + b"trailing secrets"))
    there = list((studio.workspace.home / SENT).iterdir())
    assert len(there) == 20 and kept[-1] in there and kept[-1].read_bytes().find(b"secrets") == -1
    alone = Wanted(photo=str(kept[-1]), ranges=AugmentSettings(mixup=2, cutmix=2))
    assert len(draw_sheet(studio, alone).pictures) == 1 + DRAWS, "there is nothing to mix in, and it is no error"
