"""In which precision a network learns, and in which it is asked."""

import numpy as np
import pytest
import torch
from torch import nn

from mekiki.config import ModelSettings, TrainSettings
from mekiki.model.backbones import create_backbone
from mekiki.model.classifier import build_classifier
from mekiki.model.device import choose_machine, machine_to_learn
from mekiki.tensors.loading import Batch
from mekiki.tensors.normalisation import Normaliser
from mekiki.training.distributed import Team
from mekiki.training.learner import Learner
from mekiki.training.loss import SummedLoss


@pytest.fixture(params=[True, False], ids=["with tiles", "without"])
def tiles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the processor has matrix instructions for bfloat16, or says so."""
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: request.param, raising=False)
    return bool(request.param)


@pytest.mark.parametrize(
    ("backbone", "dense"), [("nin_small", True), ("test_resnet", True), ("mobilenetv1_100", False)]
)
def test_only_dense_networks_learn_in_bfloat16_and_none_answers_in_it(backbone: str, dense: bool, tiles: bool) -> None:
    machine = choose_machine("cpu", "auto")
    assert not machine.bfloat16
    learns = machine_to_learn(machine, "auto", create_backbone(backbone, "", 32))
    assert learns.bfloat16 == (dense and tiles)
    assert learns.describe() == ("cpu, bfloat16" if dense and tiles else "cpu, float32")


@pytest.mark.parametrize("asked", ["float32", "bfloat16"])
def test_what_a_person_asks_for_is_done(asked: str, tiles: bool) -> None:
    machine = choose_machine("cpu", asked)  # type: ignore[arg-type]
    for network in (nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(8, 8, 3)):
        learns = machine_to_learn(machine, asked, network)  # type: ignore[arg-type]
        assert learns == machine
        assert learns.bfloat16 == (asked == "bfloat16")


def test_an_older_torch_that_cannot_tell_learns_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported", raising=False)
    assert not machine_to_learn(choose_machine("cpu", "auto"), "auto", nn.Conv2d(8, 8, 3)).bfloat16


def test_a_step_is_taken_in_the_precision_to_learn_in(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(8) % 3

    def loss(tiles: bool, precision: str) -> float:
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: tiles, raising=False)
        settings = TrainSettings(precision=precision)  # type: ignore[arg-type]
        chosen = ModelSettings(backbone="nin_small", weights="none", image_size=32)
        model, preprocessing, _ = build_classifier(chosen, ["a", "b", "c"], 0)
        learner = Learner(
            model,
            settings,
            choose_machine("cpu", settings.precision),
            Normaliser(preprocessing),
            SummedLoss(0.1, None),
            Team(),
        )
        learner.prepare()
        return float(learner.step(iter([Batch(pictures, labels, labels, np.ones(8, dtype=np.float32))]), [8], 0, 1)[0])

    exact, rough = loss(False, "auto"), loss(True, "auto")
    assert exact == loss(True, "float32") == loss(False, "float32")
    assert rough == loss(False, "bfloat16") != exact
    assert rough == pytest.approx(exact, rel=0.02)
