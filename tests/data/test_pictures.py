import io
import os
import re
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from mekiki.data.pictures import (
    FORMAT_ENDINGS,
    PICTURE_ENDINGS,
    PictureFacts,
    decode,
    read_file,
    read_picture,
    true_format,
)
from mekiki.errors import PictureError
from tests.data.made_pictures import encoded, scene

LOSSLESS = {"PNG": {}, "BMP": {}, "TIFF": {}, "WEBP": {"lossless": True}}
QUARTERS = np.zeros((32, 48, 3), np.uint8)
QUARTERS[:16, :24], QUARTERS[:16, 24:], QUARTERS[16:, :24], QUARTERS[16:, 24:] = (
    (250, 10, 10), (10, 250, 10), (10, 10, 250), (240, 240, 10),
)  # fmt: skip
STORED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda seen: seen,
    2: lambda seen: seen[:, ::-1],
    3: lambda seen: seen[::-1, ::-1],
    4: lambda seen: seen[::-1],
    5: lambda seen: seen.transpose(1, 0, 2),
    6: lambda seen: np.rot90(seen, 1),
    7: lambda seen: seen[::-1, ::-1].transpose(1, 0, 2),
    8: lambda seen: np.rot90(seen, -1),
}
"""How a camera that was turned stores what a person sees: the inverse of each EXIF orientation, by the EXIF standard's table."""


def pixel(mode: str, colour: object, kind: str = "PNG", **options: object) -> list[int]:
    return read_picture(encoded(Image.new(mode, (8, 8), colour), kind, **options))[4, 4].tolist()


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_formats_give_the_very_pixels(kind: str) -> None:
    picture = scene(1)
    content = encoded(picture, kind, **LOSSLESS[kind])
    read, facts = decode(content)
    assert read.dtype == np.uint8 and read.flags.writeable
    assert np.array_equal(read, np.asarray(picture))
    assert facts == PictureFacts(kind, 120, 90, False)


def test_a_jpeg_is_read_as_opencv_reads_it() -> None:
    content = encoded(scene(2), quality=90)
    reference = cv2.cvtColor(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    assert np.abs(read_picture(content).astype(int) - reference).mean() < 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", STORED)
def test_all_eight_orientations_come_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](QUARTERS)))
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else LOSSLESS[kind]
    read, facts = decode(encoded(stored, kind, exif=exif, **options))
    assert read.shape == QUARTERS.shape
    assert np.abs(read.astype(int) - QUARTERS).max() <= (6 if kind == "JPEG" else 0)
    assert facts == PictureFacts(kind, 48, 32, orientation != 1)


