"""How answering grows with the listings: pictures a second and memory, by the plain loop and by 1 and 2 replicas.

    python benchmarks/scale.py                                   # 1,000 and 10,000 listings, 3 rounds: half an hour
    python benchmarks/scale.py --counts 100000 --rounds 1        # 100,000

Some hundred pictures are drawn, and stand under as many distinct names as there are listings (hard links, so that a
disk does not become the matter). A network with random weights answers about them: how fast it is does not depend on
what it learnt. The plain loop is ``mekiki.predict`` in one process; the engine is ``mekiki.predict(engine="ray")`` on a
cluster of its own. They take turns; each turn is a process of its own, and what counts are the ratios within each
round.

Two times are taken: *working*, from the first picture to the last answer, and *whole*, with imports, the model and, of
the engine, the start and end of the cluster. The plain loop has as many cores as the replicas together. Memory is what
all processes of a turn hold together, shared pages divided among them (PSS), at its worst moment.
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
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def watched(mark: str) -> Iterator[list[float]]:
    """Take the memory of all processes that bear a mark in their environment, MB, while the block runs."""
    seen, ended = [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            seen[0] = max(seen[0], sum(map(share_of, marked(mark))))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def marked(mark: str) -> list[Path]:
    found = []
    for place in Path("/proc").iterdir():
        try:
            if place.name.isdecimal() and f"{MARK}={mark}".encode() in (place / "environ").read_bytes():
                found.append(place)
        except OSError:
            continue
    return found


def share_of(place: Path) -> float:
    try:
        lines = (place / "smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    except (OSError, StopIteration):
        return 0.0


def turn(way: str, run: Path, folder: Path, replicas: int) -> dict[str, float]:
    """Measure one way in a process of its own, with the cores of its replicas."""
    mark = secrets.token_hex(8)
    environment = {**os.environ, MARK: mark, "OMP_NUM_THREADS": str(replicas if way == "plain" else 1)}
    with tempfile.TemporaryDirectory() as place, watched(mark) as memory:
        out = Path(place, "out")
        command = [sys.executable, __file__, "--measure", way, str(run), str(folder), str(out), str(replicas)]
        began = time.perf_counter()
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        whole = time.perf_counter() - began
    found = json.loads(done.stdout.splitlines()[-1])
    return {**found, "whole": whole, "megabytes": memory[0], "load": os.getloadavg()[0]}


def compare(run: Path, folder: Path, count: int, rounds: int) -> None:
    """Let the ways take turns, and print medians and ratios."""
    ways = [(way, replicas) for replicas in range(1, min(2, CORES) + 1) for way in ("plain", "ray")]
    took: dict[tuple[str, int], list[dict[str, float]]] = {way: [] for way in ways}
    for number in range(rounds):
        for way in ways[number % 2 :] + ways[: number % 2]:
            took[way].append(turn(way[0], run, folder, way[1]))
            told = took[way][-1]
            assert told["rows"] == count, f"{told['rows']} of {count} were answered"
            print(f"  round {number + 1}, {way[0]} {way[1]}: {told}", file=sys.stderr, flush=True)
    loads = [each["load"] for turns in took.values() for each in turns]
    print(f"\n{count:,} listings, {rounds} round(s), load {min(loads):.1f} to {max(loads):.1f}")
    print("| | cores | pictures/s working | pictures/s whole | whole, s | memory, MB | working time, plain loop = 1 |")
    print("|---|---|---|---|---|---|---|")
    for way, replicas in ways:
        own, plain = took[way, replicas], took["plain", replicas]
        ratios = [one["working"] / other["working"] for one, other in zip(own, plain, strict=True)]
        name = "plain loop" if way == "plain" else f"{replicas} replica(s)"
        print(
            f"| {name} | {replicas} | {median(own, lambda t: count / t['working']):,.0f} "
            f"| {median(own, lambda t: count / t['whole']):,.0f} | {median(own, lambda t: t['whole']):.1f} "
            f"| {median(own, lambda t: t['megabytes']):,.0f} "
            f"| {statistics.median(ratios):.3f} ({min(ratios):.3f}–{max(ratios):.3f}) |",
            flush=True,
        )


def median(turns: list[dict[str, float]], value: object) -> float:
    return statistics.median(value(each) for each in turns)  # type: ignore[operator]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
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
            base, Path(place, "run"), backbone=given.backbone, weights="none", epochs=0, probe=False,
            image_size=given.image_size, horizontal_flip=False,
        )  # fmt: skip
        size = statistics.mean(path.stat().st_size for path in base.rglob("*.jpg")) / 1000
        print(f"{given.backbone} at {given.image_size} px, pictures of {SIDE}x{SIDE} and {size:.1f} kB, {CORES} cores")
        for count in given.counts:
            compare(run.path, multiply(base, Path(place, f"{count}"), count), count, given.rounds)


if __name__ == "__main__":
    main()
