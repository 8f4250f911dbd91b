"""The records hold together: every part has a drawing function and lies where it can lie."""

import cv2
import numpy as np
import pytest

from mekiki.drawing import controls, hardware, heads, pickups, relief
from mekiki.drawing.curves import outline
from mekiki.drawing.looks import choose_look
from mekiki.drawing.models import MODELS, GuitarModel
from mekiki.seeds import stream

every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def depth_inside(body: np.ndarray, x: float, y: float) -> float:
    """How many millimetres a point lies inside an outline; negative outside."""
    return cv2.pointPolygonTest(body.astype(np.float32), (float(x), float(y)), True)


@every_model
def test_every_kind_has_a_drawing_function(model: GuitarModel) -> None:
    assert model.relief in relief.PROFILES
    assert model.bridge in hardware.BRIDGES
    assert set(model.tails) <= set(hardware.TAILS)
    assert set(model.heads) <= set(heads.HEADS)
    assert {pickup.kind for layout in model.layouts for pickup in layout} <= set(pickups.PICKUPS)
    assert model.knob_kind in controls.KNOBS
    assert model.switch_kind in controls.SWITCHES


@every_model
def test_guards_plates_knobs_and_pickups_lie_on_every_body(model: GuitarModel) -> None:
    for path in model.bodies:
        body = outline(path)
        for sheet in (*model.guards, *model.plates):
            assert min(depth_inside(body, x, y) for x, y in outline(sheet)) > -2
        for x, y in model.knobs:
            assert depth_inside(body, x, y) > 13
        for pickup in (pickup for layout in model.layouts for pickup in layout):
            assert depth_inside(body, 0, pickup.y) > 20


@every_model
def test_the_bridge_lies_at_the_scale_length_and_the_neck_reaches_the_body(model: GuitarModel) -> None:
    end = -model.scale_length * 2 ** (-model.frets / 12)
    for path in model.bodies:
        assert depth_inside(outline(path), 0, 0) > 30
        assert depth_inside(outline(path), 0, end) > 0


@every_model
def test_no_outline_crosses_itself(model: GuitarModel) -> None:
    """A figure of eight would cancel part of its signed area."""
    for path in (*model.bodies, *model.guards, *model.plates, *(heads.HEADS[name].outline for name in model.heads)):
        points = outline(path)
        low, high = points.min(0) - 2, points.max(0) + 2
        sheet = np.zeros(np.ceil((high - low)[::-1] * 2).astype(int), np.uint8)
        cv2.fillPoly(sheet, [np.rint((points - low) * 2).astype(np.int32)], 1)
        x, y = points.T
        signed = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
        assert signed == pytest.approx(sheet.sum() / 4, rel=0.03)


def test_strings_and_tuners_are_six_on_every_head() -> None:
    for head in heads.HEADS.values():
        body = outline(head.outline)
        assert len(head.posts) == 6
        assert min(depth_inside(body, x, y) for x, y in head.posts) > 3
        assert all(depth_inside(body, x, y) < 0 for x, y in head.buttons)


def test_finishes_are_drawn_from_one_urn_for_all_but_the_wooden_ones() -> None:
    """Equal lots give equal finishes, whatever is drawn."""
    plain = [model for model in MODELS.values() if not model.wooden]
    assert len(plain) == 11
    for number in range(20):
        assert len({choose_look(model, stream(5, "finish", number)).finish for model in plain}) == 1