@pytest.mark.parametrize("orientation", [0, 9, 700])
def test_an_orientation_that_does_not_exist_is_ignored(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert decode(encoded(Image.fromarray(QUARTERS), "PNG", exif=exif))[1] == PictureFacts("PNG", 48, 32, False)


def test_a_broken_exif_block_costs_no_picture() -> None:
    for exif in (b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x12\0\x03"):
        assert read_picture(encoded(scene(3), exif=exif)).shape == (90, 120, 3)


def test_transparency_is_laid_over_white() -> None:
    assert pixel("RGBA", (255, 0, 0, 0)) == [255, 255, 255]
    assert pixel("RGBA", (255, 0, 0, 255)) == [255, 0, 0]
    assert pixel("RGBA", (0, 0, 0, 51)) == [204, 204, 204]
    assert pixel("LA", (0, 51)) == [204, 204, 204]
    assert pixel("LA", (90, 255)) == [90, 90, 90]
    assert pixel("RGBA", (0, 200, 0, 0), "WEBP", lossless=True) == [255, 255, 255]
    assert pixel("RGBA", (0, 0, 0, 51), "TIFF") == [204, 204, 204]
    assert pixel("RGB", (1, 2, 3), "PNG", transparency=(1, 2, 3)) == [255, 255, 255]
    assert pixel("RGB", (1, 2, 4), "PNG", transparency=(1, 2, 3)) == [1, 2, 4]
    assert pixel("L", 7, "PNG", transparency=7) == [255, 255, 255]


def palette_picture() -> Image.Image:
    picture = Image.new("P", (8, 8), 1)
    picture.putpalette([0, 0, 0, 200, 100, 50, 0, 0, 255])
    picture.paste(2, (0, 0, 4, 8))
    return picture


def test_palettes_with_and_without_transparency() -> None:
    picture = palette_picture()
    for kind in ("PNG", "GIF", "BMP", "TIFF"):
        read = read_picture(encoded(picture, kind))
        assert read[4, 1].tolist() == [0, 0, 255] and read[4, 6].tolist() == [200, 100, 50]
    for kind in ("PNG", "GIF"):
        read = read_picture(encoded(picture, kind, transparency=2))
        assert read[4, 1].tolist() == [255, 255, 255] and read[4, 6].tolist() == [200, 100, 50]
    read = read_picture(encoded(picture, "PNG", transparency=b"\xff\xff\x00"))
    assert read[4, 1].tolist() == [255, 255, 255] and read[4, 6].tolist() == [200, 100, 50]


def test_grey_and_one_bit() -> None:
    for kind in ("PNG", "JPEG", "BMP", "TIFF", "GIF"):
        assert pixel("L", 77, kind) == [77, 77, 77]
    for kind in ("PNG", "BMP", "TIFF"):
        assert pixel("1", 1, kind) == [255, 255, 255] and pixel("1", 0, kind) == [0, 0, 0]


@pytest.mark.parametrize(
    ("inks", "seen"),
    [
        ((0, 0, 0, 0), (255, 255, 255)),
        ((0, 255, 255, 0), (255, 0, 0)),
        ((255, 0, 255, 0), (0, 255, 0)),
        ((0, 0, 0, 255), (0, 0, 0)),
        ((0, 0, 0, 128), (127, 127, 127)),
    ],
)
def test_a_cmyk_jpeg_is_not_inverted(inks: tuple[int, ...], seen: tuple[int, ...]) -> None:
    content = encoded(Image.new("CMYK", (16, 16), inks), quality=100)
    assert b"Adobe" in content
    assert np.abs(read_picture(content)[8, 8].astype(int) - seen).max() <= 3
    assert np.abs(np.array(pixel("CMYK", inks, "TIFF")) - seen).max() <= 1


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_and_not_clipped(kind: str) -> None:
    values = np.linspace(0, 65535, 64 * 8).astype(np.uint16).reshape(8, 64)
    read = read_picture(encoded(Image.fromarray(values), kind))
    assert np.array_equal(read[..., 0], np.rint(values / 257).astype(np.uint8))
    assert np.array_equal(read[..., 0], read[..., 2])


def test_16_bit_grey_of_either_byte_order() -> None:
    values = np.array([[0, 32768, 65535]], np.uint16)
    for order in ("<", ">"):
        assert read_picture(tiff_16(values, order))[0, :, 0].tolist() == [0, 128, 255]


def tiff_16(values: np.ndarray, order: str) -> bytes:
    """Write a grey TIFF by hand: header, one directory, one strip."""
    height, width = values.shape
    tags = [
        (256, 3, width),
        (257, 3, height),
        (258, 3, 16),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 122),
        (277, 3, 1),
        (278, 3, height),
        (279, 4, values.nbytes),
    ]
    body = struct.pack(order + "H", len(tags))
    for tag, kind, value in tags:
        packed = struct.pack(order + ("H2x" if kind == 3 else "I"), value)
        body += struct.pack(order + "HHI", tag, kind, 1) + packed
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8) + body + b"\0\0\0\0"
    return head.ljust(122, b"\0") + values.astype(order + "u2").tobytes()


def test_16_bit_colour_is_scaled_and_not_clipped() -> None:
    values = np.zeros((4, 4, 3), np.uint16)
    values[..., 0], values[..., 1] = 65535, 32896
    for ending in (".png", ".tiff"):
        _, content = cv2.imencode(ending, values[..., ::-1])
        assert read_picture(content.tobytes())[2, 2].tolist() == [255, 128, 0]


