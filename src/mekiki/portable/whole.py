"""The whole graph, from raw pixels to the answer, and its files.

- onnx: ``model.onnx`` with the card in its metadata, and ``predict_onnx.py``, which needs no mekiki.
- openvino: the same graph as ``model.xml`` and ``model.bin``, float32.
"""

from __future__ import annotations

import importlib.resources
from typing import Any

import onnx_ir as ir

from mekiki.evaluation.graphs import METADATA
from mekiki.files import write_bytes, write_text
from mekiki.portable.preparing import put_preparation_before
from mekiki.records.card import Preprocessing
from mekiki.records.exported import ExportFolder

SCRIPT = "predict_onnx.py"


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
