"""The studio's words: one TOML file a language in ``texts/``, a table a page."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TEXTS = Path(__file__).parent / "texts"
LANGUAGES = {"en": "English", "ja": "日本語"}
LANGUAGE_COOKIE = "mekiki_language"


@dataclass(frozen=True)
class Words:
    """The texts of one language.

    Attributes:
        language: A key of ``LANGUAGES``.
        texts: "table.name" → text with {places}.
    """

    language: str
    texts: dict[str, str]

    def __call__(self, name: str, /, **values: Any) -> str:
        """Return a text with its places filled.

        Args:
            name: "table.name" as in the TOML files; what is not there is a KeyError, and a test finds it.
            values: What goes into the places; numbers may have a format in the text.
        """
        text = self.texts[name]
        return text.format(**values) if values else text


@cache
def words_of(language: str) -> Words:
    """Return the words of a language."""
    tables = tomllib.loads((TEXTS / f"{language}.toml").read_text(encoding="utf-8"))
    texts = {f"{table}.{name}": text for table, rows in tables.items() for name, text in rows.items()}
    return Words(language, texts)


def choose_language(cookie: str | None, accepted: str) -> str:
    """Return the language for a browser.

    Args:
        cookie: What the person chose, if anything.
        accepted: The header Accept-Language.
    """
    if cookie in LANGUAGES:
        return str(cookie)
    wanted = [part.partition(";")[0].strip().partition("-")[0].lower() for part in accepted.split(",")]
    return next((each for each in wanted if each in LANGUAGES), "en")
