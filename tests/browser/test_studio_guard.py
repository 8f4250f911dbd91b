"""A page of another origin, in a real browser, cannot drive the studio or look into it."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

HOSTILE = """<!doctype html><title>hostile</title><img id="i" src="{studio}/media/picture?path=/x"><script>
const tell = (name, promise) => promise.then(r => r, e => "refused").then(r => {{ window.results[name] = r; }});
window.results = {{}};
tell("post", fetch("{studio}/data", {{method: "POST", body: "x"}}).then(r => "answered"));
tell("blind", fetch("{studio}/data", {{method: "POST", mode: "no-cors", body: "x"}}).then(r => r.type));
tell("read", fetch("{studio}/data").then(r => r.text()));
tell("socket", new Promise((yes, no) => {{
  const socket = new WebSocket("{studio}/_nicegui_ws/socket.io/?EIO=4&transport=websocket".replace("http", "ws"));
  socket.onmessage = () => yes("spoken to"); socket.onerror = () => no(); socket.onclose = () => no();
}}));
</script>"""


@pytest.fixture
def another_site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server with a page of its own."""
    folder = tmp_path / "site"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(folder))

        def log_message(self, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()


def test_another_sites_page_gets_nothing_and_changes_nothing(
    browser: Any, start_studio: Any, another_site: tuple[str, Path], tmp_path: Path
) -> None:
    studio = start_studio(tmp_path / "home", tmp_path)
    address, folder = another_site
    (folder / "index.html").write_text(HOSTILE.format(studio=studio.address.rstrip("/")))
    page = browser.new_page()
    page.goto(f"{address}/index.html")
    page.wait_for_function("Object.keys(window.results).length === 4")
    results = page.evaluate("window.results")
    assert results["read"] == "refused"
    assert results["post"] == "refused"
    assert results["socket"] == "refused"
    assert page.evaluate("document.getElementById('i').naturalWidth") == 0
    page.close()


def test_its_own_page_is_spoken_to(browser: Any, start_studio: Any, tmp_path: Path) -> None:
    """The refusals above are of the other site, not of a studio that speaks to nobody."""
    studio = start_studio(tmp_path / "home", tmp_path)
    page = browser.new_page()
    page.goto(studio.address)
    spoken = page.evaluate(
        """() => new Promise((yes) => {
        const socket = new WebSocket(location.origin.replace("http", "ws") + "/_nicegui_ws/socket.io/?EIO=4&transport=websocket");
        socket.onmessage = () => yes(true); socket.onerror = () => yes(false); })"""
    )
    assert spoken
    assert page.evaluate("fetch('/data').then(r => r.status)") == 200
    page.close()


def test_a_studio_for_others_asks_for_its_token(browser: Any, start_studio: Any, tmp_path: Path) -> None:
    studio = start_studio(tmp_path / "home", tmp_path, options=("--host", "0.0.0.0"))
    bare = studio.address.partition("?")[0]
    assert "token=" in studio.address
    page = browser.new_page()
    assert page.goto(bare).status == 401
    page.goto(studio.address.replace("0.0.0.0", "127.0.0.1"))
    assert "token" not in page.url
    page.get_by_role("navigation").wait_for()
    assert page.goto(page.url).status == 200
    page.close()
