"""What the tests of the documentation share: its pages, and the command lines in their code blocks."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
_FENCE = re.compile(r"^ *(```+|~~~+)")
_COMMAND = re.compile(r"(?:^|&& |; |-m )mekiki ")


def code_lines(text: str) -> Iterator[str]:
    """Yield the lines of all code blocks, fenced or indented by four spaces after an empty line."""
    fence, indented, before = "", False, ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        if fence:
            if found is not None and found[1] == fence:
                fence = ""
            else:
                yield line
        elif found is not None:
            fence = found[1]
        else:
            indented = line.startswith("    ") and (indented or not before.strip())
            if indented:
                yield line.strip()
        before = line


def command_lines(text: str) -> list[list[str]]:
    """Return the words of every ``mekiki`` command in the code blocks of a page, without "mekiki" itself.

    Comments, redirections, what comes behind a pipe, and two commands on one line are understood. A line that is no
    complete command (an ellipsis) is left out.
    """
    commands = []
    for line in code_lines(text):
        line = line.strip().removeprefix("$ ")
        if not _COMMAND.search(line) or line.startswith(("#", "pip ", "error:", "hint:")):
            continue
        for part in re.split(r" && |; | \| ", line):
            words = shlex.split(part, comments=True)
            if "mekiki" in words and "…" not in words and not part.startswith("import"):
                after = words[words.index("mekiki") + 1 :]
                commands.append(after[: next((at for at, each in enumerate(after) if each in (">", ">>")), len(after))])
    return commands
