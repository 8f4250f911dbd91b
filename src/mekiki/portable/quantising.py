"""A graph whose convolutions compute in 8-bit integers, and whether it is worth having.

onnxruntime's static quantisation, calibrated on training photos; weights have a scale for each channel. What comes
after the pooled features (the head, the probabilities, the rule for the unknown) stays in float32.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from mekiki.errors import ExportError
from mekiki.evaluation.graphs import PREPARED, Graph
from mekiki.portable.proof import Trial
from mekiki.portable.quiet import quietly
from mekiki.records.comparison import PairComparison
from mekiki.records.exported import Speed
from mekiki.scoring.paired import compare_answers
from mekiki.tensors.geometry import Picture

CALIBRATED_ON = 200
"""Training photos, at most."""
TURNS, BATCH = 9, 16
COMPUTED = ("Conv", "MatMul", "Gemm")


def in_8_bits(network: ir.Model, squares: Sequence[Picture]) -> ir.Model:
    """Return a network's graph with its convolutions in 8-bit integers.

    Args:
        network: In float32; left as it was.
        squares: Prepared training photos, (size, size, 3) each, at least one.

    Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
    Inference", CVPR 2018, section 2.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Photos(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._left = iter(squares)

        def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
            square = next(self._left, None)
            return None if square is None else {PREPARED: square[None]}

    with tempfile.TemporaryDirectory(prefix="mekiki-") as folder, quietly():
        before, after = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        ir.save(network, before)
        quantize_static(
            before,
            after,
            Photos(),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=list(COMPUTED),
            nodes_to_exclude=_after_features(network),
        )
        smaller: ir.Model = ir.from_proto(ir.to_proto(ir.load(after)))  # in memory before the folder goes
    smaller.metadata_props.update(network.metadata_props)
    smaller.producer_name = network.producer_name
    return smaller


def _after_features(network: ir.Model) -> list[str]:
    """Return the names of all nodes that read the pooled features, at first or second hand, or share weights with such.

    The head is there once for each view of a picture, always with the same weights.
    """
    waiting = [value for value in network.graph.outputs if value.name == "features"]
    found: dict[str, ir.Node] = {}
    while waiting:
        for node in waiting.pop().consumers():
            if str(node.name) not in found:
                found[str(node.name)] = node
                waiting += node.outputs
    weights = [value for node in found.values() for value in node.inputs if value and value.is_initializer()]
    sharing = [node for value in weights for node in value.consumers() if node.op_type in COMPUTED]
    return list(dict.fromkeys([*found, *(str(node.name) for node in sharing)]))


def compare_speed(whole: Graph, smaller: Graph, square: Picture) -> Speed:
    """Time two graphs in turns.

    Args:
        whole: In float32, taking prepared squares.
        smaller: In 8 bits, likewise.
        square: Any, (size, size, 3).
    """
    pictures = np.repeat(square[None], BATCH, axis=0)
    times: list[tuple[float, float]] = []
    for _ in range(TURNS + 1):
        times.append((_seconds(whole, pictures), _seconds(smaller, pictures)))
    kept = times[1:]
    return Speed(
        pictures=BATCH,
        float32_milliseconds=1000 * statistics.median(first for first, _ in kept) / BATCH,
        int8_milliseconds=1000 * statistics.median(second for _, second in kept) / BATCH,
        ratio=statistics.median(first / second for first, second in kept),
    )


def _seconds(graph: Graph, pictures: Picture) -> float:
    began = time.perf_counter()
    graph(pictures)
    return time.perf_counter() - began


def demand_worth(trial: Trial, speed: Speed, name: str, margin: float) -> PairComparison:
    """Refuse 8 bits that are not shown to be as good as the run, or are no faster on this machine.

    Args:
        trial: What the run and the 8-bit graph said of the same photos.
        speed: Of both graphs.
        name: Of the format.
        margin: The largest difference of accuracy that does not matter.

    Returns:
        The run and the 8-bit graph in pairs.

    Raises:
        ExportError: It is not worth having; the message says why.
    """
    run_right, right = trial.right()
    compared = compare_answers(run_right, right, trial.groups, ("run", name), margin)
    if compared.equivalence is None or not compared.equivalence.second_not_worse:
        lost = compared.difference
        needed = compared.equivalence.photos if compared.equivalence else 0
        raise ExportError(
            f"8 bits are not shown to be within {margin:.1%} of the run: it loses {lost.value:.1%} of {len(right):,} "
            f"photos ({lost.low:.1%} to {lost.high:.1%}); nothing is kept",
            f"a larger --margin, or more validation photos (about {needed:,} would show it if both were equally good)",
        )
    if speed.ratio <= 1:
        raise ExportError(
            f"8 bits are no faster here: {speed.int8_milliseconds:.1f} ms a picture against "
            f"{speed.float32_milliseconds:.1f} in float32 (ratio {speed.ratio:.2f}); nothing is kept",
            "export without --int8",
        )
    return compared
