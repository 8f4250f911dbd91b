"""The Audit page in a real browser: suspicious tags are judged by keyboard alone, and the catalogue is not touched."""

import csv
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mekiki.records.audit import Audit, AuditFinding, AuditListing, AuditSummary, Yield, write_audit
from mekiki.records.decisions import Decision, append_decisions, read_decisions
from tests.browser.access import faults_of
from tests.browser.studio_server import opened

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)>.png"


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Photos of two colours; two red ones are filed as blue, and one is neither."""
    root = tmp_path / "catalogue"
    for label, value in (("red", (200, 30, 30)), ("blue", (30, 30, 200))):
        (root / label).mkdir(parents=True)
        for number in range(3):
            _paint(root / label / f"{number}.png", value, number)
    _paint(root / "blue" / HOSTILE, (200, 30, 30), 7)
    _paint(root / "blue/wrong.png", (200, 30, 30), 8)
    _paint(root / "red/neither.png", (30, 200, 30), 9)
    return root


def _paint(path: Path, colour: tuple[int, int, int], seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 30, (64, 64, 3))
    Image.fromarray((np.full((64, 64, 3), colour) + noise).astype(np.uint8)).save(path)


@pytest.fixture
def home(tmp_path: Path, catalogue: Path) -> Path:
    """A studio's folder with an audit of the catalogue."""
    findings = (
        AuditFinding(f"blue/{HOSTILE}", "blue", "red", 0.98, "looks like red 0.99", "red/0.png|red/1.png"),
        AuditFinding("blue/wrong.png", "blue", "red", 0.95, "looks like red 0.97", "red/0.png"),
        AuditFinding("red/neither.png", "red", "", 0.8, "is none of the classes"),
    )
    summary = AuditSummary(
        run="", model="", catalogue=str(catalogue), root=str(catalogue), listings=9, judged=9, suspicious=3,
        in_training=0, not_judged={}, wrong=2.7, low=1, high=4, top=(Yield(listings=1, wrong=0.98),), seconds=1,
        mekiki="0",
    )  # fmt: skip
    listings = tuple(AuditListing(each.path, each.label, each.suggested, each.score, each.reason) for each in findings)
    folder = tmp_path / "home/audits/first"
    folder.mkdir(parents=True)
    write_audit(folder, Audit(summary, findings, listings))
    return tmp_path / "home"


def hashes(root: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*.png")}


def press(page: Any, key: str, decided: int) -> None:
    page.keyboard.press(key)
    page.get_by_role("status").filter(has_text=f"{decided} decided").wait_for()


def test_tags_are_judged_by_keyboard_alone(
    browser: Any, start_studio: Callable[..., Any], home: Path, catalogue: Path
) -> None:
    before, decisions = hashes(catalogue), catalogue / "decisions.csv"
    studio = start_studio(home, catalogue)
    with opened(browser, f"{studio.address}/audit") as page:
        page.get_by_role("link", name="first").click()
        page.get_by_role("status").filter(has_text="1 of 3 suspicious tags · 0 decided").wait_for()
        press(page, "a", 1)
        press(page, "r", 2)
        press(page, "a", 3)
        first = Decision(f"blue/{HOSTILE}", "relabel", "red", reason="looks like red 0.99")
        kept = Decision("blue/wrong.png", "keep", "label_error", reason="audit: the tag is right")
        out = Decision("red/neither.png", "exclude", reason="is none of the classes")
        assert read_decisions(decisions) == [first, kept, out]
        assert faults_of(page) == []
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Save as CSV").click()
        rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text(encoding="utf-8-sig"))))
        assert [row["verdict"] for row in rows] == ["accepted", "rejected", "left_out"]
        assert rows[0]["path"] == f"blue/{HOSTILE}"
        press(page, "u", 2)
        press(page, "Control+z", 1)
        assert read_decisions(decisions) == [first]
        page.reload()
        page.get_by_role("status").filter(has_text="2 of 3 suspicious tags · 1 decided").wait_for()
        press(page, "u", 0)
        assert read_decisions(decisions) == []
    assert hashes(catalogue) == before


def test_a_hostile_name_is_text(browser: Any, start_studio: Callable[..., Any], home: Path, catalogue: Path) -> None:
    studio = start_studio(home, catalogue)
    with opened(browser, f"{studio.address}/audit?made={home}/audits/first") as page:
        page.get_by_text(HOSTILE).first.wait_for()
        assert page.locator("img[src=x]").count() == 0
        pictures = page.locator(".mk-suspect img")
        page.wait_for_function("[...document.querySelectorAll('.mk-suspect img')].every(each => each.naturalWidth > 0)")
        assert pictures.first.get_attribute("alt") == f"blue/{HOSTILE}"


def test_what_another_window_decides_is_seen_and_kept(
    browser: Any, start_studio: Callable[..., Any], home: Path, catalogue: Path
) -> None:
    studio = start_studio(home, catalogue)
    with opened(browser, f"{studio.address}/audit?made={home}/audits/first") as page:
        page.get_by_role("status").filter(has_text="0 decided").wait_for()
        other = Decision("red/neither.png", "exclude", reason="elsewhere")
        append_decisions(catalogue / "decisions.csv", [other])
        page.get_by_role("status").filter(has_text="1 decided").wait_for()
        press(page, "a", 2)
        assert other in read_decisions(catalogue / "decisions.csv")
        press(page, "u", 1)
        assert read_decisions(catalogue / "decisions.csv") == [other]


def test_an_audit_that_lies_elsewhere_is_refused(
    browser: Any, start_studio: Callable[..., Any], home: Path, catalogue: Path, tmp_path: Path
) -> None:
    studio = start_studio(home, catalogue)
    with opened(browser, f"{studio.address}/audit?made={tmp_path}/elsewhere") as page:
        page.get_by_text("none of the folders that this studio may look into").wait_for()
    with opened(browser, f"{studio.address}/audit") as page:
        page.get_by_role("button", name="Look for wrong tags").click()
        page.get_by_text("no catalogue is chosen").wait_for()
