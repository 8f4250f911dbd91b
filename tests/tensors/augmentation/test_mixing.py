import numpy as np
import pytest
from scipy.stats import beta, kstest

from mekiki.config import AugmentSettings
from mekiki.tensors.augmentation.drawing import Key
from mekiki.tensors.augmentation.mixing import Mix, draw_mix, mix

own = np.full((50, 50, 3), 200, np.uint8)
other = np.full((50, 50, 3), 100, np.uint8)


def drawn(**settings: float) -> list[Mix]:
    both = AugmentSettings(preset="none", **settings)
    found = [draw_mix(both, Key(0, (1, sample)), 10, 50) for sample in range(1500)]
    assert all(found)
    return [one for one in found if one is not None]


def test_nothing_is_mixed_by_itself() -> None:
    assert draw_mix(AugmentSettings(), Key(0, (1, 1)), 10, 50) is None


def test_mixup_blends_by_a_share_from_beta() -> None:
    mixes = drawn(mixup=0.4)
    assert kstest([one.share for one in mixes], beta(0.4, 0.4).cdf).pvalue > 0.01
    assert {one.partner for one in mixes} == set(range(10))
    for one in mixes[:20]:
        assert one.piece is None
        assert mix(own, other, one) == pytest.approx(100 + 100 * one.share, abs=0.51)


def test_cutmix_pastes_a_piece_and_the_share_is_what_is_left() -> None:
    mixes = drawn(cutmix=1.0)
    assert {0} < {(one.piece.top if one.piece else None) for one in mixes}
    for one in mixes[:200]:
        pasted = mix(own, other, one)
        assert set(np.unique(pasted)) <= {100, 200}
        assert (pasted == 200).mean() == pytest.approx(one.share)
    assert (own == 200).all()
    assert 0.5 < np.mean([one.share for one in mixes]) < 0.75


def test_both_ways_take_turns() -> None:
    assert 0.45 < np.mean([one.piece is None for one in drawn(mixup=0.2, cutmix=1.0)]) < 0.55
