"""Every page can be used by everybody: WCAG A and AA by axe, in both looks and languages, by keyboard, 400 px wide."""

from pathlib import Path
from typing import Any

import pytest

from mekiki.doors.studio.frame import LOOK_COOKIE, PAGES
from mekiki.doors.studio.words import LANGUAGE_COOKIE
from tests.browser.access import check_everybody_can_use, check_it_fits, faults_of
from tests.browser.studio_server import RunningStudio, opened

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Any:
    pytest.importorskip("nicegui", reason="NiceGUI is not installed: pip install '.[studio]'")
    place = tmp_path_factory.mktemp("studio")
    running = RunningStudio(place / "home", place)
    yield running
    running.kill()


@pytest.mark.parametrize("page_name", PAGES)
def test_a_page_can_be_used_by_everybody_in_both_languages(browser: Any, studio: RunningStudio, page_name: str) -> None:
    with opened(browser, f"{studio.address}/{page_name}") as page:
        page.get_by_role("heading", level=1).wait_for()
        check_everybody_can_use(page)
        assert page.evaluate("document.documentElement.lang") == "en"
        page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "ja", "url": studio.address}])
        page.reload()
        page.wait_for_function("document.documentElement.lang === 'ja'")
        check_it_fits(page)


def test_axe_finds_what_is_planted(browser: Any, studio: RunningStudio) -> None:
    with opened(browser, f"{studio.address}/data") as page:
        page.get_by_role("heading", level=1).wait_for()
        planted = "<button id=planted></button><p id=pale style='color: #ccc'>pale</p>"
        page.evaluate(f'document.querySelector("main").insertAdjacentHTML("beforeend", "{planted}")')
        faults = " ".join(faults_of(page))
        assert "button-name" in faults
        assert "color-contrast" in faults


def test_the_keyboard_reaches_every_page_and_shows_where_it_is(browser: Any, studio: RunningStudio) -> None:
    with opened(browser, f"{studio.address}/data") as page:
        page.get_by_role("heading", level=1).wait_for()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#content"
        for name in PAGES:
            page.goto(f"{studio.address}/data")
            page.get_by_role("heading", level=1).wait_for()
            for _ in range(20):
                page.keyboard.press("Tab")
                if page.evaluate("document.activeElement.getAttribute('href')") == f"/{name}":
                    break
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid"
            page.keyboard.press("Enter")
            page.wait_for_url(f"**/{name}")
            assert (
                page.get_by_role("navigation", name="Pages").locator("[aria-current=page]").get_attribute("href")
                == f"/{name}"
            )


def test_language_and_look_are_chosen_and_stay(browser: Any, studio: RunningStudio) -> None:
    with opened(browser, f"{studio.address}/data") as page:
        page.get_by_role("combobox", name="Language").click()
        page.get_by_role("option", name="日本語").click()
        page.get_by_role("heading", name="データ", level=1).wait_for()
        page.get_by_role("combobox", name="明るさ").click()
        page.get_by_role("option", name="ダーク").click()
        page.wait_for_function("document.body.classList.contains('body--dark')")
        page.goto(f"{studio.address}/train")
        page.get_by_role("heading", name="学習", level=1).wait_for()
        page.wait_for_function("document.body.classList.contains('body--dark')")
        cookies = {each["name"]: each["value"] for each in page.context.cookies()}
        assert (cookies[LANGUAGE_COOKIE], cookies[LOOK_COOKIE]) == ("ja", "dark")


def test_a_cookie_that_somebody_made_up_does_no_harm(browser: Any, studio: RunningStudio) -> None:
    with opened(browser, f"{studio.address}/data") as page:
        made_up = "x'-alert(1)-'"
        page.context.add_cookies(
            [{"name": name, "value": made_up, "url": studio.address} for name in (LANGUAGE_COOKIE, LOOK_COOKIE)]
        )
        page.reload()
        page.get_by_role("heading", name="Data", level=1).wait_for()


def test_the_pages_tell_their_names(browser: Any, studio: RunningStudio) -> None:
    with opened(browser, f"{studio.address}/export", locale="ja-JP") as page:
        page.wait_for_function("document.title === '書き出し · 目利きスタジオ'")


def test_the_studios_files_are_its_own(studio: RunningStudio) -> None:
    assert {path.name for path in studio.home.iterdir()} >= {"photos", "runs", "jobs"}
    assert not Path(".nicegui").exists()
