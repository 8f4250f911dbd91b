"""Nodes that prepare a raw picture inside a graph, as ``tensors/geometry.py``'s ``square`` does with OpenCV.

Area averaging and bilinear resampling are linear and work on rows and columns apart, so each is one matrix that the
graph makes from the picture's size. Between both the picture is rounded to whole levels, as OpenCV does. A picture that
has the network's size already passes unchanged. JPEG decoding, EXIF and colour profiles are not a graph's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import onnx_ir as ir
from onnx_ir.tape import Tape

from mekiki.config import FitName
from mekiki.evaluation.graphs import PREPARED, RAW
from mekiki.records.card import Preprocessing


def put_preparation_before(model: ir.Model, preprocessing: Preprocessing) -> None:
    """Let a graph take raw pictures instead of prepared ones.

    Args:
        model: Its one input is ``PREPARED``, (n, size, size, 3) uint8; it is changed in place.
        preprocessing: Size and fit; mean and std are in the graph already.
    """
    prepared: Any = model.graph.inputs[0]
    raw = ir.val(RAW, dtype=ir.DataType.UINT8, shape=ir.Shape(["pictures", "height", "width", 3]))
    tape = _Tape(Tape())
    squares = _square(tape, raw, preprocessing.image_size, preprocessing.fit)
    ir.convenience.replace_all_uses_with(prepared, squares)
    first = next(iter(model.graph))
    model.graph.insert_before(first, list(tape.tape.nodes))
    model.graph.inputs[0] = raw
    prepared.name = None
    node = squares.producer()
    if node is not None:
        node.name = PREPARED  # OpenVINO knows places in a graph by their nodes
    squares.name, squares.shape, squares.dtype = PREPARED, prepared.shape, prepared.dtype


@dataclass(frozen=True)
class _Tape:
    """Writes nodes; numbers are doubles unless it is told otherwise."""

    tape: Tape

    def op(self, kind: str, *inputs: ir.Value | float, **attributes: int | list[int]) -> ir.Value:
        values = [each if isinstance(each, ir.Value) else self.number(each) for each in inputs]
        return self.tape.op(kind, values, attributes)

    def number(self, value: float) -> ir.Value:
        return self.tape.op("Constant", [], {"value": ir.tensor(float(value), dtype=ir.DataType.DOUBLE)})

    def places(self, *numbers: int) -> ir.Value:
        return self.tape.op("Constant", [], {"value": ir.tensor(list(numbers), dtype=ir.DataType.INT64)})

    def cast(self, value: ir.Value, to: ir.DataType) -> ir.Value:
        return self.op("Cast", value, to=int(to))


def _square(tape: _Tape, raw: ir.Value, size: int, fit: FitName) -> ir.Value:
    shape = tape.cast(tape.op("Shape", raw), ir.DataType.DOUBLE)
    height, width = (tape.op("Gather", shape, tape.tape.op("Squeeze", [tape.places(axis)])) for axis in (1, 2))
    across, down = _scales(tape, width, height, size, fit)
    small_width, small_height = _shrunk(tape, width, across), _shrunk(tape, height, down)
    planes = tape.cast(tape.op("Transpose", raw, perm=[0, 3, 1, 2]), ir.DataType.FLOAT)
    averaged = _both_ways(tape, planes, _area(tape, height, small_height), _area(tape, width, small_width))
    across, down = _scales(tape, small_width, small_height, size, fit)
    drawn = _both_ways(
        tape,
        tape.op("Round", tape.op("Add", averaged, _halved(tape, (height, small_height), (width, small_width)))),
        _bilinear(tape, small_height, down, size),
        _bilinear(tape, small_width, across, size),
    )
    levels = tape.cast(tape.op("Round", drawn), ir.DataType.UINT8)
    return tape.op("Transpose", levels, perm=[0, 2, 3, 1])


def _scales(tape: _Tape, width: ir.Value, height: ir.Value, size: int, fit: FitName) -> tuple[ir.Value, ir.Value]:
    across, down = tape.op("Div", size, width), tape.op("Div", size, height)
    if fit == "squash":
        return across, down
    both = tape.op("Min" if fit == "letterbox" else "Max", across, down)
    return both, both


def _shrunk(tape: _Tape, length: ir.Value, scale: ir.Value) -> ir.Value:
    return tape.op("Max", 1, tape.op("Round", tape.op("Mul", length, tape.op("Min", 1, scale))))


def _area(tape: _Tape, length: ir.Value, target: ir.Value) -> ir.Value:
    """Return (target, length) float32: what share of each row of the result comes from each row of the picture.

    Both are cut into pieces of which ``length`` make a row of the result and ``target`` one of the picture, so that
    everything before the division is a whole number, in any precision.
    """
    row = tape.op("Unsqueeze", tape.op("Range", 0, target, 1), tape.places(1))
    place = tape.op("Range", 0, length, 1)
    begin = tape.op("Max", tape.op("Mul", row, length), tape.op("Mul", place, target))
    end = tape.op(
        "Min", tape.op("Mul", tape.op("Add", row, 1), length), tape.op("Mul", tape.op("Add", place, 1), target)
    )
    covered = tape.op("Max", tape.op("Sub", end, begin), 0)
    return tape.cast(tape.op("Div", covered, length), ir.DataType.FLOAT)


def _halved(tape: _Tape, *lengths: tuple[ir.Value, ir.Value]) -> ir.Value:
    """Return what makes a half round up where a picture is exactly halved, float32: OpenCV does that there alone.

    Elsewhere a half goes to the even level, as ONNX's Round does. Means of four levels end on quarters, so 0.1 moves
    halves and nothing else.
    """
    down, across = (
        tape.cast(tape.op("Equal", length, tape.op("Mul", 2, small)), ir.DataType.DOUBLE) for length, small in lengths
    )
    return tape.cast(tape.op("Mul", 0.1, tape.op("Mul", down, across)), ir.DataType.FLOAT)


def _bilinear(tape: _Tape, length: ir.Value, scale: ir.Value, size: int) -> ir.Value:
    """Return (size, length) float32: the weights of a bilinear resampling about the middle, edges repeated."""
    row = tape.op("Sub", tape.op("Range", 0, size, 1), (size - 1) / 2)
    last = tape.op("Sub", length, 1)
    point = tape.op("Add", tape.op("Div", row, scale), tape.op("Div", last, 2))
    inside = tape.op("Unsqueeze", tape.op("Min", tape.op("Max", point, 0), last), tape.places(1))
    away = tape.op("Abs", tape.op("Sub", inside, tape.op("Range", 0, length, 1)))
    return tape.cast(tape.op("Max", tape.op("Sub", 1, away), 0), ir.DataType.FLOAT)


def _both_ways(tape: _Tape, planes: ir.Value, rows: ir.Value, columns: ir.Value) -> ir.Value:
    """Return (n, 3, rows, columns) of (n, 3, height, width)."""
    return tape.op("MatMul", tape.op("MatMul", rows, planes), tape.op("Transpose", columns, perm=[1, 0]))
