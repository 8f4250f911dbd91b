"""ZCA whitening: fitted on training photos, kept as a thin basis, written to the run and read back with care.

A picture has dims = 3 · size² numbers; Keras keeps a matrix of dims × dims. Here its factors are kept, dims × k and k,
where k is at most the number of photos it was fitted on: the product is the same. It does not centre pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from mekiki.errors import DataError, RunError, one_line
from mekiki.files import replaced
from mekiki.records.card import LARGEST_BASIS, Preprocessing

MOST_PHOTOS = 2048
WEAKEST = 1e-5
_BLOCK = 4096
_HINT = "it belongs beside model.json, as the training wrote it; train again"


@dataclass(frozen=True)
class Whitening:
    """The matrix ``basis · diag(gains) · basisᵀ``, by its factors.

    Attributes:
        basis: (dims, k) float32, orthonormal columns; a picture's numbers are in the order rows, columns, channels.
        gains: (k,) float32: √n / (singular value + epsilon).
    """

    basis: Tensor
    gains: Tensor


def most_photos(image_size: int) -> int:
    """Return how many photos a whitening is fitted on at most: 2,048, or what a basis of 128 MiB can hold."""
    return min(MOST_PHOTOS, LARGEST_BASIS // (3 * image_size**2))


def fit_whitening(pictures: NDArray[np.uint8], mean: tuple[float, float, float], epsilon: float) -> Whitening:
    """Fit the whitening of some pictures.

    Args:
        pictures: (n, size, size, 3).
        mean: Of each channel, 0..1; it is taken away first.
        epsilon: Added to each singular value.

    Returns:
        The whitening. Directions weaker than 1e-5 of the strongest are left out: they come of photos that are there
        twice, and Keras divides them by their rounding errors.

    Raises:
        DataError: The pictures hold nothing but the mean.

    Source: Keras' ImageDataGenerator.fit: U, S of the thin SVD of Xᵀ, then U · diag(√n / (S + ε)) · Uᵀ. The SVD goes
        by way of the n × n Gram matrix in float64, so X is never held as floats.
    """
    rows = pictures.reshape(len(pictures), -1)
    gram = np.zeros((len(rows), len(rows)))
    for _, block in _centred_blocks(rows, mean):
        gram += block @ block.T
    values, vectors = np.linalg.eigh(gram)
    strengths = np.sqrt(np.maximum(values[::-1], 0))
    kept = strengths > max(WEAKEST * strengths[0], 1e-9)
    if not kept.any():
        raise DataError("zca_whitening: the training photos are all of one plain colour", "--normalise weights")
    to_basis = vectors[:, ::-1][:, kept] / strengths[kept]
    basis = np.empty((rows.shape[1], to_basis.shape[1]), np.float32)
    for start, block in _centred_blocks(rows, mean):
        basis[start : start + block.shape[1]] = block.T @ to_basis
    gains = (np.sqrt(len(rows)) / (strengths[kept] + epsilon)).astype(np.float32)
    return Whitening(torch.from_numpy(basis), torch.from_numpy(gains))


def _centred_blocks(
    rows: NDArray[np.uint8], mean: tuple[float, float, float]
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield some columns of the centred pictures at a time, with the number of the first."""
    means = np.tile(np.array(mean), rows.shape[1] // 3)
    for start in range(0, rows.shape[1], _BLOCK):
        yield start, rows[:, start : start + _BLOCK] / 255.0 - means[start : start + _BLOCK]


def write_whitening(path: Path, whitening: Whitening) -> None:
    """Write the factors, whole or not at all."""
    tensors = {"basis": whitening.basis.cpu().contiguous(), "gains": whitening.gains.cpu().contiguous()}
    with replaced(path) as temporary:
        safetensors.torch.save_file(tensors, temporary, metadata={"format": "pt"})


def read_whitening(path: Path, preprocessing: Preprocessing) -> Whitening:
    """Read the factors that a model card calls for; shapes are compared before any memory is taken.

    Args:
        path: ``normalisation.safetensors``; somebody else may have made it.
        preprocessing: From the card.

    Raises:
        RunError: The file is missing, broken, of another model, or holds what are no finite numbers.
    """
    if not path.is_file():
        raise RunError(f"{path} is missing, and model.json calls for it (zca_whitening)", _HINT)
    dims, count = 3 * preprocessing.image_size**2, preprocessing.zca_components
    expected = {"basis": ("F32", [dims, count]), "gains": ("F32", [count])}
    try:
        with safe_open(path, framework="pt") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}
            found = {name: (part.get_dtype(), list(part.get_shape())) for name, part in slices.items()}
            if found != expected:
                raise RunError(f"{path} holds {_in_words(found)}; model.json calls for {_in_words(expected)}", _HINT)
            whitening = Whitening(file.get_tensor("basis"), file.get_tensor("gains"))
    except (OSError, SafetensorError, ValueError) as error:
        reason = one_line(error)
        raise RunError(f"{path} is no whole safetensors file: {reason}", _HINT) from error
    if not (whitening.basis.isfinite().all() and whitening.gains.isfinite().all()):
        raise RunError(f"{path} holds what are no finite numbers", _HINT)
    return whitening


def _in_words(shapes: dict[str, tuple[str, list[int]]]) -> str:
    words = [f"{name[:40]!r} {kind} {' × '.join(map(str, shape))}" for name, (kind, shape) in sorted(shapes.items())]
    return ", ".join(words[:3]) or "nothing"
