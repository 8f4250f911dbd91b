"""Writes a run's model as tensors. Whether it says the same is for ``proof.py`` to find out.

- timm: a ``local-dir`` folder, ``config.json`` and ``model.safetensors`` under timm's own names.
- safetensors: the run's own tensors, a folder that ``predict`` and ``explain`` take as a model.
"""

from __future__ import annotations

import copy
import shutil
from typing import Any

import safetensors.torch
import torch
from torch import nn

from mekiki.errors import ExportError
from mekiki.evaluation.classifier import Classifier
from mekiki.files import write_json
from mekiki.model.backbones import build_arguments, create_backbone
from mekiki.records.exported import ExportFolder
from mekiki.records.run import RunFolder

OTHER_WAY = "mekiki export RUN --to onnx can hold more"
CROP_MODES = {"letterbox": "border", "squash": "squash", "crop": "center"}
"""What timm calls the three ways to fit a picture into a square."""


def write_timm(folder: ExportFolder, classifier: Classifier) -> None:
    """Write a folder that ``timm.create_model("local-dir:…", pretrained=True)`` loads; the temperature is in its head.

    Raises:
        ExportError: timm has no form for this model.
    """
    network, card = timm_network(classifier), classifier.card
    preprocessing = card.preprocessing
    beyond = [name for name in preprocessing.normalise if name.startswith("samplewise") or name == "zca_whitening"]
    if beyond:
        raise ExportError(f"timm cannot normalise by {beyond[0]}", OTHER_WAY)
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in network.state_dict().items()}
    folder.path.mkdir(parents=True, exist_ok=True)
    safetensors.torch.save_file(tensors, folder.weights, metadata={"format": "pt"})
    write_json(
        folder.path / "config.json",
        {
            "architecture": card.backbone,
            "num_classes": len(card.classes),
            "label_names": card.classes,
            "model_args": build_arguments(card.backbone, card.pad_type, preprocessing.image_size),
            "pretrained_cfg": {
                "num_classes": len(card.classes),
                "input_size": [3, preprocessing.image_size, preprocessing.image_size],
                "mean": list(preprocessing.mean),
                "std": list(preprocessing.std),
                "crop_pct": 1.0,
                "crop_mode": CROP_MODES[preprocessing.fit],
                "interpolation": "bilinear",
                "label_names": card.classes,
            },
        },
    )


def timm_network(classifier: Classifier) -> nn.Module:
    """Return timm's own network with the run's weights and head.

    Raises:
        ExportError: The network is not timm's, or its head is not one that timm has.
    """
    card, model = classifier.card, classifier.model
    if not model.has_linear_head or model.layout.pooling != "own":
        raise ExportError(f"timm has no form for a {card.head} head on {card.backbone}", OTHER_WAY)
    network: Any = create_backbone(card.backbone, card.pad_type, card.preprocessing.image_size)
    if not type(network).__module__.startswith("timm."):
        raise ExportError(f"{card.backbone} is mekiki's own network, which timm does not know", OTHER_WAY)
    network.reset_classifier(len(card.classes))
    own = copy.deepcopy(model.backbone).cpu().state_dict()
    last = network.get_classifier()
    if not isinstance(last, nn.Linear):
        raise ExportError(f"timm's {card.backbone} does not end in a linear layer", OTHER_WAY)
    lacking = network.load_state_dict(own, strict=False)
    last_ones = {id(parameter) for parameter in last.parameters()}
    head = {name for name, parameter in network.named_parameters() if id(parameter) in last_ones}
    if lacking.unexpected_keys or set(lacking.missing_keys) != head:
        raise ExportError(f"timm's {card.backbone} has other tensors than the run", OTHER_WAY)
    weight, bias = model.linear_head()
    with torch.no_grad():
        last.weight.copy_(torch.from_numpy(weight / classifier.temperature))
        last.bias.copy_(torch.from_numpy(bias / classifier.temperature))
    return network.eval()  # type: ignore[no-any-return]


def write_safetensors(folder: ExportFolder, run: RunFolder) -> None:
    """Copy the model's own files."""
    folder.path.mkdir(parents=True, exist_ok=True)
    for file in (run.weights, run.unknown, run.normalisation):
        if file.is_file():
            shutil.copyfile(file, folder.path / file.name)
