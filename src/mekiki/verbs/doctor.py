"""``mekiki doctor``: what works on this machine, and which engine answers quickest here."""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from mekiki.errors import MekikiError
from mekiki.evaluation.answering import Answering
from mekiki.evaluation.graphs import NEEDED, processors
from mekiki.evaluation.loading import ENGINES, TORCH, load
from mekiki.model.device import choose_machine
from mekiki.progress import Progress, Silent
from mekiki.records.run import RunFolder, open_run
from mekiki.tensors.geometry import Picture
from mekiki.verbs.asked_photos import own_photos_of, with_runs_limit
from mekiki.verbs.environment import describe_environment

EXTRAS = {
    "export": (*NEEDED["onnx"], *NEEDED["openvino"], "onnx", "onnxscript"),
    "audit": ("cleanlab", "usearch"),
    "cluster": ("ray",),
    "tensorboard": ("tensorboard",),
}
"""The packages of each extra that a verb uses."""
BATCH, TURNS = 32, 5
AGREES = 0.9
"""Share of photos of one batch below which an engine is called wrong here; its proof asked many more."""


@dataclass(frozen=True)
class Timed:
    """One engine on this machine.

    Attributes:
        engine: What ``predict --engine`` takes.
        per_second: Prepared pictures in a second, median of the turns; 0 if it cannot be asked.
        agreement: Share of the batch to which it gives torch's class.
        ratio: How many times as fast as torch, median over the turns; 0 if it cannot be asked.
        problem: Why it cannot be asked; empty if it can.
    """

    engine: str
    per_second: float = 0.0
    agreement: float = 0.0
    ratio: float = 0.0
    problem: str = ""


@dataclass(frozen=True)
class Findings:
    """What works on this machine.

    Attributes:
        facts: Name → text: versions, system, processors, the device that ``auto`` takes, weights and cache.
        missing: Extra → the packages of it that are not installed; empty: all are.
        engines: How fast each engine answers, in the order of ``ENGINES``; empty if no run was given.
        quickest: The quickest engine that agrees; empty if no run was given.
    """

    facts: dict[str, str]
    missing: dict[str, tuple[str, ...]]
    engines: tuple[Timed, ...] = ()
    quickest: str = ""


def doctor(run: str | Path | None = None, progress: Progress | None = None) -> Findings:
    """Tell what works on this machine; with a run, time each engine on its validation photos.

    Engines take turns on the same prepared pictures, so that a machine whose speed changes is fair to all of them.

    Args:
        run: A run folder whose exports are timed beside torch.
        progress: Where to report to.

    Raises:
        RunError: It is no trained run, or its photos are not where they were.
    """
    progress = Silent() if progress is None else progress
    facts = {
        **describe_environment(),
        "usable processors": str(processors()),
        "device": choose_machine("auto", "auto").describe(),
        "MEKIKI_WEIGHTS": _folder_in("MEKIKI_WEIGHTS"),
        "MEKIKI_CACHE": _folder_in("MEKIKI_CACHE"),
    }
    missing = {name: tuple(each for each in packages if find_spec(each) is None) for name, packages in EXTRAS.items()}
    if run is None:
        return Findings(facts, missing)
    engines = _time_engines(open_run(Path(run)), progress)
    able = [each for each in engines if not each.problem and each.agreement >= AGREES]
    return Findings(facts, missing, engines, max(able, key=lambda each: each.per_second).engine)


def _folder_in(variable: str) -> str:
    named = os.environ.get(variable)
    if not named:
        return "not set"
    return named if Path(named).is_dir() else f"{named} (there is no such folder)"


def _time_engines(run: RunFolder, progress: Progress) -> tuple[Timed, ...]:
    photos = own_photos_of(run, "val", "put them back: the engines are asked about them", progress, "train with --val")
    settings = with_runs_limit(run.path, None)
    loaded: dict[str, Answering] = {TORCH: load(run.path, settings)}
    problems: dict[str, str] = {}
    for engine in ENGINES[1:]:
        try:
            loaded[engine] = load(run.path, settings, engine=engine)
        except MekikiError as error:
            problems[engine] = f"{error.message} ({error.hint})" if error.hint else error.message
    batch = _batch(loaded[TORCH], [photos.root / photo.path for photo in photos.usable()[:BATCH]])
    seconds: dict[str, list[float]] = {engine: [] for engine in loaded}
    said = {engine: _classes(classifier, batch) for engine, classifier in loaded.items()}  # warms up, too
    with progress.task("engines", TURNS, "turns") as task:
        for _ in range(TURNS):
            for engine, classifier in loaded.items():
                began = time.perf_counter()
                classifier.ask(batch)
                seconds[engine].append(time.perf_counter() - began)
            task.advance()
    return tuple(
        Timed(engine, problem=problems[engine])
        if engine in problems
        else Timed(
            engine,
            per_second=len(batch) / statistics.median(seconds[engine]),
            agreement=float((said[engine] == said[TORCH]).mean()),
            ratio=statistics.median(a / b for a, b in zip(seconds[TORCH], seconds[engine], strict=True)),
        )
        for engine in ENGINES
    )


def _batch(classifier: Answering, files: list[Path]) -> Picture:
    """Return prepared photos, repeated until they make a batch."""
    prepared = [picture for file in files if isinstance(picture := classifier.prepare(file), np.ndarray)]
    if not prepared:
        prepared = [np.full((classifier.card.preprocessing.image_size,) * 2 + (3,), 127, np.uint8)]
    return np.stack([prepared[place % len(prepared)] for place in range(BATCH)])


def _classes(classifier: Answering, batch: Picture) -> np.ndarray:
    return np.array([answer.chances.argmax() for answer in classifier.ask(batch)])
