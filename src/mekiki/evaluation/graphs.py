"""A portable graph that answers about pictures: ONNX by onnxruntime, or OpenVINO. No torch is needed to ask it.

A whole graph takes raw pixels of any size. mekiki reads and prepares many pictures with its own threads, so it asks the
part of the graph that begins with the prepared square; ``portable/proof.py`` asks the whole.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from mekiki.config import EvaluateSettings, ViewsName
from mekiki.errors import RunError, SettingsError, one_line
from mekiki.evaluation.answering import Answer, Answering
from mekiki.records.card import ModelCard, read_card
from mekiki.records.exported import GRAPHS, ExportFolder, FormatName, read_exported
from mekiki.tensors.geometry import Picture

RAW, PREPARED = "pictures", "prepared"
"""Names in a graph: what the whole takes, (n, height, width, 3) uint8, and what its network takes, a square of that."""
OUTPUTS = ("probabilities", "known_score", "logits", "features")
"""What it gives; ``known_score`` only where the model has a rule for the unknown."""
METADATA = "mekiki"
"""The entry of a graph's metadata that holds the model card as JSON."""
NEEDED: dict[FormatName, tuple[str, ...]] = {
    "onnx": ("onnxruntime", "onnx_ir"),
    "openvino": ("openvino",),
    "timm": (),
    "safetensors": (),
}


class Graph(ABC):
    """A graph ready to run.

    Attributes:
        gives: Names of its outputs.
        card: The model card in its own metadata, as JSON; empty if it has none.
    """

    gives: tuple[str, ...]
    card: str

    def __call__(self, pictures: Picture) -> dict[str, NDArray[np.float32]]:
        """Return its outputs by name, each (n, …), for (n, height, width, 3) uint8.

        Raises:
            RunError: It cannot compute that.
        """
        try:
            return self._compute(pictures)
        except Exception as error:  # its packages' errors have no common base
            raise RunError(f"the graph cannot answer: {one_line(error, 160)}", "export the run again") from error

    @abstractmethod
    def _compute(self, pictures: Picture) -> dict[str, NDArray[np.float32]]: ...


