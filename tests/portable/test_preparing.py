"""The preparation inside a graph is the one that training and prediction use, for pictures of any size and fit."""

from pathlib import Path
from typing import get_args

import numpy as np
import onnx_ir as ir
import pytest

from mekiki.config import FitName
from mekiki.evaluation.graphs import PREPARED, OnnxGraph, OpenvinoGraph
from mekiki.portable.preparing import put_preparation_before
from mekiki.records.card import Preprocessing
from mekiki.seeds import stream
from mekiki.tensors.geometry import square

SIZE = 24
SHAPES = [(24, 24), (48, 48), (97, 61), (61, 97), (31, 240), (200, 13), (10, 17), (24, 9), (1, 1), (150, 150)]


def preparing(fit: FitName, size: int = SIZE) -> ir.Model:
    """Return a graph that gives the prepared square itself."""
    square_in = ir.val(PREPARED, dtype=ir.DataType.UINT8, shape=ir.Shape(["pictures", size, size, 3]))
    same = ir.node("Cast", [square_in], {"to": int(ir.DataType.FLOAT)})
    same.outputs[0].name, same.outputs[0].dtype = "squares", ir.DataType.FLOAT
    same.outputs[0].shape = square_in.shape
    graph = ir.Graph([square_in], same.outputs, nodes=[same], opset_imports={"": 20}, name="prepare")
    model = ir.Model(graph, ir_version=10)
    put_preparation_before(model, Preprocessing(image_size=size, fit=fit, mean=(0, 0, 0), std=(1, 1, 1)))
    return model


def picture(height: int, width: int) -> np.ndarray:
    """Return soft blobs and hard edges: noise alone would hide a shift, a gradient alone a wrong weight."""
    numbers = stream(0, f"{height} {width}")
    rows, columns = np.mgrid[:height, :width]
    soft = 127 + 120 * np.sin(rows / 5 + numbers.random()) * np.cos(columns / 7 + numbers.random())
    whole = np.stack([soft, soft.T[:height, :width] if height == width else 255 - soft, soft * 0.5], axis=-1)
    whole[height // 3 : height // 2, width // 4 : width // 2] = numbers.integers(0, 256, 3)
    return whole.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("fit", get_args(FitName))
@pytest.mark.parametrize("engine", ["onnx", "openvino"])
def test_the_graph_prepares_as_opencv_does(fit: FitName, engine: str, tmp_path: Path) -> None:
    content = ir.to_proto(preparing(fit)).SerializeToString()
    if engine == "onnx":
        graph = OnnxGraph(content)
    else:
        (tmp_path / "model.onnx").write_bytes(content)
        graph = OpenvinoGraph(tmp_path / "model.onnx", prepared=False)
    for height, width in SHAPES:
        drawn = picture(height, width)
        found = graph(drawn[None])["squares"][0]
        apart = np.abs(found - square(drawn, SIZE, fit))
        assert found.shape == (SIZE, SIZE, 3)
        assert apart.max() <= 1, (height, width)
        assert (apart > 0).mean() <= 0.01, (height, width)


def test_several_pictures_of_one_size_are_prepared_together() -> None:
    graph = OnnxGraph(ir.to_proto(preparing("letterbox")).SerializeToString())
    pictures = np.stack([picture(40, 50), picture(40, 50)[:, ::-1]])
    found = graph(pictures)["squares"]
    alone = np.concatenate([graph(each[None])["squares"] for each in pictures])
    assert np.array_equal(found, alone)


def test_a_prepared_square_passes_unchanged() -> None:
    graph = OnnxGraph(ir.to_proto(preparing("crop")).SerializeToString())
    drawn = picture(SIZE, SIZE)
    assert np.array_equal(graph(drawn[None])["squares"][0], drawn)
