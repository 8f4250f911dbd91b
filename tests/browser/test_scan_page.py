"""What a person can do with the page of a scan, in a real browser, opened as a file."""

import csv
import io
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mekiki.records.decisions import Decision, read_decisions
from mekiki.records.findings import Finding
from mekiki.records.manifest import Manifest, Photo
from mekiki.reports.scan_page import write_scan_page
from mekiki.reports.thumbnails import make_thumbnail

pytestmark = pytest.mark.browser

HOSTILE = "</script><img src=x onerror=alert(2)>\"'`${1}&amp;"
SHADES = {"Jaguar/0.jpg": 20, "Jaguar/1.jpg": 80, "SG/2.jpg": 140, "ムスタング/0.jpg": 200}


def picture_of(path: str) -> bytes:
    """Return a grey picture, of the photo's own shade where it has one."""
    return make_thumbnail(np.full((60, 90, 3), SHADES.get(path, 250), np.uint8))


def make_photos(label: str, count: int, width: int = 400) -> list[Photo]:
    return [Photo(f"{label}/{number}.jpg", label, width=width + number, height=300) for number in range(count)]


PHOTOS = (
    *make_photos("Jaguar", 6),
    *make_photos("SG", 6),
    *make_photos("ムスタング", 4),
    Photo(f"{HOSTILE}/x.jpg", HOSTILE),
    Photo('SG/comma, "quote".jpg', "SG", width=10, height=20),
)
CLASSES = ("Jaguar", "SG", "ムスタング", HOSTILE)
FINDINGS = [
    Finding("label_conflict", "Jaguar/0.jpg", "SG/2.jpg", 0.99, "the same bytes, labelled 'Jaguar' and 'SG'"),
    Finding("exact_duplicate", "Jaguar/1.jpg", "Jaguar/5.jpg", 1.0, "the same bytes"),
    Finding("near_duplicate", "SG/0.jpg", "SG/1.jpg", 0.80, "almost the same picture"),
    Finding("near_duplicate", "ムスタング/0.jpg", "ムスタング/1.jpg", 0.95, "almost the same picture"),
    Finding("near_duplicate", "SG/1.jpg", "SG/4.jpg", 0.97, "almost the same picture, mirrored"),
    Finding("near_duplicate", "SG/3.jpg", 'SG/comma, "quote".jpg', 0.85, "almost the same picture"),
    Finding("label_error", "ムスタング/3.jpg", "SG", 0.9, "looks like SG 0.96"),
    Finding("blurred", f"{HOSTILE}/x.jpg", score=0.4, detail=HOSTILE),
    Finding("stray", "notes.txt", score=0.5, detail="no picture"),
    Finding("imbalance", HOSTILE, score=0.8, detail="1 photo; Jaguar has 6"),
]


@contextmanager
def opened(browser, path: Path, **context) -> Iterator:
    """Open a page; every error of its script, dialog and request to elsewhere fails the test."""
    faults: list[str] = []
    place = browser.new_context(**{"viewport": {"width": 1300, "height": 900}, **context})
    page = place.new_page()
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("console", lambda line: faults.append(f"console: {line.text}") if line.type == "error" else None)
    page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: _note_request(request.url, path, faults))
    page.goto(path.as_uri())
    yield page
    place.close()
    assert not faults


def _note_request(url: str, path: Path, faults: list[str]) -> None:
    if url != path.as_uri() and not url.startswith(("data:", "blob:")):
        faults.append(f"request: {url}")


