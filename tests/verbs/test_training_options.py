"""What a training writes beside its model, and the averaged weights that it may keep."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import mekiki
from mekiki.config import TrainSettings
from mekiki.errors import SettingsError
from mekiki.records.history import read_history
from mekiki.training.optimiser import rate_at
from mekiki.verbs import board

SMALL: dict[str, Any] = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "learning_rate": 0.01}  # fmt: skip


def test_history_comes_as_json_lines_and_for_tensorboard(photos: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = mekiki.train(photos, tmp_path / "run", **SMALL, epochs=2, tensorboard=True)
    history = read_history(run.history)
    lines = [json.loads(line) for line in run.history_lines.read_text(encoding="utf-8").splitlines()]
    assert [line["val_loss"] for line in lines] == pytest.approx([epoch.val_loss for epoch in history])
    assert lines[0]["train_loss"] is None
    shown = EventAccumulator(str(run.board))
    shown.Reload()
    assert [(e.step, e.value) for e in shown.Scalars("loss/val")] == [
        (epoch.epoch, pytest.approx(epoch.val_loss)) for epoch in history
    ]
    assert len(shown.Scalars("loss/train")) == 2


def test_without_tensorboard_it_is_refused_before_anything_is_made(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match="--tensorboard needs the package") as caught:
        mekiki.train(photos, tmp_path / "run", **SMALL, epochs=1, tensorboard=True)
    assert "pip install 'mekiki[tensorboard]'" in caught.value.hint
    assert not (tmp_path / "run").exists()


def test_the_average_of_all_weights_is_what_is_judged_and_kept(photos: Path, tmp_path: Path) -> None:
    plain = mekiki.train(photos, tmp_path / "plain", **SMALL, epochs=2)
    slow = mekiki.train(photos, tmp_path / "slow", **SMALL, epochs=2, average=0.999)
    ours, theirs = load_file(plain.weights), load_file(slow.weights)
    assert ours.keys() == theirs.keys()
    assert any(not torch.equal(ours[name], theirs[name]) for name in ours)
    plain_losses, slow_losses = ([e.train_loss for e in read_history(run.history)] for run in (plain, slow))
    assert plain_losses == slow_losses  # what learns is the same; what is judged is not
    assert [e.val_loss for e in read_history(plain.history)][1:] != [e.val_loss for e in read_history(slow.history)][1:]
    assert read_history(plain.history)[0].val_loss == read_history(slow.history)[0].val_loss


def test_models_of_single_epochs_are_kept_and_can_be_loaded(photos: Path, tmp_path: Path) -> None:
    run = mekiki.train(photos, tmp_path / "run", **SMALL, epochs=4, keep_every=2)
    assert sorted(path.name for path in run.snapshots.iterdir()) == ["epoch-0002", "epoch-0004"]
    early = mekiki.load(run.snapshots / "epoch-0002")
    assert set(early.predict([next(photos.rglob("*.png"))])) <= set(early.classes_)


def test_the_inverse_schedule_is_that_of_keras() -> None:
    settings = TrainSettings(schedule="inverse", rate_decay=1e-3, learning_rate=0.5, warmup=0.0)
    assert [rate_at(step, 5000, settings) for step in (0, 1, 1000)] == [0.5, 0.5 / 1.001, 0.25]


def test_photos_are_changed_batch_by_batch_where_it_is_asked_for(photos: Path, tmp_path: Path) -> None:
    one_by_one = mekiki.train(photos, tmp_path / "cpu", **SMALL, epochs=1, augment_on="cpu", mixup=0.3)
    batched = mekiki.train(photos, tmp_path / "device", **SMALL, epochs=1, augment_on="device", mixup=0.3)
    (_, ours), (_, theirs) = (read_history(run.history) for run in (one_by_one, batched))
    assert ours.train_loss == pytest.approx(theirs.train_loss, rel=0.02)
    with pytest.raises(SettingsError, match="jpeg_quality can be done on the CPU alone"):
        mekiki.train(photos, tmp_path / "run", **SMALL, augment_on="device", jpeg_quality=(30, 90))
