"""Small pictures for the data page: those that scans remember, else made now and remembered.

The memory of a data root is used by one thread alone, as it asks for; pictures are decoded by those who wait for them,
a few at a time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mekiki.data.copies.hashing import sha256_of
from mekiki.data.pictures import read_file, read_picture
from mekiki.data.scans.crew import all_cores
from mekiki.data.scans.remembering import Memory, open_memory
from mekiki.reports.thumbnails import SMALL_SIDE, make_thumbnail

_ROOTS_OPEN = 4


class Thumbnails:
    """Small pictures of the photos of any root.

    Args:
        max_megapixels: A picture with more is refused before it is decoded, millions.
    """

    def __init__(self, max_megapixels: float) -> None:
        self._max_megapixels = max_megapixels
        self._rememberer = ThreadPoolExecutor(1, thread_name_prefix="thumbnails")
        self._decoding = threading.BoundedSemaphore(max(1, all_cores()))
        self._open: OrderedDict[Path, Memory] = OrderedDict()

    def get(self, root: Path, path: Path, sha256: str) -> bytes:
        """Return a WebP file of at most 112 pixels a side.

        Args:
            root: The data root, whose memory is asked.
            path: The photo.
            sha256: Of its bytes when it was scanned; empty if that is not known.

        Raises:
            PictureError: It cannot be read.
        """
        kept = self._rememberer.submit(self._recall, root, sha256).result() if sha256 else None
        if kept is not None:
            return kept
        with self._decoding:
            content = read_file(path)
            picture = read_picture(content, max_megapixels=self._max_megapixels, at_least=SMALL_SIDE)
            made = make_thumbnail(picture)
        self._rememberer.submit(self._keep, root, sha256_of(content), made)
        return made

    def _recall(self, root: Path, sha256: str) -> bytes | None:
        return self._memory(root).thumbnail(sha256)

    def _keep(self, root: Path, sha256: str, content: bytes) -> None:
        self._memory(root).keep_thumbnails({sha256: content})

    def _memory(self, root: Path) -> Memory:
        """Return an open memory; only ever called in the one thread."""
        if root not in self._open:
            self._open[root] = open_memory(root, True, lambda line: None).__enter__()
        self._open.move_to_end(root)
        while len(self._open) > _ROOTS_OPEN:
            self._open.popitem(last=False)[1].__exit__()
        return self._open[root]
