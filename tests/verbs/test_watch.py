"""A video is watched whole: the right answers at the right times, and nothing lost however it ends."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import mekiki
from mekiki.data import cameras
from mekiki.data.videos import Frame, VideoFile
from mekiki.errors import DataError, SettingsError
from mekiki.evaluation.classifier import Classifier
from mekiki.explanation.overlay import STRENGTH
from mekiki.records.frames import WatchedFrame
from mekiki.records.unknown import UnknownRule
from mekiki.verbs.pacing import LONGEST_WAIT_SECONDS, Pace, in_groups
from mekiki.verbs.watch import watch
from tests.conftest import Heard
from tests.data.made_videos import cut_off, pictures_of, with_broken_frames, write_video
from tests.explanation.planted import SIZES, planted, planted_classifier

SIZE = SIZES["nin_small"]
RED, BLUE, RATE = 30, 30, 25


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return planted_classifier("nin_small")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red patches for 1.2 seconds, with one odd blue frame, then blue ones."""
    red, blue = planted(2, "red", SIZE)[0], planted(3, "blue", SIZE)[0]
    pictures = [red] * RED + [blue] * BLUE
    pictures[15] = blue
    return write_video(tmp_path_factory.mktemp("clip") / "clip.avi", pictures)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_clip_gets_smoothed_answers_a_line_per_frame_and_a_video(
    classifier: Classifier, clip: Path, tmp_path: Path
) -> None:
    before = clip.read_bytes()
    watched = watch(classifier, clip, tmp_path / "frames.csv", tmp_path / "out.avi")
    assert (watched.frames, watched.asked, watched.skipped, watched.broken, watched.ended) == (60, 60, 0, 0, "")
    assert [change.label for change in watched.changes] == ["red", "blue"]
    assert watched.changes[0].frame == 0
    assert 0.3 <= watched.changes[1].seconds - RED / RATE <= 0.8
    rows = rows_of(tmp_path / "frames.csv")
    assert list(rows[0]) == [
        "frame", "seconds", "asked", "label", "known", "score", "raw_label", "raw_known", "raw_score", "error",
    ]  # fmt: skip
    assert [int(row["frame"]) for row in rows] == list(range(60))
    assert (rows[15]["raw_label"], rows[15]["label"]) == ("blue", "red")
    assert [row["raw_label"] for row in rows[RED:]] == ["blue"] * BLUE
    assert (rows[59]["seconds"], rows[59]["asked"], rows[59]["known"]) == ("2.360", "true", "")
    assert clip.read_bytes() == before
    pages = pictures_of(tmp_path / "out.avi")
    assert len(pages) == 60
    assert pages[0].shape[0] > SIZE and pages[0].shape[1] >= 240
    with VideoFile(tmp_path / "out.avi") as video:
        assert video.facts.rate == 25.0


def test_the_heat_map_lies_over_the_patch_of_the_class_that_is_shown(
    classifier: Classifier, clip: Path, tmp_path: Path
) -> None:
    watch(classifier, clip, explain=tmp_path / "out.avi", every=5)
    pages = pictures_of(tmp_path / "out.avi")
    left = (pages[0].shape[1] - SIZE) // 2
    for number, seed, colour in ((5, 2, "red"), (55, 3, "blue")):
        plain, mask = planted(seed, colour, SIZE)
        frame = pages[number][:SIZE, left : left + SIZE]
        colours = (frame - (1 - STRENGTH) * plain) / STRENGTH
        warmth = colours[..., 0] - colours[..., 2]
        assert warmth[mask].mean() > warmth[~mask].mean() + 100


def test_frames_that_are_skipped_keep_the_answer_and_stay_in_the_video(
    classifier: Classifier, clip: Path, tmp_path: Path
) -> None:
    watched = watch(classifier, clip, tmp_path / "f.jsonl", tmp_path / "out.avi", every=4)
    assert (watched.frames, watched.asked, watched.skipped) == (60, 15, 45)
    rows = [json.loads(line) for line in (tmp_path / "f.jsonl").read_text().splitlines()]
    assert [row["asked"] for row in rows] == [number % 4 == 0 for number in range(60)]
    assert rows[1]["label"] == "red" and rows[1]["raw_label"] is None and rows[1]["raw_score"] is None
    assert [change.label for change in watched.changes] == ["red", "blue"]
    assert len(pictures_of(tmp_path / "out.avi")) == 60


