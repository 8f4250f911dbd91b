"""Applies ``decisions.csv`` to what was found: photos left out, other labels, groups, findings that are settled.

Nothing on disk is changed, and a removed line is undone by the next scan. A photo is excluded whatever its label; a
relabelled one must get a class that has photos. ``keep`` only ends the talk of a finding: two photos that are kept
stay on one side of a split if they are copies. Lines about photos that are not there are told, not refused, since
files get moved. How a line reads and which of two contradicting ones holds is in ``records/decisions.py``.
"""

from __future__ import annotations

import difflib
import posixpath
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mekiki.data.folders import absolute_path
from mekiki.data.importing.found import Entry, Found
from mekiki.errors import DataError, unknown_name
from mekiki.records.decisions import DECISIONS, Decision, in_force, plain_path, read_decisions
from mekiki.records.findings import Finding, FindingKind

_OF_TWO_PHOTOS: tuple[FindingKind, ...] = ("exact_duplicate", "near_duplicate", "label_conflict")
_NAMED_AT_MOST = 3


@dataclass(frozen=True)
class Decided:
    """What was found, as decided.

    Attributes:
        found: The same entries in the same order, with labels and groups as decided; a class that is left without
            photos is gone.
        excluded: Photos that take no part in anything, and strays that are spoken of no more; paths as in the manifest.
        relabelled: Paths whose label was decided.
        kept: The ``keep`` lines that hold.
        decisions: Every line of the file, in its order; paths as in the manifest where they are in it.
        file: Where they were read; None if nothing was decided.
        notes: One line about the decisions whose photo is not there, if there are such.
    """

    found: Found
    excluded: frozenset[str] = frozenset()
    relabelled: frozenset[str] = frozenset()
    kept: tuple[Decision, ...] = ()
    decisions: tuple[Decision, ...] = ()
    file: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """How many photos the decisions concern, in one line; empty if there are none."""
        grouped = len({line.path for line in self.decisions if line.action == "group"})
        counts = {
            "excluded": sum(entry.path in self.excluded for entry in self.found.entries),
            "relabelled": len(self.relabelled),
            "kept": len(self.kept),
            "in groups": grouped,
        }
        words = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
        return f"{self.file.name}: {words}" if self.file and words else ""


def place_of_decisions(data: Path) -> Path:
    """Return where the decisions about a folder of photos or a CSV lie, whether they are there or not."""
    data = absolute_path(data)
    return (data.parent if data.is_file() else data) / DECISIONS


def find_decisions(data: Path, given: str | Path | None = None) -> Path | None:
    """Return the file that holds the decisions about some photos; None if nothing was decided.

    Args:
        data: The folder of photos or the CSV that lists them.
        given: A file that the user names; else it is looked for in the folder, or beside the CSV.

    Raises:
        DataError: The named file is not there.
    """
    if given is not None:
        if not Path(given).is_file():
            raise DataError(f"there is no file of decisions {given}", "name a CSV with path,action, or leave it out")
        return Path(given)
    place = place_of_decisions(data)
    return place if place.is_file() and place != absolute_path(data) else None


def decide(found: Found, file: Path | None, *, known_classes: Sequence[str] | None = None) -> Decided:
    """Apply what was decided to what was found.

    Args:
        found: From ``find_photos``.
        file: From ``find_decisions``; None: nothing was decided.
        known_classes: The classes of a trained model that the photos are to be scored on; they stay, used or not.

    Raises:
        DataError: The file cannot be read (see ``read_decisions``), a photo is relabelled to a class without photos,
            or fewer than two classes are left.
    """
    if file is None:
        return Decided(found)
    places = _Places(found)
    lines = [places.resolve(line) for line in read_decisions(file)]
    holding = in_force([line for line in lines if places.knows(line)])
    excluded = frozenset(line.path for line in holding if line.action == "exclude")
    labels = _decided_labels(found, file, holding)
    groups: dict[str, list[str]] = {}
    for line in holding:
        if line.action == "group":
            groups.setdefault(line.path, []).append(unicodedata.normalize("NFC", line.value))
    entries = tuple(_changed(entry, labels, groups) for entry in found.entries)
    classes = found.classes if known_classes is not None else _classes_left(found, entries, excluded, file)
    return Decided(
        found=replace(found, entries=entries, classes=classes),
        excluded=excluded,
        relabelled=frozenset(labels),
        kept=tuple(line for line in holding if line.action == "keep"),
        decisions=tuple(lines),
        file=file,
        notes=tuple(_missing([line for line in lines if not places.knows(line)], found, file)),
    )


