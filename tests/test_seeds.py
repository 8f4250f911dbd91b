import numpy as np
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


@given(keys)
def test_a_stream_is_philox_with_the_entropy_as_its_key(key: tuple) -> None:
    expected = np.random.Generator(np.random.Philox(key=entropy(key[0], *key[1])))
    numbers = stream(key[0], *key[1])
    assert numbers.random(5).tolist() == expected.random(5).tolist()
    assert numbers.integers(0, 1000, 5).tolist() == expected.integers(0, 1000, 5).tolist()


def test_the_numbers_never_change() -> None:
    assert entropy(0, "split", "a.jpg") == 23972850301019854172410923321638254661
    assert stream(0, "split").integers(0, 10**9, 3).tolist() == [881857645, 690088807, 277980206]
    assert stream(7, "augment", 2, 5).random(3).tolist() == [0.1553660695456447, 0.6953926895232682, 0.4149489492785364]
    assert torch_seed(3, "head") == 328652890532446910


@given(keys)
def test_torch_takes_every_seed(key: tuple) -> None:
    assert 0 <= torch_seed(key[0], *key[1]) < 2**63
