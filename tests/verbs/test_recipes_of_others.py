"""The recipes that make other people's experiments again: built, they are the networks and steps that those had."""

import pytest
import torch

from mekiki.config import RunConfig, make_config
from mekiki.model.classifier import PhotoClassifier, assemble, count_parameters
from mekiki.training.optimiser import make_optimiser, rate_at
from mekiki.training.order import count_steps, steps_of_epoch
from mekiki.verbs.choices import with_choices

RESNET50, MOBILENET, VGG16 = 23_508_032, 3_206_976, 14_714_688
"""Parameters of the backbones without their classifiers; VGG16's are Keras' to the last one."""


def built(recipe: str, classes: int) -> tuple[PhotoClassifier, RunConfig]:
    """Return the network of a recipe, without memory for it, and the settings with each choice made."""
    config = make_config("photos", recipe=recipe)
    with torch.device("meta"):
        model = assemble(config.model.backbone, "", config.model.head, classes, config.model.image_size)
    config = with_choices(config, model)
    assert config.model.freeze != "auto"
    model.freeze(config.model.freeze)
    return model, config


@pytest.mark.parametrize(
    ("recipe", "classes", "image_size", "total", "trainable"),
    [
        ("guitar-2017", 13, 224, RESNET50 + 49 * 2048 * 13 + 13, RESNET50 + 49 * 2048 * 13 + 13),
        ("guitar-2017-dust", 13, 224, RESNET50 + 49 * 2048 * 13 + 13, RESNET50 + 49 * 2048 * 13 + 13),
        ("guitar-2017-scratch", 13, 224, RESNET50 + 49 * 2048 * 13 + 13, RESNET50 + 49 * 2048 * 13 + 13),
        ("sommelier-resnet50", 2, 197, RESNET50 + 49 * 2048 * 2 + 2, RESNET50 + 49 * 2048 * 2 + 2),
        ("sommelier-mobilenet", 2, 192, MOBILENET + 36 * 1024 * 2 + 2, MOBILENET + 36 * 1024 * 2 + 2),
        ("cifar-vgg16", 10, 32, VGG16 + 513 * 256 + 257 * 10, 513 * 256 + 257 * 10),
    ],
)
def test_what_trains_is_what_trained_there(
    recipe: str, classes: int, image_size: int, total: int, trainable: int
) -> None:
    model, config = built(recipe, classes)
    counts = count_parameters(model)
    assert (counts.total, counts.trainable) == (total, trainable)
    assert (config.model.image_size, config.model.fit, config.model.views) == (image_size, "squash", "plain")
    train = config.train
    assert (train.first_size, train.probe, train.average, train.class_weights) == (image_size, False, 0, False)
    assert (train.last_size, train.refit, train.steps_per_epoch is None) == (
        image_size,
        "off",
        not recipe.startswith("guitar"),
    )
    assert (train.label_smoothing, train.warmup, train.batch_size, train.accumulate) == (0, 0, 32, 1)
    model.train()
    normed = [layer for layer in model.backbone.modules() if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm)]
    assert train.batch_norm == "trained" or not normed
    assert all(layer.training for layer in normed)


@pytest.mark.parametrize(
    ("recipe", "rate", "momentum", "nesterov"),
    [
        ("guitar-2017", 0.001, 0.9, True),
        ("sommelier-resnet50", 0.001, 0.0, False),
        ("sommelier-mobilenet", 0.001, 0.0, False),
        ("cifar-vgg16", 0.0001, 0.9, False),
    ],
)
def test_all_of_it_learns_by_the_same_plain_rule(recipe: str, rate: float, momentum: float, nesterov: bool) -> None:
    model, config = built(recipe, 3)
    optimiser = make_optimiser(model, config.train)
    assert type(optimiser) is torch.optim.SGD
    for group in optimiser.param_groups:
        assert (group["momentum"], group["nesterov"], group["weight_decay"]) == (momentum, nesterov, 0)
        assert (group["share"], group["dampening"]) == (1, 0)
    late = rate / (1 + 1e-6 * 40_000) if recipe == "guitar-2017" else rate
    assert rate_at(0, 10**6, config.train) == rate
    assert rate_at(40_000, 10**6, config.train) == pytest.approx(late)


def test_how_long_the_guitars_learn() -> None:
    train = built("guitar-2017", 13)[1].train
    steps = steps_of_epoch(2600, 1, train)
    assert len(steps) == 1000 and all([len(batch) for batch in step] == [32] for step in steps)
    assert (train.patience, train.keep_every, count_steps(2600, train)) == (20, 0, 1000 * train.epochs)


@pytest.mark.parametrize("recipe", ["sommelier-resnet50", "sommelier-mobilenet"])
def test_how_long_the_sommeliers_learn(recipe: str) -> None:
    model, config = built(recipe, 2)
    assert (config.train.epochs, config.train.keep_every) == (30, 10)
    assert config.train.patience >= config.train.epochs  # none of the 30 is left out
    assert (config.split.train, config.split.val, config.split.test) == (0.6, 0.4, 0)
    assert [layer.p for layer in model.head.modules() if isinstance(layer, torch.nn.Dropout)] == [0.5]
