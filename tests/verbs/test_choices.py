"""What mekiki chooses where a setting is left to it, seen in a whole training."""

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

import mekiki
from mekiki.model.backbones import stages
from mekiki.records.run import read_config

SMALL: dict[str, Any] = {
    "backbone": "test_resnet",
    "image_size": 64,
    "batch_size": 16,
    "workers": 0,
    "epochs": 1,
    "probe": False,
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights for ``test_resnet`` in a file; random ones, which nobody knows from looking at them."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    save_file(timm.create_model("test_resnet").state_dict(), path)
    return path


@pytest.mark.parametrize(
    ("settings", "chosen"),
    [
        ({}, 2),
        ({"freeze": 1}, 1),
        ({"freeze": "none"}, "none"),
        ({"normalise": "samplewise_std_normalization"}, "none"),
    ],
)
def test_half_of_the_stages_stay_where_they_know_such_photos(
    shared_photos: Path, tmp_path: Path, weights: Path, settings: dict[str, Any], chosen: int | str
) -> None:
    run = mekiki.train(shared_photos, tmp_path / "run", weights=str(weights), **SMALL, **settings)
    assert read_config(run).model.freeze == chosen
    before = load_file(weights)
    backbone = mekiki.load(run.path).model.backbone
    moved = [
        any(not torch.equal(backbone.get_parameter(name), before[name]) for name in names) for names in stages(backbone)
    ]
    kept = 0 if chosen == "none" else int(chosen)
    assert moved == [False] * kept + [True] * (5 - kept)


def test_random_weights_all_learn(shared_photos: Path, tmp_path: Path) -> None:
    run = mekiki.train(shared_photos, tmp_path / "run", weights="none", **SMALL)
    assert read_config(run).model.freeze == "none"
