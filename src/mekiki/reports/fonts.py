"""Which fonts of this machine can draw a text, and what to draw where none can.

matplotlib warns for each character that its font lacks and draws a box. Here the fonts are looked up first, so that
names in Japanese, Chinese or Korean are drawn wherever a font for them is installed, and a box stands for a character
where none is. No font is shipped or downloaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from matplotlib import font_manager

BOX = "□"
_LATIN = ("Helvetica Neue", "Segoe UI", "Noto Sans", "Liberation Sans", "Arial", "DejaVu Sans")
_OTHERS = (
    "DejaVu Sans",
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "Hiragino Sans",
    "Yu Gothic",
    "Meiryo",
    "MS Gothic",
    "IPAexGothic",
    "IPAGothic",
    "TakaoGothic",
    "VL Gothic",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "PingFang SC",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "NanumGothic",
    "Arial Unicode MS",
)


def plain(text: str) -> str:
    """Return the text on one line, without characters that have no picture (tabs, line ends, controls)."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def shorten(text: str, most: int) -> str:
    """Return at most ``most`` characters: the middle of a longer text becomes "…", as names differ at both ends."""
    if len(text) <= most:
        return text
    head = most // 2
    return f"{text[:head]}…{text[len(text) - (most - head - 1) :]}"


def families_for(texts: Iterable[str]) -> list[str]:
    """Return font families, the first to be asked first, that together draw what this machine can of the texts."""
    wanted = frozenset(letter for text in texts for letter in text if letter not in " \n")
    installed = {font.name for font in font_manager.fontManager.ttflist}
    families = [next((name for name in _LATIN if name in installed), "DejaVu Sans")]
    missing = wanted - letters_of(families[0])
    for name in _OTHERS:
        if not missing:
            break
        if name in installed and missing & letters_of(name):
            families.append(name)
            missing -= letters_of(name)
    return families


@lru_cache(maxsize=8)
def letters_of(family: str) -> frozenset[str]:
    """Return the letters that a font family can draw; none if it is not installed or its file cannot be opened."""
    try:
        path = font_manager.findfont(font_manager.FontProperties(family=[family]), fallback_to_default=False)
        return frozenset(map(chr, font_manager.get_font(path).get_charmap()))
    except (OSError, RuntimeError, ValueError):
        return frozenset()


def drawable(text: str, families: list[str]) -> str:
    """Return the text with a box for each character that none of the families can draw."""
    known = [letters_of(family) for family in families]
    return "".join(letter if letter in " \n" or any(letter in letters for letters in known) else BOX for letter in text)
