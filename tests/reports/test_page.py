"""The page: self-contained, escaped, bounded, and its numbers are the run's."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

import mekiki.reports
from mekiki.config import KINDS
from mekiki.errors import DataError, RunError
from mekiki.records.calibration import Calibration
from mekiki.records.card import read_card, write_card
from mekiki.records.evaluation import write_metrics
from mekiki.records.findings import Finding, write_findings
from mekiki.records.predictions import write_predictions
from mekiki.records.run import RunFolder, Status, model_fingerprint, write_status
from mekiki.reports.added import MOST_COMPARISONS, MOST_STRESSES, adding
from mekiki.reports.confused import confused_pairs
from mekiki.reports.gallery import Drawing
from mekiki.reports.page import write_report
from tests.reports.made_added import against, make_stress, save_comparison, save_stress
from tests.reports.made_answers import Made, make_answers
from tests.reports.made_runs import make_example, make_run, read_page, write_noise

HOSTILE = '</title><script>alert("class")</script><img src=x onerror=alert(1)>'
DATA = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=]+")


@pytest.fixture
def undrawn(monkeypatch):
    """Figures are replaced by one pixel: this test is about something else."""
    pixel = Drawing("data:image/png;base64,AAAA", "data:image/png;base64,AAAA", 1, 1)
    monkeypatch.setattr("mekiki.reports.gallery.draw_curves", lambda history: (pixel, pixel))
    monkeypatch.setattr("mekiki.reports.gallery.draw_confusion", lambda evaluation: pixel)
    monkeypatch.setattr("mekiki.reports.gallery.draw_reliability", lambda evaluation: (pixel, pixel))
    monkeypatch.setattr("mekiki.reports.gallery.draw_coverage", lambda evaluation, photos: (pixel, pixel))


def contents(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A complete page of a run whose every name is an attack."""
    root = tmp_path_factory.mktemp("photos")
    names = '"><img src=http:x onerror=alert({number})>.png'
    run = make_run(tmp_path_factory.mktemp("runs") / "<b>run<b> & 'co'", root, (HOSTILE, "{{ 7 * 7 }}"), names=names)
    write_noise(root, ["0/" + names.format(number=0), "0/" + names.format(number=1)], 50)
    wrong = [make_example(f"{HOSTILE}.jpg", HOSTILE, [(HOSTILE + "!", 0.9), (HOSTILE, 0.1)])]
    right = [make_example("b.jpg", HOSTILE, [(HOSTILE, 0.95)], 1)]
    write_report(run, wrong, right, root, HOSTILE)
    return run


def test_nothing_is_loaded_from_elsewhere(hostile) -> None:
    page = read_page(hostile.report)
    for element in page.elements:
        for name, value in element.attributes.items():
            assert not name.startswith("on"), element
            if name in ("src", "srcset", "href", "action", "data", "poster", "xlink:href"):
                assert value.startswith("#") or DATA.fullmatch(value), (element.tag, name, value[:80])
    assert not {"link", "iframe", "object", "embed", "form", "base", "foreignobject"} & {
        each.tag for each in page.elements
    }
    (style,) = page.of("style")
    assert "url(" not in style.text and "@import" not in style.text
    assert not any("style" in element.attributes for element in page.elements)


def test_the_policy_allows_only_the_page_s_own_style_and_script(hostile) -> None:
    page = read_page(hostile.report)
    (policy,) = [meta for meta in page.of("meta") if meta.attributes.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.attributes["content"].split(";"))
    assert rules["default-src"] == "'none'" and rules["img-src"] == "data:"
    for tag in ("style", "script"):
        (element,) = page.of(tag)
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"


def test_hostile_names_are_text(hostile) -> None:
    page = read_page(hostile.report)
    assert page.of("title")[0].text == "<b>run<b> & 'co': report of a training run"
    assert page.of("h1")[0].text == "<b>run<b> & 'co'"
    assert HOSTILE in page.text and f"{HOSTILE}.jpg" in page.text and "{{ 7 * 7 }}" in page.text
    assert '"><img src=http:x onerror=alert(0)>.png' in page.text and "<i>two labels</i>" in page.text
    assert len(page.of("script")) == 1


