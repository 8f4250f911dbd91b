"""``mekiki cache``: what is kept in the user's cache folder, and how to be rid of it.

Everything there may be lost: it costs time at the next scan or training and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mekiki.errors import SettingsError
from mekiki.tensors.cache import clear, list_kept, pictures_folder


@dataclass(frozen=True)
class CachePart:
    """One kind of what is kept.

    Attributes:
        folder: Where it lies; it need not exist.
        files: How many there are.
        bytes: All together.
    """

    folder: Path
    files: int
    bytes: int


@dataclass(frozen=True)
class CacheUse:
    """What is kept in the user's cache folder.

    Attributes:
        scans: What scans remember of photos, a file for each data root.
        pictures: Decoded photos for training, a file for each.
        removed: Decoded photos that were removed just now.
    """

    scans: CachePart
    pictures: CachePart
    removed: CachePart


def cache(clear_pictures: bool = False) -> CacheUse:
    """Tell what is kept in the user's cache folder (``MEKIKI_CACHE``).

    Args:
        clear_pictures: Remove the decoded photos, also while a training uses them: it reads its photos again then.

    Returns:
        What is there now.

    Raises:
        SettingsError: The user has no cache folder.
    """
    folder = pictures_folder()
    if folder is None:
        raise SettingsError(
            "there is no cache: this user has no home folder", "set MEKIKI_CACHE to a folder to have one"
        )
    before = _pictures(folder)
    if clear_pictures:
        clear(folder)
    after = _pictures(folder)
    memories = folder.with_name("scans")
    sizes = [path.stat().st_size for path in memories.glob("*.sqlite")]
    removed = CachePart(folder, before.files - after.files, before.bytes - after.bytes)
    return CacheUse(CachePart(memories, len(sizes), sum(sizes)), after, removed)


def _pictures(folder: Path) -> CachePart:
    kept = list_kept(folder)
    return CachePart(folder, len(kept), sum(file.size for file in kept))
