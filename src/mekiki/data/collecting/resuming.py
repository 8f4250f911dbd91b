"""What an earlier run left: which lines of the list are done, so that nothing is asked for twice.

A photo counts as there while its file exists. One whose size has changed since was edited by somebody, and stays
theirs, unless it cannot be read any more; then the photo is fetched again and put beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mekiki.data.pictures import read_picture
from mekiki.errors import PictureError
from mekiki.records.collected import CollectedPhoto

CHANGED = "changed since it was collected; left as it is"
FINAL = ("missing", "no_picture")


def resume(
    out: Path, wanted: Sequence[CollectedPhoto], earlier: Sequence[CollectedPhoto]
) -> tuple[list[CollectedPhoto], list[CollectedPhoto], list[int]]:
    """Lay the records of an earlier run under the list.

    Args:
        out: The folder.
        wanted: The list.
        earlier: The records that lie in the folder.

    Returns:
        The records of the list's lines as far as they are known; photos of former lists that are still there; the
        lines, counted from 0, that are to be asked for.
    """
    known: dict[tuple[str, str], CollectedPhoto] = {}
    for record in earlier:
        known.setdefault((record.url, record.label), record)
    there = {key: record for key, record in known.items() if record.status == "ok" and _is_there(out, record)}
    held = {(record.label, record.sha256) for record in there.values()}
    listed = {(record.url, record.label) for record in wanted}
    records, todo = [], []
    for number, line in enumerate(wanted):
        before = known.get((line.url, line.label))
        if line.status != "failed":
            records.append(line)
        elif before is not None and _is_done(before, there, held):
            marked = _as_found(out, before)
            records.append(replace(marked, licence=line.licence or before.licence, group=line.group or before.group))
        else:
            records.append(line)
            todo.append(number)
    former = [_as_found(out, record) for key, record in there.items() if key not in listed]
    return records, former, todo


def _is_done(record: CollectedPhoto, there: dict[tuple[str, str], CollectedPhoto], held: set[tuple[str, str]]) -> bool:
    if record.status == "duplicate":
        return (record.label, record.sha256) in held
    return record.status in FINAL or (record.url, record.label) in there


def _is_there(out: Path, record: CollectedPhoto) -> bool:
    """Tell whether a photo's file is there, as it came or as somebody changed it."""
    path = out / record.path
    if not record.path or not path.is_file():
        return False
    if path.stat().st_size == record.bytes:
        return True
    try:
        read_picture(path)
    except PictureError:
        return False
    return True


def _as_found(out: Path, record: CollectedPhoto) -> CollectedPhoto:
    if record.status != "ok" or (out / record.path).stat().st_size == record.bytes:
        return record
    return replace(record, reason=CHANGED)
