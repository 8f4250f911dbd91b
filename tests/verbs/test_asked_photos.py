"""What a verb asks about is what lies there now, limits are the run's, and what a person was shown is recorded."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mekiki
from mekiki.config import EvaluateSettings, StressSettings
from mekiki.errors import DataError, RunError, SettingsError
from mekiki.records.card import read_card, write_card
from mekiki.records.openings import read_test_openings
from mekiki.records.run import RunFolder, read_config, write_config
from mekiki.records.split import read_split
from mekiki.records.unknown import UnknownRule, write_reference
from mekiki.scoring.intervals import wilson_of_share
from mekiki.scoring.unknown import measure_reference
from tests.conftest import write_photos

SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "horizontal_flip": False}
Trained = tuple[Path, RunFolder]


class Lines:
    """Progress that keeps what is said, and may be stopped at a count."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.said: list[str] = []
        self.stop_at = stop_at

    def say(self, line: str) -> None:
        self.said.append(line)

    def task(self, title: str, total: int, unit: str = "photos") -> "Lines":
        self.done = 0
        return self

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *raised: object) -> None:
        pass

    def advance(self, count: int = 1, note: str = "") -> None:
        self.done += count
        if self.stop_at is not None and self.done >= self.stop_at:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    photos = write_photos(tmp_path_factory.mktemp("asked") / "photos", 10)
    return photos, mekiki.train(photos, photos.parent / "run", **SMALL, epochs=1)


@pytest.fixture
def trained(made: Trained, tmp_path: Path) -> Trained:
    """Return a copy of photos and run, to be changed."""
    photos, run = made
    copy = RunFolder(Path(shutil.copytree(run.path, tmp_path / "run")))
    root = Path(shutil.copytree(photos, tmp_path / "photos"))
    write_config(copy, read_config(copy).model_copy(update={"data": str(root)}))
    return root, copy


def of(run: RunFolder, part: str) -> list[str]:
    return [row.path for row in read_split(run.split).rows if row.part == part]


def test_a_training_photo_under_a_test_photos_name_is_found_out(trained: Trained) -> None:
    photos, run = trained
    for train, test in zip(of(run, "train")[:2], of(run, "test")[:2], strict=True):
        (photos / test).write_bytes((photos / train).read_bytes())
    lines = Lines()
    figures = mekiki.evaluate(run.path, part="test", progress=lines).evaluation
    assert figures.seen_in_training == 2 and figures.fresh == figures.n == len(of(run, "test")) - 2
    assert any(
        line.startswith("note: 2 of the run's test photos have changed since it was made") for line in lines.said
    )
    quiet = Lines()
    assert mekiki.evaluate(run.path, part="val", progress=quiet).evaluation.fresh == len(of(run, "val"))
    assert quiet.said == []


def test_copies_of_a_stranger_are_one_witness_and_the_runs_photos_are_none(trained: Trained, tmp_path: Path) -> None:
    photos, run = trained
    strange = tmp_path / "strange"
    strange.mkdir()
    numbers = np.random.default_rng(0)
    for number in range(3):
        blocks = Image.fromarray(numbers.integers(0, 255, (6, 6, 3), np.uint8))
        blocks.resize((90, 90), Image.Resampling.BICUBIC).save(strange / f"{number}.png")
    shutil.copy(strange / "0.png", strange / "same.png")
    Image.open(strange / "1.png").resize((70, 70), Image.Resampling.BICUBIC).save(strange / "near.jpg", quality=92)
    shutil.copy(photos / of(run, "train")[0], strange / "known.png")
    (strange / "broken.jpg").write_bytes(b"no picture")
    shutil.copy(strange / "2.png", strange / "caf\udce9.png")  # a name that is no text, as from an old archive
    lines = Lines()
    figures = mekiki.evaluate(run.path, part="val", unknown=strange, progress=lines).evaluation.unknown
    assert figures is not None and figures.refused is not None and figures.n_unknown == 5
    assert figures.refused == wilson_of_share(figures.refused.value, 25 / 9), "what groups of 2, 2 and 1 are worth"
    assert any("left out: 1 unknown pictures whose names are no text" in line for line in lines.said)
    assert any("left out: 1 of 7 unknown pictures: cannot be read" in line for line in lines.said)
    assert any("left out: 1 of 7 unknown pictures: photos of the run, or copies" in line for line in lines.said)
    only = tmp_path / "only"
    only.mkdir()
    shutil.copy(photos / of(run, "train")[0], only)
    with pytest.raises(DataError, match="all of the 1 unknown pictures are photos of the run, or copies of them"):
        mekiki.evaluate(run.path, unknown=only)


