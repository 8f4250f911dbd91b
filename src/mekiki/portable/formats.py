"""Writes a run's model in each format. Whether it says the same is for ``proof.py`` to find out.

- onnx: ``model.onnx``, the whole graph with the card in its metadata, and ``predict_onnx.py``, which needs no mekiki.
- openvino: the same graph as ``model.xml`` and ``model.bin``, float32.
- timm: a ``local-dir`` folder, ``config.json`` and ``model.safetensors`` under timm's own names.
- safetensors: the run's own tensors and records, a folder that every verb takes as a model.

``model.json`` (the card) and ``export.json`` lie beside each.
"""

from __future__ import annotations

import copy
import importlib.resources
import shutil
from typing import Any

import onnx_ir as ir
import safetensors.torch
import torch
from torch import nn

from mekiki.errors import ExportError
from mekiki.evaluation.classifier import Classifier
from mekiki.files import write_bytes, write_json, write_text
from mekiki.model.backbones import build_arguments, create_backbone
from mekiki.portable.graph import METADATA
from mekiki.portable.preparing import put_preparation_before
from mekiki.records.card import Preprocessing, write_card
from mekiki.records.exported import Exported, ExportFolder, write_exported
from mekiki.records.run import RunFolder, model_fingerprint
from mekiki.version import __version__

OTHER_WAY = "mekiki export RUN --to onnx can hold any network"
SCRIPT = "predict_onnx.py"
CROP_MODES = {"letterbox": "border", "squash": "squash", "crop": "center"}
"""What timm calls the three ways to fit a picture into a square."""


def write_facts(folder: ExportFolder, run: RunFolder, classifier: Classifier, facts: Exported) -> None:
    """Write ``model.json`` and ``export.json``."""
    write_card(folder.card, classifier.card.model_copy(update={"views": classifier.views}))
    write_exported(
        folder.facts,
        facts.model_copy(update={"model": model_fingerprint(run), "views": classifier.views, "mekiki": __version__}),
    )


def whole_graph(network: ir.Model, preprocessing: Preprocessing) -> ir.Model:
    """Return a copy of a network's graph that takes raw pictures."""
    whole = ir.from_proto(ir.to_proto(network))
    put_preparation_before(whole, preprocessing)
    return whole


def write_graph(folder: ExportFolder, whole: ir.Model, to: str) -> None:
    """Write a whole graph as onnx or openvino."""
    content: bytes = ir.to_proto(whole).SerializeToString()
    if to == "onnx":
        write_bytes(folder.onnx, content)
        script = importlib.resources.files("mekiki.portable").joinpath(SCRIPT).read_text(encoding="utf-8")
        write_text(folder.path / SCRIPT, script)
        return
    import openvino

    folder.path.mkdir(parents=True, exist_ok=True)
    model: Any = openvino.Core().read_model(content)  # its convert_model would ask the network about telemetry
    model.set_rt_info(whole.metadata_props[METADATA], [METADATA])
    openvino.save_model(model, str(folder.openvino), compress_to_fp16=False)


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
