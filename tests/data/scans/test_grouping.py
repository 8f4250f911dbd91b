from hypothesis import given
from hypothesis import strategies as st

from mekiki.data.copies.duplicates import Groups, Pair
from mekiki.data.importing.found import Entry
from mekiki.data.scans import grouping
from mekiki.data.scans.bursts import BurstPair
from mekiki.data.scans.grouping import Chain, count_bursts, name_groups

indices = st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda pair: pair[0] != pair[1]).map(sorted)
near = st.builds(lambda pair, score: Pair(*pair, "near", score / 20), indices, st.integers(0, 20))


def clusters(pairs: list[Pair]) -> dict[int, list[int]]:
    groups = Groups(12)
    for pair in pairs:
        groups.join(pair.first, pair.second)
    return groups.members()


@given(st.lists(near, max_size=60))
def test_a_chain_holds_the_same_groups_together_by_the_likest_pairs(pairs: list[Pair]) -> None:
    chain = Chain(12, [])
    chain.add(pairs)
    kept = chain.pairs()
    assert clusters(kept) == clusters(pairs)
    assert len(kept) == sum(len(members) - 1 for members in clusters(pairs).values())
    for bound in range(21):  # what a stricter bound would join is joined by pairs that reach it
        assert clusters([pair for pair in kept if pair.similarity >= bound / 20]) == clusters(
            [pair for pair in pairs if pair.similarity >= bound / 20]
        )


@given(st.lists(near, max_size=60), st.integers(1, 9))
def test_thinning_out_on_the_way_changes_nothing(pairs: list[Pair], most: int) -> None:
    whole = Chain(12, [])
    whole.add(pairs)
    usual, grouping._MOST_PAIRS = grouping._MOST_PAIRS, most
    try:
        thinned = Chain(12, [])
        for pair in pairs:
            thinned.add([pair])
            assert len(thinned._pairs) <= max(most, 22) + 1
    finally:
        grouping._MOST_PAIRS = usual
    assert thinned.pairs() == whole.pairs()


def test_groups_are_named_by_what_joins_them() -> None:
    entries = [Entry(f"{number}.jpg", "a") for number in range(12)]
    entries[8], entries[9] = Entry("8.jpg", "a", ("shoot 2",)), Entry("9.jpg", "a", ("shoot 1", "shoot 2"))
    entries[10] = Entry("10.jpg", "a", ("alone",))
    copies = [Pair(0, 1, "exact", 1.0), Pair(6, 8, "near", 0.98)]
    bursts = [BurstPair(1, 2, "burst"), BurstPair(3, 4, "frames"), BurstPair(4, 5, "frames")]
    assert name_groups(entries, copies, bursts) == {
        0: "copies of 0.jpg", 1: "copies of 0.jpg", 2: "copies of 0.jpg",
        3: "frames with 3.jpg", 4: "frames with 3.jpg", 5: "frames with 3.jpg",
        6: "shoot 1 + shoot 2", 8: "shoot 1 + shoot 2", 9: "shoot 1 + shoot 2", 10: "alone",
    }  # fmt: skip
    assert count_bursts(12, bursts) == 2
    assert name_groups(entries[:3], [], bursts[:1]) == {1: "burst of 1.jpg", 2: "burst of 1.jpg"}
