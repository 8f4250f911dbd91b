"""How answering grows with the listings: pictures a second and memory, by the plain loop and by 1 and 2 replicas.

    python benchmarks/scale.py                                   # 1,000 and 10,000 listings, 3 rounds: half an hour
    python benchmarks/scale.py --counts 100000 --rounds 1        # 100,000

Some hundred pictures are drawn, and stand under as many distinct names as there are listings (hard links, so that a
disk does not become the matter). A network that learnt next to nothing answers about them: how fast it is does not
depend on that. The plain loop is ``mekiki.predict`` in one process; the engine is ``mekiki.predict(engine="ray")`` on a
cluster of its own. They take turns; each turn is a process of its own, and ratios are taken within each round.

Two times are taken: *working*, from the first picture to the last answer, and *whole*, with imports, the model and, of
the engine, the start and end of the cluster. On a machine that others use, both say more about the others, so the
processor's own time of all processes is taken, too: whole, and for a further picture (between two counts). The plain
loop has as many threads as there are replicas. Memory is what all processes of a turn hold together, shared pages
divided among them (PSS), at its worst moment.
"""

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

BASE = 400
SIDE = 128
MARK = "MEKIKI_SCALE"
CORES = os.cpu_count() or 1


def draw(folder: Path) -> None:
    """Draw soft colours with grain on them, as JPEG of about 5 kB, in two class folders."""
    for number in range(BASE):
        numbers = np.random.default_rng(number)
        coarse = numbers.integers(0, 256, (6, 6, 3), np.uint8)
        picture = cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC).astype(np.float32)
        picture += numbers.normal(0, 6, (SIDE, SIDE, 1))
        place = folder / f"class {number % 2}" / f"{number:04}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place), np.clip(picture, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 85])


def multiply(base: Path, folder: Path, count: int) -> Path:
    """Give the pictures as many names as there are listings."""
    pictures = sorted(base.rglob("*.jpg"))
    for number in range(count):
        place = folder / f"{number // 1000:04}" / f"{number:07}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(pictures[number % BASE], place)
    return folder


def measure_here(way: str, run: str, folder: str, out: str, replicas: int) -> None:
    """Answer about all pictures in this process and print what it took; the work of a process that measures."""
    import mekiki
    from mekiki.config import ClusterSettings, EvaluateSettings

    settings = EvaluateSettings(device="cpu")
    if way == "plain":
        classifier = mekiki.load(run, settings)
        began = time.perf_counter()
        rows = sum(not each.error for each in mekiki.predict(classifier, folder))
        working = time.perf_counter() - began
    else:
        cluster = ClusterSettings(replicas=replicas)
        rows = sum(
            not each.error
            for each in mekiki.predict(run, folder, settings=settings, engine="ray", out=out, cluster=cluster)
        )
        working = json.loads(Path(out, "summary.json").read_text())["working_seconds"]
    print(json.dumps({"rows": rows, "working": working}))


class Watch:
    """Takes memory and processor time of all processes that bear a mark in their environment, while a block runs.

    Attributes:
        megabytes: Of all together, at the worst moment.
        seconds: Processor time of all that were seen.
    """

    def __init__(self, mark: str) -> None:
        self._mark = f"{MARK}={mark}".encode()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._seconds: dict[str, float] = {}
        self.megabytes = 0.0

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        return sum(self._seconds.values())

    def _watch(self) -> None:
        while not self._ended.wait(0.5):
            held = 0.0
            for place in Path("/proc").iterdir():
                with suppress(OSError):
                    if place.name.isdecimal() and self._mark in (place / "environ").read_bytes():
                        self._seconds[place.name] = processor_seconds(place)
                        held += share_of(place)
            self.megabytes = max(self.megabytes, held)


def processor_seconds(place: Path) -> float:
    fields = (place / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def share_of(place: Path) -> float:
    lines = (place / "smaps_rollup").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0) / 1024