class OnnxGraph(Graph):
    """A graph in ONNX, run by onnxruntime on the processor.

    Args:
        file: ``model.onnx``, or the bytes of one.
    """

    def __init__(self, file: Path | bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = processors()
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # torch and decoders need the cores
        source = file if isinstance(file, bytes) else str(file)
        try:
            self._session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no common base
            raise _unreadable(file, error) from error
        self._takes = self._session.get_inputs()[0].name
        self.gives = tuple(each.name for each in self._session.get_outputs())
        self.card = self._session.get_modelmeta().custom_metadata_map.get(METADATA, "")

    def _compute(self, pictures: Picture) -> dict[str, NDArray[np.float32]]:
        return dict(zip(self.gives, self._session.run(None, {self._takes: pictures}), strict=True))


class OpenvinoGraph(Graph):
    """A graph in OpenVINO's form, run on the processor in float32 (and 8 bits where it was quantised).

    For prepared squares it is compiled for one picture and for the largest batch that was asked about; smaller batches
    are filled up. A service, whose batches have any size, has it compiled for a few sizes between (``expect``). With a
    batch of any size OpenVINO 2026.4 took up to three times as long in 8 bits, and gave other answers than the whole
    graph.

    Args:
        file: ``model.xml``.
        prepared: Take prepared squares instead of raw pictures.
    """

    def __init__(self, file: Path, prepared: bool) -> None:
        import openvino

        self._openvino: Any = openvino
        self._core: Any = openvino.Core()
        self._file, self._prepared = file, prepared
        self._compiled: dict[int | None, Any] = {}
        model = self._read()  # a broken file is refused now
        self.gives = tuple(each.get_any_name() for each in model.outputs)
        self.card = str(model.get_rt_info(METADATA).value) if model.has_rt_info(METADATA) else ""
        if prepared and _squares_in(model) is None:
            raise _unreadable(file, ValueError(f"it has no place {PREPARED!r}"))

    def _compute(self, pictures: Picture) -> dict[str, NDArray[np.float32]]:
        if not self._prepared:
            return self._ask(None, pictures)
        count = len(pictures)
        roomy = min((size for size in self._compiled if size and size >= count), default=count)
        if count == 1 or count == roomy:
            return self._ask(count, pictures)
        blank = np.zeros((roomy - count, *pictures.shape[1:]), pictures.dtype)
        found = self._ask(roomy, np.concatenate([pictures, blank]))
        return {name: rows[:count] for name, rows in found.items()}

    def expect(self, most: int) -> None:
        """Compile for 1, 2, 4 … pictures up to this: a batch is filled up to less than twice its size."""
        if self._prepared:
            for size in sorted({most, *(2**power for power in range(most.bit_length()))}):
                self._compiled[size] = self._compile(size)

    def _ask(self, size: int | None, pictures: Picture) -> dict[str, NDArray[np.float32]]:
        """Ask the graph for batches of ``size``; None: the whole graph, which takes any."""
        if size not in self._compiled:
            for other in [known for known in self._compiled if known != 1 and size != 1]:
                del self._compiled[other]  # it is smaller, and no longer needed
            self._compiled[size] = self._compile(size)
        compiled = self._compiled[size]
        found = compiled(pictures)
        return {each.get_any_name(): np.array(found[place]) for place, each in enumerate(compiled.outputs)}

    def _compile(self, size: int | None) -> Any:
        options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": processors()}
        model = self._read()
        part = model if size is None else self._begin_with_prepared(model, size)
        return self._core.compile_model(part, "CPU", options)

    def _read(self) -> Any:
        try:
            return self._core.read_model(str(self._file))
        except Exception as error:  # OpenVINO's errors have no common base
            raise _unreadable(self._file, error) from error

    def _begin_with_prepared(self, model: Any, size: int) -> Any:
        """Return the part of a graph that begins with ``size`` prepared squares."""
        squares = _squares_in(model)
        shape = squares.output(0).partial_shape
        shape[0] = size
        taken = self._openvino.opset13.parameter(shape, np.uint8, name=PREPARED)
        squares.output(0).replace(taken.output(0))
        return self._openvino.Model(model.get_results(), [taken], "network")


def _squares_in(model: Any) -> Any:
    """Return the node of an OpenVINO graph that gives prepared squares; None if there is none."""
    return next((node for node in model.get_ordered_ops() if node.get_friendly_name() == PREPARED), None)


def open_graph(folder: ExportFolder, prepared: bool) -> Graph:
    """Open the graph of an exported folder.

    Args:
        folder: In the format onnx or openvino.
        prepared: Take prepared squares instead of raw pictures.

    Raises:
        RunError: It is no such folder, or its graph is missing or broken.
        SettingsError: A package that runs it is not installed.
    """
    facts = read_exported(folder.facts)
    if facts.to not in GRAPHS:
        raise RunError(
            f"{folder.path} is an export to {facts.to}, which is no graph to run", "mekiki predict takes the run"
        )
    check_installed(facts.to)
    file = folder.onnx if facts.to == "onnx" else folder.openvino
    if not file.is_file():
        raise RunError(f"{folder.path} holds no {file.name}", "export the run again")
    if facts.to == "openvino":
        return OpenvinoGraph(file, prepared)
    return OnnxGraph(_part_of(file) if prepared else file)


def _part_of(file: Path) -> bytes:
    """Return an ONNX graph that begins with prepared squares, as bytes."""
    import onnx_ir

    try:
        whole = onnx_ir.load(file)
        tensors = [value.const_value for value in whole.graph.initializers.values()]
        if any(isinstance(tensor, onnx_ir.ExternalTensor) for tensor in tensors):
            raise ValueError("its weights are in other files")
        outputs = list(whole.graph.outputs)
        whole.graph = onnx_ir.convenience.extract(whole.graph, [PREPARED], outputs)
        content: bytes = onnx_ir.to_proto(whole).SerializeToString()
    except Exception as error:  # whatever a broken file makes a parser throw
        raise _unreadable(file, error) from error
    return content


def _unreadable(file: Path | bytes, error: Exception) -> RunError:
    what = "the graph" if isinstance(file, bytes) else str(file)
    return RunError(
        f"{what} cannot be read as a graph: {one_line(error, 160)}", "the file is damaged; export the run again"
    )


def check_installed(to: FormatName, more: tuple[str, ...] = ()) -> None:
    """Refuse a format whose packages are not installed.

    Raises:
        SettingsError: One is missing; it is named.
    """
    missing = next((name for name in (*NEEDED[to], *more) if find_spec(name) is None), None)
    if missing is not None:
        raise SettingsError(f"{to} needs the package {missing}, which is not installed", "pip install 'mekiki[export]'")


def processors() -> int:
    """Return how many processors this process may use; fewer where ``OMP_NUM_THREADS`` says so, as for torch."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return min(own, int(wanted)) if wanted.isdecimal() and int(wanted) else own


class GraphClassifier(Answering):
    """A portable graph in scikit-learn's sense.

    Args:
        folder: An exported folder.
        settings: Batch size, threads and the largest picture; a graph chooses device, precision and views itself.

    Raises:
        RunError: It is no exported folder that holds a graph.
        SettingsError: Its packages are not installed, or other views than its own, another device than the processor
            or another precision are asked for.
    """

    def __init__(self, folder: ExportFolder, settings: EvaluateSettings | None = None) -> None:
        super().__init__(read_card(folder.card), settings)
        self._refuse_other(self.views)
        if self.settings.device not in ("auto", "cpu") or self.settings.precision not in ("auto", "float32"):
            asked = f"{self.settings.device}, {self.settings.precision}"
            raise SettingsError(f"{asked}: a graph is asked on the processor, in its own precision", "--engine torch")
        self.facts = read_exported(folder.facts)
        self.graph = open_graph(folder, prepared=True)
        self._check(folder)

    def _check(self, folder: ExportFolder) -> None:
        """Refuse a graph and a card that do not belong together."""
        wanted = {name for name in OUTPUTS if name != "known_score" or self.card.unknown is not None}
        try:
            own = ModelCard.model_validate_json(self.graph.card)
        except ValidationError:
            own = None
        if own != self.card or not wanted <= set(self.graph.gives):
            raise RunError(
                f"{folder.path}: {folder.card.name} is not the card of this graph", "export the run again; edit neither"
            )

    @property
    def computed_by(self) -> tuple[str, int]:
        return f"cpu, {self.facts.name}", processors()

    def ask(self, pictures: Picture, views: ViewsName | None = None) -> list[Answer]:
        self._refuse_other(views or self.views)
        found = self.graph(pictures)
        scores = found.get("known_score")
        rows = zip(found["logits"], found["features"], found["probabilities"], strict=True)
        return [Answer(*row, None if scores is None else float(scores[number])) for number, row in enumerate(rows)]

    def expect(self, most_batch: int) -> None:
        """Get ready for batches of any size.

        Args:
            most_batch: Pictures in the largest.
        """
        if isinstance(self.graph, OpenvinoGraph):
            self.graph.expect(most_batch)

    def _refuse_other(self, views: ViewsName) -> None:
        if views != self.card.views:
            raise SettingsError(
                f"views {views}: this graph holds the views {self.card.views}", "mekiki export RUN --views plain"
            )
