"""How fast a scan is, beside pure decoding on the same machine; what it needs, finds again and skips the second time.

    python benchmarks/scan.py                                  # about four minutes: 6,000 small, 400 large pictures
    python benchmarks/scan.py --small 60000 --large 10000      # the figures of docs/scale.md: an hour
    python benchmarks/scan.py PHOTOS --peers PYTHON            # also copies planted in real photos, and other tools

Pictures are drawn anew into a temporary folder: soft colours, shapes, grain; as JPEG of 96x96 pixels and 4 kB, and of
1152x864 pixels and 0.25 MB. Pure decoding is Pillow, each file opened and decoded in full to an RGB array, by as many
threads or processes as there are cores, whichever is faster. It and the scans take turns; medians of the rounds. A scan
runs in a process of its own; its memory is that of all its processes, each at its worst, shared pages counted in each.

PYTHON is an interpreter with ``benchmarks/requirements.txt`` installed (imagededup, cleanvision); they may have other
needs than mekiki. They look at the same pictures: imagededup makes perceptual hashes, cleanvision all its checks.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

SMALL, LARGE = (96, 96), (1152, 864)
CLASSES = 10
PURE_SAMPLE = {"small": 12_000, "large": 1_000}
CORES = os.cpu_count() or 1


def draw(seed: int, size: tuple[int, int]) -> np.ndarray:
    """Draw soft colours with shapes and grain on them."""
    width, height = size
    numbers = np.random.default_rng(seed)
    picture = cv2.resize(numbers.integers(0, 256, (6, 7, 3), np.uint8), size, interpolation=cv2.INTER_CUBIC)
    picture = picture.astype(np.float32)
    for _ in range(8):
        centre = (int(numbers.integers(width)), int(numbers.integers(height)))
        axes = (int(numbers.integers(4, width // 4)), int(numbers.integers(4, height // 4)))
        colour = [int(value) for value in numbers.integers(0, 256, 3)]
        cv2.ellipse(picture, centre, axes, float(numbers.integers(180)), 0, 360, colour, -1)
    coarse = cv2.resize(numbers.normal(0, 10, (height // 3, width // 3)).astype(np.float32), size)
    grain = coarse + numbers.normal(0, 6, (height, width)).astype(np.float32)
    return np.clip(picture + grain[:, :, None], 0, 255).astype(np.uint8)


def write_some(task: tuple[str, range, tuple[int, int]]) -> None:
    folder, numbers, size = task
    for number in numbers:
        place = Path(folder, f"class {number % CLASSES}")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw(number, size)).save(place / f"{number:06}.jpg", quality=85)


def write_pictures(folder: Path, count: int, size: tuple[int, int]) -> None:
    with ProcessPoolExecutor() as pool:
        tasks = [(str(folder), range(start, min(start + 200, count)), size) for start in range(0, count, 200)]
        list(pool.map(write_some, tasks))


def decode_some(paths: Sequence[str]) -> int:
    for path in paths:
        with Image.open(path) as image:
            np.asarray(image.convert("RGB"))
    return len(paths)


def decoding_speed(pool: Executor, paths: Sequence[str]) -> float:
    chunks = [paths[start : start + 32] for start in range(0, len(paths), 32)]
    began = time.perf_counter()
    done = sum(pool.map(decode_some, chunks))
    return done / (time.perf_counter() - began)


class Clock:
    """A progress that takes the time of each task."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def task(self, title: str, total: int, unit: str = "photos") -> Iterator["Clock"]:
        began = time.perf_counter()
        yield self
        self.seconds[title] = time.perf_counter() - began

    def advance(self, count: int = 1, note: str = "") -> None: ...

    def say(self, line: str) -> None:
        print(line, file=sys.stderr)