def test_commands_with_a_hostile_run_name_are_quoted(hostile) -> None:
    assert """mekiki predict '<b>run<b> & '"'"'co'"'"'' photo.jpg""" in read_page(hostile.report).text


def test_every_picture_has_an_alternative_text_and_a_size(hostile) -> None:
    pictures = read_page(hostile.report).of("img")
    assert len(pictures) == 3 + 2 * 2 + 3, "curves, confusion, coverage; two decisions with heat maps; photos of pairs"
    for picture in pictures:
        assert picture.attributes["alt"].strip()
        assert int(picture.attributes["width"]) > 0 and int(picture.attributes["height"]) > 0


def test_identifiers_are_unique_and_links_lead_somewhere(hostile) -> None:
    page = read_page(hostile.report)
    names = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert len(set(names)) == len(names)
    assert {link.attributes["href"].removeprefix("#") for link in page.of("a")} <= set(names)


def test_the_headline_is_the_test_part_of_metrics_json(run: RunFolder, undrawn) -> None:
    page = read_page(write_report(run, [], [], Path("gone")))
    test = json.loads(run.metrics.read_text())
    assert page.by_id("accuracy").text == f"{100 * test['accuracy']['value']:.1f}%"
    low, high = (100 * test["accuracy"][end] for end in ("low", "high"))
    assert page.by_id("interval").text == f"{low:.1f} to {high:.1f}\u00a0%"
    assert (
        f"16 of {test['n']}\u00a0photos recognised, on test photos that training never saw, opened once." in page.text
    )
    assert "On the 20\u00a0validation photos, which chose the best snapshot" in page.text


def test_the_interval_bar_is_drawn_where_the_interval_lies(run: RunFolder, undrawn) -> None:
    page = read_page(write_report(run, [], [], Path("gone")))
    test = json.loads(run.metrics.read_text())["accuracy"]
    bar = next(rect for rect in page.of("rect") if rect.attributes["class"] == "range")
    assert float(bar.attributes["x"].rstrip("%")) == pytest.approx(100 * test["low"], abs=0.01)
    assert float(bar.attributes["width"].rstrip("%")) == pytest.approx(100 * (test["high"] - test["low"]), abs=0.02)


def test_without_test_photos_the_headline_says_that_val_chose(tmp_path: Path, undrawn) -> None:
    run = make_run(tmp_path / "run", tmp_path, parts=("val",))
    run.split.write_text(run.split.read_text().replace(",test", ",train"))
    text = read_page(write_report(run, [], [], tmp_path)).text
    assert "on validation photos, which also chose the best snapshot: a little optimistic" in text
    assert "no test photos were set aside" in text


def test_per_class_figures_can_be_sorted_by_their_numbers(run: RunFolder, undrawn) -> None:
    page = read_page(write_report(run, [], [], Path("gone")))
    keys = [cell.attributes["data-sort"] for cell in page.elements if "data-sort" in cell.attributes]
    assert keys[0] == "Jaguar" and keys[6] == "Mustang"
    assert [float(key) for key in keys[1:6]][:2] == [10, 0.8]


def test_only_settings_that_differ_come_first(run: RunFolder, undrawn) -> None:
    page = read_page(write_report(run, [], [], Path("gone")))
    first, folded = page.text.split("settings left at the default")
    assert "model.image_size" in first and "train.epochs" in first
    assert "train.batch_size" in folded and "train.batch_size" not in first


def test_the_surest_mistakes_come_first(run: RunFolder, undrawn) -> None:
    wrong = [
        make_example(f"{sure}.jpg", "Jaguar", [("Mustang", sure), ("Jaguar", 1 - sure)]) for sure in (0.6, 0.99, 0.8)
    ]
    text = read_page(write_report(run, wrong, [], Path("gone"), "features.12")).text
    assert text.index("0.99.jpg") < text.index("0.8.jpg") < text.index("0.6.jpg")
    assert "often a wrong label" in text and "layer features.12" in text


def test_ranked_bars_are_coloured_by_their_role(run: RunFolder, undrawn) -> None:
    wrong = [make_example("a.jpg", "Jaguar", [("Mustang", 0.7), ("Jaguar", 0.2), ("SG", 0.1)])]
    page = read_page(write_report(run, wrong, [], Path("gone")))
    ranked = [rect.attributes for rect in page.of("rect") if rect.attributes["class"] in ("predicted", "true", "other")]
    assert [(bar["class"], bar["width"]) for bar in ranked] == [
        ("predicted", "70.00%"),
        ("true", "20.00%"),
        ("other", "10.00%"),
    ]


