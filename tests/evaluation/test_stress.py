import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import binomtest
from torch import nn

from mekiki.config import KINDS, EvaluateSettings, StressSettings, severities_of
from mekiki.errors import DataError
from mekiki.evaluation.classifier import Classifier
from mekiki.evaluation.stress import Answers, choose_photos, paired, stress_photos
from mekiki.progress import Silent
from mekiki.records.manifest import Photo
from mekiki.scoring.intervals import wilson
from mekiki.seeds import stream
from tests.evaluation.planted import planted

CLASSES = ["dark", "light"]
SIZE = 32


class _Brightness(nn.Module):
    """Looks at the mean level and at nothing else: above the threshold it is light."""

    def __init__(self, threshold: float = 0.5) -> None:
        super().__init__()
        self.threshold = threshold

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        above = 20 * (x.mean(dim=(1, 2, 3)) - self.threshold)
        return torch.stack([-above, above], dim=1)


def brightness_model(threshold: float = 0.5, **settings: int) -> Classifier:
    return planted(_Brightness(threshold), CLASSES, SIZE, settings=EvaluateSettings(**settings))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Photo]]:
    """Eight soft pictures of each class, around levels of 100 and 155."""
    root, photos = tmp_path_factory.mktemp("light"), []
    for label, level in (("dark", 100), ("light", 155)):
        for number in range(8):
            numbers = stream(0, "light", label, number)
            coarse = Image.fromarray(numbers.integers(level - 30, level + 30, (4, 4, 3), np.uint8))
            path = f"{label}-{number:02}.png"
            coarse.resize((40, 30), Image.Resampling.BICUBIC).save(root / path)
            photos.append(Photo(path, label, sha256=hashlib.sha256((root / path).read_bytes()).hexdigest()))
    return root, photos


def ask(made: tuple[Path, list[Photo]], model: Classifier | None = None, **settings: object) -> Answers:
    root, photos = made
    return stress_photos(model or brightness_model(), root, photos, StressSettings(**settings), Silent(), "run", "val")


@pytest.fixture(scope="module")
def answers(made: tuple[Path, list[Photo]]) -> Answers:
    return ask(made, pgd_steps=3)


def accuracies(answers: Answers, kind: str) -> list[float]:
    return [point.accuracy for point in answers.figures.kinds[kind]]


def test_a_model_that_looks_at_brightness_breaks_under_it_and_not_under_a_turn(answers: Answers) -> None:
    assert answers.figures.clean == 1.0
    assert accuracies(answers, "rotation") == accuracies(answers, "blur") == [1.0] * 6
    assert accuracies(answers, "contrast")[:3] == [1.0] * 3
    assert max(accuracies(answers, "brightness")[2:]) < 0.8
    breaks, holds = answers.figures.losses["brightness"], answers.figures.losses["rotation"]
    assert breaks.severity is not None and 0.1 < breaks.severity < 0.6
    assert (holds.severity, holds.low, holds.high) == (None, None, None)


def test_it_breaks_where_its_gradient_says(answers: Answers) -> None:
    """All pixels moved by 8 levels move the mean by 8, however hard one searches; 24 levels lie between."""
    assert accuracies(answers, "fgsm") == accuracies(answers, "pgd") == [1.0] * 4
    assert not [flip for flip in answers.flips if flip.kind in ("fgsm", "pgd")]


def test_a_model_on_the_brink_falls_to_any_step(made: tuple[Path, list[Photo]]) -> None:
    found = ask(made, brightness_model(threshold=103 / 255), kinds="fgsm,pgd")
    assert found.figures.clean > 0.9
    for kind in ("fgsm", "pgd"):
        levels = accuracies(found, kind)
        assert levels == sorted(levels, reverse=True)
        assert levels[-1] <= 0.7 < levels[0] <= found.figures.clean


def test_points_are_counts_with_wilsons_interval(answers: Answers) -> None:
    assert list(answers.figures.kinds) == list(KINDS)
    for kind, points in answers.figures.kinds.items():
        assert tuple(point.severity for point in points) == severities_of(kind)
        for point, column in zip(points, answers.right[kind].T, strict=True):
            expected = wilson(int(column.sum()), 16)
            assert (point.accuracy, point.low, point.high, point.n) == (*expected.model_dump().values(), 16)
            assert point.kept == pytest.approx(point.accuracy / answers.figures.clean)


@pytest.mark.parametrize(("workers", "batch_size"), [(0, 1), (3, 64)])
def test_damage_does_not_depend_on_threads_or_batches(
    made: tuple[Path, list[Photo]], answers: Answers, workers: int, batch_size: int
) -> None:
    kinds = ("dust", "scribble", "noise", "brightness", "pgd")
    other = ask(made, brightness_model(workers=workers, batch_size=batch_size), kinds=kinds, pgd_steps=3)
    assert other.flip_rows == tuple(
        dataclasses.replace(row, score=pytest.approx(row.score, abs=1e-5))
        for row in answers.flip_rows
        if row.kind in kinds
    )
    for kind in kinds:
        assert other.figures.kinds[kind] == answers.figures.kinds[kind]
        assert other.figures.losses[kind] == answers.figures.losses[kind]
        np.testing.assert_array_equal(other.samples[kind], answers.samples[kind])


