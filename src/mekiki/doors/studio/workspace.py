"""The studio's folders: where its own files lie, and which others it may look into.

Every path that comes from a browser goes through ``Workspace.inside``: it must lie in a chosen root, and no part of it
below the root may be a link, so that nothing outside can be shown or written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mekiki.data.folders import absolute_path, list_kinds
from mekiki.errors import DataError
from mekiki.records.run import is_run_folder

_DEEPEST = 3
_MOST_LOOKED_AT = 2_000
_OWN = ("photos", "runs", "scans", "jobs", "audits", "comparisons")


@dataclass(frozen=True)
class Workspace:
    """Where things are.

    Attributes:
        home: The studio's own folder; what it makes lies here.
        roots: Folders that photos and runs may be chosen from; ``home`` is always among them.
    """

    home: Path
    roots: tuple[Path, ...]

    @property
    def photos(self) -> Path:
        return self.home / "photos"

    @property
    def runs(self) -> Path:
        return self.home / "runs"

    @property
    def scans(self) -> Path:
        return self.home / "scans"

    @property
    def jobs(self) -> Path:
        return self.home / "jobs"

    @property
    def audits(self) -> Path:
        return self.home / "audits"

    @property
    def comparisons(self) -> Path:
        return self.home / "comparisons"

    def inside(self, named: str | Path) -> Path:
        """Return a path that lies in one of the roots.

        Args:
            named: An absolute path, as a browser names it.

        Raises:
            DataError: It lies elsewhere, or leads through a link; whether it exists is not told.
        """
        path = absolute_path(Path(named))
        for root in self.roots:
            if path == root or root in path.parents:
                if _leads_through_link(path, root):
                    raise DataError(f"{path} leads through a link, and links are not followed here", "copy the files")
                return path
        raise DataError(
            f"{path} is in none of the folders that this studio may look into",
            f"start it with: mekiki studio {path}",
        )

    def new(self, place: Path, name: str) -> Path:
        """Return a path for something new: the name, or the name with the next free number.

        Args:
            place: One of the studio's own folders.
            name: What a person typed; what cannot be part of a file name becomes "-".
        """
        plain = plain_name(name)
        path, number = place / plain, 2
        while path.exists() or path.is_symlink():
            path, number = place / f"{plain}-{number}", number + 1
        return path

    def find_runs(self) -> list[Path]:
        """Return all run folders in the roots, at most three folders deep, the newest first."""
        found = {path for root in self.roots for path in _runs_below(root)}
        return sorted(found, key=_changed, reverse=True)

    def find_photos(self) -> list[Path]:
        """Return folders that can be chosen as photos at once: those sent by a browser, and the roots' own."""
        sent = [path for path, is_folder in list_kinds(self.photos) if is_folder] if self.photos.is_dir() else []
        others = [root for root in self.roots if root != self.home and not is_run_folder(root)]
        return [*sorted(sent, key=_changed, reverse=True), *others]


def open_workspace(home: Path, roots: tuple[Path, ...]) -> Workspace:
    """Make the studio's folder, if it is not there, and settle the roots.

    Args:
        home: The studio's own folder.
        roots: Other folders that may be looked into.

    Raises:
        DataError: A root is no folder.
    """
    for root in roots:
        if not root.is_dir():
            raise DataError(f"there is no folder {root}", "name folders of photos, or of runs")
    home.mkdir(parents=True, exist_ok=True)
    home = home.resolve()
    for name in _OWN:
        (home / name).mkdir(exist_ok=True)
    return Workspace(home, tuple(dict.fromkeys((home, *(root.resolve() for root in roots)))))


def plain_name(name: str) -> str:
    """Return a name that can be a folder's on every system; "unnamed" if nothing is left of it."""
    plain = re.sub(r'[\x00-\x1f<>:"/\\|?*\s]+', "-", name).strip("-. ")[:80]
    return plain or "unnamed"


def _leads_through_link(path: Path, root: Path) -> bool:
    below = [path, *path.parents]
    return any(part.is_symlink() for part in below[: below.index(root)])


def _runs_below(folder: Path, depth: int = 0) -> Iterator[Path]:
    if is_run_folder(folder):
        yield folder
        return
    if depth == _DEEPEST:
        return
    try:
        inside = list_kinds(folder)[:_MOST_LOOKED_AT]
    except OSError:
        return
    for path, is_folder in inside:
        if is_folder and not path.is_symlink():
            yield from _runs_below(path, depth + 1)


def _changed(path: Path) -> float:
    try:
        return os.stat(path).st_mtime  # noqa: PTH116  one call, and it may fail
    except OSError:
        return 0.0