def test_the_batch_size_changes_no_answer(classifier: Classifier, clip: Path) -> None:
    def lines(size: int) -> list[WatchedFrame]:
        found: list[WatchedFrame] = []
        settings = classifier.settings.model_copy(update={"batch_size": size})
        small = Classifier(classifier.model, classifier.card, settings)
        watch(small, clip, each=found.append)
        return found

    for one, other in zip(lines(7), lines(16), strict=True):
        assert (one.frame, one.label, one.raw_label) == (other.frame, other.label, other.raw_label)
        assert one.score == pytest.approx(other.score, abs=1e-4)


def test_what_is_unknown_is_said_and_drawn(classifier: Classifier, clip: Path, tmp_path: Path) -> None:
    rule = UnknownRule(score="max_logit", threshold=1e6, kept=0.95, n=100)
    wary = Classifier(classifier.model, classifier.card.model_copy(update={"unknown": rule}), classifier.settings)
    watched = watch(wary, clip, tmp_path / "f.csv", tmp_path / "out.avi")
    assert [(change.label, change.known, change.score) for change in watched.changes] == [("unknown", False, 1.0)]
    row = rows_of(tmp_path / "f.csv")[40]
    assert (row["label"], row["known"], row["raw_label"], row["raw_known"]) == ("unknown", "false", "blue", "false")


