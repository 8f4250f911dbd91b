import numpy as np
import pytest

from mekiki.data.copies import neighbours
from mekiki.data.copies.descriptors import LENGTH, WAYS, turned_descriptors
from mekiki.data.copies.neighbours import Candidates, exact_candidates, found_share, index_candidates, other_candidates


def descriptors(count: int, seed: int = 0) -> np.ndarray:
    """Make descriptors in families of four that are alike, the members turned in all ways."""
    numbers = np.random.default_rng(seed)
    middles = numbers.normal(0, 1, (count // 4 + 1, LENGTH))
    rows = middles[np.arange(count) // 4] + numbers.normal(0, 0.2, (count, LENGTH))
    rows = np.concatenate([turned_descriptors(row[None], index % WAYS) for index, row in enumerate(rows)])
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def all_exact(rows: np.ndarray, owners: np.ndarray) -> Candidates:
    parts = [part for _, part in exact_candidates(rows, owners)]
    names = ("first", "second", "way", "cosine")
    return Candidates(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def test_candidates_are_the_pairs_that_a_plain_comparison_finds() -> None:
    rows, owners = descriptors(90), np.arange(90) // 2
    found = all_exact(rows, owners)
    ways = np.stack([turned_descriptors(rows, way) @ rows.T for way in range(WAYS)])
    wanted = np.argwhere((ways.max(axis=0) >= neighbours.LEAST) & (owners[:, None] < owners[None]))
    assert sorted(zip(found.first.tolist(), found.second.tolist(), strict=True)) == sorted(map(tuple, wanted.tolist()))
    assert len(wanted) > 40
    assert np.allclose(found.cosine, ways[found.way, found.first, found.second], atol=1e-5)
    assert np.allclose(found.cosine, ways.max(axis=0)[found.first, found.second], atol=1e-5)


def test_only_the_likest_stay_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "MOST", 2)
    rows = descriptors(40)
    found = all_exact(rows, np.arange(40))
    assert np.bincount(found.first).max() == 2
    best = np.stack([turned_descriptors(rows[:1], way) @ rows.T for way in range(WAYS)]).max(axis=0)[0]
    assert set(found.second[found.first == 0].tolist()) == set(np.argsort(-best[1:])[:2] + 1)


@pytest.mark.parametrize("products", [1, 50, 999])
def test_blocks_change_nothing_and_each_photo_is_counted_once(products: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, owners = descriptors(60), np.sort(np.random.default_rng(1).integers(0, 25, 60))
    owners = np.unique(owners, return_inverse=True)[1]
    whole = all_exact(rows, owners)
    monkeypatch.setattr(neighbours, "_PRODUCTS_AT_ONCE", products)
    assert sum(done for done, _ in exact_candidates(rows, owners)) == owners[-1] + 1
    part = all_exact(rows, owners)
    assert sorted(zip(whole.first, whole.second, strict=True)) == sorted(zip(part.first, part.second, strict=True))


def test_the_index_finds_nearly_all_that_the_exact_comparison_finds() -> None:
    pytest.importorskip("usearch")
    rows, owners = descriptors(3000), np.arange(3000)
    exact, by_index = all_exact(rows, owners), index_candidates(rows, owners)
    assert found_share(exact, by_index) > 0.97
    assert (by_index.first < by_index.second).all() and (by_index.cosine >= neighbours.LEAST - 0.01).all()
    none = Candidates(*(np.zeros(0, np.int64) for _ in range(4)))
    assert found_share(exact, none) == 0.0 and found_share(none, none) == 1.0


def test_other_candidates_are_the_next_best_rows_and_ways() -> None:
    rows = descriptors(8)
    owners = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    rows[4:6] = rows[:2]
    tried = Candidates(np.array([0]), np.array([4]), np.array([0], np.int8), np.array([1.0]))
    other, of = other_candidates(rows, owners, tried)
    assert of.tolist() == [0] * len(other.first) and len(other.first) == neighbours.OTHERS
    assert (1, 5, 0) in zip(other.first.tolist(), other.second.tolist(), other.way.tolist(), strict=True)
    assert (0, 4, 0) not in zip(other.first.tolist(), other.second.tolist(), other.way.tolist(), strict=True)
    nothing, of = other_candidates(rows, owners, tried.at(slice(0, 0)))
    assert len(nothing.first) == 0 == len(of)
