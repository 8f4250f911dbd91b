"""What axe has against a page: WCAG 2.1, levels A and AA."""

from typing import Any

import pytest

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
