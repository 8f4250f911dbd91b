"""Views: what the network is shown, and that its answer is their mean."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mekiki.config import EvaluateSettings, HeadName, ModelSettings, ViewsName, make_config
from mekiki.errors import SettingsError
from mekiki.evaluation.classifier import Classifier
from mekiki.model.classifier import build_classifier
from mekiki.model.views import check_views, enlarged, mean_logits, takes_one_size, views_of
from mekiki.records.card import ModelCard
from mekiki.verbs.choices import chosen_views

CLASSES = ["a", "b", "c"]


def make(views: ViewsName, setting: str = "auto", head: HeadName = "gap") -> Classifier:
    settings = ModelSettings(backbone="test_resnet", weights="none", image_size=32, head=head)
    model, preprocessing, _ = build_classifier(settings, CLASSES, seed=1)
    card = ModelCard(backbone="test_resnet", head=head, classes=CLASSES, preprocessing=preprocessing, views=views)
    return Classifier(model, card, EvaluateSettings.model_validate({"views": setting}))


def some_pictures(count: int = 3, size: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def test_the_answer_is_the_mean_of_the_logits_over_the_views() -> None:
    pictures = some_pictures()
    for views, expected in (("plain", 1), ("mirror", 2), ("sizes", 4)):
        classifier = make(views)  # type: ignore[arg-type]
        with torch.inference_mode():
            seen = views_of(classifier.normaliser(pictures), classifier.views)
            by_hand = torch.stack([classifier.model(view) for view in seen]).mean(dim=0)
        assert len(seen) == expected
        np.testing.assert_allclose(classifier.logits(pictures), by_hand.numpy(), atol=1e-5)
        np.testing.assert_allclose(classifier.probabilities(pictures), by_hand.softmax(1).numpy(), atol=1e-5)
    assert [tuple(view.shape[2:]) for view in seen] == [(32, 32), (32, 32), (40, 40), (40, 40)]


def test_with_its_mirror_image_a_picture_and_its_mirror_image_are_the_same() -> None:
    pictures = some_pictures()
    mirrored = np.ascontiguousarray(pictures[:, :, ::-1])
    both, plain = make("mirror"), make("plain")
    np.testing.assert_allclose(both.logits(pictures), both.logits(mirrored), atol=1e-5)
    assert np.abs(plain.logits(pictures) - plain.logits(mirrored)).max() > 1e-3


def test_plain_can_be_asked_of_a_model_with_views() -> None:
    pictures = some_pictures()
    np.testing.assert_array_equal(make("sizes", "plain").logits(pictures), make("plain").logits(pictures))


def test_an_enlarged_view_shows_the_same_picture() -> None:
    rows = torch.linspace(-1, 1, 128).expand(1, 3, 128, 128)
    larger = views_of(rows, "sizes")[2]
    assert larger.shape == (1, 3, 160, 160)
    torch.testing.assert_close(larger[0, 0, 0], torch.linspace(-1, 1, 160), atol=0.01, rtol=0)


def test_gradients_pass_through_every_view() -> None:
    classifier = make("sizes")
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)).requires_grad_()
    mean_logits(classifier.model, x, "sizes")[0, 0].backward()
    assert x.grad is not None and float(x.grad.abs().sum()) > 0


@given(st.integers(16, 1024))
def test_the_larger_size_is_larger_by_about_a_quarter(size: int) -> None:
    larger = enlarged(size)
    assert larger > size
    assert 1.1 * size <= larger <= 1.5 * size
    assert larger % (32 if size >= 128 else 1) == 0


def test_known_sizes() -> None:
    assert [enlarged(size) for size in (32, 64, 96, 128, 160, 192, 224)] == [40, 80, 120, 160, 192, 256, 288]


def test_views_that_a_network_cannot_take_are_refused() -> None:
    with pytest.raises(SettingsError, match="views sizes: a flatten head takes pictures of one size only"):
        make("sizes", head="flatten")
    with pytest.raises(SettingsError, match="views sizes: vit_tiny_patch16_224 takes pictures of one size only"):
        check_views("sizes", takes_one_size("vit_tiny_patch16_224", False))
    check_views("mirror", takes_one_size("vit_tiny_patch16_224", True))
    make("sizes", "plain", head="flatten")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "mirror"),
        ({"preset": "none"}, "plain"),
        ({"horizontal_flip": False}, "plain"),
        ({"views": "sizes"}, "sizes"),
        ({"views": "plain"}, "plain"),
    ],
)
def test_a_model_that_learns_from_mirrored_photos_is_asked_with_them(
    settings: dict[str, object], expected: str
) -> None:
    assert chosen_views(make_config("photos", **settings)) == expected
