"""A whitening is the product that Keras forms, kept thin; its file is checked before it is believed."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from mekiki.errors import RunError
from mekiki.records.card import Preprocessing
from mekiki.tensors.normalisation import load_normaliser
from mekiki.tensors.whitening import fit_whitening, read_whitening, write_whitening
from tests.tensors.keras_numpy import KerasNumpy
from tests.tensors.test_normalisation import pictures


def mean_of(content: np.ndarray) -> tuple[float, float, float]:
    red, green, blue = content.mean((0, 1, 2)) / 255
    return float(red), float(green), float(blue)


def card_of(size: int, components: int) -> Preprocessing:
    return Preprocessing(
        image_size=size,
        fit="squash",
        mean=(0.5, 0.5, 0.5),
        std=(1, 1, 1),
        normalise=("featurewise_center", "zca_whitening"),
        zca_components=components,
    )


@given(n=st.integers(2, 60), size=st.integers(2, 6), seed=st.integers(0, 99), epsilon=st.sampled_from([1e-6, 0.1, 30]))
def test_the_product_of_the_factors_is_kerass_matrix(n: int, size: int, seed: int, epsilon: float) -> None:
    content = pictures(n, seed, size)
    whitening = fit_whitening(content, mean_of(content), epsilon)
    keras = KerasNumpy(("featurewise_center", "zca_whitening"), epsilon, np.float64).fit(content)
    assert len(whitening.gains) == min(n, 3 * size**2)
    product = (whitening.basis * whitening.gains) @ whitening.basis.T
    np.testing.assert_allclose(product, keras.matrix, atol=1e-5 * np.abs(keras.matrix).max())
    ones = whitening.basis.T @ whitening.basis
    torch.testing.assert_close(ones, torch.eye(len(ones)), atol=1e-5, rtol=0)


def test_whitened_training_pictures_have_the_same_spread_in_every_direction_and_no_correlation() -> None:
    numbers = np.random.default_rng(0)
    smooth = np.cumsum(numbers.normal(0, 12, (150, 12, 12, 3)), axis=1) + 128
    content = np.clip(smooth, 0, 255).astype(np.uint8)
    centred = torch.from_numpy(content.reshape(150, -1) / 255 - np.tile(mean_of(content), 144)).float()
    whitening = fit_whitening(content, mean_of(content), 1e-6)
    before = (centred @ whitening.basis).T @ (centred @ whitening.basis) / 150
    assert before.diagonal().max() / before.diagonal().min() > 100, "this data would not show a whitening"
    white = (centred @ whitening.basis * whitening.gains) @ whitening.basis.T
    kept = white @ whitening.basis
    torch.testing.assert_close(kept.T @ kept / 150, torch.eye(kept.shape[1]), atol=2e-3, rtol=0)


def test_a_photo_that_is_there_twice_does_not_blow_up_rounding() -> None:
    content = pictures(20)
    twice = np.concatenate([content, content[:5]])
    whitening = fit_whitening(twice, mean_of(twice), 1e-6)
    assert len(whitening.gains) == 20
    assert whitening.gains.max() < 100


def test_it_comes_back(tmp_path: Path) -> None:
    content = pictures(9)
    whitening = fit_whitening(content, mean_of(content), 1e-6)
    write_whitening(tmp_path / "n.safetensors", whitening)
    again = read_whitening(tmp_path / "n.safetensors", card_of(8, 9))
    assert torch.equal(again.basis, whitening.basis) and torch.equal(again.gains, whitening.gains)
    assert load_normaliser(tmp_path / "n.safetensors", card_of(8, 9)).whitens


@pytest.mark.parametrize("content", [b"", b"junk", struct.pack("<Q", 2**50), b"\x80\x04 pickle"])
def test_a_broken_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "n.safetensors").write_bytes(content)
    with pytest.raises(
        RunError, match=r"n.safetensors is no whole safetensors file: .*\nhint: .*train again"
    ) as caught:
        read_whitening(tmp_path / "n.safetensors", card_of(8, 9))
    assert "\n" not in caught.value.message


def test_a_missing_file_and_a_folder_are_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "n.safetensors", tmp_path):
        with pytest.raises(
            RunError, match=r"is missing, and model.json calls for it \(zca_whitening\)\nhint: it belongs"
        ):
            read_whitening(path, card_of(8, 9))


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("other size", r"holds 'basis' F32 192 × 9, 'gains' F32 9; model.json calls for 'basis' F32 768 × 9"),
        ("half", r"'gains' F16 9; model.json calls for"),
        ("missing", r"holds 'basis' F32 192 × 9; model.json calls for"),
        ("extra", r"'extra' F32 1, 'gains'"),
        ("nan", r"holds what are no finite numbers"),
        ("infinite", r"holds what are no finite numbers"),
        ("cut", r"no whole safetensors file"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, fault: str, message: str) -> None:
    path = tmp_path / "n.safetensors"
    content = pictures(9)
    write_whitening(path, fit_whitening(content, mean_of(content), 1e-6))
    state = load_file(path)
    if fault == "half":
        state["gains"] = state["gains"].half()
    elif fault == "missing":
        del state["gains"]
    elif fault == "extra":
        state["extra"] = torch.zeros(1)
    elif fault in ("nan", "infinite"):
        state["basis"][3, 2] = float(fault[:3])
    save_file(state, path)
    if fault == "cut":
        path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(RunError, match=message) as caught:
        read_whitening(path, card_of(16 if fault == "other size" else 8, 9))
    assert "\n" not in caught.value.message


def test_a_card_that_calls_for_gigabytes_is_refused() -> None:
    with pytest.raises(ValueError, match="zca_components 900 are too many for 256 px pictures"):
        card_of(256, 900)
