"""What a map means, what it does with views, and that one without evidence says so."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import mekiki
from mekiki.config import ExplainSettings, ModelSettings, build
from mekiki.data.pictures import read_picture
from mekiki.errors import DataError, SettingsError
from mekiki.evaluation.classifier import Classifier
from mekiki.explanation.background import HeatShares, background_of, heat_shares
from mekiki.explanation.belief import believe, mean_of
from mekiki.explanation.faithfulness import blank_networks, measure_faith
from mekiki.explanation.maps import explain_batch, why_no_evidence
from mekiki.explanation.occlusion import CELLS, occlusion
from mekiki.explanation.overlay import explain_picture
from mekiki.model.classifier import build_classifier
from mekiki.records.card import ModelCard
from tests.explanation.planted import SIZES, planted, planted_classifier

SIZE = SIZES["nin_small"]


def batch_of(classifier: Classifier, *pictures: np.ndarray) -> torch.Tensor:
    return classifier.normaliser(np.stack(pictures))


@pytest.mark.parametrize("views", ["plain", "mirror"])
def test_hirescam_of_a_linear_head_adds_up_to_the_logit_without_its_bias(views: str) -> None:
    classifier = planted_classifier("nin_small", views)
    x = batch_of(classifier, *(planted(number, "red", SIZE)[0] for number in range(3)))
    maps = explain_batch(classifier, x, ExplainSettings(method="hirescam"))
    bias = classifier.model.head.linear.bias[maps.question.classes].detach().numpy()
    logits = maps.question.score(classifier.logits_of_input(x)).detach().numpy()
    np.testing.assert_allclose(maps.signed.mean(axis=(1, 2)), logits - bias, rtol=1e-3, atol=1e-3)


def test_with_mirrored_views_a_mirrored_picture_has_the_mirrored_map() -> None:
    classifier = planted_classifier("nin_small", "mirror")
    x = batch_of(classifier, planted(1, "red", SIZE)[0])
    maps, turned = (explain_batch(classifier, each, ExplainSettings()).signed for each in (x, x.flip(3)))
    np.testing.assert_allclose(turned[0], maps[0][:, ::-1], atol=1e-4 * np.abs(maps).max())
    assert np.abs(maps[0] - maps[0][:, ::-1]).max() > 0.1 * np.abs(maps).max()


@pytest.mark.parametrize("method", ["grad-cam", "grad-cam++", "occlusion"])
def test_a_batch_has_the_maps_of_its_pictures(method: str) -> None:
    classifier, how = planted_classifier("nin_small"), ExplainSettings(method=method)
    x = batch_of(classifier, planted(1, "red", SIZE)[0], planted(2, "blue", SIZE)[0])
    together = explain_batch(classifier, x, how)
    assert together.question.classes.tolist() == [0, 1]
    for number in range(2):
        alone = explain_batch(classifier, x[number : number + 1], how).signed[0]
        np.testing.assert_allclose(together.signed[number], alone, atol=1e-4 * np.abs(alone).max())


def test_occlusion_is_what_covering_each_part_loses() -> None:
    x = torch.rand(2, 3, 40, 40)
    weight = torch.rand(40, 40)
    found = occlusion(x, lambda shown: (shown.sum(dim=1) * weight).sum(dim=(1, 2)), at_once=7)
    worth = (x.sum(dim=1) * weight).reshape(2, CELLS, 4, CELLS, 4).sum(dim=(2, 4))
    parts = torch.stack([worth[:, r : r + 2, c : c + 2].sum(dim=(1, 2)) for r in range(9) for c in range(9)], dim=1)
    expected = torch.zeros(2, CELLS, CELLS)
    count = torch.zeros(CELLS, CELLS)
    for number, (row, column) in enumerate((r, c) for r in range(9) for c in range(9)):
        expected[:, row : row + 2, column : column + 2] += parts[:, number, None, None]
        count[row : row + 2, column : column + 2] += 1
    torch.testing.assert_close(found, expected / count, rtol=1e-3, atol=1e-3)


def test_a_map_without_evidence_gives_its_reason() -> None:
    assert why_no_evidence(np.float32([[-1, 0], [0, -2]]), "SG") == (
        "the map of 'SG' is zero everywhere: no place speaks for it; try --class or --method occlusion"
    )
    assert "is the same everywhere" in why_no_evidence(np.full((3, 3), 2, np.float32), "SG")
    assert "has one place only" in why_no_evidence(np.ones((1, 1), np.float32), "SG")
    assert "is not finite" in why_no_evidence(np.float32([[np.nan, 1]]), "SG")
    assert why_no_evidence(np.float32([[-1, 0.5], [0, -2]]), "SG") == ""


def silenced(classifier: Classifier) -> Classifier:
    """The same network with a head of zeros: nothing speaks for any class."""
    (blank, *_) = blank_networks(classifier)
    with torch.no_grad():
        for parameter in blank.model.head.parameters():
            parameter.zero_()
    return blank


def test_a_blank_picture_is_never_drawn_and_the_others_go_on(tmp_path: Path) -> None:
    classifier = planted_classifier("nin_small")
    picture = planted(1, "red", SIZE)[0]
    heat_map = explain_picture(silenced(classifier), picture)
    assert "is zero everywhere" in heat_map.reason
    assert heat_map.overlay.shape == picture.shape and heat_map.overlay.std() > 5
    Image.fromarray(picture).save(tmp_path / "good.png")
    (tmp_path / "torn.png").write_bytes(b"no picture")
    (nothing, torn) = mekiki.explain(silenced(classifier), sorted(tmp_path.glob("*.png")), tmp_path / "none")
    assert "is zero everywhere" in nothing.error and nothing.explained and nothing.written is None
    assert torn.error and not torn.explained
    assert not (tmp_path / "none").exists()
    good, torn = mekiki.explain(classifier, sorted(tmp_path.glob("*.png")), tmp_path / "some")
    assert good.written is not None and read_picture(good.written).shape == picture.shape and torn.error
    same, _ = mekiki.explain(classifier, sorted(tmp_path.glob("*.png")), tmp_path / "not", instead_of="red")
    assert same.error == "it is taken for 'red' itself: name the other class with --class"


class Twice(nn.Module):
    """A layer that puts out two maps, as some networks' stages do."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.layer(x), self.layer(x)


