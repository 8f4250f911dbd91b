"""Frozen parts stay bit-identical through training, batch statistics included; the rest moves."""

import pytest
import torch

from mekiki.errors import SettingsError
from mekiki.model.backbones import stages
from mekiki.model.classifier import PhotoClassifier, assemble


def step(model: PhotoClassifier, size: int) -> None:
    model.train()
    moving = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(moving, lr=0.01, weight_decay=0.1)
    torch.nn.functional.cross_entropy(model(torch.randn(4, 3, size, size) + 2), torch.arange(4) % 3).backward()
    optimiser.step()


@pytest.mark.parametrize(
    ("name", "size", "amount"),
    [
        ("test_resnet", 64, 2),
        ("test_resnet", 64, "all"),
        ("mobilenetv1_100", 64, "all"),
        ("mobilenetv1_100", 64, 3),
        ("nin_small", 96, 1),
        ("test_vit", 96, 3),
        ("vgg11_bn", 64, 4),
    ],
)
def test_an_optimiser_step_moves_nothing_that_is_frozen_and_something_in_each_other_stage(
    name: str, size: int, amount: int | str
) -> None:
    model = assemble(name, "", "gap", 3, size)
    model.freeze(amount)
    parts = stages(model.backbone)
    count = len(parts) if amount == "all" else int(amount)
    before = {key: tensor.clone() for key, tensor in model.backbone.state_dict().items()}
    step(model, size)
    after = model.backbone.state_dict()
    frozen_modules = {key.rpartition(".")[0] for part in parts[:count] for key in part}
    for key, tensor in after.items():
        if key.rpartition(".")[0] in frozen_modules and key not in {each for part in parts[count:] for each in part}:
            assert torch.equal(tensor, before[key]), key
    for part in parts[count:]:
        assert any(not torch.equal(after[key], before[key]) for key in part)


def test_without_freezing_the_batch_statistics_move() -> None:
    """The counterpart of the test above: it would notice if nothing ever moved."""
    model = assemble("test_resnet", "", "gap", 3, 64)
    before = model.backbone.bn1.running_mean.clone()
    step(model, 64)
    assert not torch.equal(model.backbone.bn1.running_mean, before)


def test_a_frozen_backbone_gives_the_same_map_in_training_mode() -> None:
    model = assemble("test_resnet", "", "gap", 3, 64)
    model.freeze("all")
    pictures = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(model.train().feature_map(pictures), model.eval().feature_map(pictures))


def test_a_later_choice_replaces_the_earlier_one() -> None:
    model = assemble("test_resnet", "", "gap", 3, 64).train()
    model.freeze("all")
    assert not model.backbone.training
    model.freeze("none")
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert all(module.training for module in model.modules())


def test_freezing_keeps_evaluation_mode() -> None:
    model = assemble("test_resnet", "", "gap", 3, 64).eval()
    model.freeze(1)
    assert not any(module.training for module in model.modules())


def test_what_the_backbone_never_trains_stays_untrained() -> None:
    model = assemble("test_vit", "", "gap", 3, 96)
    model.backbone.pos_embed.requires_grad_(False)
    again = PhotoClassifier(model.backbone, model.head, model.layout)
    again.freeze("none")
    assert not again.backbone.pos_embed.requires_grad


@pytest.mark.parametrize("amount", [6, -1])
def test_more_stages_than_there_are_is_refused(amount: int) -> None:
    with pytest.raises(SettingsError, match=rf"freeze {amount}: the backbone has 5 stages\nhint: --freeze 0 to 5"):
        assemble("test_resnet", "", "gap", 3, 64).freeze(amount)
