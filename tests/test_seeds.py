from hypothesis import given
from hypothesis import strategies as st

from mekiki.seeds import entropy, stream, torch_seed

keys = st.tuples(st.integers(0, 2**40), st.lists(st.one_of(st.integers(), st.text(max_size=5)), max_size=3))


@given(keys, keys)
def test_different_purposes_have_different_numbers(first: tuple, second: tuple) -> None:
    same = first == second
    assert (entropy(first[0], *first[1]) == entropy(second[0], *second[1])) == same


def test_a_word_and_a_number_that_look_alike_differ() -> None:
    assert entropy(0, "1") != entropy(0, 1)


def test_the_numbers_never_change() -> None:
    assert stream(0, "split").integers(0, 10**9, 3).tolist() == stream(0, "split").integers(0, 10**9, 3).tolist()
    assert 0 <= torch_seed(3, "head") < 2**63