def test_messages() -> None:
    settings = ModelSettings(backbone="test_resnet", weights="none", image_size=64)
    model, preprocessing, _ = build_classifier(settings, ["red", "blue"], seed=0)
    card = ModelCard(backbone="test_resnet", head="gap", classes=["red", "blue"], preprocessing=preprocessing)
    classifier = Classifier(model, card)
    x = torch.zeros(1, 3, 64, 64)
    with pytest.raises(SettingsError, match=r"there is no layer 'layer9'\nhint: did you mean layer\d\?"):
        explain_batch(classifier, x, ExplainSettings(layer="layer9"))
    with pytest.raises(SettingsError, match="there is no class 'rde'\nhint: did you mean red"):
        explain_batch(classifier, x, ExplainSettings(of_class="rde"))
    with pytest.raises(SettingsError, match="layer global_pool puts out 2 dimensions, so it makes no one map"):
        explain_batch(classifier, x, ExplainSettings(layer="global_pool"))
    with pytest.raises(SettingsError, match="occlusion covers the picture itself and looks at no layer"):
        build(ExplainSettings, {"layer": "layer3", "method": "occlusion"})
    with pytest.raises(SettingsError, match="cannot be explained instead of itself"):
        build(ExplainSettings, {"of_class": "SG", "instead_of": "SG"})
    layer3 = model.backbone.get_submodule("layer3")
    model.backbone.layer3 = Twice(layer3)
    with pytest.raises(SettingsError, match="layer layer3 puts out several tensors, so it makes no one map"):
        explain_batch(classifier, x, ExplainSettings(layer="layer3"))
    assert not any(layer._forward_hooks for layer in classifier.model.modules())


