"""A training whose photos grow, from the command's function to the batches that the network sees."""

from pathlib import Path
from typing import Any

import pytest

import mekiki
from mekiki.errors import SettingsError

SMALL: dict[str, Any] = {"backbone": "test_resnet", "weights": "none", "image_size": 64, "batch_size": 16, "workers": 0}


def test_the_network_sees_small_photos_first(
    shared_photos: Path, tmp_path: Path, sizes_seen: list[tuple[bool, int]]
) -> None:
    run = mekiki.train(shared_photos, tmp_path / "run", epochs=6, first_size=32, **SMALL)
    learnt = [size for training, size in sizes_seen if training]
    per_epoch = len(learnt) // 6
    assert learnt == [size for size in (32, 32, 32, 48, 64, 64) for _ in range(per_epoch)]
    looked_at = {size for training, size in sizes_seen if not training}
    assert looked_at == {64, 80}, "80: the head learns from larger ones, too"
    assert mekiki.load(run.path).card.preprocessing.image_size == 64


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"first_size": 96}, "first_size 96, and the last epochs have 64: photos grow, they do not shrink"),
        ({"first_size": 32, "head": "flatten"}, "first_size 32: a flatten head takes pictures of one size only"),
        ({"first_size": 32, "normalise": "zca_whitening"}, "first_size 32: zca_whitening takes pictures of one size"),
        (
            {"first_size": 16, "backbone": "vgg16"},
            r"first_size 16: the backbone cannot take pictures of 16 pixels(.|\n)*hint: a larger --first-size",
        ),
        ({"first_size": 48, "last_size": 32}, "first_size 48, and the last epochs have 32: photos grow"),
        ({"last_size": 96}, "last_size 96, and image_size 64: photos that are asked about would be smaller"),
        ({"last_size": 32, "head": "flatten"}, "last_size 32: a flatten head takes pictures of one size only"),
        ({"last_size": 32, "refit": "off"}, "last_size 32: nothing would make the head fit for image_size 64"),
        ({"views": "sizes", "head": "flatten"}, "views sizes: a flatten head takes pictures of one size only"),
    ],
)
def test_what_cannot_grow_is_refused_before_anything_is_written(
    shared_photos: Path, tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        mekiki.train(shared_photos, tmp_path / "run", epochs=2, **{**SMALL, **settings})
    assert not (tmp_path / "run").exists()
