import pytest

from mekiki.config import KINDS, UNITS, severities_of
from mekiki.records.stress import Loss, Stress, StressPoint
from mekiki.reports.stress_curves import stress_figure
from mekiki.reports.stress_story import MEANINGS, TITLES, all_remarks, amount, mark, summary, verdict


def made(severity: float | None, low: float | None = None, high: float | None = None, kind: str = "scribble") -> Stress:
    points = [
        StressPoint(severity=each, accuracy=0.9 - 0.1 * step, low=0.1, high=0.95, n=50, kept=1 - step / 9)
        for step, each in enumerate(severities_of(kind))
    ]
    loss = Loss(points=0.1, severity=severity, low=low, high=high)
    return Stress(
        run="runs/plain", part="val", n=50, image_size=160, seed=0, pgd_steps=10, clean=0.9, clean_low=0.8,
        clean_high=0.95, kinds={kind: points}, losses={kind: loss}, seconds=1,
    )  # fmt: skip


def test_the_sentence_of_the_published_example() -> None:
    after = made(8.2, 6.5, 12.0)
    before = made(2.9, 2.1, 3.4).model_copy(update={"run": "runs/before"})
    expected = "loses 10 points at 9 strokes (7 to 12); before at 3 strokes (3 to 4)"
    assert verdict("scribble", [after, before]).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        ((None, None, None), "loses less than 10 points up to 32 strokes"),
        ((None, 20.5, None), "loses less than 10 points up to 32 strokes (perhaps from 21 strokes on)"),
        ((20.0, 10.0, None), "loses 10 points at 20 strokes (10 to beyond 32)"),
        ((0.4, 0.3, 0.9), "loses 10 points at 1 stroke"),
    ],
)
def test_no_sentence_is_surer_than_its_interval(loss: tuple[float | None, ...], words: str) -> None:
    assert verdict("scribble", [made(*loss)]).replace("\u00a0", " ") == words


def test_a_loss_by_another_run_that_is_not_reached() -> None:
    words = verdict("scribble", [made(3.0, 2.0, 5.0), made(None, 30.1, None)]).replace("\u00a0", " ")
    assert words.endswith("; plain not up to 32 strokes (perhaps from 31 strokes on)")


@pytest.mark.parametrize(
    ("kind", "severity", "words"),
    [
        ("dust", 31, "31 rectangles"),
        ("dust", 1, "1 rectangle"),
        ("occlusion", 0.125, "12 % of the area"),
        ("blur", 1.5, "sigma 1.5 px"),
        ("noise", 40, "40 grey levels"),
        ("jpeg", 80, "quality 20"),
        ("brightness", 0.4, "±0.4"),
        ("rotation", 45, "45°"),
        ("scale", 0.5, "×1.5"),
        ("shift", 0.2, "20 % of the side"),
        ("pgd", 1.3, "2/255"),
    ],
)
def test_severities_are_said_in_their_unit(kind: str, severity: float, words: str) -> None:
    assert amount(kind, severity).replace("\u00a0", " ") == words


def test_every_kind_has_its_words_and_ticks_that_differ() -> None:
    assert set(KINDS) == set(TITLES) == set(MEANINGS) == set(UNITS)
    for kind in KINDS:
        marks = [mark(kind, severity) for severity in (0, *severities_of(kind, fine=True))]
        assert len(set(marks)) == len(marks) and marks[0] == "clean", marks


def test_the_summary_counts_what_costs_ten_points() -> None:
    assert summary(made(3.0)).replace("\u00a0", " ").startswith("Of 1 kind of damage, 1 costs it ten points")
    assert summary(made(None)).replace("\u00a0", " ").startswith("None of 1 kind of damage costs it ten points")
    kinds = made(3.0).model_copy(update={"losses": dict.fromkeys(("dust", "blur"), made(3.0).losses["scribble"])})
    assert summary(kinds).startswith("Both kinds of damage cost it ten points")


def test_what_holds_for_all_runs_is_said_once() -> None:
    first, second = made(3.0), made(9.0).model_copy(update={"run": "runs/hardened", "seen_in_training": 4})
    lines = all_remarks([first, second])
    assert [line.split(" ")[0] for line in lines] == ["The", "hardened"] and "trained on 4 of these" in lines[1]


def test_a_panel_holds_the_numbers_and_their_intervals() -> None:
    first, second = made(3.0), made(9.0).model_copy(update={"run": "runs/hardened"})
    figure = stress_figure([first, second], ["scribble"])
    (axes,) = figure.axes
    assert axes.get_label() == "scribble"
    lines = {str(line.get_label()): list(line.get_ydata()) for line in axes.lines}
    assert lines["plain"] == lines["hardened"] == [0.9, *(point.accuracy for point in first.kinds["scribble"])]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["clean", "1", "2", "4", "8", "16", "32"]
    assert len(axes.collections) == 2 and lines["_ten points lost"] == pytest.approx([0.8, 0.8])
