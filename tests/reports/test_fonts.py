"""Which characters can be drawn, and what stands for those that cannot."""

from hypothesis import given
from hypothesis import strategies as st

from mekiki.reports.fonts import drawable, families_for, plain, shorten


@given(st.text(max_size=60), st.integers(3, 40))
def test_a_shortened_text_is_never_longer_and_keeps_both_ends(text, most) -> None:
    short = shorten(text, most)
    assert len(short) <= most
    assert text == short or (short[0] == text[0] and "…" in short)


@given(st.text(max_size=60))
def test_plain_text_is_one_printable_line(text) -> None:
    assert plain(text).isprintable()
    assert plain(plain(text)) == plain(text)


def test_a_character_that_no_font_has_becomes_a_box() -> None:
    families = families_for(["Jaguar \U000e0fff"])
    assert drawable("Jaguar \U000e0fff", families) == "Jaguar □"


def test_a_family_that_is_not_installed_covers_nothing() -> None:
    assert drawable("ab", ["No Such Family"]) == "□□"
