"""``mekiki unpack``: a zip of photos becomes a folder of photos, all of it or nothing."""

from __future__ import annotations

from pathlib import Path

from mekiki.config import UnpackSettings
from mekiki.data.importing import unpacking
from mekiki.data.importing.unpacking import Unpacked
from mekiki.progress import Progress, Silent


def unpack(
    archive: str | Path,
    out: str | Path,
    settings: UnpackSettings | None = None,
    progress: Progress | None = None,
) -> Unpacked:
    """Unpack the photos of a zip into a new folder, in the folders that they lie in there.

    Kept are files that are pictures by their first bytes, and tables that may give labels: a CSV or ``classes.txt`` at
    the top. If everything lies in one folder that holds two or more folders of photos, that one is left away.

    Args:
        archive: The zip; it may come from anybody.
        out: The folder to make; it does not exist, or is empty. If anything is refused nothing is left there.
        settings: The limits, and how names are written.
        progress: Where to report to.

    Returns:
        What was kept, and what was left out and why.

    Raises:
        DataError: The zip cannot be read, holds no pictures or too much, or has an entry that is encrypted, a link, or
            of a name that leads elsewhere, cannot be written, or stands for the same file as another.
        SettingsError: ``out`` is a file, or holds something already.
    """
    settings = UnpackSettings() if settings is None else settings
    return unpacking.unpack(Path(archive), Path(out), settings, Silent() if progress is None else progress)
