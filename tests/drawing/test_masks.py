"""A drawing knows where its guitar is."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mekiki.drawing import draw_collection, draw_guitar, draw_mask
from mekiki.errors import DataError, SettingsError


@pytest.mark.parametrize("upright", [True, False])
def test_the_guitar_differs_from_its_ground_on_the_masks_edge(upright: bool) -> None:
    """Across the edge of the mask the colours change far more than beside it."""
    steps_on, steps_off = [], []
    for index in range(6):
        mask = draw_mask("Telecaster", 0, index, 128, upright).astype(int)
        picture = draw_guitar("Telecaster", 0, index, 128, upright).astype(int)
        change = np.abs(np.diff(picture, n=1, axis=1)).sum(axis=2)
        edge = np.abs(np.diff(mask, axis=1)) > 64
        steps_on.append(change[edge].mean())
        steps_off.append(change[~edge].mean())
        assert set(np.unique(mask)) >= {0, 255}
        assert 0.03 < (mask >= 128).mean() < 0.9
    assert np.mean(steps_on) > 3 * np.mean(steps_off)


def test_a_mask_of_an_unknown_model_is_refused() -> None:
    with pytest.raises(SettingsError, match='there is no guitar model "Bass" to draw'):
        draw_mask("Bass", 0, 0)


def test_a_collection_can_have_its_masks_beside_it_and_is_the_same_with_them(tmp_path: Path) -> None:
    draw_collection(tmp_path / "plain", 2, 7, 64, ["SG"])
    draw_collection(tmp_path / "drawings", 2, 7, 64, ["SG"], masks=tmp_path / "masks")
    assert sorted(path.name for path in (tmp_path / "masks" / "SG").iterdir()) == ["0000.png", "0001.png"]
    for index in range(2):
        stored = np.asarray(Image.open(tmp_path / "masks" / "SG" / f"{index:04}.png"))
        np.testing.assert_array_equal(stored, draw_mask("SG", 7, index, 64))
        with_masks, without = (tmp_path / name / "SG" / f"{index:04}.jpg" for name in ("drawings", "plain"))
        assert with_masks.read_bytes() == without.read_bytes()


def test_masks_are_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "mine.png").write_bytes(b"mine")
    with pytest.raises(DataError, match=r"masks already holds mine\.png, expected an empty folder"):
        draw_collection(tmp_path / "drawings", 1, 0, 64, masks=tmp_path / "masks")
    assert not (tmp_path / "drawings").exists()
