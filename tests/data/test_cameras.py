"""A camera gives its newest frame; one that is missing, mute or unplugged is said in one line. No real one is opened."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mekiki.data import cameras
from mekiki.data.cameras import FAILURES_THAT_END, Camera, camera_number, is_watched
from mekiki.errors import DataError


class MadeCamera:
    """A camera whose read number n gives what ``frame_of`` says; it waits until it is let."""

    def __init__(self, frame_of: Callable[[int], np.ndarray | None], is_there: bool = True) -> None:
        self.frame_of, self.is_there = frame_of, is_there
        self.let = threading.Semaphore(0)
        self.reads = 0
        self.released = False

    def isOpened(self) -> bool:
        return self.is_there

    def get(self, prop: int) -> float:
        return {cv2.CAP_PROP_FRAME_WIDTH: 4.0, cv2.CAP_PROP_FRAME_HEIGHT: 3.0, cv2.CAP_PROP_FPS: 0.0}[prop]

    def read(self) -> tuple[bool, np.ndarray | None]:
        self.let.acquire(timeout=0.5)
        number, self.reads = self.reads, self.reads + 1
        picture = self.frame_of(number)
        return picture is not None, picture

    def release(self) -> None:
        self.released = True


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "PAUSE_SECONDS", 0.0)


def plug_in(monkeypatch: pytest.MonkeyPatch, camera: MadeCamera) -> MadeCamera:
    monkeypatch.setattr(cameras, "open_device", lambda number: camera)
    return camera


def numbered(number: int) -> np.ndarray:
    return np.full((3, 4, 3), (number, 0, 200), np.uint8)


def until(said: Callable[[], bool]) -> None:
    ends = time.monotonic() + 5
    while not said() and time.monotonic() < ends:
        time.sleep(0.001)
    assert said()


def test_the_newest_frame_is_given_and_those_between_are_passed_over(
    monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    device = plug_in(monkeypatch, MadeCamera(numbered))
    with Camera(0) as camera:
        assert (camera.name, camera.facts.rate, camera.live) == ("camera 0", 25.0, True)
        frames = camera.frames()
        device.let.release()
        first = next(frames)
        device.let.release(6)
        until(lambda: camera._newest[0] == 6)
        second = next(frames)
        assert (first.index, first.seconds, second.index) == (0, 0.0, 6)
        assert tuple(second.picture[0, 0]) == (200, 0, 6)  # red, green, blue
        assert second.seconds > 0
    assert device.released


def test_frames_count_from_the_first_one_that_was_asked_for(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    device = plug_in(monkeypatch, MadeCamera(lambda number: None if number in (3, 4) else numbered(number)))
    with Camera(0) as camera:
        device.let.release(6)  # these came while a model was loaded
        until(lambda: camera._newest is not None and camera._newest[0] == 5)
        frames = camera.frames()
        first = next(frames)
        assert (first.index, first.seconds, int(first.picture[0, 0, 2])) == (0, 0.0, 5)
        device.let.release(2)
        until(lambda: camera._newest[0] == 7)
        assert next(frames).index == 2


def test_a_broken_frame_is_an_event_and_the_camera_goes_on(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    device = plug_in(monkeypatch, MadeCamera(lambda number: None if number in (1, 2) else numbered(number)))
    with Camera(0) as camera:
        frames = camera.frames()
        device.let.release()
        assert next(frames).index == 0
        device.let.release(3)
        until(lambda: camera._newest[0] == 3)
        rest = [next(frames) for _ in range(3)]
        assert [(frame.index, frame.error) for frame in rest] == [(1, "broken frame"), (2, "broken frame"), (3, "")]


def test_a_camera_that_is_unplugged_ends_the_stream(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    device = plug_in(monkeypatch, MadeCamera(lambda number: numbered(0) if number < 1 else None))
    with Camera(3) as camera:
        device.let.release(1)
        frames = camera.frames()
        assert next(frames).index == 0
        device.let.release(FAILURES_THAT_END)
        assert list(frames) == []
        assert camera.shortfall() == "camera 3 gives no more frames: was it unplugged?"


def test_a_camera_that_falls_silent_ends_the_stream(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    device = plug_in(monkeypatch, MadeCamera(numbered))
    device.let.release(1)
    monkeypatch.setattr(cameras, "SILENCE_SECONDS", 0.1)
    with Camera(0) as camera:
        assert len(list(camera.frames())) == 1
        assert "gave no frame for 0.1 seconds" in camera.shortfall()


def test_a_camera_that_is_not_there_or_mute_is_an_error(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    plug_in(monkeypatch, MadeCamera(numbered, is_there=False))
    with pytest.raises(DataError, match="camera 5 cannot be opened: it is not there, or another program") as caught:
        Camera(5)
    assert "the first camera is 0" in caught.value.hint
    with pytest.raises(DataError, match="there is no camera 1000"):
        Camera(1000)
    mute = plug_in(monkeypatch, MadeCamera(lambda number: None))
    mute.let.release(FAILURES_THAT_END)
    with Camera(0) as camera, pytest.raises(DataError, match="camera 0 was opened and gives no picture"):
        list(camera.frames())


def test_a_missing_camera_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError, match="camera 99 cannot be opened"):
        Camera(99)
    assert capfd.readouterr() == ("", "")


def test_what_is_a_camera_and_what_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [camera_number(source) for source in (0, "0", "12", "1.5", "-1", "²", "a", "0.jpg")] == [
        0, 0, 12, None, None, None, None, None,
    ]  # fmt: skip
    assert is_watched("0") and is_watched("clip.mp4") and not is_watched("photo.jpg")
    (tmp_path / "0").mkdir()
    (tmp_path / "clip.mp4").mkdir()
    assert camera_number("0") is None
    assert not is_watched("clip.mp4")
