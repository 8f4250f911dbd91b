"""What a person does on the studio's data page, in a real browser: judge by keyboard, bring photos, be refused."""

import hashlib
import shutil
import time
import zipfile
from pathlib import Path

import pytest

from mekiki.doors.studio.data.scans import NOTE
from mekiki.files import write_json
from mekiki.records.decisions import Decision, read_decisions
from mekiki.records.findings import Finding, write_findings
from mekiki.verbs.scan import FINDINGS, scan
from tests.browser.studio_server import opened
from tests.conftest import write_photos

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
WRONG = "blue/wrong.png"


def hashes(folder: Path) -> dict[str, str]:
    """Return path → SHA-256 of all photos."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.png")
    }


def add_scan(home: Path, photos: Path, doubts: list[Finding]) -> None:
    """Put a scan there as its job leaves it, with doubts as the search for wrong labels writes them."""
    out = home / "scans" / f"{photos.name}-1"
    result = scan(photos, out)
    write_findings(out / FINDINGS, [*result.findings, *doubts])
    write_json(out / NOTE, {"photos": str(photos), "labels": True})


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """Photos of three classes; one of a red thing lies among the blue ones, and one twice."""
    photos = write_photos(tmp_path / "photos", 6)
    (photos / "red" / "005.png").rename(photos / WRONG)
    shutil.copy(photos / "green" / "001.png", photos / "green" / "copy.png")
    add_scan(tmp_path / "home", photos, [Finding("label_error", WRONG, "red", 0.97)])
    return photos


def page_of(studio, photos: Path, view: str = "") -> str:
    return f"{studio.address}/data?photos={photos}" + (f"&view={view}" if view else "")


def wait_for_lines(photos: Path, expected: list[Decision], seconds: float = 20) -> None:
    """Wait until decisions.csv says just this."""
    place, until = photos / "decisions.csv", time.monotonic() + seconds
    while (read_decisions(place) if place.exists() else []) != expected:
        assert time.monotonic() < until, place.read_text() if place.exists() else "there is no decisions.csv"
        time.sleep(0.1)


def count_decided(page, count: int) -> None:
    page.locator(".dt-tab", has_text="Decided").locator(".dt-count", has_text=str(count)).wait_for()


def test_a_wrong_label_is_mended_and_undone_by_keyboard_alone(browser, start_studio, tmp_path, planted) -> None:
    before = hashes(planted)
    studio = start_studio(tmp_path / "home", planted)
    relabelled = Decision(WRONG, "relabel", "red")
    with opened(browser, page_of(studio, planted)) as page:
        page.locator(".dt-tab").first.wait_for()
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent").startswith("Findings"):
                break
        page.keyboard.press("Enter")
        page.get_by_text("It is filed under blue, but looks like red (97 % sure).").wait_for()
        page.keyboard.press("3")
        wait_for_lines(planted, [relabelled])
        page.get_by_role("heading", name="same file twice").wait_for()
        page.keyboard.press("s")
        page.keyboard.press("x")
        excluded = Decision("green/copy.png", "exclude")
        count_decided(page, 2)
        lines = read_decisions(planted / "decisions.csv")
        assert lines[0] == relabelled and lines[1].action == "exclude" and lines[1].path.startswith("green/")
        excluded = lines[1]
        page.keyboard.press("Control+z")
        wait_for_lines(planted, [relabelled])
        page.keyboard.press("x")
        wait_for_lines(planted, [relabelled, excluded])
        page.reload()
        count_decided(page, 2)
        page.keyboard.press("u")
        wait_for_lines(planted, [relabelled])
        page.keyboard.press("u")
        wait_for_lines(planted, [])
        page.get_by_text("looks like red").wait_for()
        page.keyboard.press("u")
        page.get_by_text("There is nothing to undo.").wait_for()
    assert hashes(planted) == before, "no photo was touched"


def test_keys_do_nothing_while_one_types(browser, start_studio, tmp_path, planted) -> None:
    studio = start_studio(tmp_path / "home", planted)
    with opened(browser, page_of(studio, planted, "photos")) as page:
        page.locator(".dt-cell").first.wait_for()
        page.locator(".dt-select").focus()
        page.keyboard.press("x")
        page.wait_for_timeout(700)
        assert not (planted / "decisions.csv").exists()
        page.locator(".dt-grid").focus()
        page.keyboard.press("x")
        wait_for_lines(planted, [Decision("blue/000.png", "exclude")])


def test_html_in_names_is_text_and_runs_nothing(browser, start_studio, tmp_path) -> None:
    photos = write_photos(tmp_path / HOSTILE, 3)
    (photos / "red").rename(photos / HOSTILE)
    odd = photos / HOSTILE / f'"{HOSTILE}.png'
    (photos / HOSTILE / "000.png").rename(odd)
    path = odd.relative_to(photos).as_posix()
    add_scan(
        tmp_path / "home",
        photos,
        [Finding("label_error", path, "blue", 0.9, HOSTILE), Finding("tiny", path, "", 0.5, HOSTILE)],
    )
    studio = start_studio(tmp_path / "home", photos)
    with opened(browser, f"{studio.address}/data") as page:
        page.locator("a.dt-choice", has_text=HOSTILE).click()
        page.locator(".dt-class-row", has_text=HOSTILE).wait_for()
        for view in ("Findings", "All photos", "Decided"):
            page.locator(".dt-tab", has_text=view).click()
            if view == "All photos":
                page.get_by_role("option", name=path).click()
            if view != "Decided":
                page.locator(".mk-path", has_text=path).first.wait_for()
                page.keyboard.press("x")
                page.locator(".dt-said", has_text="xcluded").wait_for()
            page.wait_for_timeout(300)
        assert page.locator(".dt-line", has_text=path).count() == 1
        assert page.evaluate("document.querySelectorAll('img[src=x], img[onerror]').length") == 0
        page.goto(f"{studio.address}/data?photos=/{HOSTILE}")
        page.get_by_text("is in none of the folders").first.wait_for()
        assert page.evaluate("document.querySelectorAll('img[src=x], img[onerror]').length") == 0


def test_two_windows_lose_nothing_of_each_other(browser, start_studio, tmp_path, planted) -> None:
    studio = start_studio(tmp_path / "home", planted)
    address = page_of(studio, planted, "photos")
    with opened(browser, address) as one, opened(browser, address) as other:
        for page in (one, other):
            page.locator(".dt-cell").first.wait_for()
        one.keyboard.press("x")
        other.keyboard.press("n")
        other.keyboard.press("2")
        first, second = Decision("blue/000.png", "exclude"), Decision("blue/001.png", "relabel", "green")
        for page in (one, other):
            count_decided(page, 2)
        lines = read_decisions(planted / "decisions.csv")
        assert sorted(lines, key=lambda line: line.path) == [first, second]
        one.keyboard.press("u")
        wait_for_lines(planted, [second])
        count_decided(other, 1)
        one.keyboard.press("u")
        one.locator(".dt-said", has_text="There is nothing to undo").wait_for()
        wait_for_lines(planted, [second])


def test_a_chosen_folder_arrives_and_what_is_no_picture_is_named(browser, start_studio, tmp_path) -> None:
    mine = write_photos(tmp_path / "my guitars", 4)
    (mine / "red" / "liar.png").write_text("<html>")
    (mine / "notes.txt").write_text("no picture")
    studio = start_studio(tmp_path / "home", tmp_path / "home")
    with opened(browser, f"{studio.address}/data") as page:
        page.locator("mk-drop input[webkitdirectory]").set_input_files(mine)
        page.get_by_text("1 files were left out, such as red/liar.png").wait_for()
        page.get_by_role("button", name="Go on with the others").click()
        page.get_by_role("heading", name="my-guitars").wait_for()
        page.locator(".dt-tab", has_text="All photos").locator(".dt-count", has_text="12").wait_for()
        (mine / "red" / "liar.png").unlink()
        assert hashes(studio.home / "photos" / "my-guitars") == hashes(mine)


def test_a_zip_is_unpacked_and_its_photos_open(browser, start_studio, tmp_path) -> None:
    mine = write_photos(tmp_path / "mine", 3)
    with zipfile.ZipFile(tmp_path / "zipped.zip", "w") as file:
        for path in mine.rglob("*.png"):
            file.write(path, path.relative_to(mine))
    studio = start_studio(tmp_path / "home", tmp_path / "home")
    with opened(browser, f"{studio.address}/data") as page:
        page.set_default_timeout(90_000)
        page.locator('mk-drop input[accept*="zip"]').set_input_files(tmp_path / "zipped.zip")
        page.get_by_role("heading", name="zipped", exact=True).wait_for()
        page.locator(".dt-class-row").nth(2).wait_for()
    assert hashes(studio.home / "photos" / "zipped") == hashes(mine)


def test_hostile_paths_are_refused_and_write_nothing(browser, start_studio, tmp_path, planted) -> None:
    outside = write_photos(tmp_path / "outside", 2)
    (planted / "link").symlink_to(outside)
    studio = start_studio(tmp_path / "home", planted)
    script = """async ([address, method, body]) => {
      const answer = await fetch(address, {method, body}); return [answer.status, await answer.text()]; }"""
    with opened(browser, f"{studio.address}/data") as page:
        page.locator("mk-drop input").first.wait_for(state="attached")
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{studio.address}/data")
    begun = page.evaluate("async () => (await (await fetch('/data/upload/begin', {method: 'POST'})).json()).upload")
    png = "\u0089PNG"
    for path in ("../evil.png", "/tmp/evil.png", "a/../../evil.png", "a\\evil.png"):
        status, told = page.evaluate(
            script, [f"/data/upload/file?upload={begun}&path={path}".replace("\\", "%5C"), "POST", png]
        )
        assert status == 409 and "is not taken" in told
    for photos in ("/etc", str(outside), str(planted / "link"), f"{planted}/../outside"):
        status, told = page.evaluate(script, [f"/data/table?photos={photos}", "GET", None])
        assert status == 409 and ("in none of the folders" in told or "through a link" in told), photos
    status, _ = page.evaluate(script, [f"/data/thumbnail?photos={planted}&path=../outside/red/000.png", "GET", None])
    assert status == 404
    status, told = page.evaluate(script, [f"/data/thumbnail?photos={planted}&path=link/red/000.png", "GET", None])
    assert status == 404, "a photo behind a link is found by the search, and yet not shown"
    page.goto(page_of(studio, planted / "link"))
    page.get_by_text("leads through a link").first.wait_for()
    context.close()
    assert not list(tmp_path.rglob("evil.png"))


def test_only_rows_in_view_are_drawn_and_the_last_photo_is_reached(browser, start_studio, tmp_path, planted) -> None:
    source = (planted / "red" / "000.png").read_bytes()
    for number in range(3_000):
        (planted / "red" / f"many-{number:04}.png").write_bytes(source)
    studio = start_studio(tmp_path / "home", planted)
    with opened(browser, page_of(studio, planted, "photos")) as page:
        page.locator(".dt-cell").first.wait_for()
        page.evaluate("document.querySelector('.dt-grid').scrollTop = 1e9")
        page.locator(".dt-cell", has_text="many-2999.png").wait_for()
        assert page.locator(".dt-cell").count() < 120
        page.wait_for_function(
            "[...document.querySelectorAll('.dt-cell img')].every(each => each.complete && each.naturalWidth > 0)"
        )
        page.keyboard.press("x")
        page.locator(".dt-said", has_text="Excluded blue/000.png").wait_for()


def test_checking_runs_as_a_job_and_shows_what_it_found(browser, start_studio, tmp_path) -> None:
    photos = write_photos(tmp_path / "photos", 4)
    shutil.copy(photos / "red" / "001.png", photos / "blue" / "twice.png")
    studio = start_studio(tmp_path / "home", photos)
    with opened(browser, page_of(studio, photos)) as page:
        page.set_default_timeout(90_000)
        page.get_by_role("switch", name="look for wrong labels").click()
        page.get_by_role("button", name="Check the photos").click()
        page.locator(".dt-kind", has_text="one picture, two labels").click()
        assert page.locator(".dt-figure .mk-path").all_inner_texts() == ["blue/twice.png", "red/001.png"]
        left, right = (page.locator(".dt-figure").nth(place).bounding_box() for place in (0, 1))
        assert left["y"] == right["y"] and left["x"] + left["width"] <= right["x"]