def without_kept(findings: Iterable[Finding], decided: Decided) -> list[Finding]:
    """Return the findings that are not settled.

    Settled is what a ``keep`` covers, whatever names an excluded photo, and a doubt about a label that was decided.
    """
    keeps: dict[str, list[Decision]] = {}
    for line in decided.kept:
        keeps.setdefault(line.path, []).append(line)
    return [finding for finding in findings if not _is_settled(finding, keeps, decided)]


def _is_settled(finding: Finding, keeps: dict[str, list[Decision]], decided: Decided) -> bool:
    if finding.kind == "label_error" and finding.path in decided.relabelled:
        return True
    ends = [(finding.path, finding.other)]
    if finding.kind in _OF_TWO_PHOTOS:
        ends.append((finding.other, finding.path))
    return any(
        path in decided.excluded
        or any(line.value in ("", finding.kind) and line.other in ("", other) for line in keeps.get(path, ()))
        for path, other in ends
    )


class _Places:
    """Knows which photo, stray or class a path in a decision means, however it is spelt."""

    def __init__(self, found: Found) -> None:
        self._root = plain_path(found.root.as_posix()).rstrip("/") + "/"
        self._photos = {entry.path for entry in found.entries}
        self._strays = {stray.path for stray in found.strays}
        self._classes = set(found.classes)
        names = (*self._classes, *self._strays, *self._photos)
        self._names = {plain_path(name).strip(): name for name in names} | {plain_path(name): name for name in names}

    def resolve(self, line: Decision) -> Decision:
        """Return the line with its paths as the manifest writes them, where they are in it."""
        return replace(line, path=self._name(line.path), other=line.other and self._name(line.other))

    def knows(self, line: Decision) -> bool:
        """Tell whether there is something that a resolved line can be about.

        A stray can be settled, not labelled; a class can be kept (its imbalance), not excluded as a whole.
        """
        return (
            line.path in self._photos
            or (line.action in ("exclude", "keep") and line.path in self._strays)
            or (line.action == "keep" and line.path in self._classes)
        )

    def _name(self, path: str) -> str:
        plain = plain_path(path).removeprefix(self._root)
        return self._names.get(plain) or self._names.get(posixpath.normpath(plain), path)


def _decided_labels(found: Found, file: Path, lines: Iterable[Decision]) -> dict[str, str]:
    known = {name.strip(): name for name in (*(entry.label for entry in found.entries), *found.classes)}
    labels: dict[str, str] = {}
    for line in lines:
        if line.action == "relabel":
            name = unicodedata.normalize("NFC", line.value)
            if name not in known:
                hint = unknown_name("class", name, sorted(known)).hint
                raise DataError(f"{file} relabels {line.path} to {name!r}, but there is no such class", hint)
            labels[line.path] = known[name]
    return labels


def _changed(entry: Entry, labels: dict[str, str], groups: dict[str, list[str]]) -> Entry:
    """Return the entry as decided."""
    if entry.path not in labels and entry.path not in groups:
        return entry
    together = tuple(dict.fromkeys((*entry.groups, *groups.get(entry.path, ()))))
    return replace(entry, label=labels.get(entry.path, entry.label), groups=together)


def _classes_left(found: Found, entries: Sequence[Entry], excluded: Collection[str], file: Path) -> tuple[str, ...]:
    used = {entry.label for entry in entries if entry.path not in excluded}
    classes = tuple(name for name in found.classes if name in used)
    if len(classes) < 2:
        left = f"only the class {classes[0]!r}" if classes else "no photos"
        raise DataError(
            f"{file} leaves {left}; a classifier needs two classes or more", "remove lines from it that go too far"
        )
    return classes


def _missing(lines: Sequence[Decision], found: Found, file: Path) -> list[str]:
    """Say in one line which decisions are about nothing that is there."""
    if not lines:
        return []
    named = ", ".join(_with_nearest(line.path, found) for line in lines[:_NAMED_AT_MOST])
    more = f" and {len(lines) - _NAMED_AT_MOST:,} more" if len(lines) > _NAMED_AT_MOST else ""
    words = "1 line" if len(lines) == 1 else f"{len(lines):,} lines"
    return [f"{words} of {file.name} about photos that are not there: {named}{more}"]


def _with_nearest(path: str, found: Found) -> str:
    """Return a path with the photo that may be meant: one of the same name elsewhere, or a like name beside it."""
    if path in found.classes:
        return f"{path} (a class: name its photos one by one)"
    plain = plain_path(path)
    folder, _, name = plain.rpartition("/")
    paths = [entry.path for entry in found.entries]
    near = [other for other in paths if f"/{plain}".casefold().endswith(f"/{other}".casefold())]
    near = near or [other for other in paths if other.rpartition("/")[2] == name][:2]
    if not near:
        beside = [other for other in paths if other.rpartition("/")[0] == folder]
        near = difflib.get_close_matches(path, beside, n=1, cutoff=0.8)
    return f"{path} (did you mean {' or '.join(near)}?)" if near else path
