"""A training that fits its head anew at the end, for photos of the size that it is asked about."""

from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

import mekiki
from mekiki.records.card import read_card
from mekiki.verbs import fitting
from tests.conftest import Heard

SMALL: dict[str, Any] = {"backbone": "test_resnet", "weights": "none", "batch_size": 16, "workers": 0}


def tensors(run: Path) -> dict[str, torch.Tensor]:
    return safetensors.torch.load_file(run / "model.safetensors")


def test_only_the_head_changes_and_the_network_learns_from_small_photos(
    shared_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes_seen: list[tuple[bool, int]]
) -> None:
    trained: list[dict[str, torch.Tensor]] = []
    refit = fitting._refit

    def before(run: Any, prepared: Any, progress: Any) -> None:
        trained.append(tensors(run.path))
        refit(run, prepared, progress)

    monkeypatch.setattr(fitting, "_refit", before)
    said = Heard()
    run = mekiki.train(
        shared_photos, tmp_path / "run", epochs=2, last_size=32, first_size=32, image_size=64, progress=said, **SMALL
    )
    assert {size for training, size in sizes_seen if training} == {32}
    assert mekiki.load(run.path).card.preprocessing.image_size == 64
    (line,) = [line for line in said.lines if line.startswith("head fitted anew: validation at 64 px")]
    after = tensors(run.path)
    changed = {name for name, tensor in trained[0].items() if not torch.equal(after[name], tensor)}
    assert changed == {"head.linear.weight", "head.linear.bias"}
    right = mekiki.evaluate(run.path, part="val").evaluation.accuracy.value
    assert f"64 px {right:.1%} (loss" in line
    fit = read_card(run.card).head_fit
    assert fit is not None
    assert (fit.replaced, fit.fitted_accuracy) == (True, right)
    assert fit.fitted_loss < fit.trained_loss
    assert "a new head was fitted to what the network had learnt" in run.report.read_text(encoding="utf-8")


def test_a_training_that_was_stopped_over_its_head_ends_with_the_same_bits(
    shared_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"epochs": 1, "last_size": 32, "image_size": 64, **SMALL}
    whole = mekiki.train(shared_photos, tmp_path / "whole", **settings)
    refit = fitting._refit

    def stopped_before(*_: Any) -> None:
        raise KeyboardInterrupt

    def stopped_after(*arguments: Any) -> None:
        refit(*arguments)
        raise KeyboardInterrupt

    for number, stop in enumerate((stopped_before, stopped_after)):
        out = tmp_path / f"stopped-{number}"
        monkeypatch.setattr(fitting, "_refit", stop)
        with pytest.raises(KeyboardInterrupt):
            mekiki.train(shared_photos, out, **settings)
        monkeypatch.setattr(fitting, "_refit", refit)
        resumed = mekiki.train(shared_photos, out, resume=True, **settings)
        expected, found = tensors(whole.path), tensors(resumed.path)
        assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_without_refit_the_head_is_the_trained_one(shared_photos: Path, tmp_path: Path) -> None:
    said = Heard()
    mekiki.train(shared_photos, tmp_path / "run", epochs=1, image_size=32, refit="off", progress=said, **SMALL)
    assert not [line for line in said.lines if "as trained" in line]
