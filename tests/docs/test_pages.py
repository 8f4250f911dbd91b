"""The documentation's commands can be typed, its links lead somewhere, and its generated pages are those of today."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from mekiki.doors.cli import app
from mekiki.records.run import RunFolder
from tests.docs.commands import DOCS, PAGES, ROOT, command_lines

sys.path.insert(0, str(ROOT / "tools"))
from reference import FOLDER
from reference import PAGES as GENERATED

COMMANDS: dict[str, Any] = dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")


def fault_of(words: list[str]) -> str:
    """Return why a command line is wrong; empty if it can be typed."""
    if words in ([], ["COMMAND", "--help"], ["--help"], ["--version"]):
        return ""
    name, *arguments = words
    if name not in COMMANDS:
        return f"there is no command {name}"
    if "--help" in arguments:
        return ""
    try:
        COMMANDS[name].make_context(name, arguments, resilient_parsing=False).close()
    except Exception as error:  # typer's own copy of click has no public home for these
        return f"{name}: {getattr(error, 'message', '') or error}"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_line_of_a_page_can_be_typed(page: Path) -> None:
    faults = [
        f"mekiki {' '.join(words)}: {fault}"
        for words in command_lines(page.read_text("utf-8"))
        if (fault := fault_of(words))
    ]
    assert not faults, "\n".join(faults)


def test_wrong_command_lines_are_found() -> None:
    page = """
    mekiki train photos --out runs/a --no-such-option 3     # a comment
    mekiki predict
    mekiki unpack photos.zip && mekiki fly --high

Text with mekiki fly.

```console
$ mekiki split photos --folds many
```
"""
    faults = [fault_of(words) for words in command_lines(page)]
    assert len(faults) == 5 and all(faults)
    assert "no-such-option" in faults[0] and "fly" in faults[3]


def test_the_pages_hold_many_commands() -> None:
    found = [words[0] for page in PAGES for words in command_lines(page.read_text("utf-8")) if words]
    assert len(found) > 150
    assert not set(COMMANDS) - set(found), "a command that no page types"


def anchors_of(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site make them for plain words."""
    titles = re.findall(r"^#+ +(.*?)\s*$", text, re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", title.replace("`", "").lower()).strip() for title in titles]
    return {re.sub(r"[\s-]+", "-", title) for title in plain} | {re.sub(r"\s", "-", title) for title in plain}


def broken_links(page: Path, text: str) -> list[str]:
    """Return the links of a page that lead nowhere."""
    broken = []
    for target in LINK.findall(text):
        if re.match(r"https?://[\w.-]+\.\w+", target):
            continue
        place, _, anchor = target.partition("#")
        file = (page.parent / place) if place else page
        if not file.exists() or ":" in target:
            broken.append(target)
        elif anchor and anchor not in anchors_of(file.read_text("utf-8")):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert not broken_links(page, page.read_text("utf-8"))


def test_broken_links_are_found() -> None:
    text = (
        "[a](no.md) [b](audit.md#no-such) [c](htp://x.org) [d](audit.md#limits) ![e](images/no.png) [f](https://x.org)"
    )
    assert broken_links(DOCS / "page.md", text) == ["no.md", "audit.md#no-such", "htp://x.org", "images/no.png"]


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_page_is_that_of_today(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == GENERATED[name](), "python tools/reference.py writes it again"


def test_the_reference_names_every_file_of_a_run() -> None:
    text = (FOLDER / "files.md").read_text("utf-8")
    run = RunFolder(Path("run"))
    names = [
        getattr(run, name).relative_to(run.path).as_posix()
        for name, each in vars(RunFolder).items()
        if isinstance(each, property)
    ]
    assert len(names) > 20
    assert not [name for name in names if name not in text and f"{name}/" not in text and name != "checkpoints/teacher"]


def test_every_page_is_in_the_sites_navigation() -> None:
    told = re.findall(r": ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))


def test_no_picture_is_heavy_or_unused() -> None:
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    tutorial = [*(DOCS / "images" / "tutorial").iterdir(), DOCS / "images/report.png", DOCS / "images/scan.png"]
    assert not [picture.name for picture in tutorial if picture.stat().st_size > 150_000]
    assert not [picture.name for picture in tutorial if picture.name not in text]
