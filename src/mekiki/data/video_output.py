"""Writes videos: pages at their times become a file of a constant rate, whose length is that of what was watched."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mekiki.data.videos import QUIET, VideoFile
from mekiki.errors import DataError, MekikiError, SettingsError

CODECS = {".mp4": "mp4v", ".m4v": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "MJPG", ".webm": "VP80"}
"""By the file's ending."""
_HIGHEST_EXACT_RATE = 65.0
"""MPEG-4 counts time in 65,535ths of a second at most; higher rates become whole numbers."""


def check_video_name(option: str, path: Path) -> None:
    """Refuse a name that no video can be written under.

    Args:
        option: What the person called it, such as ``--explain``.
        path: The name.

    Raises:
        SettingsError: The ending is that of no video that can be written.
    """
    if path.suffix.lower() not in CODECS:
        raise SettingsError(
            f"{option} {path} does not end like a video that can be written", f"one of {', '.join(CODECS)}"
        )


class VideoOutput:
    """A video that is being written.

    Args:
        path: The file to create; what is there is replaced.
        size: Width and height, both even, pixels.
        rate: Frames a second.

    Attributes:
        rate: Frames a second, rounded to what the format can say.

    Raises:
        MekikiError: The file cannot be written, or OpenCV here has no encoder for it.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate: float) -> None:
        self.path = path
        self.rate = round(rate, 2) if rate <= _HIGHEST_EXACT_RATE else float(round(rate))
        self._written = 0
        self._last: NDArray[np.uint8] | None = None
        codec = cv2.VideoWriter.fourcc(*CODECS[path.suffix.lower()])
        with QUIET, _silent_stderr():
            self._writer = cv2.VideoWriter(str(path.absolute()), cv2.CAP_FFMPEG, codec, self.rate, size)
        if not self._writer.isOpened():
            raise MekikiError(f"OpenCV cannot write a {path.suffix} video on this machine", "try .avi or .mp4")

    def write(self, page: NDArray[np.uint8], seconds: float) -> None:
        """Write a page at its time; the one before stands until then, and of two at the same time the first counts.

        Args:
            page: (height, width, 3) RGB of the video's size.
            seconds: Since the start, never less than before.
        """
        place = round(seconds * self.rate)
        if place < self._written:
            return
        if self._last is not None:
            for _ in range(place - self._written):
                self._put(self._last)
        self._last = np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2BGR), dtype=np.uint8)
        self._put(self._last)

    def _put(self, picture: NDArray[np.uint8]) -> None:
        self._writer.write(picture)
        self._written += 1

    def release(self) -> None:
        """Let the file go as it is."""
        self._writer.release()

    def finish(self) -> None:
        """Close the file and see that it is whole: OpenCV says nothing when a disk is full.

        Raises:
            MekikiError: It is not.
        """
        self.release()
        try:
            with VideoFile(self.path, max_megapixels=1e6) as written:
                frames = written.facts.frames
        except DataError:
            frames = 0
        if frames is not None and frames < 0.9 * self._written:
            raise MekikiError(
                f"the video could not be written: of {self._written:,} frames {frames:,} are there",
                "see whether the disk is full",
            )


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Hold back what the encoders print while they open: they know no levels, and WebM always has something to say."""
    try:
        kept = os.dup(2)
    except OSError:
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