def test_faithful_maps_beat_guesses_and_random_ones_do_not() -> None:
    classifier = planted_classifier("nin_small")
    pairs = [planted(number, "red", SIZE) for number in range(200, 206)]
    x = batch_of(classifier, *(picture for picture, _ in pairs))
    how = ExplainSettings(method="hirescam")
    maps = explain_batch(classifier, x, how)
    blanks = blank_networks(classifier)[:1]
    belief = believe([measure_faith(classifier, blanks, x, maps, number, how) for number in range(6)])
    assert belief.over_random.mean.low > 0 and belief.over_random.wins == 6
    noise = np.random.default_rng(0).standard_normal(maps.signed.shape).astype(np.float32)
    guessed = dataclasses.replace(maps, signed=noise)
    guesses = believe([measure_faith(classifier, blanks, x, guessed, number, how) for number in range(6)])
    assert guesses.over_random.mean.low < 0 < belief.over_random.mean.value - guesses.over_random.mean.value
    assert guesses.blank is not None and abs(guesses.blank.value) < 0.3


def test_the_interval_is_students() -> None:
    found = mean_of([1.0, 2.0, 4.0], -10, 10)
    assert (found.value, found.low) == pytest.approx(
        (7 / 3, 7 / 3 - 4.30265 * np.std([1, 2, 4], ddof=1) / 3**0.5), abs=1e-4
    )
    assert mean_of([0.9, 1.0], 0, 1).high == 1
    alone = mean_of([0.4], 0, 1)
    assert (alone.low, alone.high) == (0, 1)


def test_a_class_that_leans_on_a_logo_or_the_border_is_named() -> None:
    logo, thing, edge = (np.zeros((90, 60), np.float32) for _ in range(3))
    logo[80:88, 44:56] = 1
    thing[30:60, 20:40] = 1
    edge[:5] = edge[-5:] = 1
    mask = thing > 0
    rows = background_of(
        (name, heat_shares(heat, mask))
        for name, heat in (("shop", logo), ("good", thing), ("frame", edge))
        for _ in "abc"
    )
    said = {row.label: row.leans_on for row in rows}
    assert said["shop"] == "its border and the part bottom right and what is not the thing" or said["shop"] == (
        "the part bottom right and what is not the thing"
    )
    assert said["good"] == ""
    assert said["frame"].startswith("its border")
    even = heat_shares(np.ones((90, 60), np.float32), mask)
    assert even == HeatShares(
        pytest.approx(0.36), pytest.approx((1 / 9,) * 9), pytest.approx(8 / 9), pytest.approx(8 / 9)
    )
    assert heat_shares(np.zeros((9, 9), np.float32)) is None


def test_masks_are_found_by_name_and_must_have_the_pictures_shape(tmp_path: Path) -> None:
    classifier = planted_classifier("nin_small")
    picture, mask = planted(1, "red", SIZE)
    for folder in ("red", "masks/red", "wrong"):
        (tmp_path / folder).mkdir(parents=True)
    Image.fromarray(picture).save(tmp_path / "red" / "a.png")
    Image.fromarray(mask).resize((64, 64)).save(tmp_path / "masks" / "red" / "a.png")
    Image.new("L", (60, 20)).save(tmp_path / "wrong" / "a.png")
    (done,) = mekiki.explain(classifier, tmp_path / "red", tmp_path / "out", masks=str(tmp_path / "masks"))
    assert done.shares is not None and done.shares.outside_area == pytest.approx(1 - mask.mean(), abs=0.02)
    with pytest.raises(DataError, match="has 60 x 20 pixels and the picture 96 x 96"):
        mekiki.explain(classifier, tmp_path / "red", tmp_path / "out", masks=str(tmp_path / "wrong"))
    with pytest.raises(DataError, match="holds no mask of these pictures"):
        mekiki.explain(classifier, tmp_path / "red", tmp_path / "out", masks=str(tmp_path / "out"))