@pytest.fixture(scope="module")
def scan_file(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("scan")
    path = folder / "scan.html"
    earlier = [Decision("SG/5.jpg", "group", "shoot 1"), Decision("SG/2.jpg", "relabel", "Jaguar", reason="by hand")]
    write_scan_page(path, Manifest(folder / "photos", PHOTOS, CLASSES), FINDINGS, picture_of, decisions=earlier)
    return path


@pytest.fixture
def page(browser, scan_file) -> Iterator:
    with opened(browser, scan_file) as page:
        yield page


def rows(page) -> list[str]:
    """Return what each row of the list is called, in order of place."""
    found = page.eval_on_selector_all("article", "all => all.map(row => [Number(row.ariaPosInSet), row.ariaLabel])")
    assert [place for place, _ in found] == sorted(place for place, _ in found), "the tab order is the visible order"
    return [name for _, name in found]


def press_kind(page, name: str) -> None:
    page.locator("[data-kind]", has_text=name).click()


def row(page, name: str):
    return page.locator("article", has=page.locator("a.path", has_text=name)).first


def lines_saved(page, tmp_path: Path) -> list[Decision]:
    with page.expect_download() as waiting:
        page.click("#save")
    assert waiting.value.suggested_filename == "decisions.csv"
    waiting.value.save_as(tmp_path / "decisions.csv")
    with (tmp_path / "decisions.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file, strict=True))
    assert table[0] == ["path", "action", "value", "other", "reason"] and {len(line) for line in table} == {5}
    return read_decisions(tmp_path / "decisions.csv")


def test_all_findings_are_listed_kind_by_kind_and_groups_stay_together(page) -> None:
    assert page.inner_text("#shown") == "10 findings"
    page.set_viewport_size({"width": 1300, "height": 3000})
    page.wait_for_function("document.querySelectorAll('article').length === 10")
    names = rows(page)
    assert names[:3] == [
        "label conflict: Jaguar/0.jpg and SG/2.jpg",
        "label error: ムスタング/3.jpg and SG",
        "exact duplicate: Jaguar/1.jpg and Jaguar/5.jpg",
    ]
    assert names[3:7] == [
        "near duplicate: SG/1.jpg and SG/4.jpg",
        "near duplicate: SG/0.jpg and SG/1.jpg",
        "near duplicate: ムスタング/0.jpg and ムスタング/1.jpg",
        'near duplicate: SG/3.jpg and SG/comma, "quote".jpg',
    ], "the pair 0.80 goes with the pair 0.97 whose photo it shares"
    assert names[-1] == f"imbalance: {HOSTILE}"


def test_a_pair_shows_its_two_photos_side_by_side_under_their_labels(page) -> None:
    conflict = page.locator("article").first
    assert conflict.locator("figcaption").all_inner_texts() == ["Jaguar", "SG"]
    left, right = (conflict.locator("img").nth(place) for place in (0, 1))
    one, other = left.bounding_box(), right.bounding_box()
    assert one["y"] == other["y"] and one["x"] + one["width"] <= other["x"]
    assert conflict.locator(".size").all_inner_texts() == ["400 × 300", "402 × 300"]
    assert "labelled 'Jaguar' and 'SG'" in conflict.inner_text()
    for picture, shade in ((left, 20), (right, 140)):
        with Image.open(io.BytesIO(picture.screenshot())) as image:
            middle = image.convert("L").getpixel((image.width // 2, image.height // 2))
        assert abs(middle - shade) < 8, "each picture is the one of its own photo"


def test_kinds_filter_and_together_they_add(page) -> None:
    press_kind(page, "near duplicate")
    assert page.inner_text("#shown") == "4 of 10 findings"
    assert all(name.startswith("near duplicate") for name in rows(page))
    assert "near duplicate: almost the same picture" in page.inner_text("#meaning")
    press_kind(page, "blurred")
    assert page.inner_text("#shown") == "5 of 10 findings"
    press_kind(page, "near duplicate")
    assert rows(page) == [f"blurred: {HOSTILE}/x.jpg"]
    page.click("#everything")
    assert page.inner_text("#shown") == "10 findings"


def test_search_looks_in_paths_labels_and_reasons_and_counts_follow(page) -> None:
    page.fill("#search", "mirrored sg")
    assert rows(page) == ["near duplicate: SG/1.jpg and SG/4.jpg"]
    counts = {each.split("\n")[0]: each.split("\n")[-1] for each in page.locator("[data-kind]").all_inner_texts()}
    assert counts["near duplicate"] == "1" and counts["stray"] == "0"
    page.fill("#search", "ﾑｽﾀﾝｸﾞ")
    assert len(rows(page)) == 2, "half-width letters find full-width ones"
    page.fill("#search", "no such thing")
    assert not rows(page) and page.is_visible("#nothing")


def test_class_and_score_filter(page) -> None:
    page.select_option("#class", "ムスタング")
    assert len(rows(page)) == 2
    page.evaluate("byId('least').value = 0.93; byId('least').dispatchEvent(new Event('input', { bubbles: true }))")
    assert rows(page) == ["near duplicate: ムスタング/0.jpg and ムスタング/1.jpg"]
    assert page.inner_text("#least-shown") == "0.93"
    page.click("#everything")
    page.locator(".classes button", has_text="Jaguar").click()
    assert len(rows(page)) == 2


def test_sorting_by_score_and_by_path(page) -> None:
    page.select_option("#sort", "score")
    assert rows(page)[:2] == [
        "exact duplicate: Jaguar/1.jpg and Jaguar/5.jpg",
        "label conflict: Jaguar/0.jpg and SG/2.jpg",
    ]
    page.select_option("#sort", "path")
    first = [name.split(": ")[1].split(" and ")[0] for name in rows(page)[:5]]
    assert first == [f"{HOSTILE}/x.jpg", "Jaguar/0.jpg", "Jaguar/1.jpg", "SG/0.jpg", "SG/1.jpg"]


def test_a_group_of_copies_can_be_shown_alone(page) -> None:
    row(page, "4.jpg").locator("[data-do=group]").click()
    assert page.inner_text("#shown") == "2 of 10 findings"
    page.locator("#alone button").click()
    assert page.inner_text("#shown") == "10 findings"


def test_hostile_names_show_as_text(page) -> None:
    press_kind(page, "blurred")
    shown = page.locator("article")
    assert shown.locator("figcaption").inner_text() == HOSTILE
    assert shown.locator("a.path").text_content() == f"{HOSTILE}/x.jpg"
    assert shown.locator(".detail").text_content() == HOSTILE
    assert page.locator("img[src=x]").count() == 0
    href = shown.locator("a.path").evaluate("link => new URL(link.href).pathname")
    assert href.endswith(
        "/photos/%3C/script%3E%3Cimg%20src%3Dx%20onerror%3Dalert(2)%3E%22'%60%24%7B1%7D%26amp%3B/x.jpg"
    )


def test_a_link_leads_to_the_photo_itself(browser, tmp_path) -> None:
    name = "a b #1?/100% ü.jpg"
    (tmp_path / "photos" / "a b #1?").mkdir(parents=True)
    Image.new("RGB", (40, 30), "red").save(tmp_path / "photos" / name)
    manifest = Manifest(tmp_path / "photos", (Photo(name, "a"),), ("a",))
    write_scan_page(tmp_path / "out" / "scan.html", manifest, [Finding("blurred", name)], picture_of)
    with opened(browser, tmp_path / "out" / "scan.html") as page:
        href = page.locator("a.path").evaluate("link => link.href")
        other = page.context.new_page()
        other.goto(href)
        assert other.evaluate("document.images[0].naturalWidth") == 40


def test_decisions_are_saved_as_a_file_that_mekiki_reads(page, tmp_path) -> None:
    assert page.is_disabled("#save")
    row(page, "SG/comma").locator("li").nth(1).get_by_text("Exclude").click()
    chooser = row(page, "Jaguar/1.jpg").locator("select").first
    chooser.focus()
    chooser.select_option("ムスタング")
    page.locator("article", has_text="label error").get_by_text("Take it").click()
    row(page, "SG/0.jpg").get_by_text("Keep both").click()
    press_kind(page, "stray")
    page.get_by_text("Keep", exact=True).click()
    assert page.inner_text("#decided") == "5 new decisions, not saved yet"
    assert lines_saved(page, tmp_path) == [
        Decision("SG/5.jpg", "group", "shoot 1"),
        Decision("SG/2.jpg", "relabel", "Jaguar", reason="by hand"),
        Decision('SG/comma, "quote".jpg', "exclude", reason="near_duplicate: SG/3.jpg"),
        Decision("Jaguar/1.jpg", "relabel", "ムスタング", reason="exact_duplicate: Jaguar/5.jpg"),
        Decision("ムスタング/3.jpg", "relabel", "SG", reason="label_error 0.90"),
        Decision("SG/0.jpg", "keep", "near_duplicate", "SG/1.jpg"),
        Decision("notes.txt", "keep", "stray"),
    ]
    assert page.inner_text("#decided") == "5 new decisions, saved"


def test_a_new_decision_takes_the_place_of_an_earlier_one_of_the_photo(page, tmp_path) -> None:
    row(page, "Jaguar/0.jpg").locator("li").nth(1).get_by_text("Exclude").click()
    assert lines_saved(page, tmp_path) == [
        Decision("SG/5.jpg", "group", "shoot 1"),
        Decision("SG/2.jpg", "exclude", reason="label_conflict: Jaguar/0.jpg"),
    ]


def test_a_decision_shows_wherever_the_photo_is_and_can_be_undone(page) -> None:
    press_kind(page, "near duplicate")
    button = row(page, "4.jpg").get_by_label("Exclude SG/1.jpg")
    button.click()
    assert page.locator(".out").count() == 2, "SG/1.jpg is in two pairs"
    assert page.locator("[aria-label='Exclude SG/1.jpg'][aria-pressed=true]").count() == 2
    button.click()
    assert page.locator(".out").count() == 0 and page.is_disabled("#save")


def test_of_each_group_of_copies_that_is_shown_the_largest_stays(page, tmp_path) -> None:
    press_kind(page, "near duplicate")
    page.focus("#bulk")
    page.select_option("#bulk", label="one copy of each group stays, the others are excluded (4)")
    page.click("#apply")
    new = [each.path for each in lines_saved(page, tmp_path) if each.action == "exclude"]
    assert sorted(new) == sorted(["SG/0.jpg", "SG/1.jpg", "ムスタング/0.jpg", 'SG/comma, "quote".jpg'])
    page.focus("#bulk")
    page.select_option("#bulk", label="undo what was decided (4)")
    page.click("#apply")
    assert page.is_disabled("#save")


def test_lines_are_copied_for_a_person_who_edits_the_file_by_hand(browser, scan_file) -> None:
    with opened(browser, scan_file, permissions=["clipboard-read", "clipboard-write"]) as page:
        first = row(page, "SG/comma")
        first.get_by_text("Keep both").click()
        first.get_by_text("Copy line").click()
        first.get_by_text("Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == 'SG/3.jpg,keep,near_duplicate,"SG/comma, ""quote"".jpg",\n'


def test_the_list_works_by_keyboard(page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the findings"
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    focused = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(focused) == "label conflict: Jaguar/0.jpg and SG/2.jpg"
    page.keyboard.press("2")
    assert page.locator(".out figcaption").inner_text() == "SG"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("t")
    assert page.locator("article:focus figcaption").first.inner_text() == "ムスタング → SG"
    page.keyboard.press("End")
    assert page.evaluate(focused) == f"imbalance: {HOSTILE}"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("k")
    assert page.inner_text("#decided") == "3 new decisions, not saved yet"
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.do") == "copy"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("PageDown")
    assert int(page.evaluate("document.activeElement.ariaPosInSet")) > 2


def test_everything_that_can_be_used_has_a_name(page) -> None:
    unnamed = page.evaluate(
        """[...document.querySelectorAll('button, select, input, a[href], img')].filter((each) =>
            !(each.ariaLabel || each.alt || each.textContent.trim() || each.querySelector('img[alt]') || each.labels?.length) && !each.closest('[hidden]')
        ).map((each) => each.outerHTML)"""
    )
    assert not unnamed
    assert page.get_by_role("feed").get_by_role("article").count() > 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_at_400_pixels(browser, scan_file, scheme) -> None:
    with opened(browser, scan_file, viewport={"width": 400, "height": 800}, color_scheme=scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        one, other = (page.locator("article").first.locator("img").nth(place).bounding_box() for place in (0, 1))
        assert one["y"] == other["y"] and other["x"] + other["width"] <= 400
        overfull = (
            "[...document.querySelectorAll('article')].filter((row) => row.scrollHeight > row.clientHeight + 1).length"
        )
        assert page.evaluate(overfull) == 0


def test_printing_shows_all_rows_one_below_the_other_and_afterwards_the_list_is_as_before(page) -> None:
    before = rows(page)
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert len(rows(page)) == 10
    tops = page.eval_on_selector_all("article", "all => all.map(row => row.getBoundingClientRect())")
    assert all(one["bottom"] <= other["top"] for one, other in itertools.pairwise(tops))
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert rows(page) == before


def test_without_javascript_the_page_names_findings_csv(browser, scan_file) -> None:
    with opened(browser, scan_file, java_script_enabled=False) as page:
        assert "findings.csv" in page.inner_text("noscript")
        assert page.is_hidden("#filters") and page.is_visible(".classes")


def test_ten_thousand_findings_keep_few_rows_in_the_page(browser, tmp_path) -> None:
    photos = tuple(make_photos("Jaguar", 20_000))
    pairs = zip(photos[::2], photos[1::2], strict=True)
    findings = [Finding("near_duplicate", one.path, two.path, 0.9, "almost the same picture") for one, two in pairs]
    small = picture_of("")
    write_scan_page(tmp_path / "scan.html", Manifest(tmp_path, photos, ("Jaguar",)), findings, lambda path: small)
    with opened(browser, tmp_path / "scan.html") as page:
        assert page.inner_text("#shown") == "10,000 findings"
        assert 0 < page.locator("article").count() < 200
        page.evaluate("window.scrollTo({ top: 1e9, behavior: 'instant' })")
        page.wait_for_function("[...document.querySelectorAll('article')].some((row) => row.ariaPosInSet === '10000')")
        assert page.locator("article").last.locator("img").count() == 2
        assert 0 < page.locator("article").count() < 200
        page.fill("#search", "Jaguar/19998.jpg")
        assert rows(page) == ["near duplicate: Jaguar/19998.jpg and Jaguar/19999.jpg"]
        assert page.locator("article").first.bounding_box()["y"] > 0, "the only row is in sight"
        page.locator("article").first.focus()
        page.fill("#search", "")
        page.locator("article").first.focus()
        page.keyboard.press("End")
        assert page.evaluate("document.activeElement.ariaPosInSet") == "10000"
        assert page.locator("*").count() < 4000
