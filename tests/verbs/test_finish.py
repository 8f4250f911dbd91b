"""The end of a training: what is drawn and written there is what evaluating the run again gives."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mekiki
from mekiki.config import EvaluateSettings
from mekiki.evaluation.classifier import Classifier, load
from mekiki.evaluation.parts import ask, score_answers
from mekiki.progress import Silent
from mekiki.records.evaluation import read_metrics
from mekiki.records.predictions import read_predictions
from mekiki.records.run import RunFolder
from mekiki.records.split import read_split
from tests.conftest import write_photos
from tests.reports.made_runs import read_page

SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "horizontal_flip": False}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, drawn: None) -> tuple[Path, RunFolder]:
    photos = write_photos(tmp_path_factory.mktemp("finish") / "photos", 12)
    return photos, mekiki.train(photos, photos.parent / "run", **SMALL, epochs=1)


def test_the_figures_lie_beside_each_other_and_are_in_the_report(trained: tuple[Path, RunFolder]) -> None:
    _, run = trained
    for name in ("confusion.png", "reliability.png", "coverage.png", "curves.png"):
        with Image.open(run.figures / name) as picture:
            assert picture.width > 500
    page = read_page(run.report)
    assert {"sureness", "confusion"} <= {each.attributes.get("id") for each in page.of("section")}
    words = [picture.attributes["alt"] for picture in page.of("img")]
    assert any(each.startswith("Reliability diagram") and "before and after" in each for each in words)
    assert any(each.startswith("Accuracy against the share of photos that is answered") for each in words)


def test_the_error_before_the_temperature_is_that_of_the_model_without_it(trained: tuple[Path, RunFolder]) -> None:
    photos, run = trained
    with_it = load(run.path)
    without = Classifier(
        with_it.model, with_it.card.model_copy(update={"calibration": None, "unknown": None}), with_it.settings
    )
    rows = read_split(run.split).part("val")
    plain = score_answers(without, ask(without, photos, rows, "val", Silent())).evaluation
    (val,) = [each for each in read_metrics(run.metrics) if each.part == "val"]
    assert val.uncalibrated is not None and plain.uncalibrated is None and plain.intervals is not None
    assert val.uncalibrated.ece.value == pytest.approx(plain.ece, abs=1e-5)
    assert val.uncalibrated.ece.high == pytest.approx(plain.intervals.ece.high, abs=1e-4)
    assert [each.n for each in val.uncalibrated.reliability] == [each.n for each in plain.reliability]
    assert val.confusion == plain.confusion


def test_the_threshold_answers_the_photos_whose_recorded_score_is_above_it(trained: tuple[Path, RunFolder]) -> None:
    _, run = trained
    said = read_predictions(run.predictions)
    for evaluation in read_metrics(run.metrics):
        assert evaluation.unknown is not None
        scores = [photo.known_score for photo in said if photo.part == evaluation.part]
        assert np.mean([score >= evaluation.unknown.threshold for score in scores]) == evaluation.unknown.coverage


def test_evaluate_gives_the_same_figures_to_the_last_bit_and_draws_them(
    trained: tuple[Path, RunFolder], tmp_path: Path
) -> None:
    _, run = trained
    at_the_end = {each.part: each for each in read_metrics(run.metrics)}
    said = read_predictions(run.predictions)
    for part in ("val", "test"):
        out = tmp_path / "out" if part == "test" else None
        again = mekiki.evaluate(run.path, part=part, out=out, settings=EvaluateSettings(batch_size=8))
        for name in type(at_the_end[part]).model_fields.keys() - {"seconds", "fresh", "apart"}:
            assert getattr(again.evaluation, name) == getattr(at_the_end[part], name), name
        assert list(again.photos) == [photo for photo in said if photo.part == part]
    drawn = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"confusion.png", "reliability.png", "coverage.png"} <= drawn
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["uncalibrated"]["ece"]["value"] >= 0