def test_another_models_knowledge_of_the_unknown_is_refused(trained: Trained, tmp_path: Path) -> None:
    run = RunFolder(Path(shutil.copytree(trained[1].path, tmp_path / "copy")))
    card = read_card(run.card)
    rule = UnknownRule(score="mahalanobis", threshold=0.0, kept=0.95, n=9)
    write_card(run.card, card.model_copy(update={"unknown": rule}))
    numbers = np.random.default_rng(0)
    for width, classes in ((7, len(card.classes)), (mekiki.load(trained[1].path).model.layout.features, 9)):
        features = numbers.normal(size=(classes * 3, width)).astype(np.float32)
        write_reference(run.unknown, measure_reference(features, np.repeat(np.arange(classes), 3)))
        with pytest.raises(RunError, match=f"belongs to another model: it knows {classes} classes and {width} feat"):
            mekiki.load(run.path)


def test_copies_widen_the_intervals_of_stress(trained: Trained, tmp_path: Path) -> None:
    photos, run = trained
    other = tmp_path / "other"
    for path in of(run, "val"):
        (other / path).parent.mkdir(parents=True, exist_ok=True)
        for number in range(4):
            shutil.copy(photos / path, (other / path).with_stem(f"{Path(path).stem}-{number}"))
    quick = StressSettings(kinds=("brightness",))
    once, four = mekiki.stress(run.path, settings=quick).figures, mekiki.stress(run.path, other, settings=quick).figures
    assert (once.clean, once.n * 4) == (four.clean, four.n)
    assert (four.clean_low, four.clean_high) == pytest.approx((once.clean_low, once.clean_high))
    for one, copied in zip(once.kinds["brightness"], four.kinds["brightness"], strict=True):
        assert (copied.low, copied.high) == pytest.approx((one.low, one.high))


def test_the_runs_limit_on_a_pictures_size_holds_in_every_verb(trained: Trained, tmp_path: Path) -> None:
    photos, run = trained
    config = read_config(run)
    scan = config.scan.model_copy(update={"max_megapixels": 0.001})
    write_config(run, config.model_copy(update={"scan": scan}))
    picture = photos / of(run, "val")[0]
    (said,) = mekiki.predict(run.path, picture)
    assert "megapixels" in said.error
    (explained,) = mekiki.explain(run.path, picture, tmp_path / "maps")
    assert "megapixels" in explained.error


def test_test_photos_that_were_shown_before_a_stop_are_recorded(trained: Trained, tmp_path: Path) -> None:
    photos, run = trained
    tests = [photos / path for path in of(run, "test")]
    before = len(read_test_openings(run.test_openings))
    with pytest.raises(KeyboardInterrupt):
        settings = EvaluateSettings(batch_size=2)
        mekiki.explain(run.path, tests, tmp_path / "maps", settings=settings, progress=Lines(stop_at=2))
    openings = read_test_openings(run.test_openings)
    assert len(openings) == before + 1 and (openings[-1].verb, openings[-1].n) == ("explain", 2)


def test_a_photo_with_the_longest_name_gets_its_heat_map(trained: Trained, tmp_path: Path) -> None:
    photos, run = trained
    long = tmp_path / ("ö" * 120 + ".png")
    shutil.copy(photos / of(run, "val")[0], long)
    done = mekiki.explain(
        run.path, [long, tmp_path / "photos" / of(run, "val")[1]], tmp_path / "maps", method="occlusion"
    )
    assert all(each.written is not None and each.written.is_file() for each in done if not each.error)
    assert not done[0].error and done[0].written is not None and done[0].written.name.startswith("ö" * 50 + "-")


def test_what_cannot_be_a_mask_or_a_folder_is_named(trained: Trained, tmp_path: Path) -> None:
    photos, run = trained
    picture = photos / of(run, "val")[0]
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / f"{picture.stem}.png").write_text("no picture")
    how = {"masks": str(tmp_path / "masks"), "method": "occlusion"}
    with pytest.raises(DataError, match=rf"the mask .*{picture.stem}\.png is no picture"):
        mekiki.explain(run.path, picture, tmp_path / "maps", **how)
    test, other = (photos / path for path in of(run, "test")[:2])
    before = read_test_openings(run.test_openings)
    (tmp_path / "masks" / f"{other.stem}.png").write_text("no picture")
    with pytest.raises(DataError, match="is no picture"):  # the other one's map may have been written by then
        mekiki.explain(run.path, [test, other], tmp_path / "maps", **how)
    assert [each.n for each in read_test_openings(run.test_openings)[len(before) :]] == [2]
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"--out .*file is a file"):
        mekiki.explain(run.path, picture, tmp_path / "file")