def test_integers_and_floats_of_a_tiff() -> None:
    def greys(values: list[float], kind: type) -> list[int]:
        return read_picture(encoded(Image.fromarray(np.array([values], kind)), "TIFF"))[0, :, 0].tolist()

    assert greys([0, 32896, 65535], np.int32) == [0, 128, 255]
    assert greys([-1000, 0, 1000], np.int32) == [0, 128, 255]
    assert greys([0.0, 0.5, 1.0], np.float32) == [0, 128, 255]
    assert greys([0.0, 100.4, 255.0], np.float32) == [0, 100, 255]
    assert greys([-3.0, 7.0, 17.0], np.float32) == [0, 128, 255]
    assert greys([5000.0, 5000.0], np.float32) == [0, 0]
    assert greys([float("nan"), float("inf"), 1.0], np.float32) == [0, 0, 255]


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (12, 10), colour) for colour in ("red", "lime", "blue")]
    for kind, options in (("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {})):
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        assert read_picture(content)[5, 5].tolist() == [255, 0, 0], kind


def swapped_profile() -> bytes:
    """Return a profile whose red primary is sRGB's blue one and the other way round."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"rXYZ", b"....").replace(b"bXYZ", b"rXYZ").replace(b"....", b"bXYZ")
    return profile.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


def test_an_embedded_profile_is_converted_to_srgb() -> None:
    red = np.array(pixel("RGB", (255, 0, 0), "PNG", icc_profile=swapped_profile()))
    assert np.abs(red - [0, 0, 255]).max() <= 2
    with_alpha = np.array(pixel("RGBA", (255, 0, 0, 51), "PNG", icc_profile=swapped_profile()))
    assert np.abs(with_alpha - [204, 204, 255]).max() <= 2
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = np.array(pixel("RGB", (255, 0, 0), "PNG", icc_profile=swapped_profile(), exif=exif))
    assert np.abs(turned - [0, 0, 255]).max() <= 2


def test_a_profile_that_is_broken_or_does_not_fit_is_ignored() -> None:
    usual = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert pixel("RGB", (9, 200, 70), "PNG", icc_profile=usual) == [9, 200, 70]
    assert pixel("RGB", (9, 200, 70), "PNG", icc_profile=b"no profile") == [9, 200, 70]
    assert pixel("L", 70, "PNG", icc_profile=swapped_profile()) == [70, 70, 70]
    assert (
        np.abs(np.array(pixel("CMYK", (0, 255, 255, 0), "JPEG", icc_profile=swapped_profile())) - [255, 0, 0]).max()
        <= 3
    )


def test_at_least_reads_large_jpegs_smaller_but_never_too_small() -> None:
    content = encoded(scene(4, 1600, 1203), quality=90)
    for least in (100, 150, 400, 601, 602, 5000):
        read, facts = decode(content, at_least=least)
        assert min(least, 1203) <= min(read.shape[:2]) <= 1203
        assert facts == PictureFacts("JPEG", 1600, 1203, False)
    assert read_picture(content, at_least=100).shape[0] < 250
    exif = Image.Exif()
    exif[0x0112] = 6
    read, facts = decode(encoded(scene(4, 1600, 1203), exif=exif), at_least=100)
    assert (facts.width, facts.height) == (1203, 1600) and read.shape[0] > read.shape[1]


def test_the_reduced_picture_is_the_same_picture() -> None:
    content = encoded(scene(5, 800, 600), quality=95)
    full, reduced = read_picture(content), read_picture(content, at_least=100)
    small = cv2.resize(full, reduced.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - reduced).mean() < 2


JPEG, PNG = encoded(scene(6), quality=90), encoded(scene(6), "PNG")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"^is empty \(0 bytes\)$"),
        (b"dear reader,\nthis is a letter\n", "its first bytes are of a text file"),
        (b"<!DOCTYPE html><html>404</html>", "its first bytes are of a web page"),
        (b'<?xml version="1.0"?>\n<svg xmlns="x"/>', "its first bytes are of an SVG drawing"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "its first bytes are of a HEIC picture"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "its first bytes are of an AVIF picture"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "its first bytes are of a video"),
        (b"%PDF-1.7\n", "its first bytes are of a PDF document"),
        (b"PK\x03\x04\x14\0", "its first bytes are of a zip archive"),
        (b"\x7fELF\x02\x01\x01\0", "its first bytes are of an unknown format"),
        (bytes(4096), "an empty or unfinished download"),
        (JPEG[:200], "^is a JPEG whose header is damaged|^is truncated"),
        (JPEG[: len(JPEG) // 2], "^is truncated: the file ends before the picture does$"),
        (JPEG[:-40], "^is truncated: the file ends before the picture does$"),
        (PNG[: len(PNG) // 2], "^is truncated: the file ends before the picture does$"),
        (PNG[:20], "^is truncated: the file ends before the picture does$"),
        (b"BM, the initials of a writer and the first bytes of a BMP", "its first bytes are of a text file"),
    ],
)
def test_each_failure_has_a_plain_reason(content: bytes, reason: str) -> None:
    with pytest.raises(PictureError, match=reason) as caught:
        read_picture(content)
    assert "\n" not in caught.value.message and len(caught.value.message) < 200


def test_a_header_that_no_decoder_knows_is_told() -> None:
    known = tiff_16(np.zeros((1, 3), np.uint16), "<")
    unknown = known.replace(struct.pack("<HHIH", 262, 3, 1, 1), struct.pack("<HHIH", 262, 3, 1, 99))
    with pytest.raises(PictureError, match=r"^is a TIFF whose header is damaged or of a rare kind$"):
        read_picture(unknown)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_cut_anywhere_is_never_read_with_grey_filling(progressive: bool) -> None:
    content = encoded(scene(7, 200, 160), quality=85, progressive=progressive)
    for share in (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97):
        with pytest.raises(PictureError):
            read_picture(content[: int(len(content) * share)])


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "GIF", "TIFF"])
def test_other_formats_cut_short_are_unreadable(kind: str) -> None:
    content = encoded(scene(7), kind)
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(PictureError):
            read_picture(content[: int(len(content) * share)])


@given(
    st.sampled_from(["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12),
)
def test_damaged_bytes_give_pixels_or_a_picture_error_and_nothing_else(
    kind: str, damage: list[tuple[float, int]]
) -> None:
    content = bytearray(encoded(scene(8, 40, 30), kind))
    for place, value in damage:
        content[int(place * len(content))] = value
    try:
        read = read_picture(bytes(content))
    except PictureError as error:
        assert error.message and "\n" not in error.message
    else:
        assert read.dtype == np.uint8 and read.ndim == 3 and read.shape[2] == 3


def test_files_that_are_no_pictures_on_disk(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"^does not exist$"):
        read_picture(tmp_path / "gone.jpg")
    with pytest.raises(PictureError, match=r"^is a folder$"):
        read_picture(tmp_path)
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(PictureError, match="is empty"):
        read_picture(tmp_path / "empty.jpg")
    (tmp_path / "b.png").write_bytes(JPEG)
    assert decode(tmp_path / "b.png")[1].format == "JPEG"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PictureError, match="is no file"):
        read_picture(tmp_path / "pipe.jpg")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.jpg").open("wb") as file:
        file.truncate(600 * 2**20)
    with pytest.raises(PictureError, match=r"^has 600 MB; the limit is 512$"):
        read_file(tmp_path / "huge.jpg")


def zero_png(width: int, height: int) -> bytes:
    """Return a one-bit PNG of any size, a few kilobytes long."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    row = bytes(1 + (width + 7) // 8)
    packer = zlib.compressobj()
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif_header(width: int, height: int) -> bytes:
    frame = b"!\xf9\x04\x08\0\0\0\0" + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\0;"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + frame


def bmp_header(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 60, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(6)


BOMBS = {
    "png": (lambda: zero_png(30_000, 30_000), "^has 900 megapixels; the limit is 100$"),
    "smaller_png": (lambda: zero_png(12_000, 10_000), "^has 120 megapixels; the limit is 100$"),
    "gif": (lambda: gif_header(60_000, 60_000), "^has 3600 megapixels; the limit is 100$"),
    "bmp": (lambda: bmp_header(30_000, 30_000), "^has 900 megapixels; the limit is 100$"),
    "tiff": (lambda: tiff_16(np.zeros((1, 3), np.uint16), "<").replace(struct.pack("<HHIH", 256, 3, 1, 3), struct.pack("<HHIH", 256, 3, 1, 60_000)).replace(struct.pack("<HHIH", 257, 3, 1, 1), struct.pack("<HHIH", 257, 3, 1, 60_000)), "^has 3600 megapixels; the limit is 100$"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_decompression_bomb_is_refused_by_its_header(name: str) -> None:
    make, reason = BOMBS[name]
    with pytest.raises(PictureError, match=reason):
        read_picture(make())


@pytest.mark.skipif(sys.platform == "win32", reason="the resource module is not there")
@pytest.mark.parametrize("name", BOMBS)
def test_a_decompression_bomb_takes_no_memory(name: str, tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(BOMBS[name][0]())
    code = (
        "import resource, sys, tracemalloc, pathlib\n"
        "from mekiki.data.pictures import read_picture\n"
        "from mekiki.errors import PictureError\n"
        "tracemalloc.start()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_picture(pathlib.Path(sys.argv[1]))\n"
        "except PictureError:\n    pass\n"
        "else:\n    raise SystemExit('it was read')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, tracemalloc.get_traced_memory()[1])\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "bomb")], capture_output=True, text=True, check=True
    )
    resident, traced = (int(number) for number in run.stdout.split())
    per_megabyte = 2**20 if sys.platform == "darwin" else 2**10
    assert resident / per_megabyte < 24
    assert traced / 2**20 < 24


def test_the_limit_on_pixels_is_the_callers() -> None:
    content = encoded(scene(9, 1000, 1000))
    assert read_picture(content, max_megapixels=1).shape == (1000, 1000, 3)
    with pytest.raises(PictureError, match=r"^has 1 megapixels; the limit is 0.5$"):
        read_picture(content, max_megapixels=0.5)


def test_no_warning_of_the_decoders_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 8_000)
    content = encoded(scene(10), exif=b"Exif\0\0II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\xff\0\0\0\xff\xff\xff\xff")
    before = list(warnings.filters)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert read_picture(content).shape == (90, 120, 3)
    assert not caught
    with pytest.warns() as loud, Image.open(io.BytesIO(content)) as picture:
        picture.getexif()
    assert {warning.category for warning in loud} == {Image.DecompressionBombWarning, UserWarning}
    assert list(warnings.filters) == before


def test_threads_read_the_same_pixels_and_leave_the_warning_filters_alone() -> None:
    contents = [encoded(scene(number), kind) for number in range(6) for kind in ("JPEG", "PNG", "GIF")] + [JPEG[:-40]]
    before = list(warnings.filters)

    def read(content: bytes) -> bytes:
        try:
            return read_picture(content).tobytes()
        except PictureError as error:
            return error.message.encode()

    alone = [read(content) for content in contents]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, contents * 10)) == alone * 10
    assert list(warnings.filters) == before
    assert threading.active_count() < 50


def test_the_true_format_is_told_from_the_bytes() -> None:
    for kind, endings in FORMAT_ENDINGS.items():
        assert true_format(encoded(scene(1), kind)) == kind
        assert set(endings) <= PICTURE_ENDINGS
    assert all(re.fullmatch(r"\.[a-z]+", ending) for ending in PICTURE_ENDINGS)


def test_a_picture_of_one_pixel() -> None:
    assert read_picture(encoded(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG"), at_least=64).tolist() == [[[1, 2, 3]]]