def scan_here(folder: str) -> None:
    """Scan in this process and print what it took; the first argument of a process that measures."""
    import resource

    from mekiki.config import ScanSettings
    from mekiki.data.scans.scanning import scan

    clock = Clock()
    began = time.perf_counter()
    result = scan(Path(folder), ScanSettings(), progress=clock)
    seconds = time.perf_counter() - began
    unit = 2**20 if sys.platform == "darwin" else 2**10
    own, others = (resource.getrusage(who).ru_maxrss / unit for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(
        json.dumps(
            {
                "photos": len(result.manifest.photos),
                "seconds": seconds,
                "reading": clock.seconds["Reading photos"],
                "comparing": clock.seconds.get(
                    "Comparing photos", 0.0
                ),  # nothing is compared again if no photo changed
                "remembered": result.remembered,
                "findings": len(result.findings),
                "megabytes": own + CORES * others,
            }
        )
    )


def scan_elsewhere(folder: Path, cache: Path) -> dict[str, float]:
    run = subprocess.run(
        [sys.executable, __file__, "--measure", str(folder)],
        env={**os.environ, "MEKIKI_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return dict(json.loads(run.stdout))


def measure(name: str, folder: Path, rounds: int) -> None:
    paths = sorted(str(path) for path in folder.rglob("*.jpg"))
    sample = [
        paths[number] for number in np.linspace(0, len(paths) - 1, min(len(paths), PURE_SAMPLE[name])).astype(int)
    ]
    pure: dict[str, list[float]] = {"threads": [], "processes": []}
    scans: list[dict[str, float]] = []
    with ThreadPoolExecutor(CORES) as threads, ProcessPoolExecutor(CORES) as processes:
        decoding_speed(processes, sample[:200])
        for number in range(rounds):
            pure["threads"].append(decoding_speed(threads, sample))
            pure["processes"].append(decoding_speed(processes, sample))
            scans.append(scan_elsewhere(folder, folder.parent / f"cache {name} {number}"))
            print(f"  round {number + 1} of {rounds}: {scans[-1]['seconds']:.1f} s", file=sys.stderr)
        again = scan_elsewhere(folder, folder.parent / f"cache {name} 0")
    way = max(pure, key=lambda way: statistics.median(pure[way]))

    def rate(part: Callable[[dict[str, float]], float]) -> tuple[float, float]:
        speeds = [scan["photos"] / part(scan) for scan in scans]
        return statistics.median(speeds), statistics.median(
            speed / decoding for speed, decoding in zip(speeds, pure[way], strict=True)
        )

    size = sum(Path(path).stat().st_size for path in sample) / len(sample)
    print(f"\n{name}: {len(paths):,} pictures of {size / 1000:.1f} kB, {CORES} cores, {rounds} rounds")
    print(f"  pure decoding       {statistics.median(pure[way]):10,.0f} /s  by {way}, the faster way")
    for what, part in (
        ("reading photos", lambda scan: scan["reading"]),
        ("comparing photos", lambda scan: scan["comparing"]),
        ("the whole scan", lambda scan: scan["seconds"]),
    ):
        speed, share = rate(part)
        print(f"  {what:19} {speed:10,.0f} /s  {share:6.0%} of pure decoding")
    print(f"  peak memory         {max(scan['megabytes'] for scan in scans):10,.0f} MB  all processes")
    print(f"  second scan         {again['seconds']:10.1f} s   {again['remembered']:,} of {len(paths):,} not opened")


def measure_index(folder: Path) -> None:
    """Tell which share of the exact neighbours the index finds, on the sketches of the small pictures."""
    from mekiki.data.copies.neighbours import Candidates, exact_candidates, found_share, has_index, index_candidates
    from mekiki.data.copies.views import views_of
    from mekiki.data.scans.crew import look_at_all

    paths = sorted(str(path) for path in folder.rglob("*.jpg"))[:60_000]
    sketches = [look.sketch for look in look_at_all(paths, 100.0, CORES) if look.sketch is not None]
    views = views_of(sketches)
    began = time.perf_counter()
    blocks = [found for _, found in exact_candidates(views.descriptors, views.owners)]
    names = ("first", "second", "way", "cosine")
    exact = Candidates(*(np.concatenate([getattr(block, name) for block in blocks]) for name in names))
    middle = time.perf_counter()
    if not has_index():
        print("\nneighbours by index: not measured, usearch is not installed (extra audit)")
        return
    share = found_share(exact, index_candidates(views.descriptors, views.owners))
    seconds = time.perf_counter() - middle
    print(
        f"\nneighbours of {len(sketches):,} small pictures: exactly in {middle - began:.1f} s, by index {seconds:.1f} s"
    )
    print(f"  the index finds {share:.1%} of the exact ones")


def measure_peers(python: str, folder: Path) -> None:
    for peer in ("imagededup", "cleanvision"):
        run = subprocess.run(
            [python, str(Path(__file__).with_name("peers.py")), peer, str(folder)], capture_output=True, text=True
        )
        words = run.stdout.strip().splitlines()[-1:] or run.stderr.strip().splitlines()[-1:]
        print(f"  {peer:19} {words[0] if words else 'said nothing'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="?", type=Path, help="real photos, for planted copies")
    parser.add_argument("--small", type=int, default=6_000, help="small pictures")
    parser.add_argument("--small-side", type=int, default=SMALL[0], help="their width and height, pixels")
    parser.add_argument("--large", type=int, default=400, help="pictures of one megapixel")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", metavar="PYTHON", help="an interpreter that has the other tools")
    parser.add_argument("--measure", metavar="FOLDER", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        scan_here(options.measure)
        return
    with tempfile.TemporaryDirectory(prefix="mekiki-scan-") as place:
        for name, count, size in (
            ("small", options.small, (options.small_side, options.small_side)),
            ("large", options.large, LARGE),
        ):
            if count:
                folder = Path(place, name)
                write_pictures(folder, count, size)
                measure(name, folder, options.rounds)
                if options.peers:
                    measure_peers(options.peers, folder)
                if name == "small":
                    measure_index(folder)
    if options.photos:
        print(f"\ncopies planted in {options.photos}:", flush=True)
        subprocess.run([sys.executable, str(Path(__file__).with_name("copies.py")), str(options.photos)], check=True)


if __name__ == "__main__":
    main()
