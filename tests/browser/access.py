"""Whether everybody can use a page: what axe has against it (WCAG 2.1, levels A and AA), and whether it fits a phone."""

from typing import Any

import pytest

NARROW = {"width": 400, "height": 800}
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


def faults_of(page: Any) -> list[str]:
    """Return one line for each element that fails a rule."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    found = axe.Axe().run(page, options={"runOnly": _RULES})
    return [
        f"{each['id']}: {node['html'][:200]} ({node['failureSummary'][:300]})"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


def check_everybody_can_use(page: Any) -> None:
    """Hold what is on the page to WCAG AA in both looks, and to a narrow window."""
    wide = page.viewport_size
    for look in ("light", "dark"):
        page.emulate_media(color_scheme=look)
        page.wait_for_function(f"document.body.classList.contains('body--{look}')")
        wait_for_rest(page)
        assert faults_of(page) == [], look
    page.emulate_media(color_scheme="light")
    check_it_fits(page)
    page.set_viewport_size(wide)


def wait_for_rest(page: Any) -> None:
    """Wait until nothing changes its colour or place any more: two frames, so that it has begun, and its end."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_function("!document.getAnimations().some(each => each instanceof CSSTransition)")


def check_it_fits(page: Any) -> None:
    """Hold what is on the page to a narrow window: nothing has to be scrolled sideways."""
    page.set_viewport_size(NARROW)
    wait_for_rest(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
