"""The addresses of the studio's pages."""

from __future__ import annotations

from urllib.parse import urlencode

PAGES = ("data", "train", "predict", "compare", "audit", "export")


def link_to(page: str, **values: str) -> str:
    """Return a page's address.

    Args:
        page: One of ``PAGES``.
        values: What it is asked to show; empty ones are left out.
    """
    given = {name: value for name, value in values.items() if value}
    return f"/{page}" + (f"?{urlencode(given)}" if given else "")
