"""An exported model's records: what it was made from (``export.json``), and the proof that it agrees (``parity.json``).

Fractions are in 0..1. A figure that the format does not give is ``None``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pydantic import Field, ValidationError

from mekiki.config import ViewsName
from mekiki.files import write_json
from mekiki.records.comparison import PairComparison
from mekiki.records.evaluation import Estimate, Record, foreign_record, read_json_object
from mekiki.records.run import RunFolder, is_run_folder

FormatName = Literal["onnx", "openvino", "timm", "safetensors"]
FORMATS: tuple[FormatName, ...] = get_args(FormatName)
GRAPHS: tuple[FormatName, ...] = ("onnx", "openvino")
"""Formats that hold a whole graph, from raw pixels to probabilities."""


class Exported(Record):
    """What a folder holds, as in ``export.json``.

    Attributes:
        to: The format.
        int8: Whether convolutions compute in 8-bit integers.
        model: SHA-256 of the run's ``model.safetensors``, in hexadecimal.
        views: In which forms a picture is judged.
        mekiki: The version that wrote it.
    """

    to: FormatName
    int8: bool = False
    model: str
    views: ViewsName
    mekiki: str = ""

    @property
    def name(self) -> str:
        """The format in a word, such as "onnx" or "onnx-int8"."""
        return f"{self.to}-int8" if self.int8 else self.to


class Speed(Record):
    """How fast the 8-bit graph is, beside the one in float32.

    Attributes:
        pictures: In a batch.
        float32_milliseconds: Median time of a picture in float32.
        int8_milliseconds: The same in 8 bits.
        ratio: Median of the ratios of neighbouring turns; above 1: 8 bits are faster.
    """

    pictures: int
    float32_milliseconds: float
    int8_milliseconds: float
    ratio: float


class Parity(Record):
    """How far an exported model says what the run says, as in ``parity.json``; both saw the same photos.

    Attributes:
        to: The format, with "-int8" where it has 8 bits.
        part: Which of the run's photos: "val".
        n: Photos that could be read.
        agreement: Share of them with the same most probable class.
        largest_difference: Of any probability of any photo.
        largest_at: That photo.
        mean_difference: Mean over the photos of their largest difference.
        unknown_agreement: Share of them on which both agree whether it is known; None: the format, or the run, has no
            rule for it.
        unknown_ties: Photos whose score lies so near the threshold that rounding decides; they count as agreeing.
        run_accuracy: Of the run on these photos, with its interval.
        accuracy: Of the exported model on them.
        alone: Of the timm format: share of the photos on which plain timm, with its own preparation and one look, names
            the class that the run names; else None.
        engine_agreement: Of a graph: share of the photos on which ``predict --engine``, which asks the part behind the
            preparation in batches, names the class that the whole graph names; else None.
        compared: The run and the 8-bit model, in that order, compared in pairs; else None.
        speed: Of the 8-bit model; else None.
    """

    to: str
    part: str
    n: int = Field(ge=1)
    agreement: float
    largest_difference: float
    largest_at: str
    mean_difference: float
    unknown_agreement: float | None = None
    unknown_ties: int = 0
    run_accuracy: Estimate
    accuracy: Estimate
    alone: float | None = None
    engine_agreement: float | None = None
    compared: PairComparison | None = None
    speed: Speed | None = None


@dataclass(frozen=True)
class ExportFolder:
    """Paths inside one exported folder."""

    path: Path

    @property
    def facts(self) -> Path:
        return self.path / "export.json"

    @property
    def card(self) -> Path:
        return self.path / "model.json"

    @property
    def parity(self) -> Path:
        return self.path / "parity.json"

    @property
    def onnx(self) -> Path:
        return self.path / "model.onnx"

    @property
    def openvino(self) -> Path:
        return self.path / "model.xml"

    @property
    def weights(self) -> Path:
        return self.path / "model.safetensors"

    @property
    def graph_files(self) -> tuple[Path, ...]:
        """The files that hold the graph and its weights, those that are there."""
        files = (self.onnx, self.openvino, self.openvino.with_suffix(".bin"))
        return tuple(file for file in files if file.is_file())


def is_export_folder(path: Path) -> bool:
    """Tell whether ``mekiki export`` wrote a folder."""
    try:
        return ExportFolder(path).facts.is_file()
    except PermissionError:
        return False


def is_graph_folder(path: Path) -> bool:
    """Tell whether ``mekiki export`` wrote a folder that holds a whole graph.

    Raises:
        RunError: ``export.json`` does not fit this version.
    """
    return is_export_folder(path) and read_exported(ExportFolder(path).facts).to in GRAPHS


def run_of_export(path: Path) -> RunFolder | None:
    """Return the run that holds an exported folder in its ``exports/``; None if it lies elsewhere."""
    place = path.resolve()
    run = RunFolder(place.parent.parent)
    return run if place.parent == run.exports and is_run_folder(run.path) else None


def write_exported(path: Path, facts: Exported) -> None:
    """Write ``export.json``."""
    write_json(path, facts.model_dump())


def read_exported(path: Path) -> Exported:
    """Read ``export.json``.

    Raises:
        RunError: It is missing or does not fit this version.
    """
    content = read_json_object(path)
    try:
        return Exported.model_validate(content)
    except ValidationError as error:
        raise foreign_record(path, error) from None


def write_parity(path: Path, parity: Parity) -> None:
    """Write ``parity.json``."""
    write_json(path, parity.model_dump())


def read_parity(path: Path) -> Parity:
    """Read ``parity.json``; errors as for ``read_exported``."""
    content = read_json_object(path)
    try:
        return Parity.model_validate(content)
    except ValidationError as error:
        raise foreign_record(path, error) from None
