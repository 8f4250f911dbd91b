"""The documentation as a site: it is built without a warning, loads nothing from elsewhere, and its search finds."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest.importorskip("material", reason="mkdocs-material is not installed: pip install '.[docs]'")
pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build the site and serve it; the address is given."""
    folder = tmp_path_factory.mktemp("site") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    context = browser.new_context(locale="en-US")
    yield context.new_page()
    context.close()


PLACES = ("index.html", "tutorial.html", "numbers.html", "how-to/scan.html", "reference/settings.html", "log.html")


def test_no_request_leaves_the_site_and_nothing_is_missing(page: "Page", site: str) -> None:
    asked: list[str] = []
    missing: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda response: missing.append(response.url) if response.status >= 400 else None)
    for place in PLACES:
        page.goto(f"{site}/{place}", wait_until="networkidle")
    assert len(asked) > 20
    assert not [url for url in asked if not url.startswith((f"{site}/", "data:", "blob:"))]
    assert not missing


def test_the_search_finds_a_setting(page: "Page", site: str) -> None:
    page.goto(f"{site}/index.html", wait_until="networkidle")
    page.locator("input.md-search__input").click()
    page.locator("input.md-search__input").press_sequentially("label smoothing")
    found = page.locator(".md-search-result__item a")
    found.first.wait_for()
    assert "settings.html" in "".join(each.get_attribute("href") or "" for each in found.all())
