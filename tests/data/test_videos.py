"""A clip gives its frames in order and upright; what is broken, cut off or no video is said in one line."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from mekiki.data.video_output import VideoOutput, check_video_name
from mekiki.data.videos import BROKEN, VideoFile, _Clock, is_video, sensible_rate
from mekiki.errors import DataError, MekikiError, SettingsError
from tests.data.made_videos import (
    SHADES,
    cut_off,
    grey,
    pictures_of,
    shades_video,
    turned_by_a_quarter,
    with_broken_frames,
    write_video,
)


def means(path: Path) -> list[float | None]:
    with VideoFile(path) as video:
        return [None if frame.picture is None else float(frame.picture.mean()) for frame in video.frames()]


@pytest.mark.parametrize(
    ("name", "codec"), [("a.avi", "MJPG"), ("a.mp4", "mp4v"), ("A.MKV", "mp4v"), ("a.mov", "mp4v")]
)
def test_frames_come_in_order_with_their_times(tmp_path: Path, name: str, codec: str) -> None:
    path = shades_video(tmp_path / name, 10, codec)
    with VideoFile(path) as video:
        assert (video.facts.width, video.facts.height, video.facts.rate, video.facts.frames) == (64, 48, 25.0, 10)
        frames = list(video.frames())
        assert video.shortfall() == ""
    assert [frame.index for frame in frames] == list(range(10))
    np.testing.assert_allclose([frame.seconds for frame in frames], np.arange(10) / 25, atol=0.001)
    np.testing.assert_allclose([frame.picture.mean() for frame in frames], SHADES[:10], atol=4)


def test_colours_are_red_green_blue(tmp_path: Path) -> None:
    red = grey(0)
    red[..., 0] = 220
    with VideoFile(write_video(tmp_path / "red.avi", [red])) as video:
        picture = next(video.frames()).picture
    assert picture[..., 0].mean() > 200 and picture[..., 2].mean() < 20


def test_a_clip_that_was_filmed_upright_comes_upright(tmp_path: Path) -> None:
    light_above = grey(10)
    light_above[:24] = 240
    path = turned_by_a_quarter(write_video(tmp_path / "phone.mp4", [light_above] * 3, "mp4v"))
    with VideoFile(path) as video:
        assert (video.facts.width, video.facts.height) == (48, 64)
        picture = next(video.frames()).picture
    assert picture.shape == (64, 48, 3)
    assert picture[:, 30:].mean() > 200 and picture[:, :18].mean() < 50


def test_a_broken_frame_is_an_event_and_the_rest_comes_at_its_time(tmp_path: Path) -> None:
    path = with_broken_frames(shades_video(tmp_path / "a.avi"), [7, 8])
    with VideoFile(path) as video:
        frames = list(video.frames())
        assert video.shortfall() == ""
    broken = [frame for frame in frames if frame.error]
    assert [(frame.index, frame.error, frame.picture) for frame in broken] == [
        (broken[0].index, BROKEN, None),
        (broken[0].index + 1, BROKEN, None),
    ]
    assert len(frames) == 20
    assert [frame.index for frame in frames] == list(range(20))
    for frame in frames:
        if frame.picture is not None:
            place = int(np.abs(np.array(SHADES) - frame.picture.mean()).argmin())
            assert place not in (7, 8)
            assert frame.seconds == pytest.approx(place / 25, abs=0.001)


def test_a_clip_that_was_cut_off_says_so_at_its_end(tmp_path: Path) -> None:
    with VideoFile(cut_off(shades_video(tmp_path / "a.avi"), 8)) as video:
        assert len(list(video.frames())) == 8
        assert "a.avi promises 20 frames and gave 8: it is damaged, or was cut off" in video.shortfall()
        assert "the rest was not seen" in video.shortfall()


def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path) -> None:
    whole = shades_video(tmp_path / "whole.mp4", 10, "mp4v").read_bytes()
    motion = shades_video(tmp_path / "whole.avi", 5)
    wrong = {
        "empty.mp4": (b"", r"empty.mp4 is empty \(0 bytes\)"),
        "text.mp4": (b"hello world, this is text" * 20, "first bytes are of something else"),
        "list.mp4": (b"#EXTM3U\n#EXTINF:10,\nhttp://example.org/a.ts\n", "first bytes are of something else"),
        "cut.mp4": (whole[: len(whole) // 2], "cut.mp4 cannot be read as a video"),
    }
    for name, (content, message) in wrong.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=message) as caught:
            VideoFile(tmp_path / name)
        assert caught.value.hint
    with_broken_frames(motion, range(5))
    with pytest.raises(DataError, match="holds no frame that can be decoded"):
        VideoFile(motion)
    with pytest.raises(DataError, match=r"there is no video file .*nowhere\.mp4"):
        VideoFile(tmp_path / "nowhere.mp4")
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(DataError, match="is a folder, not a video"):
        VideoFile(tmp_path / "folder.mp4")
    with pytest.raises(DataError, match="the name is no text"):
        VideoFile(Path(os.fsdecode(b"bad\xff.mp4")))


def test_a_name_is_only_ever_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    opened, original = [], cv2.VideoCapture

    def watching(*arguments: object) -> cv2.VideoCapture:
        opened.append(arguments)
        return original(*arguments)

    monkeypatch.setattr(cv2, "VideoCapture", watching)
    for name in ("http://example.org/a.mp4", "rtsp:a.mp4", "concat:a.mp4|b.mp4"):
        with pytest.raises(DataError, match="there is no video file"):
            VideoFile(name)
    assert not opened
    shades_video(tmp_path / "a.avi", 3).rename(tmp_path / "http:a.avi")
    assert len(means(Path("http:a.avi"))) == 3
    assert opened == [(str(tmp_path / "http:a.avi"), cv2.CAP_FFMPEG)]


def test_frames_above_the_limit_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = shades_video(tmp_path / "a.avi", 2)
    with pytest.raises(DataError, match=r"frames of 0\.003072 megapixels; the limit is 0\.003"):
        VideoFile(path, max_megapixels=0.003)
    with VideoFile(path, max_megapixels=0.0031) as video:
        assert next(video.frames()).picture is not None


def test_nothing_is_printed_and_nothing_is_left_behind(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENCV_FFMPEG_LOGLEVEL", raising=False)
    level, environment = cv2.utils.logging.getLogLevel(), dict(os.environ)
    content = shades_video(tmp_path / "whole.mp4", 10, "mp4v").read_bytes()
    capfd.readouterr()
    (tmp_path / "cut.mp4").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError):
        VideoFile(tmp_path / "cut.mp4")
    means(with_broken_frames(shades_video(tmp_path / "a.avi"), [3]))
    output = VideoOutput(tmp_path / "out.webm", (64, 48), 25.0)
    output.write(grey(9), 0)
    output.finish()
    assert capfd.readouterr() == ("", "")
    assert (cv2.utils.logging.getLogLevel(), dict(os.environ)) == (level, environment)


def test_endings_and_rates() -> None:
    assert all(
        is_video(f"clip.{ending}") for ending in ("mp4", "MOV", "avi", "mkv", "webm", "m4v", "mpg", "mpeg", "wmv")
    )
    assert not any(is_video(name) for name in ("clip", "clip.gif", "mp4", "clip.mp4.jpg"))
    assert [sensible_rate(rate) for rate in (29.97, 0.0, -1.0, float("nan"), 90000.0)] == [29.97, 25, 25, 25, 25]


def test_a_clock_that_jumps_or_stands_still_is_not_believed() -> None:
    clock = _Clock(10.0)
    times = [clock.tell(stated) for stated in (5.0, 5.1, 5.3, 5.3, 5.4, 9000.0, 9000.1, 0.0, 0.1)]
    np.testing.assert_allclose(times, [0, 0.1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], atol=1e-6)


@pytest.mark.parametrize("ending", [".mp4", ".avi", ".mkv", ".webm", ".mov", ".m4v"])
def test_a_written_video_has_each_page_at_its_time(tmp_path: Path, ending: str) -> None:
    output = VideoOutput(tmp_path / f"out{ending}", (64, 48), 25.0)
    for shade, seconds in ((40, 0.0), (90, 0.04), (140, 0.24), (200, 0.25), (190, 0.28)):
        output.write(grey(shade), seconds)
    output.finish()
    shades = [round(float(picture.mean())) for picture in pictures_of(tmp_path / f"out{ending}")]
    np.testing.assert_allclose(shades, [40, 90, 90, 90, 90, 90, 140, 190], atol=8)


@pytest.mark.parametrize("rate", [23.976, 29.97003, 119.88, 12.3456])
def test_odd_rates_can_be_written_and_keep_the_length(tmp_path: Path, rate: float) -> None:
    output = VideoOutput(tmp_path / "out.mp4", (64, 48), rate)
    for number in range(30):
        output.write(grey(99), number / rate)
    output.finish()
    with VideoFile(tmp_path / "out.mp4") as video:
        assert video.facts.frames / video.facts.rate == pytest.approx(30 / rate, rel=0.02)


def test_a_video_that_is_not_whole_is_an_error(tmp_path: Path) -> None:
    output = VideoOutput(tmp_path / "out.mp4", (64, 48), 25.0)
    output.write(grey(9), 0)
    output._writer.release()
    (tmp_path / "out.mp4").write_bytes(b"")
    with pytest.raises(MekikiError, match="could not be written: of 1 frames 0 are there") as caught:
        output.finish()
    assert "disk is full" in caught.value.hint


def test_a_name_that_no_video_has_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"--explain out\.png does not end like a video") as caught:
        check_video_name("--explain", Path("out.png"))
    assert ".mp4" in caught.value.hint
    check_video_name("--explain", Path("out.MP4"))