def test_pairs_are_shown_and_photos_that_are_gone_are_named(tmp_path: Path, undrawn) -> None:
    root = tmp_path / "photos"
    run = make_run(tmp_path / "run", root)
    write_noise(root, ["0/0000.png", "0/0001.png"], 50)
    page = read_page(write_report(run, [], [], root))
    assert [picture.attributes["alt"] for picture in page.of("img")][:3] == [
        "Photo 0/0000.png",
        "Photo 0/0000.png",
        "Photo 0/0001.png",
    ]
    assert "not shown: the photo does not exist" in page.text
    assert "broken & lost.jpg: is truncated" in page.text


@pytest.mark.slow
def test_a_thousand_noisy_photos_stay_under_five_megabytes(tmp_path: Path) -> None:
    root, classes = tmp_path / "photos", [f"class {number}" for number in range(25)]
    run = make_run(tmp_path / "run", root, classes, per_class=40)
    made = make_answers(1000, classes, sharp=8.0)
    write_metrics(run.metrics, [made.evaluation])
    write_predictions(run.predictions, made.photos)
    paths = [f"{number}/0000.png" for number in range(24)]
    write_noise(root, [*paths, *_shown_beside(made)], 250)
    pairs = zip(paths[:12], paths[12:], strict=True)
    write_findings(
        run.findings, [Finding("near_duplicate" if n % 2 else "label_conflict", *pair) for n, pair in enumerate(pairs)]
    )
    examples = [make_example(f"{number}.jpg", "class 1", [("class 2", 0.9)], number, 330) for number in range(32)]
    report = write_report(run, examples, examples, root)
    assert len(read_page(report).of("img")) == 2 * (24 + 8) + 24 + 2 * 6 + 4
    assert report.stat().st_size < 5e6
    with adding(run, *_as_much_as_there_is_room_for(tmp_path, model_fingerprint(run))):
        write_report(run, examples, examples, root)
        assert len(read_page(report).of("img")) == 2 * (24 + 8) + 24 + 2 * 6 + 4 + MOST_STRESSES + MOST_COMPARISONS
        assert report.stat().st_size < 5e6


def _as_much_as_there_is_room_for(folder: Path, model: str) -> tuple[list[Path], list[Path]]:
    """Return stresses of every kind of damage and four runs, and comparisons of ten runs."""
    stresses, kinds = [], tuple(KINDS)
    for number in range(MOST_STRESSES):
        first = make_stress("first", "first", kinds, 40 + number)
        others = [against(first, make_stress(each, each, kinds, 30)) for each in (model, "third", "fourth")]
        stresses.append(save_stress(folder / f"stress {number}", first, *others))
    names = {f"a run with quite a long name, number {number}": str(number) for number in range(9)}
    return stresses, [
        save_comparison(folder / f"comparison {number}", names | {f"own {number}": model})
        for number in range(MOST_COMPARISONS)
    ]


def _shown_beside(made: Made) -> list[str]:
    """Return the photos of the three most confused pairs, and those of the classes that they were taken for."""
    pairs = confused_pairs(made.evaluation)[:3]
    wrong = [
        photo.path
        for photo in made.photos
        for pair in pairs
        if (photo.label, photo.predicted) == (pair.true, pair.predicted)
    ]
    named = {pair.predicted for pair in pairs}
    return wrong + [photo.path for photo in made.photos if photo.right and photo.label in named]


