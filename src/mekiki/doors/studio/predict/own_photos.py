"""A run's own test photos, chosen by chance, and the note in the run that one of them was looked at."""

from __future__ import annotations

from pathlib import Path

from mekiki.data.pictures import read_file
from mekiki.doors.studio.predict.sheets import Sheet, Sheets
from mekiki.doors.studio.workspace import Workspace
from mekiki.errors import DataError, PictureError
from mekiki.records.run import RunFolder, photo_root, read_config
from mekiki.records.split import read_split
from mekiki.seeds import stream


def open_own_photo(workspace: Workspace, sheets: Sheets, run: RunFolder, chance: int) -> Sheet:
    """Make a sheet of one of a run's test photos, or of its val photos if it has no test part.

    Args:
        workspace: The photo must lie in one of its roots.
        sheets: Where pictures are held.
        run: The run.
        chance: Another number is another photo.

    Raises:
        DataError: The run has no such photos, or they are not in a root, or cannot be read.
    """
    split = read_split(run.split)
    rows = split.part("test") or split.part("val")
    if not rows:
        raise DataError(f"{run.path} has neither test nor val photos")
    row = rows[int(stream(0, "studio own photo", chance).integers(len(rows)))]
    place = workspace.inside(photo_root(read_config(run)) / row.path)
    try:
        content = read_file(place)
    except PictureError as error:
        raise PictureError(f"{place} {error.message}", error.hint) from None
    return sheets.open(content, row.path, row.label)


def record_look(path: Path, sheet: Sheet) -> None:
    """Write down in a run that a picture was explained, once, if it is one of its test photos; see ``explain``.

    Args:
        path: The run.
        sheet: The picture, with what the run says of it.

    Raises:
        OSError: The run cannot be written to.
    """
    from mekiki.evaluation.parts import record_pictures

    if path not in sheet.recorded:
        record_pictures(RunFolder(path), [sheet.picture.content], [sheet.clean[path].label])
        sheet.recorded.add(path)
