"""What other verbs measured and the report shows, too: copies of ``stress.json`` and ``comparison.json`` in ``added/``.

A run folder keeps the copies, so that the next report has them again; whoever deletes one leaves it out. Each names the
models that it is of by their weights. Where none of them is the run's, it is refused if a person names it now, and left
out, with the reason on the page, if it was added before: the training may have gone on since.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mekiki.config import KindName
from mekiki.errors import RunError
from mekiki.files import write_bytes
from mekiki.records.comparison import Comparison, read_comparison
from mekiki.records.run import RunFolder, model_fingerprint
from mekiki.records.stress import PairedPoint, Stress, read_stress

ADDED = "added"
MOST_STRESSES = 3
MOST_COMPARISONS = 4
_NUMBERED = re.compile(r"(stress|comparison)-([0-9]{1,9})\.json")


@dataclass(frozen=True)
class AddedComparison:
    """A comparison with the run: only the pairs that it is one of; ``own`` is what the run is called in it."""

    own: str
    comparison: Comparison


@dataclass(frozen=True)
class LeftOutFile:
    """A file of ``added/`` that the page does not show, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Added:
    """What was added to a run's report.

    Attributes:
        stresses: In the order in which they were added; in each the run comes first.
        comparisons: In the order in which they were added.
        left_out: What is there and cannot be shown.
    """

    stresses: tuple[tuple[Stress, ...], ...] = ()
    comparisons: tuple[AddedComparison, ...] = ()
    left_out: tuple[LeftOutFile, ...] = ()


def read_added(run: RunFolder) -> Added:
    """Read what was added to a run's report, as much as a page has room for; nothing of it is an error."""
    stresses: list[tuple[Stress, ...]] = []
    comparisons: list[AddedComparison] = []
    left_out = []
    for kind, path in reversed(_files(run)):
        try:
            if kind == "stress" and len(stresses) < MOST_STRESSES:
                stresses.append(own_stress(path, run))
            elif kind == "comparison" and len(comparisons) < MOST_COMPARISONS:
                comparisons.append(own_comparison(path, run))
            else:
                left_out.append(LeftOutFile(path.name, "there is only room for those that were added last"))
        except RunError as error:
            left_out.append(LeftOutFile(path.name, error.message.removeprefix(str(path)).lstrip(": ")))
    return Added(tuple(stresses[::-1]), tuple(comparisons[::-1]), tuple(left_out[::-1]))


def _files(run: RunFolder) -> list[tuple[str, Path]]:
    """Return kind and path of what was added, in the order in which that was done."""
    found = [(match, path) for path in run[ADDED].glob("*.json") if (match := _NUMBERED.fullmatch(path.name))]
    return [(match[1], path) for match, path in sorted(found, key=lambda each: (each[0][1], int(each[0][2])))]


def own_stress(path: Path, run: RunFolder) -> tuple[Stress, ...]:
    """Read a ``stress.json``, seen from a run: it comes first, under the name that its folder has now.

    Raises:
        RunError: The file is missing or damaged, or the run's model is none of those that it is of.
    """
    stresses = read_stress(path)
    place = _place(path, run, [(stress.run, stress.model) for stress in stresses], f"stress {run.path}")
    own = stresses[place].model_copy(update={"run": run.path.resolve().name, "against_first": None})
    if place == 0:
        return (own, *stresses[1:])
    first = stresses[0].model_copy(update={"against_first": _seen_from_the_other(stresses[place])})
    others = [
        stress.model_copy(update={"against_first": None})
        for number, stress in enumerate(stresses)
        if number not in (0, place)
    ]
    return (own, first, *others)


def _seen_from_the_other(stress: Stress) -> dict[KindName, list[PairedPoint]] | None:
    if stress.against_first is None:
        return None
    return {
        kind: [
            point.model_copy(update={"only_first": point.only_this, "only_this": point.only_first}) for point in points
        ]
        for kind, points in stress.against_first.items()
    }


