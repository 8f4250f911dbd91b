"""Opens cameras. A thread of its own takes every frame and keeps the newest, so that nobody ever sees an old one."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Self

import cv2

from mekiki.data.videos import BROKEN, QUIET, Frame, VideoFacts, is_video, sensible_rate, upright_rgb
from mekiki.errors import DataError

LARGEST_NUMBER = 99
FAILURES_THAT_END = 30
PAUSE_SECONDS = 0.05
SILENCE_SECONDS = 10.0
"""A camera that gives nothing for so long is taken for gone."""

_CLOSING_SECONDS = 2.0
_HINT = "plug it in, close other programs that use it, or try another number: the first camera is 0"


def camera_number(source: str | int | Path) -> int | None:
    """Return the number of the camera that a source names; None if it names none.

    A file or folder of that name wins over the camera.
    """
    if isinstance(source, int):
        return source
    text = str(source)
    if not (text.isascii() and text.isdigit()) or Path(text).exists():
        return None
    return int(text)


def is_watched(source: str | int | Path) -> bool:
    """Tell whether a source is the number of a camera or, by its ending, a video file."""
    return camera_number(source) is not None or (is_video(str(source)) and not Path(str(source)).is_dir())


class Camera:
    """A camera, open for watching; use it in a ``with`` block.

    Args:
        number: Which one, counted from 0.

    Attributes:
        name: "camera 0".
        facts: Its size and rate as it says them.
        live: True: a camera does not wait.

    Raises:
        DataError: There is no such camera, or another program has it.
    """

    live = True

    def __init__(self, number: int) -> None:
        self.name = f"camera {number}"
        if not 0 <= number <= LARGEST_NUMBER:
            raise DataError(f"there is no camera {number}", f"cameras are numbered from 0 to {LARGEST_NUMBER}")
        self._news = threading.Condition()
        self._newest: tuple[int, float, cv2.typing.MatLike] | None = None
        self._lost = 0
        self._ended = ""
        self._closing = False
        QUIET.__enter__()
        self._device = open_device(number)
        if not self._device.isOpened():
            QUIET.__exit__()
            raise DataError(f"camera {number} cannot be opened: it is not there, or another program has it", _HINT)
        size = [max(0, round(self._device.get(each))) for each in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)]
        self.facts = VideoFacts(size[0], size[1], sensible_rate(self._device.get(cv2.CAP_PROP_FPS)))
        self._thread = threading.Thread(target=self._take, name="mekiki-camera", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the thread and let the camera go; one that hangs is left to the end of the process."""
        if self._closing:
            return
        self._closing = True
        self._thread.join(_CLOSING_SECONDS)
        if not self._thread.is_alive():
            self._device.release()
        QUIET.__exit__()

    def frames(self) -> Generator[Frame]:
        """Yield the newest frame each time; the numbers of those between were passed over.

        Raises:
            DataError: The camera never gave a picture.
        """
        began, first, last = 0.0, 0, -1
        while (news := self._wait(last)) is not None:
            index, now, picture, lost = news
            if last < 0:  # what came while a model was loaded is nobody's frame
                began, first, lost = now, index, 0
            for number in range(min(lost, index - last - 1)):
                yield Frame(index - first - lost + number, now - began, None, BROKEN)
            last = index
            yield Frame(index - first, now - began, upright_rgb(picture))
        if last < 0 and not self._closing:
            raise DataError(f"{self.name} was opened and gives no picture", _HINT)

    def shortfall(self) -> str:
        """Return in words how the camera ended; empty if it was closed."""
        return self._ended

    def _wait(self, last: int) -> tuple[int, float, cv2.typing.MatLike, int] | None:
        """Return number, time, picture and the frames lost before it, once there is a newer one; None at the end."""
        with self._news:
            came = self._news.wait_for(
                lambda: self._ended or (self._newest is not None and self._newest[0] > last), SILENCE_SECONDS
            )
            if not came:
                self._ended = f"{self.name} gave no frame for {SILENCE_SECONDS:g} seconds: it was taken for gone"
            if self._newest is None or self._newest[0] <= last:
                return None
            lost, self._lost = self._lost, 0
            return *self._newest, lost

    def _take(self) -> None:
        number = failures = 0
        while not self._closing:
            done, picture = self._device.read()
            with self._news:
                if done and picture is not None:
                    self._lost += failures
                    self._newest = (number, time.monotonic(), picture)
                    failures = 0
                else:
                    failures += 1
                if failures >= FAILURES_THAT_END:
                    self._ended = f"{self.name} gives no more frames: was it unplugged?"
                self._news.notify_all()
            number += 1
            if self._ended:
                return
            if failures:
                time.sleep(PAUSE_SECONDS)


def open_device(number: int) -> cv2.VideoCapture:
    """Return OpenCV's capture of a camera, which may not be open."""
    return cv2.VideoCapture(number)
