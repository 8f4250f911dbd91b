"""From photos to a trained run and everything that is asked of it, on small generated photos."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import mekiki
from mekiki.data.pictures import read_picture
from mekiki.errors import DataError, RunError, SettingsError, TrainingError, WeightsError
from mekiki.records.evaluation import read_metrics
from mekiki.records.history import read_history
from mekiki.records.openings import read_test_openings
from mekiki.records.predictions import read_predictions
from mekiki.records.run import RunFolder, read_config, read_status
from mekiki.records.split import read_split
from mekiki.verbs.finish import figure_name
from tests.conftest import write_photos

SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "learning_rate": 0.01}
SMALL_RUN = {**SMALL, "epochs": 8, "horizontal_flip": False}


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunFolder]:
    folder = write_photos(tmp_path_factory.mktemp("flow") / "photos", 20)
    return folder, mekiki.train(folder, folder.parent / "run", **SMALL_RUN)


def test_it_learns_three_colours(trained: tuple[Path, RunFolder]) -> None:
    _, run = trained
    val, test = read_metrics(run.metrics)
    assert (val.part, test.part, test.n) == ("val", "test", 12)
    assert val.accuracy.value >= 0.9
    assert test.accuracy.low < test.accuracy.value <= test.accuracy.high
    assert read_status(run).state == "done"


def test_the_run_folder_is_whole(trained: tuple[Path, RunFolder]) -> None:
    _, run = trained
    files = [run.config, run.environment, run.manifest, run.findings, run.split, run.history, run.weights, run.card]
    files += [run.metrics, run.predictions, run.report, run.status, run.test_openings, run.figures / "curves.png"]
    assert not [file.name for file in files if not file.is_file()]
    assert not [path.name for path in run.path.rglob(".*")]


def test_the_snapshot_that_is_kept_is_the_best(trained: tuple[Path, RunFolder]) -> None:
    _, run = trained
    history = read_history(run.history)
    best = [epoch for epoch in history if epoch.best][-1]
    assert best.val_accuracy == max(epoch.val_accuracy for epoch in history)
    assert read_metrics(run.metrics)[0].accuracy.value == best.val_accuracy


def test_test_is_opened_once_and_each_further_look_is_written_down(trained: tuple[Path, RunFolder]) -> None:
    _, run = trained
    before = len(read_test_openings(run.test_openings))
    mekiki.evaluate(run.path, part="val")
    assert len(read_test_openings(run.test_openings)) == before
    mekiki.evaluate(run.path)
    assert len(read_test_openings(run.test_openings)) == before + 1


def test_evaluate_agrees_with_training_and_with_scikit_learns_way(trained: tuple[Path, RunFolder]) -> None:
    folder, run = trained
    scored = mekiki.evaluate(run.path, part="val")
    assert scored.evaluation.accuracy == read_metrics(run.metrics)[0].accuracy
    classifier = mekiki.load(run.path)
    chances = classifier.predict_proba([folder / photo.path for photo in scored.photos])
    np.testing.assert_allclose(chances.sum(1), 1, atol=1e-5)
    assert classifier.classes_[chances.argmax(1)].tolist() == [photo.predicted for photo in scored.photos]
    assert classifier.predict([folder / scored.photos[0].path]).tolist() == [scored.photos[0].predicted]


def test_evaluate_other_photos_counts_those_that_were_trained_on_apart(
    trained: tuple[Path, RunFolder], tmp_path: Path
) -> None:
    folder, run = trained
    scored = mekiki.evaluate(run.path, folder, out=tmp_path / "out")
    assert scored.evaluation.part == "data"
    assert scored.evaluation.seen_in_training == 36
    assert [(each.part, each.n) for each in scored.evaluation.apart] == [("train", 36), ("val", 12)]
    assert scored.evaluation.n == scored.evaluation.fresh == 12
    assert len(list((tmp_path / "out" / "pictures").glob("*.png"))) == 60
    assert read_metrics(tmp_path / "out" / "metrics.json")[0] == scored.evaluation
    rows = read_predictions(tmp_path / "out" / "predictions.csv")
    parts = {row.path: row.part for row in read_split(run.split).rows}
    assert {row.path: row.seen for row in rows} == parts


def test_no_verb_changes_the_photos(tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", 6)
    before = bytes_of(tmp_path)
    run = mekiki.train(folder, tmp_path / "run", **SMALL, epochs=1)
    mekiki.evaluate(run.path, folder)
    list(mekiki.predict(run.path, folder))
    mekiki.explain(run.path, folder / "red", tmp_path / "why", layer="layer3")
    after = bytes_of(tmp_path)
    assert {name: after[name] for name in before} == before


def test_the_same_command_gives_the_same_split_and_weights_to_the_last_bit(tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", 8)
    first, second = (
        mekiki.train(folder, tmp_path / name, **SMALL, epochs=2, seed=4, workers=workers)
        for name, workers in [("first", 0), ("second", 3)]
    )
    assert first.split.read_bytes() == second.split.read_bytes()
    assert first.weights.read_bytes() == second.weights.read_bytes()
    other = mekiki.train(folder, tmp_path / "other", **SMALL, epochs=2, seed=5)
    assert first.weights.read_bytes() != other.weights.read_bytes()
    assert first.split.read_bytes() != other.split.read_bytes()


def test_training_leaves_the_global_random_numbers_alone(tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", 6)
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    mekiki.train(folder, tmp_path / "run", **SMALL, epochs=1, head="flatten-dropout")
    assert torch.equal(state, torch.get_rng_state())
    assert (numpy_state == np.random.get_state()[1]).all()  # noqa: NPY002


def test_a_split_is_used_again(trained: tuple[Path, RunFolder], tmp_path: Path) -> None:
    folder, run = trained
    second = mekiki.train(folder, tmp_path / "second", split_file=run.split, **SMALL, epochs=1)
    assert read_split(second.split).rows == read_split(run.split).rows
    assert read_config(second).split_file == str(run.split.resolve())


def test_frozen_layers_do_not_move_and_the_rest_does(tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", 6)
    runs = [mekiki.train(folder, tmp_path / str(epochs), **SMALL, freeze=2, epochs=epochs) for epochs in (1, 3)]
    start, end = (mekiki.load(run.path).model.state_dict() for run in runs)
    moved = {name for name in start if not torch.equal(start[name], end[name])}
    assert moved
    assert not [name for name in moved if name.startswith(("backbone.conv1", "backbone.bn1", "backbone.layer1"))]


def test_copies_with_random_labels_are_learnt_by_heart_and_score_near_chance(tmp_path: Path) -> None:
    """The teeth of the split: each picture is there three times, so a leak would be rewarded with a high score."""
    folder = write_photos(tmp_path / "photos", 40, {"all": (200, 50, 40)})
    numbers = np.random.default_rng(0)
    rows = []
    for file in sorted(folder.rglob("*.png")):
        label = "abc"[numbers.integers(3)]
        for copy in range(3):
            same = file.with_name(f"{file.stem}-{copy}.png")
            same.write_bytes(file.read_bytes())
            rows.append(f"{same.relative_to(tmp_path).as_posix()},{label}")
    (tmp_path / "labels.csv").write_text("path,label\n" + "\n".join(rows) + "\n")
    still = {"rotation_range": 0, "zoom_range": 0, "width_shift_range": 0, "height_shift_range": 0}
    run = mekiki.train(
        tmp_path / "labels.csv", tmp_path / "run", **{**SMALL_RUN, **still, "epochs": 30}, label_smoothing=0
    )
    learnt = max(epoch.train_accuracy or 0 for epoch in read_history(run.history))
    seen = [mekiki.evaluate(run.path, part=part).evaluation for part in ("val", "test")]
    right = sum(each.accuracy.value * each.n for each in seen) / sum(each.n for each in seen)
    assert learnt > 0.8
    assert right < 0.8


def test_a_loss_that_is_no_number_stops_with_a_clear_line(tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", 6)
    settings = {**SMALL, "optimizer": "sgd", "learning_rate": 1e12, "epochs": 3, "warmup": 0}
    with pytest.raises(TrainingError, match=r"the loss became (nan|inf).*learning rate 1e\+12 is too high"):
        mekiki.train(folder, tmp_path / "run", **settings)
    assert read_status(RunFolder(tmp_path / "run")).state == "failed"


def test_what_is_refused_is_refused_before_anything_is_written(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(SettingsError, match="no setting 'epoch'"):
        mekiki.train(photos, out, epoch=3)
    with pytest.raises(SettingsError, match=r"mobilenetv1_10\b"):
        mekiki.train(photos, out, backbone="mobilenetv1_10", weights="none")
    with pytest.raises(WeightsError, match="--weights none"):
        mekiki.train(photos, out, backbone="nin_small")
    with pytest.raises(DataError, match="blue"):
        mekiki.train(photos, out, **SMALL, train=200, val=50)
    with pytest.raises(DataError, match="there is no"):
        mekiki.train(photos / "nowhere", out, **SMALL)
    assert not out.exists()
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(SettingsError, match="already holds files; nothing is ever written over"):
        mekiki.train(photos, out, **SMALL)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_looking_at_test_photos_by_another_door_is_recorded(trained: tuple[Path, RunFolder]) -> None:
    folder, run = trained
    before = len(read_test_openings(run.test_openings))
    mekiki.evaluate(run.path, folder)
    openings = read_test_openings(run.test_openings)
    assert len(openings) == before + 1
    assert openings[-1].n == 12


def test_one_class_alone_can_be_scored(trained: tuple[Path, RunFolder], tmp_path: Path) -> None:
    _, run = trained
    write_photos(tmp_path / "one", 5, {"red": (200, 50, 40)})
    figures = mekiki.evaluate(run.path, tmp_path / "one").evaluation
    assert (figures.n, figures.classes) == (5, ["blue", "green", "red"])


def test_nothing_is_written_over(trained: tuple[Path, RunFolder], photos: Path, tmp_path: Path) -> None:
    _, run = trained
    before = bytes_of(photos)
    mekiki.explain(run.path, photos / "red", photos / "red", of_class="red", layer="layer2")
    mekiki.explain(run.path, photos / "red" / "000.png", photos / "red", of_class="red", layer="layer2")
    after = bytes_of(photos)
    assert {name: after[name] for name in before} == before
    assert "red/000-red-heat-2.png" in after
    with pytest.raises(SettingsError, match="nothing is ever written over"):
        mekiki.evaluate(run.path, part="val", out=run.path)
    mekiki.scan(photos, tmp_path / "scan")
    with pytest.raises(SettingsError, match=r"manifest.csv is there already"):
        mekiki.scan(photos, tmp_path / "scan")
    mekiki.split(photos, tmp_path / "split.csv")
    with pytest.raises(SettingsError, match=r"split.csv is there already"):
        mekiki.split(photos, tmp_path / "split.csv")


def test_the_reports_examples_are_the_answers_that_were_scored(trained: tuple[Path, RunFolder]) -> None:
    _, run = trained
    figures = {path.name for path in (run.figures / "examples").iterdir()}
    scored = [photo for photo in read_predictions(run.predictions) if photo.part == "test"]
    assert figures <= {figure_name(photo.path) for photo in scored}
    assert len(figures) >= 3


def test_figure_names_never_collide_and_are_never_too_long() -> None:
    paths = ["a/1.jpg", "a/1.png", "a-b/1.jpg", "a/b-1.jpg", "a/b/1.jpg", "A/1.jpg", "/x/" + "目" * 200 + ".jpg"]
    names = [figure_name(path) for path in paths]
    assert len({name.lower() for name in names}) == len(paths)
    assert max(len(name.encode()) for name in names) < 255


def test_a_split_and_amounts_contradict(trained: tuple[Path, RunFolder], tmp_path: Path) -> None:
    folder, run = trained
    with pytest.raises(SettingsError, match="a split file was given, and train = 5 too"):
        mekiki.train(folder, tmp_path / "run2", split_file=run.split, **SMALL, train=5)
    for name, value in (("split.val", 5), ("leak_safe", False), ("split.seed", 1)):
        with pytest.raises(SettingsError, match=f"a split file was given, and {name} = {value} too"):
            mekiki.train(folder, tmp_path / "run2", split_file=run.split, **SMALL, **{name: value})


def test_nothing_learnt_is_refused(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nothing would be learnt, and random weights have no probe"):
        mekiki.train(photos, tmp_path / "run", **SMALL, epochs=0)


def test_a_full_disk_is_one_line_and_a_failed_run(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device", "history.csv")

    monkeypatch.setattr("mekiki.verbs.fitting.write_history", no_space)
    with pytest.raises(RunError, match=r"history.csv: No space left on device\nhint: make room, then add --resume"):
        mekiki.train(photos, tmp_path / "run", **SMALL, epochs=1)
    assert read_status(RunFolder(tmp_path / "run")).state == "failed"


def test_csv_data_goes_all_the_way(tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", 8)
    files = sorted(folder.rglob("*.png"))
    lines = [
        f"{file if number % 2 else file.relative_to(folder)},{file.parent.name}" for number, file in enumerate(files)
    ]
    (folder / "labels.csv").write_text("path,label\n" + "\n".join(lines) + "\n")
    run = mekiki.train(folder / "labels.csv", tmp_path / "run", **SMALL, epochs=1)
    assert run.report.is_file()
    evaluation = mekiki.evaluate(run.path, folder / "labels.csv").evaluation
    assert evaluation.seen_in_training == 15
    assert evaluation.n + sum(each.n for each in evaluation.apart) == 24
    second = mekiki.train(folder / "labels.csv", tmp_path / "second", split_file=run.split, **SMALL, epochs=1)
    assert read_split(second.split).rows == read_split(run.split).rows


def test_messages_of_evaluate(trained: tuple[Path, RunFolder], tmp_path: Path) -> None:
    _, run = trained
    with pytest.raises(RunError, match="there is no run folder"):
        mekiki.evaluate(tmp_path / "nothing")
    with pytest.raises(RunError, match=r"holds no model.json"):
        mekiki.evaluate(tmp_path)
    with pytest.raises(SettingsError, match="there is no part 'validation'"):
        mekiki.evaluate(run.path, part="validation")
    with pytest.raises(SettingsError, match="cannot be used with DATA"):
        mekiki.evaluate(run.path, tmp_path, part="val")
    other = write_photos(tmp_path / "others", 3, {"blue": (0, 0, 200), "pink": (250, 100, 200)})
    with pytest.raises(DataError, match=r"the model does not know the class 'pink' .* it knows blue, green, red"):
        mekiki.evaluate(run.path, other)


def test_explain_writes_overlays_at_the_pictures_own_size(trained: tuple[Path, RunFolder], tmp_path: Path) -> None:
    _, run = trained
    for folder, size in (("a", (90, 40)), ("b", (40, 70))):
        (tmp_path / folder).mkdir()
        Image.new("RGB", size, (200, 50, 40)).save(tmp_path / folder / "same.png")
    how = {"of_class": "blue", "method": "layercam", "layer": "layer2"}
    done = mekiki.explain(run.path, [tmp_path / "a", tmp_path / "b"], tmp_path / "why", **how)
    assert [each.error for each in done] == ["", ""]
    assert [read_picture(each.written).shape[:2] for each in done if each.written] == [(40, 90), (70, 40)]
    assert {each.explained for each in done} == {"blue"}
    assert {each.layer for each in done} == {"layer2"}
    with pytest.raises(SettingsError, match=r"there is no class 'blu'\nhint: did you mean blue\?"):
        mekiki.explain(run.path, tmp_path / "a", tmp_path / "why", of_class="blu")


def test_the_model_is_json_and_safetensors(trained: tuple[Path, RunFolder]) -> None:
    _, run = trained
    card = json.loads(run.card.read_text())
    assert card["classes"] == ["blue", "green", "red"]
    assert card["preprocessing"]["image_size"] == 32
    card["backbone"] = "os.system"
    run_copy = RunFolder(run.path.parent / "hostile")
    run_copy.path.mkdir()
    run_copy.card.write_text(json.dumps(card))
    run_copy.weights.write_bytes(run.weights.read_bytes())
    with pytest.raises(mekiki.MekikiError, match=r"os\.system"):
        mekiki.load(run_copy.path)
