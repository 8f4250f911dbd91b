"""Opens video files: the one door between a clip and its frames, for clips that may be broken, cut off or no videos.

A source is always an existing file, given to FFmpeg by its absolute path, and only if its first bytes are those of a
video container: no address, playlist, device or pipeline is ever opened. Frames come upright, in RGB. A frame that
cannot be decoded is an event and not an error. A frame that is damaged and can still be decoded is taken as it looks.
"""

from __future__ import annotations

import math
import os
import re
import threading
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from mekiki.errors import DataError
from mekiki.files import printable

VIDEO_ENDINGS = frozenset({".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv"})
BROKEN = "broken frame"
USUAL_RATE = 25.0
"""Frames a second where a source does not say, or says what cannot be."""
LONGEST_GAP_SECONDS = 60.0
"""A jump of the clip's own clock by more than this, or back, is a fault of the clock."""

_RATES = (1.0, 240.0)
_ATTEMPTS = 100
_CONTAINERS = (
    rb"....(ftyp|moov|mdat|free|skip|wide|pnot)",
    rb"RIFF....AVI ",
    rb"\x1aE\xdf\xa3",
    rb"0&\xb2u\x8ef\xcf\x11",
    rb"\x00\x00\x01[\xb3\xba]",
    rb"G.{187}G",
)


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a source says of itself.

    Attributes:
        width: Of the upright frames, pixels.
        height: Of the upright frames, pixels.
        rate: Frames a second, 1 to 240; 25 if the source does not say.
        frames: How many; None if that is not known.
    """

    width: int
    height: int
    rate: float
    frames: int | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    Attributes:
        index: Its number, counted from 0.
        seconds: Its time since the first frame.
        picture: (H, W, 3) uint8, upright RGB; None if it cannot be decoded.
        error: Why there is no picture; empty if there is one.
    """

    index: int
    seconds: float
    picture: NDArray[np.uint8] | None
    error: str = ""


class Footage(Protocol):
    """A video file or a camera, open for watching."""

    name: str
    facts: VideoFacts
    live: bool

    def frames(self) -> Generator[Frame]:
        """Yield the frames in order; of a camera the newest one each time."""

    def shortfall(self) -> str:
        """Return in words what was missing at the end; empty if nothing was."""

    def close(self) -> None:
        """Close the source."""


def is_video(path: str | Path) -> bool:
    """Tell by its ending whether a name is that of a video file."""
    return Path(path).suffix.lower() in VIDEO_ENDINGS


