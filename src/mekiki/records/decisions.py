"""``decisions.csv``: what a person decided about single photos, one line each; undone by removing the line.

Columns are path and action, and as needed value, other and reason. It is written by hand, by ``scan --accept`` and by
the report's page; lines and columns that somebody else wrote stay as they are when lines are added or removed. Several
writers may add and remove at once (``locking.py``); an editor that has the file open knows nothing of that. Which
photo a path means and what a decision does is for ``data/decisions/deciding.py``.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import typing
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mekiki.errors import DataError, unknown_name
from mekiki.files import write_text
from mekiki.records.findings import FINDING_MEANINGS
from mekiki.records.locking import locked
from mekiki.records.tables import delimiter_of, read_numbered_rows, write_rows

DECISIONS = "decisions.csv"

DecisionAction = Literal["exclude", "keep", "relabel", "group"]
ACTION_MEANINGS: dict[DecisionAction, str] = {
    "exclude": "leave the photo out of everything",
    "keep": "the finding is right and the photo stays as it is: say no more of it",
    "relabel": "the photo is of the class in value",
    "group": "photos with the same value stay on one side of a split",
}

_NEEDED = {"relabel": "the class", "group": "the group's name"}
_EXCEL_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Decision:
    """One line.

    Attributes:
        path: A photo, relative to the data root, with "/"; for the finding imbalance the class name.
        action: A key of ``ACTION_MEANINGS``.
        value: relabel: the class. group: the group's name. keep: a kind of finding, or empty for all kinds.
            exclude: free words.
        other: keep: what the finding names as its other photo or class, or empty for any.
        reason: Free words.
    """

    path: str
    action: DecisionAction
    value: str = ""
    other: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    path: str
    action: str
    value: str = ""
    other: str = ""
    reason: str = ""


def read_decisions(path: Path) -> list[Decision]:
    """Read what was decided, in file order; lines without anything in them are passed over.

    Args:
        path: The file, UTF-8 with a header line.

    Raises:
        DataError: The file cannot be read or lacks a column, or a line lacks its path or value, or names an action or
            a kind of finding that there is not (row named).
    """
    return [decision for _, decision in _read_numbered(path)]


def write_decisions(path: Path, decisions: Sequence[Decision]) -> None:
    """Write a new file, or replace one."""
    write_rows(path, decisions, Decision)


def append_decisions(path: Path, new: Sequence[Decision]) -> list[Decision]:
    """Add lines at the end; the lines that are there keep their order, columns and words.

    The file is made if it is not there and there is something to add.

    Args:
        path: The file.
        new: What was decided; what the file says already is not added again, whatever the reason given there.

    Returns:
        Those that were added.

    Raises:
        DataError: The file is there, but cannot be read; see ``read_decisions``.
        MekikiError: Another writer does not let go of it.
    """
    with locked(path):
        return _append(path, new)


def remove_decision(path: Path, decision: Decision) -> bool:
    """Undo a decision: remove the last line that is equal to it; what was decided before it holds again.

    All else in the file stays as it is, to the byte; the header stays, too.

    Args:
        path: The file; it need not be there.
        decision: As ``read_decisions`` gives it; spaces at the ends of its words do not count.

    Returns:
        Whether there was such a line.

    Raises:
        DataError: The file is there, but cannot be read; see ``read_decisions``.
        MekikiError: Another writer does not let go of it.
    """
    wanted = Decision(*(word.strip() for word in dataclasses.astuple(decision)))
    with locked(path):
        numbers = [number for number, said in _read_numbered(path) if said == wanted] if path.exists() else []
        if numbers:
            write_text(path, _without_row(path.read_bytes().decode("utf-8"), numbers[-1]))
    return bool(numbers)


def _append(path: Path, new: Sequence[Decision]) -> list[Decision]:
    said = dict(map(_meaning, read_decisions(path) if path.exists() else []))
    added: list[Decision] = []
    for decision in new:
        question, answer = _meaning(decision)
        if said.get(question) != answer:
            said[question] = answer
            added.append(decision)
    if added and not path.exists():
        write_decisions(path, added)
    elif added:
        write_text(path, _with_lines(path.read_bytes().decode("utf-8"), added))
    return added


def in_force(decisions: Sequence[Decision]) -> list[Decision]:
    """Return the decisions that hold: of two that contradict each other, the later one.

    Two classes for one photo are a contradiction, and so are an ``exclude`` and a ``keep`` without value and other.
    """
    return list({_meaning(decision)[0]: decision for decision in decisions}.values())


def plain_path(path: str) -> str:
    r"""Return a path as it is compared: one spelling of Unicode, "/" for "\\"."""
    return unicodedata.normalize("NFC", path).replace("\\", "/")


def _read_numbered(path: Path) -> list[tuple[int, Decision]]:
    """Return the decisions of a file, each with the number of the line that it begins in."""
    lines = [(number, _stripped(line)) for number, line in read_numbered_rows(path, _Line)]
    return [(number, _checked(path, number, line)) for number, line in lines if any(dataclasses.astuple(line))]


def _stripped(line: _Line) -> _Line:
    return _Line(*(cell.strip() for cell in dataclasses.astuple(line)))


def _checked(path: Path, number: int, line: _Line) -> Decision:
    place = f"{path}, row {number}"
    if not line.path:
        raise DataError(f"{place} has no path", "name the photo as findings.csv does, relative to the folder of photos")
    action = next((known for known in ACTION_MEANINGS if known == line.action.casefold()), None)
    if action is None:
        raise _unknown(place, "action", line.action, list(ACTION_MEANINGS))
    value = line.value
    if action in _NEEDED and not value:
        raise DataError(f"{place}: {action} needs {_NEEDED[action]} in the column 'value'", f"{line.path},{action},…")
    if action == "keep":
        value = value.casefold()
        if value and value not in FINDING_MEANINGS:
            raise _unknown(place, "kind of finding", line.value, list(FINDING_MEANINGS))
    return Decision(line.path, action, value, line.other, line.reason)


def _unknown(place: str, what: str, name: str, known: list[str]) -> DataError:
    """Name what is not known, all that is known, and the nearest of it."""
    nearest = unknown_name(what, name.casefold(), known).hint
    all_known = "known: " + ", ".join(known)
    hint = all_known if nearest == all_known else f"{nearest} {all_known}"
    return DataError(f"{place}: there is no {what} {name!r}", hint)


def _meaning(decision: Decision) -> tuple[tuple[str, ...], str]:
    """Return the question that a line answers, and its answer.

    Which photo of a kept pair is named first does not matter, nor does the reason.
    """
    path, other = plain_path(decision.path), plain_path(decision.other)
    match decision.action:
        case "exclude":
            return ("use", path), "no"
        case "keep" if not decision.value and not other:
            return ("use", path), "yes"
        case "keep":
            return ("keep", decision.value, *(sorted((path, other)) if other else (path,))), "yes"
        case "relabel":
            return ("relabel", path), unicodedata.normalize("NFC", decision.value)
        case _:
            return ("group", path, unicodedata.normalize("NFC", decision.value)), "yes"


def _with_lines(text: str, added: Sequence[Decision]) -> str:
    """Return a file's text with lines added in its own columns; columns that it lacks are put behind the others."""
    mark = _EXCEL_MARK if text.startswith(_EXCEL_MARK) else ""
    delimiter = delimiter_of(text.removeprefix(mark))
    rows = list(csv.reader(io.StringIO(text.removeprefix(mark), newline=""), delimiter=delimiter))
    header = next(row for row in rows if row)
    columns = [name.strip() for name in header]
    header += [name for name in typing.get_type_hints(Decision) if name not in columns]
    rows += [[str(getattr(decision, name.strip(), "")) for name in header] for decision in added]
    buffer = io.StringIO(newline="")
    ends = "\r\n" if "\r\n" in text else "\n"
    csv.writer(buffer, delimiter=delimiter, lineterminator=ends).writerows(rows)
    return mark + buffer.getvalue()


def _without_row(text: str, number: int) -> str:
    """Return a file's text without the row that begins in a line; quoted values may go over several lines."""
    lines = io.StringIO(text, newline="").readlines()
    after = csv.reader(lines[number - 1 :], delimiter=delimiter_of(text.removeprefix(_EXCEL_MARK)))
    next(after)
    return "".join(lines[: number - 1] + lines[number - 1 + after.line_num :])
