"""The studio's page Train in a real browser: from the form to a run, through stops, reloads and a studio that dies."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from mekiki.doors.studio.jobs import ENDED, Jobs
from mekiki.doors.studio.links import link_to
from mekiki.records.history import read_history
from tests.browser.studio_server import RunningStudio, opened
from tests.conftest import draw_photo, write_photos

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

SLOW = 240_000
"""Milliseconds that loading torch, or a small training, may take on a busy machine."""
ONE_CLASS = "one <img src=x onerror=alert(1)>"
TINY = {"backbone": "nin_small", "weights": "none", "image_size": "32", "batch_size": "8", "further": "device=cpu"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos in three classes, and in one."""
    place = tmp_path_factory.mktemp("train") / "root"
    write_photos(place / "photos", 12)
    (place / ONE_CLASS / "red").mkdir(parents=True)
    for number in range(4):
        Image.fromarray(draw_photo((200, 50, 40), number)).save(place / ONE_CLASS / "red" / f"{number}.png")
    return place


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The studio's own folder; jobs that a test leaves are stopped."""
    yield tmp_path / "home"
    jobs = Jobs(tmp_path / "home" / "jobs")
    for job in jobs.all():
        while job.state not in ENDED and not job.is_hurrying:
            jobs.stop(job)


@pytest.fixture
def studio(home: Path, root: Path) -> Iterator[RunningStudio]:
    running = RunningStudio(home, root)
    yield running
    running.kill()


def form(studio: RunningStudio, photos: Path, **values: str) -> str:
    return studio.address + link_to("train", photos=str(photos), **{**TINY, **values})


def of_run(studio: RunningStudio, home: Path, name: str) -> str:
    return studio.address + link_to("train", run=str(home.resolve() / "runs" / name))


def curves_are_there(page) -> None:
    page.locator(".mk-chart svg").first.wait_for(timeout=SLOW)


def test_a_training_from_the_form_outlives_a_reload_and_the_studio_and_ends_with_a_report(browser, studio, home, root):
    with opened(browser, studio.address + link_to("train", photos=str(root / "photos"))) as page:
        page.get_by_role("button", name="Any other…").click()
        search = page.get_by_label("Network (type to search)")
        page.get_by_text(re.compile(r"\d+ networks can be trained")).wait_for(timeout=SLOW)
        search.fill("nin_small")
        page.get_by_role("option", name="nin_small", exact=True).click()
        page.get_by_text("There are no published weights of this network").wait_for()
        for label, value in (
            ("Picture size, px", "32"),
            ("Batch size", "8"),
            ("Epochs", "80"),
            ("Name of the run", "first"),
        ):
            page.get_by_label(label, exact=True).focus()
            page.keyboard.type(value)
        page.get_by_text("nin_small at 32 px, 80 epochs").wait_for()
        page.get_by_role("button", name="Start training").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("run=.*first"))
        curves_are_there(page)
        assert page.get_by_text("Training is under way.").is_visible()
        page.reload()
        curves_are_there(page)
        assert page.get_by_text("Training is under way.").is_visible()
    reached = len(read_history(home / "runs" / "first" / "history.csv"))
    studio.kill()
    again = RunningStudio(home, root)
    try:
        with opened(browser, of_run(again, home, "first")) as page:
            curves_are_there(page)
            page.get_by_text("Done.", exact=True).wait_for(timeout=SLOW)
            page.get_by_text(re.compile(r"Of \d+ photos that it never saw it had [\d.]+% right")).wait_for()
            with page.context.expect_page() as opening:
                page.get_by_role("link", name="Report (new tab)").click()
            opening.value.get_by_role("heading").first.wait_for()
            page.get_by_role("button", name="Show as a table").click()
            rows = page.locator(".mk-epochs tbody tr")
            rows.first.wait_for()
            assert rows.count() == len(read_history(home / "runs" / "first" / "history.csv")) > reached
            assert page.get_by_role("link", name="Inference").get_attribute("href").endswith("first")
    finally:
        again.kill()


