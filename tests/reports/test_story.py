"""The sentences follow from the numbers."""

import pytest

from mekiki.records import openings as records
from mekiki.records.findings import Finding
from mekiki.records.run import Status
from mekiki.records.split import Split, SplitRow
from mekiki.reports import story
from tests.reports.made_runs import make_evaluation

SPLIT = Split((SplitRow("a", "x", "a", "train"), SplitRow("b", "x", "b", "test"), SplitRow("c", "x", "c", "train")))


def evaluation(right: int, n: int, part: str = "test"):
    half = n // 2
    return make_evaluation(part, ["x", "y"], [[right // 2, half - right // 2], [half - right // 2, right // 2]])


def openings(count: int) -> list[records.TestOpening]:
    return [records.TestOpening("2026-01-01T00:00:00+00:00", 10, 0.8)] * count


@pytest.mark.parametrize(
    ("right", "n", "said"),
    [
        (520, 1000, "better than guessing"),
        (16, 20, "too few photos"),
        (990, 1000, "relied on"),
        (900, 1000, "right on most photos"),
        (760, 1000, "first opinion"),
        (620, 1000, "not yet a judge"),
    ],
)
def test_the_verdict_follows_the_lower_end_of_the_interval(right, n, said) -> None:
    assert said in story.verdict(evaluation(right, n))


def test_nothing_is_claimed_from_training_photos() -> None:
    assert "not known" in story.verdict(evaluation(1000, 1000, "train"))
    assert "says nothing about new ones" in story.measured_on(evaluation(10, 10, "train"), [], None)


def test_the_words_for_the_part_say_what_it_is_worth() -> None:
    val = story.measured_on(evaluation(8, 10, "val"), [], None)
    assert (
        val
        == "on validation photos, which also chose the best snapshot: a little optimistic; no test photos were set aside"
    )
    assert "the test photos were not opened yet" in story.measured_on(evaluation(8, 10, "val"), [], SPLIT)
    assert (
        story.measured_on(evaluation(8, 10), openings(1), SPLIT)
        == "on test photos that training never saw, opened once"
    )
    assert "opened 3 times" in story.measured_on(evaluation(8, 10), openings(3), SPLIT)


def test_the_expectation_is_the_interval_rounded_outwards() -> None:
    assert "expect 77 to 83 to be recognised. " in story.remarks(evaluation(800, 1000))[0]
    assert "or somewhat fewer" in story.remarks(evaluation(800, 1000, "val"))[0]


def test_a_wide_interval_and_trained_photos_are_owned_up_to() -> None:
    lines = "\n".join(story.remarks(evaluation(16, 20).model_copy(update={"seen_in_training": 4, "unreadable": 1})))
    assert "only 20\u00a0photos measured it" in lines
    assert "4\u00a0photos of these had been used for training" in lines
    assert "1\u00a0photo could not be read" in lines


def test_guessing_is_the_share_of_the_most_frequent_class() -> None:
    assert story.guessing(make_evaluation("test", ["x", "y"], [[3, 3], [0, 2]])) == 0.75


def test_a_pair_on_two_sides_of_the_split_is_told() -> None:
    apart, together = Finding("near_duplicate", "a", "b"), Finding("exact_duplicate", "a", "c")
    assert "1 lies on two sides" in story.leak_sentence([apart, together], SPLIT)
    assert "none is on two sides" in story.leak_sentence([together], SPLIT)
    assert story.leak_sentence([], SPLIT).startswith("No two photos look alike")
    assert story.leak_sentence(None, SPLIT) == ""


def test_an_unfinished_run_is_called_one() -> None:
    stopped = Status(state="stopped", epoch=3)
    assert story.progress_sentence(stopped, (), 12).startswith("Training was stopped after epoch 3 of 12")
    failed = Status(state="failed", epoch=1, message="the loss became NaN.")
    assert story.progress_sentence(failed, (), None) == "Training failed after epoch 1. The loss became NaN."
    assert story.progress_sentence(Status(state="running"), ("metrics.json",), 12) == "This run is not finished."
    assert story.progress_sentence(Status(state="done"), (), 12) == ""


@pytest.mark.parametrize(("seconds", "words"), [(4.4, "4 s"), (534, "8 min 54 s"), (7260, "2 h 1 min")])
def test_durations_in_words(seconds, words) -> None:
    assert story.lasting(seconds).replace("\u00a0", " ") == words


def test_counts_in_words() -> None:
    assert story.counted(1, "class") == "1\u00a0class"
    assert story.counted(1200, "class") == "1,200\u00a0classes"
