"""A teacher's answers are those to the very photos that the student sees, and what is learnt from them is the paper's loss."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, kl_div

from mekiki.config import AugmentSettings, ModelSettings, TrainSettings
from mekiki.model.classifier import build_classifier
from mekiki.model.device import Machine
from mekiki.progress import Silent
from mekiki.records.card import Preprocessing
from mekiki.tensors.loading import UNLABELLED, Batch, PhotoSet
from mekiki.tensors.normalisation import Normaliser
from mekiki.training.loss import ImitationLoss, SummedLoss
from mekiki.training.teacher import Teacher, forget
from tests.conftest import write_photos

CHANGES = AugmentSettings(preset="varied")
STUDENT, TEACHER = 32, 48


def batch_of(labels: list[int], answers: torch.Tensor) -> Batch:
    numbers = np.array(labels, dtype=np.int64)
    pictures = np.zeros((len(labels), 8, 8, 3), dtype=np.uint8)
    return Batch(pictures, numbers, numbers, np.ones(len(labels), dtype=np.float32), answers.numpy())


def some_logits(rows: int, seed: int) -> torch.Tensor:
    return 3 * torch.randn(rows, 4, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("temperature", [1.0, 2.0, 5.0])
@pytest.mark.parametrize("hard", [0.0, 0.3, 1.0])
def test_the_gradient_is_that_of_divergence_and_labels(temperature: float, hard: float) -> None:
    answers, labels = some_logits(6, 1), [0, 3, 2, 1, 1, 0]
    ours, theirs = (some_logits(6, 2).requires_grad_(True) for _ in range(2))
    total, weight = ImitationLoss(SummedLoss(0.0, None), temperature, hard)(ours, batch_of(labels, answers))
    total.backward()
    apart = kl_div(
        (theirs / temperature).log_softmax(1), (answers / temperature).log_softmax(1), reduction="sum", log_target=True
    )
    (
        hard * cross_entropy(theirs, torch.tensor(labels), reduction="sum") + (1 - hard) * temperature**2 * apart
    ).backward()
    assert weight == 6
    assert ours.grad is not None and torch.allclose(ours.grad, theirs.grad, atol=1e-5)


def test_a_photo_without_a_label_is_learnt_from_by_its_answer_alone() -> None:
    answers, logits = some_logits(3, 1), some_logits(3, 2)
    loss = ImitationLoss(SummedLoss(0.0, None), 2.0, 0.3)
    both = loss(logits, batch_of([1, UNLABELLED, UNLABELLED], answers))[0]
    alone = loss(logits[:1], batch_of([1], answers[:1]))[0]
    soft = ImitationLoss(SummedLoss(0.0, None), 2.0, 0.0)(logits[1:], batch_of([0, 0], answers[1:]))[0]
    assert float(both) == pytest.approx(float(alone + soft), rel=1e-6)
    unlabelled = batch_of([UNLABELLED] * 3, answers)
    assert float(loss(logits, unlabelled)[0]) == pytest.approx(
        float(ImitationLoss(SummedLoss(0.0, None), 2.0, 0.0)(logits, unlabelled)[0])
    )
    assert list(unlabelled.truth) == list(answers.argmax(1))
    assert list(batch_of([2, UNLABELLED, 0], answers).truth) == [2, int(answers[1].argmax()), 0]


class Asked(Silent):
    """Counts how often the teacher looked."""

    def __init__(self) -> None:
        self.times = 0

    def task(self, name: str, total: int, unit: str = "photos"):  # type: ignore[no-untyped-def]
        self.times += name == "the teacher looks"
        return super().task(name, total, unit)


def make_teacher(
    photos: Path, folder: Path, variants: int, asked: Asked, fingerprint: str = "one"
) -> tuple[Teacher, PhotoSet]:
    chosen = ModelSettings(backbone="test_resnet", weights="none", image_size=TEACHER)
    model, preprocessing, _ = build_classifier(chosen, ["a", "b", "c"], 0)
    paths = sorted(path.relative_to(photos).as_posix() for path in photos.rglob("*.png"))
    own = Preprocessing(image_size=STUDENT, fit="squash", mean=(0.1, 0.2, 0.3), std=(1.0, 1.0, 1.0))
    student = PhotoSet(photos, paths, [0] * len(paths), own)
    settings = TrainSettings(batch_size=5, workers=0)
    machine = Machine(torch.device("cpu"), False)
    made = Teacher(
        model, Normaliser(preprocessing), machine, student, settings, CHANGES, variants, folder, fingerprint, asked
    )
    return made, student


@pytest.fixture(scope="module")
def made_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("teacher") / "photos", 4)


def test_it_sees_what_the_student_sees_at_its_own_size(made_photos: Path, tmp_path: Path) -> None:
    teacher, student = make_teacher(made_photos, tmp_path / "answers", 0, Asked())
    order = [list(range(12))]
    (ours,) = student.augmented_batches(order, CHANGES, 0, 3, 0)
    (theirs,) = teacher.photos.augmented_batches(order, CHANGES, 0, 3, 0)
    (others,) = teacher.photos.augmented_batches(order, CHANGES, 0, 4, 0)
    assert theirs.array.shape == (12, TEACHER, TEACHER, 3)

    def apart(pictures: np.ndarray) -> float:
        small = torch.nn.functional.interpolate(
            torch.from_numpy(pictures).permute(0, 3, 1, 2).float(), STUDENT, mode="bilinear", antialias=True
        )
        return float((small.permute(0, 2, 3, 1).numpy() - ours.array.astype(float)).__abs__().mean())

    assert apart(theirs.array) < 0.25 * apart(others.array)


def test_answers_are_the_models_own_and_belong_to_the_draws(made_photos: Path, tmp_path: Path) -> None:
    teacher, student = make_teacher(made_photos, tmp_path / "answers", 0, Asked())
    order = [[7, 2, 11], [0, 5]]
    batches = list(teacher.beside(student.augmented_batches(order, CHANGES, 0, 2, 0), order, 2))
    assert [batch.array.shape[1] for batch in batches] == [STUDENT, STUDENT]
    for batch, draws in zip(batches, order, strict=True):
        (seen,) = teacher.photos.augmented_batches([draws], CHANGES, 0, 2, 0)
        with torch.inference_mode():
            expected = teacher._network(teacher._normaliser(seen.pictures)).numpy()
        assert batch.answers is not None
        assert np.allclose(batch.answers, expected, atol=1e-4)


def test_the_teacher_is_asked_once_about_each_set_of_changes(made_photos: Path, tmp_path: Path) -> None:
    asked, folder = Asked(), tmp_path / "answers"
    teacher, _ = make_teacher(made_photos, folder, 2, asked)
    first, second, third = (teacher.answers(epoch) for epoch in (1, 2, 3))
    assert asked.times == 2
    assert [teacher.counter_of(epoch) for epoch in range(1, 6)] == [1, 2, 1, 2, 1]
    assert np.array_equal(first, third) and not np.array_equal(first, second)
    again, _ = make_teacher(made_photos, folder, 2, asked)
    assert np.array_equal(again.answers(2), second)
    assert asked.times == 2
    next(folder.iterdir()).write_bytes(b"torn")
    torn, _ = make_teacher(made_photos, folder, 2, asked)
    assert np.array_equal(torn.answers(1), first) and np.array_equal(torn.answers(2), second)
    assert asked.times == 3
    other, _ = make_teacher(made_photos, folder, 2, asked, "another")
    other.answers(1)
    assert asked.times == 4
    forget(folder)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("variants", "first", "looks"), [(3, 1, 3), (9, 1, 4), (3, 4, 3), (3, 5, 0), (0, 2, 1), (0, 5, 0)]
)
def test_it_looks_ahead_at_what_comes_again_or_comes_next(
    made_photos: Path, tmp_path: Path, variants: int, first: int, looks: int
) -> None:
    asked = Asked()
    teacher, _ = make_teacher(made_photos, tmp_path / "answers", variants, asked)
    teacher.look_ahead(first, 4)
    assert asked.times == looks
    teacher.answers(first)
    assert asked.times == max(looks, 1)


def test_new_changes_in_every_epoch_leave_one_file(made_photos: Path, tmp_path: Path) -> None:
    teacher, _ = make_teacher(made_photos, tmp_path / "answers", 0, Asked())
    found = [teacher.answers(epoch) for epoch in (1, 2, 9)]
    assert not np.array_equal(found[0], found[1]) and not np.array_equal(found[1], found[2])
    assert [path.name for path in (tmp_path / "answers").iterdir()] == ["00009.safetensors"]