def test_a_broken_frame_is_a_line_and_the_video_keeps_its_length(
    classifier: Classifier, clip: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.avi"
    copy.write_bytes(clip.read_bytes())
    with_broken_frames(copy, [20, 21])
    watched = watch(classifier, copy, tmp_path / "f.csv", tmp_path / "out.avi")
    assert (watched.frames, watched.asked, watched.broken) == (60, 58, 2)
    broken = [row for row in rows_of(tmp_path / "f.csv") if row["error"]]
    assert [(row["asked"], row["label"], row["error"]) for row in broken] == [("false", "red", "broken frame")] * 2
    assert len(pictures_of(tmp_path / "out.avi")) == 60


def test_a_clip_that_was_cut_off_is_told_and_the_rest_is_kept(
    classifier: Classifier, clip: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.avi"
    copy.write_bytes(clip.read_bytes())
    heard = Heard()
    watched = watch(classifier, cut_off(copy, 40), tmp_path / "f.csv", progress=heard)
    assert watched.frames == len(rows_of(tmp_path / "f.csv")) == 40
    assert watched.ended in heard.lines[-1] and "promises 60 frames and gave 40" in heard.lines[-1]
    assert watched.as_json()["ended"] == watched.ended


def test_ctrl_c_leaves_whole_files_and_is_raised_again(classifier: Classifier, clip: Path, tmp_path: Path) -> None:
    def stop(line: WatchedFrame) -> None:
        if line.frame == 20:
            raise KeyboardInterrupt

    heard = Heard()
    with pytest.raises(KeyboardInterrupt):
        watch(classifier, clip, tmp_path / "f.csv", tmp_path / "out.mp4", progress=heard, each=stop)
    assert len(rows_of(tmp_path / "f.csv")) == 21
    assert len(pictures_of(tmp_path / "out.mp4")) == 21
    assert heard.lines == ["stopped after 21 frames; what was written of them is whole"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.csv", "out.mp4"]


def test_an_error_midway_leaves_nothing_behind(classifier: Classifier, clip: Path, tmp_path: Path) -> None:
    def fail(line: WatchedFrame) -> None:
        raise ValueError

    with pytest.raises(ValueError):
        watch(classifier, clip, tmp_path / "f.csv", tmp_path / "out.mp4", each=fail)
    assert not list(tmp_path.iterdir())


class MadeCamera:
    """A camera of some pictures whose reader was stopped by Ctrl-C or by itself."""

    live = True
    name = "camera 0"

    def __init__(self, number: int) -> None:
        self.facts = cameras.VideoFacts(SIZE, SIZE, 25.0)

    def frames(self) -> Iterator[Frame]:
        red = planted(2, "red", SIZE)[0]
        for index, seconds in ((0, 0.0), (5, 0.2), (10, 0.4)):
            yield Frame(index, seconds, red)
        raise KeyboardInterrupt

    def shortfall(self) -> str:
        return "not to be said of what a person stopped"

    def close(self) -> None:
        pass


def test_ctrl_c_is_how_a_camera_ends(classifier: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mekiki.verbs.watch.Camera", MadeCamera)
    watched = watch(classifier, 0, tmp_path / "f.csv", tmp_path / "out.avi")
    assert (watched.source, watched.frames, watched.asked, watched.skipped, watched.ended) == ("camera 0", 11, 3, 8, "")
    assert [row["frame"] for row in rows_of(tmp_path / "f.csv")] == ["0", "5", "10"]
    assert len(pictures_of(tmp_path / "out.avi")) == 11


def test_what_cannot_be_is_refused_before_any_work(
    classifier: Classifier, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "there.mp4"
    there.write_bytes(b"mine")
    (tmp_path / "there.csv").write_bytes(b"mine")
    asked = {
        r"--explain .*there\.mp4 is there already; nothing is ever written over": {"explain": there},
        r"--out .*there\.csv is there already": {"out": tmp_path / "there.csv"},
        r"--explain .*a\.png does not end like a video": {"explain": tmp_path / "a.png"},
        r"--out .*a\.mp4 is for the table of frames": {"out": tmp_path / "a.mp4"},
        r"--explain .*a\.mp4: .*there\.csv cannot be written to": {"explain": tmp_path / "there.csv" / "a.mp4"},
        "top = 11: a page of a video has 1 to 10 bars": {"top": 11},
        "every = 0": {"every": 0},
        "lead = 1": {"lead": 1.0},
        "there is no setting 'evry'": {"evry": 1},
    }
    monkeypatch.setattr("mekiki.verbs.watch.VideoFile", None)
    for message, arguments in asked.items():
        with pytest.raises(SettingsError, match=message):
            watch(classifier, clip, **arguments)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(SettingsError, match="cannot be written to"):
        watch(classifier, clip, out=tmp_path / "new" / "f.csv")
    assert there.read_bytes() == b"mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there.csv", "there.mp4"]


def test_a_source_that_cannot_be_watched_is_refused_before_the_model_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no video file"):
        mekiki.watch(tmp_path / "no run", tmp_path / "nowhere.mp4", explain=tmp_path / "out.mp4")
    with pytest.raises(DataError, match="camera 99 cannot be opened"):
        mekiki.watch(tmp_path / "no run", 99, tmp_path / "f.csv")
    assert not list(tmp_path.iterdir())


def frame(index: int, rate: float = 10.0) -> Frame:
    return Frame(index, index / rate, np.zeros((2, 2, 3), np.uint8))


def test_every_counts_frames_that_can_be_decoded() -> None:
    pace = Pace(3, keep_up=False)
    frames = [frame(0), Frame(1, 0.1, None, "broken frame"), *(frame(number) for number in range(2, 8))]
    assert [pace.asks(each) for each in frames] == [True, False, False, False, True, False, False, True]


def test_keeping_up_skips_what_there_is_no_time_for_but_asks_once_a_second() -> None:
    now = [0.0]

    def asked(cost: float) -> list[int]:
        now[0], pace, found = 0.0, Pace(1, keep_up=True, clock=lambda: now[0]), []
        for number in range(60):
            if pace.asks(frame(number)):
                found.append(number)
                now[0] += cost
        return found

    assert asked(0.05) == list(range(60))
    assert 13 <= len(asked(0.38)) <= 17
    assert set(np.diff(asked(0.38)[1:])) <= {3, 4}
    assert asked(50.0)[:2] == [0, 1]  # the network is made ready before the first answer: the clock starts after it
    assert max(np.diff(asked(50.0))) <= 10 * LONGEST_WAIT_SECONDS + 1
    assert len(asked(50.0)) in (6, 7)


def test_groups_end_with_enough_questions_or_enough_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [frame(number) for number in range(9)]
    assert [len(group) for group in in_groups(frames, Pace(2, False), 2)] == [3, 4, 2]
    assert [len(group) for group in in_groups(frames, Pace(1, False), 1)] == [1] * 9
    monkeypatch.setattr("mekiki.verbs.pacing.GROUP_BYTES", 30)
    assert [len(group) for group in in_groups(frames, Pace(1, False), 100)] == [3, 3, 3]
