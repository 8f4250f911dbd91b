"""Both languages say all of it, with the same places to fill."""

import re
import string
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("nicegui", reason="the studio needs nicegui: pip install '.[studio]'")

import mekiki.doors.studio
from mekiki.config import AugmentSettings
from mekiki.doors.studio.train.form import COURSE, SPLIT
from mekiki.doors.studio.words import LANGUAGES, TEXTS, choose_language, words_of

SOURCE = Path(mekiki.doors.studio.__file__).parent


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_each_language_is_one_file() -> None:
    assert {path.stem for path in TEXTS.iterdir()} == set(LANGUAGES)


def test_all_languages_have_the_same_texts_with_the_same_places() -> None:
    english = words_of("en").texts
    for language in LANGUAGES:
        texts = {name: text for name, text in words_of(language).texts.items() if not name.startswith("settings.")}
        assert set(texts) == set(english)
        assert {name for name in texts if places(texts[name]) != places(english[name])} == set()
        assert all(text.strip() for text in texts.values())


def test_what_each_setting_of_the_form_does_is_said_in_each_language() -> None:
    """In English the setting's own sentence says it, so that there is one."""
    shown = {f"settings.{section}_{name}" for section, name in (*COURSE, *SPLIT)}
    shown |= {f"settings.augment_{name}" for name in AugmentSettings.model_fields}
    for language in LANGUAGES:
        said = {name for name in words_of(language).texts if name.startswith("settings.")}
        assert said == (set() if language == "en" else shown)


def test_every_text_that_the_pages_ask_for_is_there() -> None:
    """Names built of parts (f"jobs.{state}") are asked for by their beginning."""
    known = set(words_of("en").texts)
    code = "".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    tables = "|".join(tomllib.loads((TEXTS / "en.toml").read_text(encoding="utf-8")))
    asked = set(re.findall(rf'"((?:{tables})\.[a-z_0-9]+)"', code))
    begun = set(re.findall(rf'f"((?:{tables})\.[a-z_0-9]*)\{{', code))
    assert asked, "no text is asked for: the pattern is wrong"
    assert asked - known == set()
    assert [each for each in begun if not any(name.startswith(each) for name in known)] == []


def test_no_text_is_left_that_nobody_asks_for() -> None:
    """A page's scripts ask for the names of its own table, with or without the table's name."""
    code = "".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    scripts = "".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.js"))
    begun = tuple(re.findall(r'f"([a-z]+\.[a-z_0-9]*)\{', code))
    begun_by_scripts = tuple(re.findall(r"[`\"']([a-z_]+_)(?:\$\{|[\"'] \+)", scripts))
    unused = [
        name
        for name in words_of("en").texts
        if f'"{name}"' not in code
        and not name.startswith(begun)
        and not name.partition(".")[2].startswith(begun_by_scripts)
        and not re.search(rf'["\'`.]{name.partition(".")[2]}\b', scripts)
    ]
    assert unused == []


def test_texts_hold_no_html() -> None:
    for language in LANGUAGES:
        assert [text for text in words_of(language).texts.values() if re.search(r"<\w|&\w+;", text)] == []


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        (None, "ja,en-US;q=0.9", "ja"),
        (None, "fr-FR,ja-JP;q=0.8", "ja"),
        (None, "", "en"),
        (None, "de", "en"),
        ("ja", "en-US", "ja"),
        ("../../x", "ja", "ja"),
        ("xx", "", "en"),
    ],
)
def test_the_chosen_language_wins_over_the_browsers(cookie: str | None, accepted: str, language: str) -> None:
    assert choose_language(cookie, accepted) == language
