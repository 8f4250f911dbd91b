"""A trained classifier's files: the same bits come back, and whatever does not belong together is refused."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from mekiki.config import HeadName
from mekiki.errors import RunError
from mekiki.model.checkpoints import load_model, save_model
from mekiki.model.classifier import PhotoClassifier, assemble
from mekiki.records.card import ModelCard, PadType, Preprocessing
from mekiki.records.run import RunFolder

HEADS: list[HeadName] = ["gap", "flatten", "flatten-dropout", "flatten-dense"]


def save(
    folder: Path, backbone: str = "test_resnet", head: HeadName = "gap", pad_type: PadType = "", size: int = 64
) -> tuple[RunFolder, PhotoClassifier]:
    model = assemble(backbone, pad_type, head, 3, size, seed=7)
    model.train()(torch.randn(2, 3, size, size))  # moves the batch statistics
    card = ModelCard(
        backbone=backbone,
        pad_type=pad_type,
        head=head,
        classes=["a", "b", "c"],
        preprocessing=Preprocessing(image_size=size, fit="letterbox", mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2)),
    )
    run = RunFolder(folder)
    save_model(run.weights, run.card, model, card)
    return run, model.eval()


def edit_card(run: RunFolder, **changes: Any) -> None:
    run.card.write_text(json.dumps({**json.loads(run.card.read_text()), **changes}))


@pytest.mark.parametrize(
    ("backbone", "head"),
    [*(("test_resnet", head) for head in HEADS), ("test_vit", "gap"), ("test_mambaout", "flatten"), ("nin_small", "gap"),
     ("mobilenetv3_small_050", "gap"), ("vgg11_bn", "flatten-dropout")],
)  # fmt: skip
def test_what_is_loaded_is_bit_for_bit_what_was_saved(tmp_path: Path, backbone: str, head: HeadName) -> None:
    run, model = save(tmp_path, backbone, head, size=96)
    loaded, card = load_model(run)
    state = loaded.state_dict()
    assert state.keys() == model.state_dict().keys()
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
    pictures = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        assert torch.equal(loaded(pictures), model(pictures))
    assert card.classes == ["a", "b", "c"]
    assert not any(module.training for module in loaded.modules())


def test_padding_survives_and_matters(tmp_path: Path) -> None:
    run, model = save(tmp_path, "mobilenetv1_100", pad_type="same")
    loaded, _ = load_model(run)
    pictures = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(loaded(pictures), model(pictures))
        assert loaded.pad_type == "same"
        edit_card(run, pad_type="")
        assert not torch.allclose(load_model(run)[0](pictures), model(pictures))


def test_loading_leaves_the_global_generator_alone(tmp_path: Path) -> None:
    run, _ = save(tmp_path)
    state = torch.get_rng_state()
    load_model(run)
    assert torch.equal(torch.get_rng_state(), state)


def test_other_memory_orders_and_frozen_parts_save_the_same_file(tmp_path: Path) -> None:
    run, model = save(tmp_path / "a")
    other = RunFolder(tmp_path / "b")
    model.freeze("all")
    save_model(other.weights, other.card, model.to(memory_format=torch.channels_last), load_model(run)[1])
    assert other.weights.read_bytes() == run.weights.read_bytes()


def test_tensors_that_share_memory_are_each_written(tmp_path: Path) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Linear(3, 3)
            self.two = nn.Linear(3, 3)
            self.two.weight = self.one.weight

    _, card = load_model(save(tmp_path / "run")[0])
    tied = Tied()
    save_model(tmp_path / "tied.safetensors", tmp_path / "tied.json", tied, card)
    saved = load_file(tmp_path / "tied.safetensors")
    assert torch.equal(saved["one.weight"], tied.one.weight)
    assert torch.equal(saved["two.weight"], tied.one.weight)


def test_a_write_that_fails_leaves_the_earlier_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, model = save(tmp_path)
    before = run.weights.read_bytes()
    _, card = load_model(run)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("safetensors.torch.save_file", fail)
    with pytest.raises(OSError, match="no space left"):
        save_model(run.weights, run.card, model, card)
    assert run.weights.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["model.json", "model.safetensors"]


@pytest.mark.parametrize("name", ["weights", "card"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    run, _ = save(tmp_path)
    getattr(run, name).unlink()
    with pytest.raises(RunError, match=getattr(run, name).name):
        load_model(run)


@pytest.mark.parametrize("content", [b"", b"junk", struct.pack("<Q", 2**50), b"\x80\x04 pickle"])
def test_a_broken_file_of_weights_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    run, _ = save(tmp_path)
    run.weights.write_bytes(content)
    with pytest.raises(RunError, match=r"model.safetensors is no whole safetensors file") as caught:
        load_model(run)
    assert "\n" not in caught.value.message


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    run, _ = save(tmp_path)
    run.weights.write_bytes(run.weights.read_bytes()[:-10])
    with pytest.raises(RunError, match="no whole safetensors file"):
        load_model(run)


def change(run: RunFolder, fault: str) -> None:
    state = load_file(run.weights)
    if fault == "missing":
        del state["head.linear.bias"]
    elif fault == "extra":
        state["extra"] = torch.zeros(1)
    else:
        state["head.linear.bias"] = torch.zeros(2)
    save_file(state, run.weights)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("missing", r"has no tensor 'head.linear.bias', which model.json calls for"),
        ("extra", r"holds 'extra', of which model.json knows nothing"),
        ("shape", r"'head.linear.bias' has the shape \(2,\), and model.json calls for \(3,\)"),
    ],
)
def test_tensors_that_do_not_fit_the_card_are_named(tmp_path: Path, fault: str, message: str) -> None:
    run, _ = save(tmp_path)
    change(run, fault)
    with pytest.raises(RunError, match=message) as caught:
        load_model(run)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"backbone": "test_convnext"}, "model.json calls for"),
        ({"backbone": "resnet5O"}, "no backbone 'resnet5O'"),
        ({"backbone": "hf-hub:evil/model"}, "no plain name"),
        ({"backbone": "local-dir:/tmp"}, "no plain name"),
        ({"head": "pickle"}, "head: Input should be"),
        ({"head": "flatten"}, "'head.linear.weight' has the shape"),
        ({"classes": ["a", "b"]}, "'head.linear.weight' has the shape"),
        ({"classes": ["a"]}, "classes: List should have at least 2"),
        ({"preprocessing": {"image_size": 10**9, "fit": "crop", "mean": [0, 0, 0], "std": [1, 1, 1]}}, "image_size: Input"),
        ({"preprocessing": {"image_size": 64, "fit": "crop", "mean": [0, 0, 0], "std": [0, 1, 1]}}, "std.0: Input"),
        ({"preprocessing": {"image_size": 64, "fit": "crop", "mean": [float("nan"), 0, 0], "std": [1] * 3}}, "mean.0"),
        ({"pad_type": "valid"}, "pad_type: Input"),
        ({"format": 2}, "format: Input"),
    ],
)  # fmt: skip
def test_an_edited_card_is_refused_in_one_line(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    run, _ = save(tmp_path)
    edit_card(run, **changes)
    with pytest.raises(RunError, match=message) as caught:
        load_model(run)
    assert "\n" not in caught.value.message


def test_a_card_that_calls_for_terabytes_is_refused_before_any_memory_is_taken(tmp_path: Path) -> None:
    """A VGG on 2,048 pixels with 100,000 classes behind a flatten head would be 200 billion numbers."""
    run, _ = save(tmp_path)
    edit_card(
        run,
        backbone="vgg16",
        head="flatten",
        classes=[str(number) for number in range(100_000)],
        preprocessing={"image_size": 2048, "fit": "crop", "mean": [0, 0, 0], "std": [1, 1, 1]},
    )
    with pytest.raises(RunError, match=r"model.json calls for"):
        load_model(run)