def test_how_sure_it_is_stands_in_words_beside_the_figures(run: RunFolder, undrawn) -> None:
    made = make_answers(300, ["Jaguar", "Mustang"])
    write_metrics(run.metrics, [made.evaluation])
    write_predictions(run.predictions, made.photos)
    calibration = Calibration(
        temperature=3.0, n=120, log_loss_before=1, log_loss_after=0.5, ece_before=0.2, ece_after=0.1
    )
    write_card(run.card, read_card(run.card).model_copy(update={"calibration": calibration}))
    page = read_page(write_report(run, [], [], Path("gone")))
    before, after = made.evaluation.uncalibrated.ece, made.evaluation.intervals.ece
    assert (
        f"the network was too sure: off by {100 * before.value:.1f} points ({100 * before.low:.1f} to "
        f"{100 * before.high:.1f}). One number, the temperature 3.00, fitted on 120\u00a0validation photos, corrects all "
        f"its percentages and changes no answer. With it they are off by {100 * after.value:.1f} points"
    ) in page.text
    assert f"Its own threshold for “unknown” answers {100 * made.evaluation.unknown.coverage:.1f}\u00a0%" in page.text
    ordered = sorted(made.photos, key=lambda photo: -photo.score)[:150]
    assert f"the surest 50\u00a0%150{100 * sum(photo.right for photo in ordered) / 150:.1f}\u00a0%" in page.text
    alternatives = [picture.attributes["alt"] for picture in page.of("img")]
    assert any(words.startswith("Reliability diagram") and "too sure" in words for words in alternatives)


def test_a_run_of_an_older_version_says_what_was_not_measured(run: RunFolder, undrawn) -> None:
    text = read_page(write_report(run, [], [], Path("gone"))).text
    assert "was not measured by the version that scored this run" in text
    assert "It has no threshold for “unknown”, and answers every photo." in text


@pytest.mark.parametrize(
    "name",
    [
        "config.json",
        "environment.json",
        "manifest.csv",
        "findings.csv",
        "split.csv",
        "history.csv",
        "metrics.json",
        "predictions.csv",
        "model.json",
    ],
)
def test_each_missing_file_is_named_and_the_rest_is_shown(run: RunFolder, undrawn, name) -> None:
    run[name].unlink()
    page = read_page(write_report(run, [], [], Path("gone")))
    assert f"Not in the run folder: {name} (" in page.text
    assert "This run is not finished." in page.text
    assert len(page.of("section")) == 10


def test_an_empty_run_folder_makes_a_page_that_says_so(tmp_path: Path) -> None:
    page = read_page(write_report(RunFolder(tmp_path), [], [], Path("gone")))
    assert "No photo has been scored" in page.text and "There is no trained model" in page.text
    assert not page.of("img")


def test_a_stopped_run_says_where_it_stopped(run: RunFolder, undrawn) -> None:
    write_status(run, Status(state="stopped", epoch=2))
    assert "Training was stopped after epoch 2 of 4" in read_page(write_report(run, [], [], Path("gone"))).text


def test_a_run_without_findings_says_that_nothing_was_odd(run: RunFolder, undrawn) -> None:
    write_findings(run.findings, [])
    assert "every photo could be read" in read_page(write_report(run, [], [], Path("gone"))).text


def test_only_the_report_is_written_and_a_second_time_it_is_the_same(run: RunFolder, undrawn) -> None:
    before = contents(run.path)
    write_report(run, [], [], Path("gone"))
    first = contents(run.path)
    write_report(run, [], [], Path("gone"))
    assert contents(run.path) == first
    assert first.pop("report.html")
    assert first == before


def test_a_damaged_file_is_an_error_that_names_it(run: RunFolder) -> None:
    for name, error, message in (
        ("metrics.json", RunError, "metrics.json: part: Field required"),
        ("status.json", RunError, "status.json: state"),
        ("split.csv", DataError, "split.csv has no column 'path'"),
    ):
        kept = run[name].read_bytes()
        run[name].write_text('{"test": {}}' if name.endswith(".json") else "nothing\n")
        with pytest.raises(error, match=message):
            write_report(run, [], [], Path("gone"))
        run[name].write_bytes(kept)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no run folder"):
        write_report(RunFolder(tmp_path / "none"), [], [], tmp_path)


def test_a_name_that_is_no_unicode_does_not_stop_the_report(run: RunFolder, undrawn) -> None:
    wrong = [make_example("bad\udcff.jpg", "Jaguar", [("Mustang", 0.9)])]
    assert "bad?.jpg" in read_page(write_report(run, wrong, [], Path("gone"))).text


def test_the_templates_are_inside_the_package() -> None:
    folder = Path(mekiki.reports.__file__).parent / "templates"
    assert {path.name for path in folder.iterdir()} >= {
        "report.html.j2",
        "parts.html.j2",
        "report.css",
        "report.js",
        "base.css",
    }
