"""What is added to a report is of this very model, is kept as it was, and the page says what it says."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mekiki.errors import RunError
from mekiki.files import write_json
from mekiki.records.comparison import write_comparison
from mekiki.records.run import RunFolder, model_fingerprint
from mekiki.records.stress import read_stress
from mekiki.reports.added import MOST_STRESSES, adding, read_added
from mekiki.reports.gallery import Drawing
from mekiki.reports.page import write_report
from mekiki.reports.stress_story import verdict
from tests.reports.made_added import against, make_comparison, make_stress, save_comparison, save_stress
from tests.reports.made_runs import Page, read_page

HOSTILE = '</title><script>alert("run")</script>'
DATA = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=]+")
FILES = ("stress-1.json", "stress-2.json", "comparison-1.json")


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """All figures are one pixel: this test is about something else."""
    pixel = Drawing("data:image/png;base64,AAAA", "data:image/png;base64,AAAA", 1, 1)
    for home in ("gallery", "added_sections"):
        monkeypatch.setattr(f"mekiki.reports.{home}.drawing_of", lambda draw, dpi: pixel)


@pytest.fixture
def model(run: RunFolder) -> str:
    return model_fingerprint(run)


def page_of(run: RunFolder) -> Page:
    return read_page(write_report(run, [], [], Path("gone")))


def section(run: RunFolder, name: str) -> str:
    (found,) = [each for each in page_of(run).of("section") if each.attributes.get("id") == name]
    return " ".join(found.text.replace("\u00a0", " ").split())


def test_what_damage_does_stands_in_sentences_and_numbers(
    run: RunFolder, model: str, tmp_path: Path, undrawn: None
) -> None:
    stress = make_stress(model, "anywhere/old name")
    with adding(run, [save_stress(tmp_path / "stress", stress)], []):
        page = page_of(run)
        text = section(run, "stress")
    assert [link.attributes["href"] for link in page.of("a")].count("#stress") == 1
    assert "Undamaged, 90.0 % (78.6 to 95.7) of 50 validation photos recognised." in text
    assert "chose the best snapshot; it is a little too good" in text
    for kind, points in stress.kinds.items():
        sentence = verdict(kind, [stress])
        assert (sentence[0].upper() + sentence[1:]).replace("\u00a0", " ") in text
        for point in points:
            numbers = f"{100 * point.accuracy:.1f} % ({100 * point.low:.1f} to {100 * point.high:.1f})"
            assert numbers + f"{100 * (point.kept or 0):.0f} %" in text
    assert "old name" not in text and "square of 160 pixels, with seed 7" in text


def test_a_run_that_was_compared_under_damage_comes_first_on_its_own_page(
    run: RunFolder, tmp_path: Path, undrawn: None
) -> None:
    first, own = make_stress("a", "runs/plain", start=45), make_stress(model_fingerprint(run), "runs/own", start=30)
    third = make_stress("c", "runs/third", start=20)
    save_stress(tmp_path / "s", first, against(first, own), against(first, third))
    with adding(run, [tmp_path / "s"], []):
        ((one, two, three),) = read_added(run).stresses
        text = section(run, "stress")
    assert (one.run, one.clean, one.against_first) == ("first run", own.clean, None)
    assert (two.run, three.run, three.against_first) == ("runs/plain", "runs/third", None)
    before = against(first, own).against_first
    assert before is not None and two.against_first is not None
    for kind, points in two.against_first.items():
        swapped = [(point.only_this, point.only_first, point.p_value) for point in points]
        assert swapped == [(point.only_first, point.only_this, point.p_value) for point in before[kind]]
    assert "first run: undamaged, 60.0 %" in text and "plain: undamaged, 90.0 %" in text
    assert "Loses 10 points at 3 rectangles (3 to 6); plain at 5 rectangles (3 to 6); third at 2" in text


def test_only_comparisons_with_the_run_are_shown(run: RunFolder, model: str, tmp_path: Path, undrawn: None) -> None:
    comparison = make_comparison({"other": "x", "here": model, "third": "z"})
    write_comparison(tmp_path / "c" / "comparison.json", comparison)
    with adding(run, [], [tmp_path / "c" / "comparison.json"]):
        text = section(run, "comparison")
    for pair in comparison.pairs:
        assert (" ".join(pair.verdict.partition("). ")[0].split()) in text) == ("here" in (pair.first, pair.second))
    assert "This run is called here there." in text and "the margin of 5 points" in text
    for each in comparison.runs:
        assert f"{each.name}{100 * each.accuracy.value:.1f} %" in text
    assert "test photos that neither trained any of the runs" in text


def test_a_report_without_additions_has_no_such_sections(run: RunFolder, undrawn: None) -> None:
    page = page_of(run)
    assert not {"stress", "comparison"} & {each.attributes.get("id") for each in page.elements}
    assert "mekiki report 'first run' --stress stress --comparison compared" in page.text


def test_copies_are_kept_byte_by_byte_and_never_twice(run: RunFolder, model: str, tmp_path: Path) -> None:
    one, two = (save_stress(tmp_path / str(n), make_stress(model, "r", start=n)) for n in (40, 41))
    both = save_comparison(tmp_path / "c", {"a": model, "b": "b"})
    with adding(run, [one, one], []):
        pass
    with adding(run, [two, one / "stress.json"], [both]):
        pass
    kept = {path.name: path.read_bytes() for path in (run.path / "added").iterdir()}
    given = [(one / "stress.json"), (two / "stress.json"), (both / "comparison.json")]
    assert kept == {name: path.read_bytes() for name, path in zip(FILES, given, strict=True)}
    (run.path / "added" / "stress-1.json").unlink()
    with adding(run, [one], []):
        pass
    assert (run.path / "added" / "stress-3.json").read_bytes() == given[0].read_bytes()


def test_a_page_that_cannot_be_made_leaves_the_run_as_it_was(run: RunFolder, model: str, tmp_path: Path) -> None:
    run.report.write_text("the old page")
    save_stress(tmp_path / "s", make_stress(model, "r"))
    run.split.write_text("nothing\n")
    with pytest.raises(Exception, match="has no column"), adding(run, [tmp_path / "s"], []):
        page_of(run)
    assert run.report.read_text() == "the old page" and not (run.path / "added").exists()


def spoil(path: Path, change: Callable[[dict], None]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_what_is_not_of_this_model_or_damaged_is_refused_in_one_line(
    run: RunFolder, model: str, tmp_path: Path
) -> None:
    right, file = make_stress(model, "runs/a"), tmp_path / "s" / "stress.json"
    compared = tmp_path / "c" / "comparison.json"
    cases: list[tuple[Callable[[], object], str, str]] = [
        (
            lambda: save_stress(tmp_path / "s", make_stress("0" * 64, "runs/a")),
            "is of another model: it was measured on runs/a, with other weights than .*first run has now",
            "mekiki stress .*first run --out FOLDER measures this one",
        ),
        (lambda: save_stress(tmp_path / "s", make_stress("", "runs/a")), "does not say which models", "measure again"),
        (lambda: file.write_text(file.read_text()[:-40]), "stress.json is not JSON", ""),
        (lambda: file.write_text("[]"), "holds no JSON object", ""),
        (lambda: file.write_text("{}"), "stress.json: run: Field required", "another version"),
        (lambda: spoil(file, lambda it: it["losses"].pop("dust")), "kinds: figures are missing", "edited"),
        (lambda: spoil(file, lambda it: it["kinds"].pop("dust")), "kinds: figures are missing", "edited"),
        (lambda: spoil(file, lambda it: it["kinds"].update(dust=[])), "kinds: figures are missing", "edited"),
        (lambda: spoil(file, lambda it: it.update(clean=float("nan"))), "kinds: figures are missing", "edited"),
        (
            lambda: spoil(file, lambda it: it["losses"]["dust"].update(low=float("inf"))),
            "kinds: figures are missing",
            "edited",
        ),
        (file.unlink, "there is no .*stress.json", "mekiki stress RUN --out FOLDER makes such a folder"),
    ]
    for break_it, message, hint in cases:
        if message != "there is no .*stress.json":
            save_stress(tmp_path / "s", right)
        break_it()
        with pytest.raises(RunError, match=message) as error, adding(run, [tmp_path / "s"], []):
            pytest.fail("it was taken")
        assert re.search(hint, error.value.hint) and "\n" not in error.value.message
        assert not (run.path / "added").exists()
    save_comparison(tmp_path / "c", {"a": "1", "b": "2"})
    with (
        pytest.raises(RunError, match="measured on runs/a and runs/b, with other weights"),
        adding(run, [], [tmp_path / "c"]),
    ):
        pytest.fail("it was taken")
    with (
        pytest.raises(RunError, match=r"no .*stress.json, but a comparison.json") as error,
        adding(run, [tmp_path / "c"], []),
    ):
        pytest.fail("it was taken")
    assert error.value.hint == f"--comparison {tmp_path / 'c'}"
    save_comparison(tmp_path / "c", {"a": model, "b": "2"})
    spoil(compared, lambda it: it["pairs"][0].update(first="nobody"))
    with pytest.raises(RunError, match=r"comparison\.json: pairs: none is of a"), adding(run, [], [tmp_path / "c"]):
        pytest.fail("it was taken")


def test_a_stress_of_several_runs_needs_the_same_severities_in_all(tmp_path: Path) -> None:
    first, other = make_stress("a", "a"), make_stress("b", "b", ("dust", "blur"))
    write_json(tmp_path / "stress.json", {**first.model_dump(), "against": [against(first, other).model_dump()]})
    with pytest.raises(RunError, match="kinds: figures are missing"):
        read_stress(tmp_path / "stress.json")


def test_what_no_longer_fits_is_left_out_and_named(run: RunFolder, model: str, tmp_path: Path, undrawn: None) -> None:
    save_stress(tmp_path / "s", make_stress(model, "r"))
    with adding(run, [tmp_path / "s"], [save_comparison(tmp_path / "c", {"a": model, "b": "b"})]):
        assert {"stress", "comparison"} <= {each.attributes.get("id") for each in page_of(run).of("section")}
    (run.path / "added" / "comparison-1.json").write_text("{")
    run.weights.write_bytes(b"training went on")
    page = page_of(run)
    assert not {"stress", "comparison"} & {each.attributes.get("id") for each in page.elements}
    assert "stress-1.json: is of another model" in page.text and "comparison-1.json: is not JSON" in page.text
    run.weights.unlink()
    assert len(read_added(run).left_out) == 2


def test_a_page_has_room_for_the_last_ones_only(run: RunFolder, model: str, tmp_path: Path) -> None:
    for start in range(30, 31 + MOST_STRESSES):
        with adding(run, [save_stress(tmp_path / str(start), make_stress(model, "r", start=start))], []):
            pass
    added = read_added(run)
    assert [each[0].clean for each in added.stresses] == [start / 50 for start in range(31, 31 + MOST_STRESSES)]
    assert [each.name for each in added.left_out] == ["stress-1.json"]


def test_hostile_names_of_runs_are_text(run: RunFolder, model: str, tmp_path: Path, undrawn: None) -> None:
    first = make_stress("x", f"runs/{HOSTILE}")
    save_stress(tmp_path / "s", first, against(first, make_stress(model, "r")))
    with adding(run, [tmp_path / "s"], [save_comparison(tmp_path / "c", {HOSTILE: model, "{{ 7 * 7 }}": "b"})]):
        page = page_of(run)
    assert len(page.of("script")) == 1 and HOSTILE in page.text and "{{ 7 * 7 }}" in page.text
    for element in page.elements:
        for name in ("src", "srcset", "href"):
            value = element.attributes.get(name, "#")
            assert value.startswith("#") or DATA.fullmatch(value)
    names = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert len(names) == len(set(names))


def test_the_figures_of_both_are_drawn_for_light_dark_wide_and_narrow(
    run: RunFolder, model: str, tmp_path: Path
) -> None:
    for name in ("metrics.json", "history.csv", "findings.csv"):
        run[name].unlink()
    save_stress(tmp_path / "s", make_stress(model, "r"))
    with adding(run, [tmp_path / "s"], [save_comparison(tmp_path / "c", {"a": model, "b": "b"})]):
        page = page_of(run)
    drawn = [each.attributes["alt"] for each in page.of("img")]
    assert [words.partition(",")[0] for words in drawn] == [
        "Accuracy against the severity of damage",
        "Accuracy of each run",
    ]
    assert len({each.attributes["srcset"] for each in page.of("source")}) == 6