def test_damage_belongs_to_the_photos_bytes_not_to_its_name_or_company(
    made: tuple[Path, list[Photo]], answers: Answers, tmp_path: Path
) -> None:
    root, photos = made
    moved = dataclasses.replace(photos[0], path="elsewhere.png")
    (tmp_path / moved.path).write_bytes((root / photos[0].path).read_bytes())
    alone = stress_photos(brightness_model(), tmp_path, [moved], StressSettings(kinds=("noise", "scribble")), Silent())
    for kind in ("noise", "scribble"):
        np.testing.assert_array_equal(alone.samples[kind], answers.samples[kind])
    reseeded = ask(made, kinds="noise,scribble", seed=1)
    assert (reseeded.samples["scribble"][1:] != answers.samples["scribble"][1:]).any()
    np.testing.assert_array_equal(reseeded.samples["scribble"][0], answers.samples["scribble"][0])


def test_the_first_to_flip_are_shown_as_they_were_then(answers: Answers) -> None:
    rows = [row for row in answers.flip_rows if row.kind == "brightness"]
    clean = dict(zip((photo.path for photo in answers.photos), answers.clean.tolist(), strict=True))
    order = [point.severity for point in answers.figures.kinds["brightness"]]
    for photo, right in zip(answers.photos, answers.right["brightness"], strict=True):
        flipped = [row for row in rows if row.path == photo.path]
        wrong = [severity for severity, each in zip(order, right, strict=True) if not each]
        assert [row.severity for row in flipped] == (wrong[:1] if clean[photo.path] else [])
    shown = [flip for flip in answers.flips if flip.kind == "brightness"]
    assert len(shown) == 4
    assert [flip.severity for flip in shown] == sorted(row.severity for row in rows)[:4]
    for flip in shown:
        assert flip.predicted != flip.label
        chances = brightness_model().probabilities(np.stack([flip.before, flip.after]))
        assert [CLASSES[number] for number in chances.argmax(axis=1)] == [flip.label, flip.predicted]
        assert chances[1].max() == pytest.approx(flip.score)


def test_photos_are_chosen_by_class_and_fewer_are_among_more(made: tuple[Path, list[Photo]]) -> None:
    _, photos = made
    few, more = choose_photos(photos, 3, 0), choose_photos(photos, 5, 0)
    assert [sum(photo.label == label for photo in few) for label in CLASSES] == [3, 3]
    assert {*few} < {*more} and more == [photo for photo in photos if photo in more]
    assert choose_photos(photos[::-1], 3, 0) == few[::-1]
    assert choose_photos(photos, 3, 1) != few
    assert choose_photos(photos, None, 0) == choose_photos(photos, 99, 0) == photos


def test_unreadable_photos_are_left_out_and_counted(made: tuple[Path, list[Photo]], tmp_path: Path) -> None:
    root, photos = made
    for photo in photos:
        (tmp_path / photo.path).write_bytes((root / photo.path).read_bytes())
    (tmp_path / photos[5].path).write_bytes(b"broken")
    found = ask((tmp_path, photos), kinds="blur,fgsm")
    assert (found.figures.n, found.figures.unreadable) == (15, 1)
    assert found.photos == (*photos[:5], *photos[6:])
    assert found.right["fgsm"].shape == (15, 4)
    with pytest.raises(DataError, match=r"none of the 1 photos in .* can be read"):
        ask((tmp_path, photos[5:6]), kinds="blur")


def test_two_models_are_paired_by_the_exact_mcnemar_test(made: tuple[Path, list[Photo]]) -> None:
    other = ask(made, brightness_model(threshold=0.4), kinds="dust,brightness")
    answers = ask(made, kinds="dust,brightness")
    points = paired(answers, other)["brightness"]
    assert [point.severity for point in points] == [0, *severities_of("brightness")]
    for point, one, two in zip(
        points,
        (answers.clean, *answers.right["brightness"].T),
        (other.clean, *other.right["brightness"].T),
        strict=True,
    ):
        n = point.only_first + point.only_this
        assert point.only_first == sum(a and not b for a, b in zip(one, two, strict=True))
        assert point.p_value == pytest.approx(binomtest(point.only_first, n).pvalue if n else 1.0)
        assert point.only_this == sum(b and not a for a, b in zip(one, two, strict=True))
    assert {point.p_value for point in paired(answers, answers)["dust"]} == {1.0}