def test_a_stopped_training_has_its_figures_and_goes_on_where_it_was(browser, studio, home, root):
    with opened(browser, form(studio, root / "photos", epochs="3000", name="long")) as page:
        page.locator(".mk-sheet-grid img").nth(8).wait_for(timeout=SLOW)
        page.get_by_role("button", name="Start training").click()
        curves_are_there(page)
        with opened(browser, form(studio, root / "photos", epochs="2", name="second")) as other:
            other.get_by_role("button", name="Start training").click()
            other.get_by_text("Waits for its turn; 1 before it.").wait_for()
            other.get_by_role("main").get_by_role("button", name="Stop", exact=True).last.click()
            other.get_by_text("Stopped.").wait_for()
            assert not (home / "runs" / "second").exists()
        page.get_by_role("region", name="Jobs").wait_for(state="hidden")  # it still shows the other one for a moment
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_text("Stopped. The best snapshot so far is kept; it can go on.").wait_for(timeout=SLOW)
        page.get_by_text(re.compile(r"Of \d+ validation photos it had")).wait_for()
        reached = len(read_history(home / "runs" / "long" / "history.csv"))
        page.get_by_role("button", name="Go on").click()
        page.get_by_text("Training is under way.").wait_for(timeout=SLOW)
        table = page.get_by_role("button", name="Show as a table")
        table.click()
        page.locator(".mk-epochs tbody tr").nth(reached).wait_for(timeout=SLOW)
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_role("button", name="Stop at once, without figures").click()
        page.get_by_text("Stopped. The best snapshot so far is kept; it can go on.").wait_for(timeout=SLOW)
    epochs = [epoch.epoch for epoch in read_history(home / "runs" / "long" / "history.csv")]
    assert epochs == list(range(len(epochs))) and len(epochs) > reached, "no epoch twice, none left out"


def test_what_cannot_be_trained_is_told_with_its_hint(browser, studio, home, root):
    with opened(browser, form(studio, root / ONE_CLASS, name="<b>")) as page:
        page.get_by_label("Rotation, ±°").fill("900")
        page.get_by_text("rotation_range = '900'").wait_for()
        assert page.get_by_text("Hint: rotation_range: turned by up to this").is_visible()
        page.get_by_role("button", name="Start training").click()
        page.locator(".mk-notice").get_by_text("rotation_range = '900'").wait_for()
        assert list((home / "jobs").iterdir()) == [], "nothing was started"
        page.get_by_label("Rotation, ±°").fill("20")
        page.get_by_text("nin_small at 32 px").wait_for()
        page.get_by_role("button", name="Start training").click()
        alert = page.get_by_role("alert").filter(has_text="class")
        alert.wait_for(timeout=SLOW)
        assert "Hint:" in alert.inner_text()
        assert page.get_by_text(ONE_CLASS).first.is_visible(), "a folder's name is text"
        page.get_by_role("button", name="Forget").click()
        page.get_by_text("There are no runs yet.").wait_for()


def test_a_folder_outside_the_roots_is_refused_and_so_is_a_run(browser, studio, home, root, tmp_path):
    write_photos(tmp_path / "outside", 2)
    with opened(browser, form(studio, tmp_path / "outside")) as page:
        page.get_by_role("button", name="Start training").click()
        page.locator(".mk-notice").get_by_text("none of the folders").wait_for()
    with opened(browser, studio.address + link_to("train", run=str(tmp_path))) as page:
        page.locator(".mk-notice").get_by_text("none of the folders").wait_for()
        assert page.get_by_role("button", name="Start training").is_visible()
    assert list((home / "jobs").iterdir()) == []


def test_the_sheet_follows_the_form_and_shows_a_photo_of_ones_own(browser, studio, root):
    with opened(browser, form(studio, root / "photos", preset="none"), viewport={"width": 400, "height": 800}) as page:
        pictures = page.locator(".mk-sheet-grid img")
        pictures.nth(8).wait_for(timeout=SLOW)
        sources = [picture.get_attribute("src") for picture in pictures.all()]
        assert len(set(sources)) == 1, "without changes all nine are the photo"
        page.get_by_label("Rotation, ±°").fill("90")
        page.wait_for_function(
            "new Set([...document.querySelectorAll('.mk-sheet-grid img')].map(i => i.src)).size === 9"
        )
        assert pictures.first.get_attribute("src") == sources[0]
        assert "draw 3 of the random changes" in pictures.nth(3).get_attribute("alt")
        own = next((root / "photos" / "green").iterdir())
        page.locator("input[type=file]").set_input_files(own)
        page.get_by_text(re.compile(r"Shown: tried/")).wait_for()
        assert pictures.first.get_attribute("src") != sources[0]
        page.locator("input[type=file]").set_input_files(
            {"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"}
        )
        page.locator(".mk-notice").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, "no scrolling sideways"
        page.reload()
        page.get_by_text(re.compile(r"Shown: tried/")).wait_for()
        assert page.get_by_label("Rotation, ±°").input_value() == "90"
