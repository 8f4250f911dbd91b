"""The sheet: what is filled has the right size, and colours never outgrow their coverage."""

import numpy as np
import pytest

from mekiki.drawing.canvas import Canvas, box, mixed
from mekiki.drawing.instruments import draw_instrument
from mekiki.drawing.looks import choose_look
from mekiki.drawing.models import MODELS
from mekiki.seeds import stream


@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0])
def test_a_filled_box_covers_its_area(degrees: float) -> None:
    canvas = Canvas(-50, -50, 50, 50, 2.0)
    canvas.fill(box(3, -4, 40, 20, 0.01, degrees), (255, 255, 255))
    covered = canvas.pixels[..., 3].sum() / 255 / 2.0**2
    assert covered == pytest.approx(800, rel=0.06)
    rows, columns = np.nonzero(canvas.pixels[..., 3] > 127)
    assert [columns.mean() / 2 - 50, rows.mean() / 2 - 50] == pytest.approx([3, -4], abs=0.6)


def test_a_shadow_darkens_but_does_not_cover() -> None:
    canvas = Canvas(-20, -20, 20, 20, 2.0)
    canvas.fill(box(0, 0, 30, 30), (200, 100, 50))
    before = canvas.pixels.copy()
    canvas.shade(box(0, 0, 10, 10), 0.5, (0, 0))
    assert (canvas.pixels[..., 3] == before[..., 3]).all()
    assert canvas.pixels[40, 40, :3] == pytest.approx([100, 50, 25], abs=2)
    assert (canvas.pixels[12, 12] == before[12, 12]).all()


def test_paste_mixes_by_coverage() -> None:
    canvas = Canvas(0, 0, 4, 4, 1.0)
    canvas.fill(box(2, 2, 8, 8), (0, 0, 0))
    window = (slice(0, 4), slice(0, 4))
    canvas.paste(np.full((4, 4, 3), 200, np.uint8), np.full((4, 4), 128, np.uint8), window)
    assert canvas.pixels[2, 2] == pytest.approx([100, 100, 100, 255], abs=1)


def test_mixed_goes_from_the_first_colour_to_the_second() -> None:
    assert mixed((0, 100, 200), (100, 0, 200), 0.25) == (25, 75, 200)


@pytest.mark.parametrize("name", MODELS)
def test_an_instrument_is_premultiplied_and_stays_inside_its_sheet(name: str) -> None:
    lots = stream(0, "sheet", name)
    canvas = draw_instrument(MODELS[name], choose_look(MODELS[name], lots), 0.6, lots)
    colours, cover = canvas.pixels[..., :3].astype(int), canvas.pixels[..., 3:].astype(int)
    assert (colours <= cover + 2).all()
    edge = np.concatenate([cover[0], cover[-1], cover[:, 0], cover[:, -1]])
    assert not edge.any()
    assert 0.15 < (cover > 0).mean() < 0.7
