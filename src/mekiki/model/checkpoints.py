"""A trained classifier's files, ``model.safetensors`` and ``model.json``: written whole, read with care.

What is read may have been made by somebody else. The file's header is compared with what the card describes, on torch's
``meta`` device, before any memory is taken for it.
"""

from __future__ import annotations

from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from mekiki.errors import RunError, SettingsError, one_line
from mekiki.files import replaced
from mekiki.model.classifier import PhotoClassifier, assemble
from mekiki.model.heads import make_head
from mekiki.model.imagenet import load_imagenet
from mekiki.model.undrawn import undrawn
from mekiki.records.card import ModelCard, read_card, write_card
from mekiki.records.run import RunFolder

__all__ = ["load_imagenet", "load_model", "save_model"]

Shapes = dict[str, tuple[int, ...]]


def save_model(weights: Path, card_path: Path, model: nn.Module, card: ModelCard) -> None:
    """Write a model's tensors and its card, each whole or not at all.

    Args:
        weights: ``model.safetensors``.
        card_path: ``model.json``.
        model: On any device, in any memory order; tensors that share memory are written once each.
        card: What it is.
    """
    tensors: dict[str, Tensor] = {}
    places: set[int] = set()
    for name, tensor in model.state_dict().items():
        own = tensor.detach().cpu().contiguous()
        tensors[name] = own.clone() if own.untyped_storage().data_ptr() in places else own
        places.add(own.untyped_storage().data_ptr())
    with replaced(weights) as temporary:
        safetensors.torch.save_file(tensors, temporary, metadata={"format": "pt"})
    write_card(card_path, card)


def load_model(run: RunFolder) -> tuple[PhotoClassifier, ModelCard]:
    """Read a trained classifier.

    Args:
        run: A run folder with ``model.safetensors`` and ``model.json``.

    Returns:
        The classifier in evaluation mode, on the CPU, and its card.

    Raises:
        RunError: A file is missing or broken, or the two do not belong together.
    """
    card = read_card(run.card)
    found = _shapes_in(run.weights)
    try:
        with undrawn():
            model = _assemble(card)
            _compare(run, found, {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()})
            model.head = make_head(card.head, model.layout, len(card.classes))
    except SettingsError as error:
        raise RunError(f"{run.card}: {error.message}", "another version of timm wrote it, or it was edited") from error
    try:
        model.load_state_dict(safetensors.torch.load_file(run.weights))
    except (OSError, RuntimeError, SafetensorError) as error:
        raise RunError(f"cannot read {run.weights}: {one_line(error)}", "the file is damaged; train again") from error
    return model.eval(), card


def _assemble(card: ModelCard) -> PhotoClassifier:
    """Put together what the card calls for; its head has no numbers yet, for the card alone says how many."""
    size = card.preprocessing.image_size
    return assemble(card.backbone, card.pad_type, card.head, len(card.classes), size, head_on="meta")


def _shapes_in(weights: Path) -> Shapes:
    try:
        with safe_open(weights, framework="pt") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}
    except (OSError, SafetensorError, ValueError) as error:
        raise RunError(
            f"{weights} is no whole safetensors file: {one_line(error)}", "the file is damaged; train again"
        ) from error


def _compare(run: RunFolder, found: Shapes, expected: Shapes) -> None:
    hint = f"{run.weights.name} and {run.card.name} belong to different models, or one was edited"
    for name, shape in expected.items():
        if name not in found:
            raise RunError(f"{run.weights} has no tensor {name!r}, which {run.card.name} calls for", hint)
        if found[name] != shape:
            raise RunError(
                f"{run.weights}: {name!r} has the shape {found[name]}, and {run.card.name} calls for {shape}", hint
            )
    extra = next((name for name in found if name not in expected), None)
    if extra is not None:
        raise RunError(f"{run.weights} holds {extra[:120]!r}, of which {run.card.name} knows nothing", hint)
