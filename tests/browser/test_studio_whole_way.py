"""The whole way in a real browser, as somebody who never saw a command line: a folder, a model, a scribble, an export.

Every page on the way is held to WCAG AA with what a person then sees on it, light and dark, and to a width of 400 pixels.
"""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mekiki
from mekiki.doors.studio.links import link_to
from tests.browser.access import check_everybody_can_use
from tests.browser.studio_server import opened
from tests.conftest import write_photos

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

SLOW = 300_000
"""Milliseconds that a small training may take on a busy machine."""
SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": "64", "batch_size": "8", "epochs": "4"}


def test_from_a_folder_to_an_exported_model(browser: Any, start_studio: Callable[..., Any], tmp_path: Path) -> None:
    mine = write_photos(tmp_path / "elsewhere/my-parts", 16)
    before = {path: path.read_bytes() for path in mine.rglob("*.*")}
    studio = start_studio(tmp_path / "home", tmp_path / "home")
    with opened(browser, studio.address, color_scheme="light") as page:
        page.locator("mk-drop input[webkitdirectory]").set_input_files(mine)
        page.get_by_role("heading", name="my-parts").wait_for(timeout=SLOW)
        page.get_by_role("switch", name="look for wrong labels").click()
        page.get_by_role("button", name="Check the photos").click()
        page.get_by_text("Not checked yet").wait_for(state="detached", timeout=SLOW)
        check_everybody_can_use(page)
        page.get_by_role("link", name="Train on these photos").click()
        page.get_by_role("button", name="Start training").wait_for()
        photos = next(path for path in (studio.home / "photos").iterdir() if path.name == "my-parts")
        page.goto(studio.address + link_to("train", photos=str(photos), **SMALL, further="device=cpu"))
        page.get_by_label("Name of the run", exact=True).fill("parts")
        page.get_by_role("img", name="as it is").or_(page.locator(".mk-sheet img")).first.wait_for(timeout=SLOW)
        check_everybody_can_use(page)
        page.get_by_role("button", name="Start training").click()
        page.get_by_role("link", name="Try it").wait_for(timeout=SLOW)
        check_everybody_can_use(page)
        page.get_by_role("link", name="Try it").click()
        page.get_by_role("button", name="A test photo of the model").click()
        page.locator(".mk-heat-layer").first.wait_for(timeout=SLOW)
        _scribble(page)
        page.locator(".mk-change").first.wait_for(timeout=SLOW)
        check_everybody_can_use(page)
        page.get_by_role("link", name="Export", exact=True).click()
        page.get_by_role("button", name="Export and prove").click()
        page.get_by_role("link", name="Download as zip").wait_for(timeout=SLOW)
        check_everybody_can_use(page)
        with page.expect_download() as coming:
            page.get_by_role("link", name="Download as zip").click()
        coming.value.save_as(tmp_path / "taken.zip")
    with zipfile.ZipFile(tmp_path / "taken.zip") as archive:
        archive.extractall(tmp_path / "taken")
    model = next((tmp_path / "taken").rglob("model.onnx")).parent
    asked = sorted(mine.rglob("*.png"))[::5]
    run = mekiki.load(studio.home / "runs/parts").predict(asked)
    assert list(mekiki.load(model).predict(asked)) == list(run)
    assert {path: path.read_bytes() for path in mine.rglob("*.*")} == before


def _scribble(page: Any) -> None:
    page.locator("canvas").scroll_into_view_if_needed()
    box = page.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    for step in range(12):
        page.mouse.move(
            box["x"] + box["width"] * (0.2 + step * 0.05), box["y"] + box["height"] * (0.3 + step % 2 * 0.3)
        )
    page.mouse.up()