class VideoFile:
    """A video file, open for reading once from its start; use it in a ``with`` block.

    Args:
        path: The file.
        max_megapixels: Larger frames are refused, millions of pixels.

    Attributes:
        name: The path as it was given.
        facts: Size, rate and number of frames.
        live: False: a file waits.

    Raises:
        DataError: There is no such file, it is empty, it is no video, or none of its frames can be decoded.
    """

    live = False

    def __init__(self, path: str | Path, max_megapixels: float = 100.0) -> None:
        self.name = printable(str(path))
        self._limit = max_megapixels
        _check_file(Path(path), self.name)
        QUIET.__enter__()
        self._capture: cv2.VideoCapture | None = cv2.VideoCapture(str(Path(path).absolute()), cv2.CAP_FFMPEG)
        self._failed = 0
        self._seen = 0
        try:
            self.facts = self._read_facts()
            if not self._grab():
                raise DataError(f"{self.name} holds no frame that can be decoded", _ANOTHER)
        except BaseException:
            self.close()
            raise
        self._grabbed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the frames end."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None
            QUIET.__exit__()

    def frames(self) -> Generator[Frame]:
        """Yield the frames in order; one that cannot be decoded has an error and no picture."""
        clock = _Clock(self.facts.rate)
        while self._capture is not None and (self._grabbed or self._grab()):
            self._grabbed = False
            lost, self._failed = self._failed, 0
            begun = clock.now
            now = clock.tell(self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
            for number in range(lost):
                yield Frame(self._seen, begun + (now - begun) * (number + 1) / (lost + 1), None, BROKEN)
                self._seen += 1
            picture, error = self._retrieve()
            yield Frame(self._seen, now, picture, error)
            self._seen += 1

    def shortfall(self) -> str:
        """Return in words how many frames are missing from what the file promises; empty if next to none are."""
        promised = self.facts.frames
        if promised is None or promised - self._seen <= max(2, promised // 100):
            return ""
        return (
            f"{self.name} promises {promised:,} frames and gave {self._seen:,}: it is damaged, or was cut off, "
            "and the rest was not seen"
        )

    def _read_facts(self) -> VideoFacts:
        capture = self._capture
        if capture is None or not capture.isOpened():
            raise DataError(f"{self.name} cannot be read as a video: it is damaged, cut off or empty", _ANOTHER)
        width, height = (round(capture.get(each)) for each in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        if width * height > self._limit * 1e6:
            raise DataError(
                f"{self.name} has frames of {width * height / 1e6:.4g} megapixels; the limit is {self._limit:g}",
                "--max-megapixels with a higher limit",
            )
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        frames = round(count) if math.isfinite(count) and count >= 1 else None
        return VideoFacts(width, height, sensible_rate(capture.get(cv2.CAP_PROP_FPS)), frames)

    def _grab(self) -> bool:
        """Go to the next frame that can be decoded, and count those that cannot; False at the end."""
        for _ in range(_ATTEMPTS):
            if self._capture is not None and self._capture.grab():
                return True
            self._failed += 1
            promised = self.facts.frames
            if promised is None or self._seen + self._failed >= promised:
                break
        return False

    def _retrieve(self) -> tuple[NDArray[np.uint8] | None, str]:
        if self._capture is None:
            return None, BROKEN
        done, picture = self._capture.retrieve()
        if not done or picture is None:
            return None, BROKEN
        pixels = picture.shape[0] * picture.shape[1]
        if pixels > self._limit * 1e6:
            return None, f"has {pixels / 1e6:.4g} megapixels; the limit is {self._limit:g}"
        return upright_rgb(picture), ""


def sensible_rate(rate: float) -> float:
    """Return frames a second as a source says them; 25 where they cannot be."""
    return float(rate) if math.isfinite(rate) and _RATES[0] <= rate <= _RATES[1] else USUAL_RATE


def upright_rgb(picture: cv2.typing.MatLike) -> NDArray[np.uint8]:
    """Return OpenCV's blue, green, red, or its grey, as RGB (H, W, 3) uint8."""
    order = cv2.COLOR_GRAY2RGB if picture.ndim == 2 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(picture, order), dtype=np.uint8)


def _check_file(path: Path, name: str) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise DataError(f"{name}: the name is no text, and OpenCV could not open it", "rename the file") from None
    try:
        if path.is_dir():
            raise DataError(f"{name} is a folder, not a video", "name a video file")
        if not path.is_file():
            raise DataError(f"there is no video file {name}", "name a video file, or the number of a camera")
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise DataError(f"{name} cannot be opened: {error.strerror or error}", "choose another file") from None
    if not start:
        raise DataError(f"{name} is empty (0 bytes)", _ANOTHER)
    if not any(re.match(pattern, start, re.DOTALL) for pattern in _CONTAINERS):
        raise DataError(
            f"{name} is no video that can be read: its first bytes are of something else",
            "MP4, MOV, AVI, MKV, WebM, MPEG and WMV files are read",
        )


_ANOTHER = "play it to see whether it is whole, or save it again as MP4"


class _Clock:
    """The clip's own clock, counted from its first frame; where it jumps or stands still, frames are counted."""

    def __init__(self, rate: float) -> None:
        self.now = 0.0
        self._step = 1 / rate
        self._offset: float | None = None

    def tell(self, stated: float) -> float:
        """Return the time of the next frame, which the file states as ``stated``, seconds."""
        if self._offset is None:
            self._offset = stated
            return self.now
        step = stated - self._offset - self.now
        if not 0 < step <= LONGEST_GAP_SECONDS:
            step = self._step
            self._offset = stated - self.now - step
        self.now += step
        return self.now


class _Quiet:
    """Keeps OpenCV and FFmpeg from writing to stderr, where their words would break into ours.

    FFmpeg's level is read once in a process, from the environment; the last one out restores what can be.
    """

    _LEVEL = "OPENCV_FFMPEG_LOGLEVEL"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = 0
        self._ours = False

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = cv2.utils.logging.getLogLevel()
                cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
                self._ours = self._LEVEL not in os.environ
                os.environ.setdefault(self._LEVEL, "-8")
            self._inside += 1

    def __exit__(self, *raised: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                cv2.utils.logging.setLogLevel(self._before)
                if self._ours:
                    os.environ.pop(self._LEVEL, None)


QUIET = _Quiet()
"""Held while a video or camera is open."""
