"""Whether a training's memory, start-up and time by photo stay the same when there are more photos.

    python benchmarks/growth.py                             # 2,000 and 10,000 pictures: some minutes
    python benchmarks/growth.py --counts 2000 60000         # as in docs/training-speed.md: half an hour

Pictures are drawn anew, as in ``scan.py``, and a small network is trained on them for one epoch, twice, each time by
``mekiki.train`` in a process of its own. The first training looks at all photos and decodes them; the second begins
with what the user's cache remembers. Start-up is from the start of the process to the first step of training; seconds
of computing (all processes) stand beside those of the clock, because only they mean something on a busy machine. Memory
is that of all processes together at the worst moment, looked at four times a second, shared pages counted in each;
beside it stands how large the training process was at the end of each piece of work, which shows where it grows. Linux
only.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scan import write_pictures

SETTINGS = {"backbone": "nin_small", "weights": "none", "image_size": 32, "batch_size": 64, "epochs": 1}
PAGE = os.sysconf("SC_PAGE_SIZE")
AT_START, AT_FIRST_STEP, AT_END = "start", "first step", "end"


def megabytes(process: str = "self") -> float:
    """Return how large a process is now, in MB of 2**20 bytes; 0 if it ended."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE / 2**20
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def computed() -> float:
    """Return the seconds of computing of this process and of those that it waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def session_of(process: int) -> int:
    try:
        return os.getsid(process)
    except ProcessLookupError:
        return 0


class Peak(threading.Thread):
    """Looks at a process and all that it started until it ends."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.session = session
        self.megabytes = 0.0
        self.done = threading.Event()
        self.start()

    def run(self) -> None:
        while not self.done.wait(0.25):
            sizes = [megabytes(process) for process in self._ours()]
            self.megabytes = max(self.megabytes, sum(sizes))

    def _ours(self) -> list[str]:
        names = (path.name for path in Path("/proc").iterdir())
        return [name for name in names if name.isdigit() and session_of(int(name)) == self.session]


class Watch:
    """A progress that notes seconds, seconds of computing and size at the end of each task, and at the first step."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.notes: dict[str, tuple[float, float, float]] = {}

    def note(self, title: str) -> None:
        self.notes[title] = (time.time() - self.began, computed(), megabytes())

    @contextmanager
    def task(self, title: str, total: int, unit: str = "photos") -> Iterator["Steps"]:
        yield Steps(self, title == "train")
        self.note(title)

    def say(self, line: str) -> None: ...


class Steps:
    def __init__(self, watch: Watch, trains: bool) -> None:
        self.watch, self.trains = watch, trains

    def advance(self, count: int = 1, note: str = "") -> None:
        if self.trains and count and AT_FIRST_STEP not in self.watch.notes:
            self.watch.note(AT_FIRST_STEP)


def train_here(photos: str, run: str, began: float) -> None:
    """Train in this process and print what it took; the first argument of a process that measures."""
    import mekiki
    from mekiki.records.history import read_history

    watch = Watch(began)
    watch.note(AT_START)
    folder = mekiki.train(photos, run, progress=watch, **SETTINGS)
    watch.note(AT_END)
    speed = read_history(folder.history)[-1].images_per_second
    print(json.dumps({"images_per_second": speed, "notes": watch.notes}))


def train_elsewhere(photos: Path, run: Path, cache: Path) -> dict:
    process = subprocess.Popen(
        [sys.executable, __file__, "--measure", str(photos), str(run), str(time.time())],
        env={**os.environ, "MEKIKI_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    peak = Peak(process.pid)
    answer, _ = process.communicate()
    peak.done.set()
    if process.returncode:
        raise SystemExit("the training failed")
    return {**json.loads(answer.splitlines()[-1]), "megabytes": peak.megabytes}


def cost(found: dict, count: int) -> float:
    """Return the seconds of computing of the epoch and its look at the validation photos, by picture."""
    return (found["notes"]["train"][1] - found["notes"][AT_FIRST_STEP][1]) / count


def show(count: int, name: str, found: dict) -> None:
    start, computing, _ = found["notes"][AT_FIRST_STEP]
    print(
        f"{count:>7,} pictures, {name}: peak {found['megabytes']:.0f} MB, first step after {start:.1f} s "
        f"({computing:.1f} s of computing), an epoch {1e3 * cost(found, count):.2f} ms of computing a picture"
    )
    for title, (seconds, used, size) in found["notes"].items():
        print(f"          {title:20} done at {seconds:7.1f} s, {used:7.1f} s of computing, {size:6.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[2_000, 10_000], help="pictures")
    parser.add_argument("--side", type=int, default=48, help="their width and height, pixels")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was measured")
    parser.add_argument("--measure", nargs=3, metavar=("PHOTOS", "RUN", "BEGAN"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        train_here(*options.measure[:2], float(options.measure[2]))
        return
    measured: dict[str, dict] = {}
    for count in options.counts:
        with tempfile.TemporaryDirectory(prefix="mekiki-growth-") as place:
            write_pictures(Path(place, "photos"), count, (options.side, options.side))
            for name in ("first training", "second training"):
                run = Path(place, name.replace(" ", "-"))
                measured[f"{count} {name}"] = train_elsewhere(Path(place, "photos"), run, Path(place, "cache"))
                show(count, name, measured[f"{count} {name}"])
    if options.json is not None:
        options.json.write_text(json.dumps(measured, indent=1), encoding="utf-8")
    compare(options.counts, measured)


def compare(counts: list[int], measured: dict[str, dict]) -> None:
    """Say how the largest stands beside the smallest."""
    few, many = min(counts), max(counts)
    for name in ("first training", "second training") if few < many else ():
        small, large = measured[f"{few} {name}"], measured[f"{many} {name}"]
        start, used = (large["notes"][AT_FIRST_STEP][k] - small["notes"][AT_FIRST_STEP][k] for k in (0, 1))
        print(
            f"{many:,} beside {few:,}, {name}: memory {large['megabytes'] / small['megabytes']:.2f} x, an epoch "
            f"{cost(large, many) / cost(small, few):.2f} x by picture, start {start:+.1f} s ({used:+.1f} of computing)"
        )


if __name__ == "__main__":
    main()
