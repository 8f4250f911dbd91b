"""Walks folders: which files a person means, in an order that is the same on every system.

Hidden files and the litter of operating systems are passed over silently. Links are followed, but no real folder is
entered twice in one walk, so that a loop of links ends. No file is opened here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mekiki.data.pictures import PICTURE_ENDINGS
from mekiki.records.manifest import natural_key

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_LITTER = frozenset({"thumbs.db", "desktop.ini", "__macosx", "icon\r", "@eadir", "$recycle.bin", "ehthumbs.db"})


def is_picture_name(path: Path) -> bool:
    """Tell whether a file's name ends like a picture's."""
    return path.suffix.lower() in PICTURE_ENDINGS


def list_visible(folder: Path) -> list[Path]:
    """Return what lies in a folder, without hidden files, in natural order."""
    found = [path for path in folder.iterdir() if not is_litter(path.name)]
    return sorted(found, key=lambda path: natural_key(path.name))


def is_litter(name: str) -> bool:
    """Tell whether a name is hidden or an operating system's litter."""
    return name.startswith(".") or name.lower() in _LITTER


def list_kinds(folder: Path) -> list[tuple[Path, bool]]:
    """Return what lies in a folder as ``list_visible`` does, each with whether it is a folder.

    Most systems tell that in the listing itself, so that not every file has to be asked.
    """
    with os.scandir(folder) as inside:
        found = [(entry.name, _is_folder(entry)) for entry in inside if not is_litter(entry.name)]
    found.sort(key=lambda entry: natural_key(entry[0]))
    return [(folder / name, is_folder) for name, is_folder in found]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell what a link leads to; what cannot be asked is taken as a file."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def walk(folder: Path, above: Path | None = None) -> Iterator[Path]:
    """Yield every file below a folder that is not hidden, in natural order.

    Args:
        folder: Where to begin; what the system does not let us list yields nothing.
        above: A folder that links must not lead back to.
    """
    yield from _walk(folder, set() if above is None else {above.resolve()})


def _walk(folder: Path, entered: set[Path]) -> Iterator[Path]:
    try:
        real = folder.resolve()
        if real in entered:
            return
        entered.add(real)
        inside = list_kinds(folder)
    except (OSError, RuntimeError):
        return
    for path, is_folder in inside:
        if is_folder:
            yield from _walk(path, entered)
        else:
            yield path


def holds_pictures(folder: Path) -> bool:
    """Tell whether a file named like a picture lies anywhere below a folder."""
    return any(is_picture_name(path) for path in walk(folder, above=folder.parent))


def is_address(place: str) -> bool:
    """Tell an address (``https://…``, ``s3://…``) from a path; a drive of Windows has one letter, no scheme has."""
    return _SCHEME.match(place) is not None


def place_of(root: Path, path: str) -> str:
    """Return where a photo lies: an address as it is, else a path of this machine.

    Args:
        root: The data root.
        path: Relative to it, absolute, or an address.
    """
    return path if is_address(path) else os.path.join(root, path)  # noqa: PTH118  a Path for each costs more


def absolute_path(path: Path) -> Path:
    """Return a path from the root of the file system, without ".."; links stay as they are named."""
    return Path(os.path.abspath(path))  # noqa: PTH100  Path.resolve follows links, and Path.absolute keeps ".."


def relative_name(path: Path, root: Path) -> str:
    """Return a path relative to a root, with "/" on every system; absolute if it lies outside."""
    name, above = path.as_posix(), root.as_posix().rstrip("/") + "/"
    if name.startswith(above):
        return name[len(above) :]
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return name


def short_names(places: Sequence[Path]) -> list[str]:
    """Return each folder's name, with as many folders above it as tell all apart."""
    longest = max((len(place.parts) for place in places), default=1)
    for depth in range(1, longest + 1):
        names = ["/".join(place.parts[-depth:]) for place in places]
        if len(set(names)) == len(names):
            return names
    return [str(place) for place in places]
