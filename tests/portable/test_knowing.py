"""The score of the known in a graph is the one that chose the threshold."""

import numpy as np
import pytest
import torch

from mekiki.portable.knowing import KnownScore
from mekiki.records.unknown import FEATURE_SCORES, SCORE_NAMES, ScoreName, UnknownRule
from mekiki.scoring.unknown import known_scores, measure_reference
from mekiki.seeds import stream


@pytest.mark.parametrize("name", SCORE_NAMES)
def test_torch_scores_as_numpy_does(name: ScoreName) -> None:
    numbers = stream(0, "knowing")
    labels = np.arange(90) % 3
    features = (numbers.normal(size=(90, 20)) + 2 * np.eye(20)[labels]).astype(np.float32)
    logits = numbers.normal(size=(90, 3)).astype(np.float32) * 4
    reference = measure_reference(features, labels)
    rule = UnknownRule(score=name, threshold=0, kept=0.95, n=90, weight=0.3, relative_weight=0.2)
    expected = known_scores(name, logits, features, reference, rule.weights)
    with torch.no_grad():
        found = KnownScore(rule, reference)(torch.from_numpy(logits), torch.from_numpy(features)).numpy()
    assert np.abs(found - expected).max() <= 1e-4 * max(1.0, np.abs(expected).max())
    assert expected.std() > 0


def test_a_distance_without_reference_is_refused() -> None:
    rule = UnknownRule(score=FEATURE_SCORES[0], threshold=0, kept=0.95, n=9)
    with pytest.raises(ValueError, match="needs the reference"):
        KnownScore(rule, None)
