"""How many augmented pictures a second one core prepares: mekiki beside the libraries that people come from.

    python benchmarks/augment.py --peers PYTHON               # about three minutes
    python benchmarks/augment.py PHOTOS --peers PYTHON        # real photos instead of drawn ones

The recipe is ``keras-2017``: turned by up to 45°, shifted by up to 0.2, zoomed by 0.8 to 1.2 in width and height apart,
both flips; edges repeated; batches of 32, a network's input of 224 and of 160 pixels. Every library is a process with
one thread, and they take turns, round by round, so that a busy moment falls on all. Medians over the rounds; ratios are
taken within each round.

"files" are JPEG of about 299x299 pixels. "cache" is decoded pictures: for the others uint8 in memory that have the
network's size already, for mekiki its own cache on disk, with pictures a quarter larger (as the nearest zoom needs)
and "in memory" the same without the disk. What each does, where they differ:

keras            ImageDataGenerator's ``flow`` and ``flow_from_directory``: one resampling with SciPy, channel by
                 channel in float32, then flips; files are shrunk by picking pixels
torchvision      v2 on uint8 tensors, picture by picture: less, as it zooms width and height alike and fills with black;
                 files are decoded by its own decoder and shrunk with averaging
albumentations   one resampling with OpenCV, then flips; files are read by OpenCV and shrunk bilinear
kornia           whole batches in float32, one resampling with grid_sample, flips in the same matrix; files as above
mekiki           one resampling with OpenCV that makes flips too, straight from the larger picture; files are shrunk
                 with averaging first

PYTHON is an interpreter with what ``benchmarks/requirements.txt`` lists for this file; without it mekiki runs alone.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from scan import draw

from mekiki.config import AugmentSettings
from mekiki.data.pictures import read_picture
from mekiki.records.card import Preprocessing
from mekiki.tensors.augmentation.applying import change_into_square
from mekiki.tensors.augmentation.drawing import Key, draw_change
from mekiki.tensors.cache import PictureCache
from mekiki.tensors.geometry import Matrix, Picture, from_square_point, resample, square
from mekiki.tensors.loading import PhotoSet

BATCH, SIDE = 32, 299
SIZES = (224, 160)
PEERS = ("keras", "torchvision", "albumentations", "kornia")
SETTINGS = AugmentSettings(preset="keras-2017")
MARGIN = 1 / SETTINGS.zoom_factors[0]
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
FOR_PEERS = {**ONE_THREAD, "KERAS_BACKEND": "torch", "NO_ALBUMENTATIONS_UPDATE": "1"}
Round = Callable[[], None]


def write_photos(folder: Path, count: int, given: Path | None) -> list[Path]:
    place = folder / "photos" / "all"
    place.mkdir(parents=True)
    if given is None:
        for number in range(count):
            Image.fromarray(draw(number, (SIDE, SIDE))).save(place / f"{number:05}.jpg", quality=90)
    else:
        found = sorted(path for path in given.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
        for number, step in enumerate(np.linspace(0, len(found) - 1, min(count, len(found))).astype(int)):
            (place / f"{number:05}.jpg").write_bytes(found[step].read_bytes())
    return sorted(place.iterdir())


def write_arrays(folder: Path, photos: list[Path]) -> None:
    for size in SIZES:
        np.save(folder / f"{size}.npy", np.stack([square(read_picture(path), size, "letterbox") for path in photos]))


class Peer:
    """A process that waits for its turn."""

    def __init__(self, python: str, name: str, folder: Path) -> None:
        command = [python, str(Path(__file__).with_name("augment_peers.py")), name, str(folder)]
        pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
        self.process = subprocess.Popen(command, env={**os.environ, **FOR_PEERS}, text=True, **pipes)
        self.version = self._answer()

    def __call__(self, source: str, size: int) -> float:
        self.process.stdin.write(f"{source} {size}\n")
        self.process.stdin.flush()
        return float(self._answer())

    def _answer(self) -> str | float:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"a peer stopped:\n{self.process.stderr.read()[-2000:]}")
        return json.loads(line)


def timed(work: Round) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


class Mekiki:
    """Its rounds, in this process."""

    def __init__(self, folder: Path, photos: list[Path]) -> None:
        self.paths = [path.relative_to(folder).as_posix() for path in photos]
        self.sha256s = [hashlib.sha256(path.read_bytes()).hexdigest() for path in photos]
        self.folder = folder
        self.epoch = 0
        cache = PictureCache(folder / "decoded", 10**10, print)
        self.cached = {size: self._photo_set(size, cache) for size in SIZES}
        self.uncached = {size: self._photo_set(size, None) for size in SIZES}
        self.pictures = {size: [self.cached[size].reduced(n).copy() for n in range(len(photos))] for size in SIZES}
        self.matrices = {size: [self._matrix(size, n) for n in range(len(photos))] for size in SIZES}

    def _photo_set(self, size: int, cache: PictureCache | None) -> PhotoSet:
        still = Preprocessing(image_size=size, fit="letterbox", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
        labels = [0] * len(self.paths)
        return PhotoSet(self.folder, self.paths, labels, still, margin=MARGIN, sha256s=self.sha256s, cache=cache)

    def _matrix(self, size: int, number: int) -> Matrix:
        height, width = self.pictures[size][number].shape[:2]
        change = draw_change(SETTINGS, Key(0, (0, number)), size, size)
        return from_square_point(width, height, size, "letterbox", change.matrix)

    def batches(self, photos: PhotoSet) -> None:
        self.epoch += 1
        order = [list(range(start, min(start + BATCH, len(photos)))) for start in range(0, len(photos), BATCH)]
        for _ in photos.augmented_batches(order, SETTINGS, 0, self.epoch, workers=0):
            pass

    def in_memory(self, size: int) -> None:
        self.epoch += 1
        pictures = self.pictures[size]
        for start in range(0, len(pictures), BATCH):
            keys = ((n, Key(0, (self.epoch, n))) for n in range(start, min(start + BATCH, len(pictures))))
            np.stack(
                [
                    change_into_square(pictures[n], draw_change(SETTINGS, key, size, size), size, "letterbox")
                    for n, key in keys
                ]
            )

    def resampling(self, size: int, how: Callable[[Picture, Matrix, int], object]) -> None:
        for picture, matrix in zip(self.pictures[size], self.matrices[size], strict=True):
            how(picture, matrix, size)

    def reading(self, size: int) -> None:
        for number in range(len(self.paths)):
            self.cached[size].reduced(number)[::8].max()  # each page is touched


def warp(picture: Picture, matrix: Matrix, size: int) -> object:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def rounds_of(own: Mekiki, peers: dict[str, Peer], source: str, size: int) -> Iterator[tuple[str, Callable[[], float]]]:
    for name, peer in peers.items():
        yield name, lambda peer=peer: peer(source, size)
    if source == "files":
        yield "mekiki", lambda: timed(lambda: own.batches(own.uncached[size]))
        return
    yield "mekiki", lambda: timed(lambda: own.batches(own.cached[size]))
    yield "mekiki in memory", lambda: timed(lambda: own.in_memory(size))
    yield "its resampling alone", lambda: timed(lambda: own.resampling(size, resample))
    yield "cv2.warpAffine alone", lambda: timed(lambda: own.resampling(size, warp))
    yield "reading its cache alone", lambda: timed(lambda: own.reading(size))


def measure(own: Mekiki, peers: dict[str, Peer], source: str, size: int, rounds: int) -> None:
    ways = dict(rounds_of(own, peers, source, size))
    count = len(own.paths)
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            seconds = way()
            if number:  # the first is to warm up
                speeds[name].append(count / seconds)
    print(f"\n{size} px from {source}: {count} pictures, {rounds} rounds, one thread", flush=True)
    reference = speeds.get("keras")
    for name, found in speeds.items():
        ratio = ""
        if reference:
            ratio = f"{statistics.median(a / b for a, b in zip(found, reference, strict=True)):8.1f} x keras"
        middle = statistics.median(found)
        print(f"  {name:24} {middle:8,.0f} /s  ({min(found):,.0f} to {max(found):,.0f}){ratio}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="?", type=Path, help="real photos; not given: drawn ones")
    parser.add_argument("--count", type=int, default=128, help="pictures in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", metavar="PYTHON", help="an interpreter that has the other libraries")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory(prefix="mekiki-augment-") as place:
        photos = write_photos(Path(place), options.count, options.photos)
        write_arrays(Path(place), photos)
        own = Mekiki(Path(place), photos)
        peers = {name: Peer(options.peers, name, Path(place)) for name in PEERS} if options.peers else {}
        versions = {name: peer.version for name, peer in peers.items()}
        print(", ".join(f"{name} {version}" for name, version in {**versions, "OpenCV": cv2.__version__}.items()))
        for source in ("cache", "files"):
            for size in SIZES:
                measure(own, peers, source, size, options.rounds)
        for peer in peers.values():
            peer.process.stdin.close()
            peer.process.wait()


if __name__ == "__main__":
    sys.exit(main())
