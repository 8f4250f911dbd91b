import numpy as np
import pytest

from mekiki.drawing.guitars import draw_guitar
from mekiki.drawing.instruments import extent
from mekiki.drawing.looks import choose_look
from mekiki.drawing.models import MODELS
from mekiki.drawing.poses import choose_pose
from mekiki.seeds import stream


def turns(upright: bool) -> np.ndarray:
    record = MODELS["Jaguar"]
    points = extent(record, choose_look(record, stream(0, "look")))
    return np.array([choose_pose(stream(0, "pose", n), points, 128, upright).degrees for n in range(200)])


def test_upright_guitars_hang_head_up_and_others_lie_in_any_way() -> None:
    assert np.abs(turns(upright=True)).max() < 20
    assert (np.abs(turns(upright=False)) > 20).mean() > 0.4


@pytest.mark.parametrize("model", ["Stratocaster", "FlyingV"])
def test_upright_drawings_are_reproducible_and_other_pictures(model: str) -> None:
    first = draw_guitar(model, 0, 5, 64, upright=True)
    np.testing.assert_array_equal(first, draw_guitar(model, 0, 5, 64, upright=True))
    assert (first != draw_guitar(model, 0, 5, 64)).any()
