"""A normalisation is measured on the training part, saved with the run, and the same wherever the run is used."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import mekiki
from mekiki.config import EvaluateSettings, make_config
from mekiki.data.pictures import read_picture
from mekiki.doors.cli import app
from mekiki.errors import RunError
from mekiki.explanation.overlay import explain_picture
from mekiki.progress import Silent
from mekiki.records.history import read_history
from mekiki.records.run import RunFolder, read_config
from mekiki.records.split import read_split
from mekiki.tensors.geometry import square
from mekiki.verbs.looking import look
from mekiki.verbs.preparing import prepare
from tests.conftest import draw_photo, write_photos
from tests.tensors.keras_numpy import KerasNumpy

SMALL = {
    "backbone": "test_resnet",
    "weights": "none",
    "image_size": 32,
    "batch_size": 8,
    "learning_rate": 0.01,
    "refit": "off",
}
FITTED = ["featurewise_center", "featurewise_std_normalization", "zca_whitening"]
KINDS = ["none", "samplewise_std_normalization", *FITTED]


@pytest.fixture(scope="module", params=KINDS)
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunFolder, str]:
    folder = write_photos(tmp_path_factory.mktemp("normalised") / "photos", 10)
    run = mekiki.train(folder, folder.parent / "run", **SMALL, epochs=2, train=6, val=4, normalise=request.param)
    return folder, run, request.param


def test_a_loaded_run_answers_as_it_did_in_training(trained: tuple[Path, RunFolder, str]) -> None:
    """The loss that training saw on val is that of the loaded run, and not that of another normalisation."""
    folder, run, kind = trained
    best = [epoch for epoch in read_history(run.history) if epoch.best][-1]
    rows = read_split(run.split).part("val")
    classifier = mekiki.load(run.path, EvaluateSettings(views="plain"))
    classifier.temperature = 1.0  # training looked once, before the model was calibrated
    names = classifier.classes_.tolist()

    def loss() -> float:
        chances = classifier.predict_proba([folder / row.path for row in rows])
        return float(-np.mean([np.log(row[names.index(said.label)]) for row, said in zip(chances, rows, strict=True)]))

    assert loss() == pytest.approx(best.val_loss, rel=1e-5)
    classifier.normaliser.mean += 40
    if not kind.startswith("samplewise"):
        assert loss() != pytest.approx(best.val_loss, rel=1e-4)


def test_the_numbers_are_those_of_the_training_photos(trained: tuple[Path, RunFolder, str]) -> None:
    folder, run, kind = trained
    card = json.loads(run.card.read_text())["preprocessing"]
    assert read_config(run).normalisation.normalise == tuple(card["normalise"])
    assert run.normalisation.is_file() == (kind == "zca_whitening")
    if kind not in FITTED:
        assert (card["mean"], card["std"]) == ([0, 0, 0], [1, 1, 1])
        return
    pictures = prepared_pictures(folder, [row.path for row in read_split(run.split).part("train")])
    keras = KerasNumpy(card["normalise"], dtype=np.float64).fit(pictures)
    np.testing.assert_allclose(card["mean"], keras.mean.ravel(), atol=0.01)  # kept a little larger for augmentation
    if keras.std is not None:
        np.testing.assert_allclose(card["std"], keras.std.ravel() + 1e-6, atol=0.01)


def prepared_pictures(folder: Path, paths: list[str]) -> np.ndarray:
    return np.stack([square(read_picture(folder / path), 32, "letterbox") for path in paths])


def test_heat_maps_and_plain_pictures_work(trained: tuple[Path, RunFolder, str]) -> None:
    _, run, _ = trained
    classifier = mekiki.load(run.path)
    for picture in (draw_photo((200, 50, 40), 1, 70), np.full((40, 60, 3), 128, np.uint8)):
        heat_map = explain_picture(classifier, picture)
        assert heat_map.heat.shape == picture.shape[:2]
        assert np.isfinite(heat_map.heat).all()
        assert np.isfinite([chance for _, chance in heat_map.ranked]).all()
        assert heat_map.ranked[0][1] == pytest.approx(classifier.predict_proba(picture).max(), abs=1e-5)


def write_parts(folder: Path, of_val: int, of_train: int = 0) -> Path:
    """Write train and val folders; both may be made brighter or darker as a whole."""
    for part, shift in (("train", of_train), ("val", of_val)):
        write_photos(folder / part, 5)
        for number, file in enumerate(sorted((folder / part).rglob("*.png"))):
            colour, levels = (
                (60 + 9 * number, 200 - 9 * number, 90),
                np.random.default_rng(number * 2 + (part == "val")),
            )
            picture = draw_photo(colour, number + 100 * (part == "val")) + levels.integers(0, 9, (48, 48, 3))
            Image.fromarray(np.clip(picture + shift, 0, 255).astype(np.uint8)).save(file)
    return folder


@pytest.mark.parametrize("kind", FITTED)
def test_the_fit_sees_nothing_of_val(tmp_path: Path, kind: str) -> None:
    def fit(name: str, of_val: int, of_train: int = 0) -> tuple[object, bytes]:
        folder = write_parts(tmp_path / name, of_val, of_train)
        config = make_config(str(folder), **SMALL, normalise=kind)
        prepared = prepare(config, look(config, Silent()), Silent())
        assert (len(prepared.train_photos), len(prepared.val_photos)) == (15, 15)
        basis = prepared.normaliser.basis.numpy().tobytes() if kind == "zca_whitening" else b""
        assert prepared.val_photos.preprocessing == prepared.card.preprocessing
        return prepared.card.preprocessing, basis

    plain = fit("plain", 0)
    assert fit("black val", -250) == plain
    assert fit("white val", 250) == plain
    assert fit("darker train", 0, -40) != plain


def test_the_same_command_gives_the_same_whitening_with_any_number_of_workers(tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", 8)
    first, second = (
        mekiki.train(folder, tmp_path / name, **SMALL, epochs=1, normalise="zca_whitening", workers=workers)
        for name, workers in [("first", 0), ("second", 3)]
    )
    assert first.normalisation.read_bytes() == second.normalisation.read_bytes()
    assert first.weights.read_bytes() == second.weights.read_bytes()


def test_a_run_without_its_whitening_is_refused_and_one_of_another_run_too(tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", 6)
    run = mekiki.train(folder, tmp_path / "run", **SMALL, epochs=1, normalise="zca_whitening")
    run.normalisation.rename(tmp_path / "kept")
    with pytest.raises(RunError, match=r"normalisation.safetensors is missing, and model.json calls for it"):
        mekiki.load(run.path)
    run.normalisation.write_bytes(run.weights.read_bytes())
    with pytest.raises(RunError, match=r"normalisation.safetensors holds .*; model.json calls for 'basis' F32 3072 × "):
        mekiki.load(run.path)
    (tmp_path / "kept").replace(run.normalisation)
    assert mekiki.load(run.path).normaliser.whitens


def test_a_run_of_before_is_read(photos: Path, tmp_path: Path) -> None:
    run = mekiki.train(photos, tmp_path / "run", **SMALL, epochs=1)
    said = mekiki.load(run.path).predict_proba(photos / "red" / "001.png")
    card, config = json.loads(run.card.read_text()), json.loads(run.config.read_text())
    del card["preprocessing"]["normalise"], card["preprocessing"]["zca_components"], config["normalisation"]
    run.card.write_text(json.dumps(card))
    run.config.write_text(json.dumps(config))
    np.testing.assert_array_equal(mekiki.load(run.path).predict_proba(photos / "red" / "001.png"), said)
    assert mekiki.evaluate(run.path, part="val").evaluation.n > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--normalise", "weights,zca_whitening"], "it does not go with zca_whitening"),
        (["--normalise", "zca_whitening", "--image-size", "512"], "the largest is 256 px"),
        (["--zca-epsilon", "0.1"], "zca_epsilon 0.1 is for zca_whitening"),
        (["--set", "normalise=samplewise_centre"], "did you mean samplewise_center?"),
    ],
)
def test_it_is_refused_before_a_run_folder_is_made(
    photos: Path, tmp_path: Path, words: list[str], message: str
) -> None:
    small = ["--backbone", "test_resnet", "--weights", "none"]
    done = CliRunner().invoke(app, ["train", str(photos), "--out", str(tmp_path / "run"), *small, *words])
    assert done.exit_code == 2
    assert message in done.stderr
    assert not (tmp_path / "run").exists()