def turn(way: str, run: Path, folder: Path, replicas: int) -> dict[str, float]:
    """Measure one way in a process of its own, with the cores of its replicas."""
    mark = secrets.token_hex(8)
    environment = {**os.environ, MARK: mark, "OMP_NUM_THREADS": str(replicas if way == "plain" else 1)}
    watch = Watch(mark)
    with tempfile.TemporaryDirectory() as place, watch:
        out = Path(place, "out")
        command = [sys.executable, __file__, "--measure", way, str(run), str(folder), str(out), str(replicas)]
        began = time.perf_counter()
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        whole = time.perf_counter() - began
        parts = sum(part.stat().st_size for part in out.rglob("part-*.parquet"))
    found = json.loads(done.stdout.splitlines()[-1])
    own = {"whole": whole, "processor": watch.seconds, "megabytes": watch.megabytes, "load": os.getloadavg()[0]}
    return {**found, **own, "bytes": parts / found["rows"]}


Way = tuple[str, int]


def compare(run: Path, folder: Path, count: int, rounds: int, replicas: list[int]) -> dict[Way, dict[str, float]]:
    """Let the ways take turns, print medians and ratios, and return the medians."""
    ways: list[Way] = [(way, number) for number in replicas for way in ("plain", "ray")]
    took: dict[Way, list[dict[str, float]]] = {way: [] for way in ways}
    for number in range(rounds):
        for way in ways[number % 2 :] + ways[: number % 2]:
            took[way].append(turn(way[0], run, folder, way[1]))
            told = took[way][-1]
            if told["rows"] != count:
                raise SystemExit(f"{told['rows']} of {count} were answered")
            print(f"  round {number + 1}, {way[0]} {way[1]}: {told}", file=sys.stderr, flush=True)
    loads = [each["load"] for turns in took.values() for each in turns]
    print(f"\n{count:,} listings, {rounds} round(s), load {min(loads):.1f} to {max(loads):.1f}")
    print("| | pictures/s working | whole, s | processor, s | times the plain loop's | memory, MB | bytes a row |")
    print("|---|---|---|---|---|---|---|")
    medians = {}
    for way in ways:
        own = medians[way] = {name: statistics.median(each[name] for each in took[way]) for name in took[way][0]}
        plain = took["plain", way[1]]
        ratio = statistics.median(a["processor"] / b["processor"] for a, b in zip(took[way], plain, strict=True))
        print(
            f"| {name_of(way)} | {count / own['working']:,.0f} | {own['whole']:.1f} | {own['processor']:.1f} "
            f"| {ratio:.2f} | {own['megabytes']:,.0f} | {own['bytes']:.0f} |",
            flush=True,
        )
    return medians


def name_of(way: Way) -> str:
    return f"plain loop, {way[1]} thread(s)" if way[0] == "plain" else f"{way[1]} replica(s)"


def further(fewer: tuple[int, dict[Way, dict[str, float]]], more: tuple[int, dict[Way, dict[str, float]]]) -> None:
    """Print what a further picture takes of the processor, between two counts."""
    print(f"\na further picture, between {fewer[0]:,} and {more[0]:,} listings, processor time")
    slopes = {way: (more[1][way]["processor"] - fewer[1][way]["processor"]) / (more[0] - fewer[0]) for way in fewer[1]}
    for way, slope in slopes.items():
        print(f"  {name_of(way)}: {1000 * slope:.2f} ms, {slope / slopes['plain', way[1]]:.3f} times the plain loop's")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--replicas", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--backbone", default="mobilenetv1_100")
    parser.add_argument("--image-size", type=int, default=SIDE)
    parser.add_argument("--measure", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        way, run, folder, out, replicas = given.measure
        measure_here(way, run, folder, out, int(replicas))
        return
    import mekiki

    with tempfile.TemporaryDirectory() as place:
        base = Path(place, "base")
        draw(base)
        run = mekiki.train(
            base, Path(place, "run"), backbone=given.backbone, weights="none", epochs=1, refit="off", train=40, val=10,
            image_size=given.image_size, horizontal_flip=False,
        )  # fmt: skip
        size = statistics.mean(path.stat().st_size for path in base.rglob("*.jpg")) / 1000
        print(f"{given.backbone} at {given.image_size} px, pictures of {SIDE}x{SIDE} and {size:.1f} kB, {CORES} cores")
        found = [
            (
                count,
                compare(run.path, multiply(base, Path(place, f"{count}"), count), count, given.rounds, given.replicas),
            )
            for count in given.counts
        ]
        for fewer, more in pairwise(found):
            further(fewer, more)


if __name__ == "__main__":
    main()
