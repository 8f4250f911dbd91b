"""Thumbnails keep to their share of the page."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from mekiki.reports.thumbnails import MOST_BYTES, thumbnail
from tests.reports.made_runs import noise


def decoded(uri: str) -> bytes:
    kind, content = uri.split(",")
    assert kind == "data:image/jpeg;base64"
    return base64.b64decode(content)


def test_a_thumbnail_keeps_shape_and_colours() -> None:
    picture = np.zeros((400, 800, 3), np.uint8)
    picture[:, :400] = (200, 30, 40)
    small = thumbnail(picture)
    assert (small.width, small.height) == (320, 160)
    with Image.open(io.BytesIO(decoded(small.uri))) as image:
        assert np.abs(np.array(image.getpixel((40, 80))) - (200, 30, 40)).max() < 12


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 5000, 3), (20, 30, 3)])
def test_a_small_or_odd_picture_is_not_enlarged(shape) -> None:
    small = thumbnail(np.zeros(shape, np.uint8))
    assert 1 <= small.height <= shape[0] and 1 <= small.width <= min(shape[1], 320)


def test_even_noise_fits_into_its_share() -> None:
    assert len(decoded(thumbnail(noise(1, 640)).uri)) <= MOST_BYTES
