"""What a newcomer sees in a terminal, and when: the first sign of life, and the longest silence, of a command.

    python benchmarks/silence.py -- mekiki demo --per-class 12 --epochs 2

The command runs in a pseudo terminal of its own. Every change of what is shown counts, also a turning spinner. It
prints the seconds until something is shown, the five longest silences with what was on the screen before each, and the
whole time.

Goals: something after 2 seconds, and no silence of more than 5.
"""

from __future__ import annotations

import argparse
import itertools
import os
import pty
import re
import subprocess
import time

CONTROLS = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|[\r\x07]")


def watched(command: list[str]) -> list[tuple[float, bytes]]:
    """Run a command and return what it showed: seconds since the start, and the bytes; the last has the end."""
    ours, theirs = pty.openpty()
    began = time.perf_counter()
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True)
    os.close(theirs)
    seen: list[tuple[float, bytes]] = [(0.0, b"(nothing yet)")]
    while True:
        try:
            shown = os.read(ours, 65536)
        except OSError:  # the other end of a pseudo terminal is closed
            break
        if not shown:
            break
        seen.append((time.perf_counter() - began, shown))
    process.wait()
    seen.append((time.perf_counter() - began, b""))
    return seen


def words(shown: bytes) -> str:
    """Return the last line that a person could read in what was shown."""
    lines = CONTROLS.sub(b"", shown).decode("utf-8", "replace").split("\n")
    return next((line.strip()[:90] for line in reversed(lines) if line.strip()), "(a turn of the cursor)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", nargs="+", help="after --")
    command = parser.parse_args().command
    seen = watched(command)
    gaps = [(after - before, before, words(shown)) for (before, shown), (after, _) in itertools.pairwise(seen)]
    print(f"first sign of life after {seen[1][0]:.1f} s; {seen[-1][0]:.1f} s in all")
    for gap, at, last in sorted(gaps, reverse=True)[:5]:
        print(f"  silent for {gap:4.1f} s from {at:5.1f} s, after: {last}")


if __name__ == "__main__":
    main()
