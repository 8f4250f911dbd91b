"""Confused pairs: counts with their intervals, and photos side by side that are what they are said to be."""

from dataclasses import replace
from pathlib import Path

from mekiki.evaluation.examples import confused_examples
from mekiki.records.evaluation import Intervals
from mekiki.records.predictions import ScoredPhoto
from mekiki.reports.confused import confused_pairs, photos_beside
from mekiki.scoring.intervals import wilson
from tests.reports.made_answers import make_answers
from tests.reports.made_runs import make_evaluation, write_noise


def said(path: str, part: str, label: str, predicted: str, score: float) -> ScoredPhoto:
    return ScoredPhoto(path, part, label, predicted, score, 0.1)


PREDICTIONS = [
    said("t/1.png", "test", "SG", "V", 0.6),
    said("t/2.png", "test", "SG", "V", 0.9),
    said("t/3.png", "test", "SG", "V", 0.7),
    said("t/4.png", "test", "V", "V", 0.99),
    said("t/5.png", "test", "V", "SG", 0.8),
    said("v/1.png", "val", "V", "V", 0.5),
    said("v/2.png", "val", "V", "V", 0.8),
    said("v/3.png", "val", "V", "V", 0.9),
    said("v/4.png", "val", "V", "V", 1.0),
    said("v/5.png", "val", "V", "SG", 0.85),
    said("v/6.png", "val", "SG", "SG", 0.85),
]
EVALUATION = make_evaluation("test", ["SG", "V"], [[2, 3], [1, 1]])


def test_the_most_frequent_mistake_comes_first_with_its_interval() -> None:
    first, second = confused_pairs(EVALUATION)
    assert (first.true, first.predicted, first.count, first.n) == ("SG", "V", 3, 5)
    assert first.share == wilson(3, 5) and second.share == wilson(1, 2)


def test_copies_make_the_interval_wider() -> None:
    figures = make_answers(9, ["SG", "V"]).evaluation.intervals
    intervals = Intervals(**{**figures.model_dump(), "groups": 3, "effective_n": 3.5})
    (first, *_) = confused_pairs(EVALUATION.model_copy(update={"intervals": intervals}))
    assert first.share.value == 0.6 and first.share.low < wilson(3, 5).low and first.share.high > wilson(3, 5).high


def test_the_surest_mistake_stands_beside_a_middling_photo_of_what_it_was_taken_for() -> None:
    test, val = ([photo for photo in PREDICTIONS if photo.part == part] for part in ("test", "val"))
    pairs = confused_examples(test, val, "SG", "V", 2)
    assert [(wrong.path, right.path) for wrong, right in pairs] == [("t/2.png", "v/2.png"), ("t/3.png", "v/3.png")]
    assert not confused_examples(test, [], "SG", "V", 2) and not confused_examples(test, val, "V", "V2", 2)


def test_photos_that_are_there_are_shown_side_by_side(tmp_path: Path) -> None:
    write_noise(tmp_path, [photo.path for photo in PREDICTIONS], 40)
    shown = photos_beside(confused_pairs(EVALUATION), PREDICTIONS, "test", tmp_path)
    assert [(each.wrong.path, each.wrong.label, each.predicted, each.right.path) for each in shown] == [
        ("t/2.png", "SG", "V", "v/2.png"),
        ("t/3.png", "SG", "V", "v/3.png"),
        ("t/5.png", "V", "SG", "v/6.png"),
    ]
    for each in shown:
        assert each.right.label == each.predicted and (each.wrong.part, each.right.part) == ("test", "validation")
        assert each.wrong.picture and each.right.picture and each.wrong.picture.width == 40
    (tmp_path / "t/2.png").unlink()
    first = photos_beside(confused_pairs(EVALUATION), PREDICTIONS, "test", tmp_path)[0]
    assert first.wrong.picture is None and first.wrong.reason and first.right.picture


def test_without_validation_answers_the_scored_part_gives_the_other_photo(tmp_path: Path) -> None:
    only = [replace(photo, part="val") for photo in PREDICTIONS if photo.part == "test"]
    write_noise(tmp_path, [photo.path for photo in only], 40)
    shown = photos_beside(confused_pairs(EVALUATION), only, "val", tmp_path)
    assert [(each.wrong.path, each.right.path) for each in shown] == [("t/2.png", "t/4.png")]


def test_photos_that_are_gone_leave_no_empty_cards(tmp_path: Path) -> None:
    assert not photos_beside(confused_pairs(EVALUATION), PREDICTIONS, "test", tmp_path)