def own_comparison(path: Path, run: RunFolder) -> AddedComparison:
    """Read a ``comparison.json``; only the pairs with the run are kept.

    Raises:
        RunError: The file is missing or damaged, or the run's model is none of those that were compared.
    """
    comparison = read_comparison(path)
    names = [each.name for each in comparison.runs]
    models = [(each.run, each.model) for each in comparison.runs]
    place = _place(path, run, models, f"compare {run.path} RUN")
    own = models[place][1]  # its exports are of the same weights, and may stand before it
    itself = (at for at, each in enumerate(comparison.runs) if each.model == own and each.engine == "torch")
    place = next(itself, place)
    pairs = [pair for pair in comparison.pairs if names[place] in (pair.first, pair.second)]
    if not pairs or any(name not in names for pair in pairs for name in (pair.first, pair.second)):
        raise RunError(f"{path}: pairs: none is of {names[place]}", "it was written by another version, or edited")
    return AddedComparison(names[place], comparison.model_copy(update={"pairs": pairs}))


def _place(path: Path, run: RunFolder, models: Sequence[tuple[str, str]], verb: str) -> int:
    """Return which of the models that a file is of, given as folder and fingerprint, is the run's."""
    fingerprints = [model for _, model in models]
    if not all(fingerprints):
        raise RunError(
            f"{path} does not say which models it is of: an earlier version wrote it",
            f"measure again: mekiki {verb} --out FOLDER",
        )
    own = model_fingerprint(run) if run.weights.is_file() else ""
    if own not in fingerprints:
        named = " and ".join(folder for folder, _ in models)
        raise RunError(
            f"{path} is of another model: it was measured on {named}, with other weights than {run.path} has now",
            f"mekiki {verb} --out FOLDER measures this one",
        )
    return fingerprints.index(own)


@contextmanager
def adding(run: RunFolder, stresses: Sequence[Path], comparisons: Sequence[Path]) -> Iterator[None]:
    """Copy records into a run folder for the report that is made within; if that fails, they are taken away again.

    Args:
        run: The run.
        stresses: ``stress.json`` files, or folders that hold one.
        comparisons: ``comparison.json`` files, or folders that hold one. What was added before is not added twice.

    Raises:
        RunError: A file is missing or damaged, or of other models; nothing was written then.
    """
    known = {path.read_bytes() for _, path in _files(run)}
    new: list[tuple[str, bytes]] = []
    for kind, places in (("stress", stresses), ("comparison", comparisons)):
        for place in places:
            path = _file_in(place, kind)
            own_stress(path, run) if kind == "stress" else own_comparison(path, run)
            content = path.read_bytes()
            if content not in known:
                known.add(content)
                new.append((kind, content))
    written: list[Path] = []
    try:
        for kind, content in new:
            written.append(_next_free(run, kind))
            write_bytes(written[-1], content)
        yield
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        if written and not any(run[ADDED].iterdir()):
            run[ADDED].rmdir()
        raise


def _file_in(place: Path, kind: str) -> Path:
    """Return the record of a kind that a person named by its folder, or itself."""
    path = place / f"{kind}.json" if place.is_dir() else place
    if path.is_file():
        return path
    other = "comparison" if kind == "stress" else "stress"
    if (place / f"{other}.json").is_file():
        raise RunError(f"there is no {path}, but a {other}.json", f"--{other} {place}")
    runs = "RUN" if kind == "stress" else "RUN RUN"
    verb = "stress" if kind == "stress" else "compare"
    raise RunError(f"there is no {path}", f"mekiki {verb} {runs} --out FOLDER makes such a folder")


def _next_free(run: RunFolder, kind: str) -> Path:
    numbers = [int(path.stem.rpartition("-")[2]) for known, path in _files(run) if known == kind]
    return run[ADDED] / f"{kind}-{max(numbers, default=0) + 1}.json"
