"""Writes the generated pages of the documentation: settings, commands and the Python names, from the program itself.

    python tools/reference.py            # writes docs/reference/settings.md, commands.md and python.md

A test compares the pages in the repository with what this writes, so they cannot go stale.
"""

from __future__ import annotations

from pathlib import Path

from commands_page import commands_page
from python_page import python_page
from settings_page import settings_page

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
PAGES = {"settings.md": settings_page, "commands.md": commands_page, "python.md": python_page}


def main() -> None:
    """Write all pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
