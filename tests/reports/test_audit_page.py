"""The page of an audit shows each suspicious listing with its examples, says what is not there, and trusts no name."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from mekiki.reports import audit_page
from mekiki.reports.audit_page import pictures_shown, write_audit_page
from mekiki.reports.audit_story import estimate, yields
from mekiki.reports.thumbnails import make_thumbnail
from tests.records.test_audit import made_audit
from tests.reports.made_runs import Page

PICTURE = make_thumbnail(np.full((40, 30, 3), 90, np.uint8))


def written(path: Path, audit=None, thumbnail=lambda _: PICTURE) -> tuple[str, Page]:
    write_audit_page(path / "audit.html", made_audit() if audit is None else audit, thumbnail)
    text = (path / "audit.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    return text, page


def test_each_finding_is_a_card_with_its_photo_and_examples(tmp_path: Path) -> None:
    text, page = written(tmp_path)
    pictures = [element for element in page.elements if element.tag == "img"]
    assert len(pictures) == 4 == len(pictures_shown(made_audit()))
    assert all(element.attributes["src"].startswith("data:image/webp;base64,") for element in pictures)
    for words in ("looks like <i>Jaguar 0.96", "is none of the classes; was in training", "score 0.970", "sg/3.jpg"):
        assert words in page.text.replace("\n", "") or words in text
    assert "About 2 of 3" in page.text and "cannot be read" in page.text
    assert text.count("none of the classes</span>") == 1


def test_names_are_text_and_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    text, page = written(tmp_path)
    assert not [element for element in page.elements if element.tag in ("b", "i", "script", "link")]
    assert "<i>Jaguar" in page.text
    assert not re.search(r"""(src|href|srcset)=["'](?!data:|#)""", text)
    assert "default-src 'none'; img-src data:" in text


def test_a_photo_that_cannot_be_shown_leaves_a_place(tmp_path: Path) -> None:
    _, page = written(tmp_path, thumbnail=lambda _: None)
    assert not [element for element in page.elements if element.tag == "img"]
    assert page.text.count("no picture") == 4


def test_more_than_fit_are_told(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(audit_page, "MOST_CARDS", 1)
    monkeypatch.setattr(audit_page, "MOST_NOT_JUDGED", 0)
    _, page = written(tmp_path)
    assert "Only the first 1 of 2 are shown here; findings.csv holds all." in page.text
    audit = made_audit()
    _, empty = written(tmp_path, replace(audit, findings=()))
    assert "No listing is suspicious." in empty.text


def test_the_same_audit_gives_the_same_bytes(tmp_path: Path) -> None:
    assert written(tmp_path)[0] == written(tmp_path)[0]


def test_the_sentences_say_the_numbers() -> None:
    summary = made_audit().summary
    assert estimate(summary).replace("\u00a0", " ") == (
        "About 2 of 3 tags are wrong (95 % interval 0 to 3); 2 listings are suspicious."
    )
    assert yields(summary) == ["Wrong tags to be expected among the most suspicious 1 listings: 1; 2 listings: 2."]
    assert yields(summary.model_copy(update={"wrong": 0.2})) == []
    assert yields(summary.model_copy(update={"top": ()})) == []
