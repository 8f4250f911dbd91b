from pathlib import Path

import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from mekiki.data.pictures import decode
from tests.data.made_pictures import encoded, scene

TAKEN, FRACTION, MAKE, MODEL, ORIENTATION, CAPTURE = 0x9003, 0x9291, 0x010F, 0x0110, 0x0112, 0x8769


def tagged(
    kind: str, taken: object = None, fraction: object = None, make: object = None, model: object = None
) -> bytes:
    exif = Image.Exif()
    for tag, value in ((MAKE, make), (MODEL, model)):
        if value is not None:
            exif[tag] = value
    exif.get_ifd(CAPTURE).update(
        {tag: value for tag, value in ((TAKEN, taken), (FRACTION, fraction)) if value is not None}
    )
    return encoded(scene(1), kind, exif=exif)


def tagged_tiff(taken: str, fraction: str, make: str, model: str) -> bytes:
    tags = ImageFileDirectory_v2()
    tags[MAKE], tags[MODEL], tags[CAPTURE] = make, model, {TAKEN: taken, FRACTION: fraction}
    return encoded(scene(1), "TIFF", tiffinfo=tags)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_time_and_camera_are_read_from_each_format(kind: str) -> None:
    values = ("2024:05:01 12:00:01", "25", "Canon", "EOS 5D")
    facts = decode(tagged_tiff(*values) if kind == "TIFF" else tagged(kind, *values))[1]
    assert (facts.taken, facts.camera) == ("2024-05-01T12:00:01.25", "Canon EOS 5D")
    assert (decode(encoded(scene(1), kind))[1].taken, decode(encoded(scene(1), kind))[1].camera) == ("", "")


@pytest.mark.parametrize(
    ("taken", "fraction", "expected"),
    [
        ("2024:05:01 12:00:01", None, "2024-05-01T12:00:01"),
        ("2024-05-01T12:00:01", "007", "2024-05-01T12:00:01.007"),
        ("2024:05:01 12:00:01\0\0", "  5 ", "2024-05-01T12:00:01.5"),
        ("2024:05:01 12:00:01", "a½", "2024-05-01T12:00:01"),
        ("0000:00:00 00:00:00", None, ""),
        ("    :  :     :  :  ", None, ""),
        ("yesterday", "5", ""),
    ],
)  # fmt: skip
def test_times_as_cameras_write_them(taken: str, fraction: str | None, expected: str) -> None:
    assert decode(tagged("JPEG", taken, fraction))[1].taken == expected


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("NIKON CORPORATION", "NIKON D90", "NIKON CORPORATION NIKON D90"),
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("  Apple\0", "iPhone 12 \n", "Apple iPhone 12"),
        (None, "X100", "X100"),
        ("Fuji", None, "Fuji"),
    ],
)
def test_cameras_as_they_call_themselves(make: str | None, model: str | None, camera: str) -> None:
    assert decode(tagged("JPEG", make=make, model=model))[1].camera == camera


def test_broken_tags_cost_no_picture(tmp_path: Path) -> None:
    whole = tagged("JPEG", "2024:05:01 12:00:01", "25", "Canon", "EOS 5D")
    start = whole.index(b"Exif\0\0") + 6
    for place in range(start, whole.index(b"\xff\xdb")):
        damaged = whole[:place] + b"\xff" + whole[place + 1 :]
        picture, facts = decode(damaged)
        assert picture.size and isinstance(facts.taken, str) and "\0" not in facts.camera
