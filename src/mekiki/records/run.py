"""The run folder: where each file of a training lies, and how far the training came."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from mekiki.config import RunConfig
from mekiki.errors import RunError, SettingsError
from mekiki.files import write_json
from mekiki.records.decisions import DECISIONS
from mekiki.records.evaluation import Record, foreign_record, read_json_object

FIRST_BATCH = "first_batch.png"
State = Literal["running", "done", "stopped", "failed"]


class Status(Record):
    """How far a run came, as in ``status.json`` (written last).

    Attributes:
        state: running, done, stopped (by the person; the best snapshot so far is kept) or failed.
        message: One line in words.
        epoch: Epochs finished.
        seconds: Wall time since the command began.
        mekiki: The version that wrote it.
    """

    state: State
    message: str = ""
    epoch: int = 0
    seconds: float = 0.0
    mekiki: str = ""


@dataclass(frozen=True)
class RunFolder:
    """Paths inside one run folder."""

    path: Path

    def __getitem__(self, name: str) -> Path:
        return self.path / name

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def environment(self) -> Path:
        return self.path / "environment.json"

    @property
    def manifest(self) -> Path:
        return self.path / "manifest.csv"

    @property
    def findings(self) -> Path:
        return self.path / "findings.csv"

    @property
    def decisions(self) -> Path:
        return self.path / DECISIONS

    @property
    def split(self) -> Path:
        return self.path / "split.csv"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def answers(self) -> Path:
        return self.checkpoints / "teacher"

    @property
    def unlabelled(self) -> Path:
        return self.path / "extra.csv"

    @property
    def snapshots(self) -> Path:
        return self.path / "snapshots"

    @property
    def history(self) -> Path:
        return self.path / "history.csv"

    @property
    def history_lines(self) -> Path:
        return self.path / "history.jsonl"

    @property
    def board(self) -> Path:
        return self.path / "tensorboard"

    @property
    def weights(self) -> Path:
        return self.path / "model.safetensors"

    @property
    def normalisation(self) -> Path:
        return self.path / "normalisation.safetensors"

    @property
    def unknown(self) -> Path:
        return self.path / "unknown.safetensors"

    @property
    def card(self) -> Path:
        return self.path / "model.json"

    @property
    def exports(self) -> Path:
        return self.path / "exports"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.json"

    @property
    def predictions(self) -> Path:
        return self.path / "predictions.csv"

    @property
    def test_openings(self) -> Path:
        return self.path / "test_openings.csv"

    @property
    def figures(self) -> Path:
        return self.path / "figures"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def status(self) -> Path:
        return self.path / "status.json"


def is_run_folder(path: Path) -> bool:
    """Tell whether a training wrote into a folder, even if it never came to a model."""
    run = RunFolder(path)
    try:
        return run.status.is_file() or run.card.is_file()
    except PermissionError:
        return False


def check_new_folder(path: Path) -> None:
    """Refuse a path where a new folder cannot be made, before any work is done.

    Raises:
        SettingsError: The path is a file, a folder that already holds something, or in a place without write access.
    """
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        raise SettingsError(
            f"--out {str(path)!a}: the name is no text, and records could not name it", "choose another name"
        ) from None
    if path.exists() and not path.is_dir():
        raise SettingsError(f"--out {path} is a file", "name a folder that does not exist yet")
    if path.is_dir() and any(path.iterdir()):
        raise SettingsError(f"--out {path} already holds files; nothing is ever written over", "name a new folder")
    place = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.is_dir())
    if not os.access(place, os.W_OK):
        raise SettingsError(f"--out {path}: {place} cannot be written to", "name a folder of your own")


def check_new_file(path: Path) -> None:
    """Refuse to write over a file; a device such as ``/dev/null`` is no file.

    Raises:
        SettingsError: The file is there already.
    """
    if path.is_file() or path.is_dir():
        raise SettingsError(f"--out {path} is there already; nothing is ever written over", "name a new file")


def create_run(path: Path) -> RunFolder:
    """Make a new run folder; errors as in ``check_new_folder``."""
    check_new_folder(path)
    path.mkdir(parents=True, exist_ok=True)
    return RunFolder(path)


def open_run(path: Path) -> RunFolder:
    """Open a run folder that holds a trained model.

    Raises:
        RunError: There is no such folder, or no model in it.
    """
    run = RunFolder(path)
    if not path.is_dir():
        raise RunError(f"there is no run folder {path}", "mekiki train DATA --out RUN makes one")
    missing = next((file.name for file in (run.card, run.weights) if not file.is_file()), None)
    if missing:
        raise RunError(
            f"{path} holds no {missing}", "it is no run folder, or its training did not reach the first snapshot"
        )
    return run


def model_fingerprint(run: RunFolder) -> str:
    """Return what tells a run's weights from all others: the SHA-256 of ``model.safetensors``, in hexadecimal."""
    with run.weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_config(run: RunFolder, config: RunConfig) -> None:
    """Write ``config.json``."""
    write_json(run.config, config.model_dump(mode="json"))


def read_config(run: RunFolder) -> RunConfig:
    """Read ``config.json``.

    Raises:
        RunError: It is missing or does not fit this version; the field is named.
    """
    try:
        return RunConfig.model_validate(read_json_object(run.config))
    except ValidationError as error:
        raise foreign_record(run.config, error) from None


def photo_root(config: RunConfig) -> Path:
    """Return the folder that the run's photo paths are relative to."""
    data = Path(config.data)
    is_table = data.is_file() or (data.suffix.lower() == ".csv" and not data.is_dir())
    return data.parent if is_table else data


def write_status(run: RunFolder, status: Status) -> None:
    """Write ``status.json``."""
    write_json(run.status, status.model_dump())


def read_status(run: RunFolder) -> Status:
    """Read ``status.json``; a missing or foreign file is a ``RunError``."""
    try:
        return Status.model_validate(read_json_object(run.status))
    except ValidationError as error:
        raise foreign_record(run.status, error) from None
