"""A network's graph answers as torch does, for one picture and for several: convolutions, tokens, views, normalisation."""

from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from mekiki.config import ModelSettings, NormaliseName, ViewsName
from mekiki.evaluation.classifier import Classifier
from mekiki.evaluation.graphs import OnnxGraph
from mekiki.model.classifier import build_classifier
from mekiki.portable.graph import network_graph
from mekiki.records.card import ModelCard

CLASSES = ["a", "b", "c"]


@pytest.mark.parametrize(
    ("backbone", "size", "views", "normalise"),
    [
        ("test_vit", 160, "mirror", ("weights",)),
        ("test_convnext", 64, "plain", ("weights",)),
        ("test_resnet", 48, "sizes", ("weights",)),
        ("nin_small", 48, "mirror", ("samplewise_center", "samplewise_std_normalization")),
    ],
)
def test_a_graph_answers_as_torch(
    backbone: str, size: int, views: ViewsName, normalise: tuple[NormaliseName, ...], tmp_path: Path
) -> None:
    settings = ModelSettings(backbone=backbone, weights="none", image_size=size)
    model, preprocessing, _ = build_classifier(settings, CLASSES, seed=1)
    preprocessing = preprocessing.model_copy(update={"normalise": normalise})
    card = ModelCard(backbone=backbone, head="gap", classes=CLASSES, preprocessing=preprocessing, views=views)
    classifier = Classifier(model, card)
    ir.save(network_graph(classifier), tmp_path / "network.onnx")
    graph = OnnxGraph(tmp_path / "network.onnx")
    for count in (1, 3):
        pictures = np.random.default_rng(count).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
        expected = classifier.ask(pictures)
        found = graph(pictures)
        assert set(found) == {"probabilities", "logits", "features"}
        for name, rows in (("probabilities", "chances"), ("logits", "logits"), ("features", "features")):
            wanted = np.stack([getattr(answer, rows) for answer in expected])
            np.testing.assert_allclose(found[name], wanted, atol=1e-4 * max(1.0, np.abs(wanted).max()))
