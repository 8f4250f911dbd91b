"""Small pictures for the page of a scan: remembered from an earlier one, or made now by several threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from mekiki.config import ScanSettings
from mekiki.data.copies.hashing import sha256_of
from mekiki.data.pictures import read_file, read_picture
from mekiki.data.scans.crew import all_cores
from mekiki.data.scans.remembering import open_memory
from mekiki.errors import PictureError
from mekiki.progress import Progress
from mekiki.records.manifest import Manifest
from mekiki.reports.thumbnails import SMALL_SIDE, make_thumbnail

_AT_ONCE = 64


def gather_thumbnails(
    manifest: Manifest, paths: Sequence[str], settings: ScanSettings, progress: Progress
) -> Callable[[str], bytes | None]:
    """Make the small pictures of some photos, at about 1.5 kB each.

    Args:
        manifest: Of a scan.
        paths: Which photos.
        settings: Those of the scan.
        progress: Told how far it is.

    Returns:
        Path → the small picture; None if the photo cannot be read any more or was not among these.
    """
    fingerprints = {photo.path: photo.sha256 for photo in manifest.photos}
    thumbnails: dict[str, bytes | None] = {}

    def make(path: str) -> tuple[str, bytes | None]:
        try:
            content = read_file(manifest.root / path)
            picture = read_picture(content, max_megapixels=settings.max_megapixels, at_least=SMALL_SIDE)
        except PictureError:
            return "", None
        return sha256_of(content), make_thumbnail(picture)

    with open_memory(manifest.root, settings.remember, progress.say) as memory:
        for path in paths:
            thumbnails[path] = memory.thumbnail(fingerprints[path]) if fingerprints[path] else None
        missing = [path for path in paths if thumbnails[path] is None]
        with progress.task("Small pictures", len(missing)) as task, ThreadPoolExecutor(all_cores()) as pool:
            for start in range(0, len(missing), _AT_ONCE):
                some = missing[start : start + _AT_ONCE]
                new = {}
                for path, (sha256, content) in zip(some, pool.map(make, some), strict=True):
                    thumbnails[path] = content
                    if content is not None:
                        new[sha256] = content
                memory.keep_thumbnails(new)
                task.advance(len(some))
    return thumbnails.get
