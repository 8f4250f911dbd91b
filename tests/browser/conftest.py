"""A real browser for the pages; the tests are skipped where Playwright or Chromium is absent."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.studio_server import RunningStudio

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Chromium; any page that it opens must not ask the network for anything."""
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install '.[browser]'")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no chromium on this machine")
    with driver.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def start_studio() -> Iterator[Callable[..., RunningStudio]]:
    """Start studios that end with the test: ``start_studio(home, *roots)``."""
    pytest.importorskip("nicegui", reason="NiceGUI is not installed: pip install '.[studio]'")
    running: list[RunningStudio] = []

    def start(home: Path, *roots: Path, options: tuple[str, ...] = ()) -> RunningStudio:
        running.append(RunningStudio(home, *roots, options=options))
        return running[-1]

    yield start
    for studio in running:
        studio.kill()
