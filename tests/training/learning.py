"""Made batches, and a learner that takes steps on them; what one process and several of them do in the tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from mekiki.config import ModelSettings, TrainSettings
from mekiki.model.classifier import build_classifier
from mekiki.model.device import Machine
from mekiki.tensors.loading import Batch
from mekiki.tensors.normalisation import Normaliser
from mekiki.training.distributed import Team
from mekiki.training.learner import Learner
from mekiki.training.loss import SummedLoss

WEIGHTS = (0.5, 1.0, 2.5)


@dataclass(frozen=True)
class Case:
    """Steps on made photos.

    Attributes:
        steps: For each step the sizes of its batches.
        backbone: What learns.
        weighed: Weigh the classes.
        mixed: Each picture shows two photos.
        settings: How.
    """

    steps: tuple[tuple[int, ...], ...]
    backbone: str = "test_convnext"
    weighed: bool = False
    mixed: bool = False
    batch_norm: str = "frozen"
    average: float = 0.0
    compile: str = "off"


def made_photos(case: Case) -> list[Batch]:
    """Make all photos of all steps, each a batch of its own, so that they can be put together in any way."""
    numbers, count = np.random.default_rng(5), sum(map(sum, case.steps))
    shares = numbers.uniform(0.2, 0.8, count) if case.mixed else np.ones(count)
    labels, others = numbers.integers(0, 3, (2, count))
    pictures = numbers.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    return [
        Batch(
            pictures[[number]],
            labels[[number]],
            (others if case.mixed else labels)[[number]],
            shares[[number]].astype(np.float32),
        )
        for number in range(count)
    ]


def put_together(photos: Sequence[Batch]) -> Batch:
    """Return some photos as one batch."""
    fields = ("pictures", "labels", "others", "shares")
    return Batch(*(np.concatenate([getattr(photo, field) for photo in photos]) for field in fields))


def learner_of(case: Case, team: Team) -> Learner:
    settings = TrainSettings(
        optimizer="sgd",
        precision="float32",
        learning_rate=0.01,
        warmup=0.0,
        average=case.average,
        batch_norm=case.batch_norm,
        compile=case.compile,
    )
    chosen = ModelSettings(backbone=case.backbone, weights="none", image_size=32)
    model, preprocessing, _ = build_classifier(chosen, ["a", "b", "c"], 0)
    machine = Machine(torch.device("cpu"), False)
    weights = torch.tensor(WEIGHTS) if case.weighed else None
    return Learner(model, settings, machine, Normaliser(preprocessing), SummedLoss(0.1, weights), team)


def learnt(case: Case, team: Team | None = None) -> tuple[dict[str, torch.Tensor], list[list[float]]]:
    """Take all steps; return the weights, and each step's loss and number of right photos."""
    team = Team() if team is None else team
    learner, photos, figures = learner_of(case, team), made_photos(case), []
    learner.prepare()
    for number, sizes in enumerate(case.steps):
        batches = []
        for size in sizes:
            batch, photos = photos[:size], photos[size:]
            batches.append(put_together(list(team.share(batch)) or batch[:1]))
        loss, right = learner.step(iter(batches), sizes, number, len(case.steps))
        figures.append([float(loss), float(right)])
    return learner.judged.state_dict(), figures


def apart(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> float:
    """Return the largest difference of two models' numbers."""
    assert ours.keys() == theirs.keys()
    return max(float((ours[name].double() - theirs[name].double()).abs().max()) for name in ours)


def in_one(case: Case) -> Case:
    """Return the case with each step as one batch."""
    return Case(**{**vars(case), "steps": tuple((sum(sizes),) for sizes in case.steps)})


Words = dict[str, Any]
