"""Takes the studio's pictures for the documentation: each page, light and dark, on guitars that mekiki draws.

    pip install -e '.[studio,browser,export,audit]'
    python tools/screenshots.py --work /tmp/screens            # about ten minutes on 2 cores; --work is used again

It plants what there is to be found (copies, wrong tags), trains a plain and a hardened run, and drives the studio with
Chromium as a person would. Nothing in it is real but the studio.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from mekiki.drawing.guitars import draw_collection
from mekiki.verbs import demo

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "images" / "studio"
PER_CLASS = 120
MODELS = ("Jaguar", "Jazzmaster", "LesPaul", "Mustang", "Stratocaster", "Telecaster")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SIZE = {"width": 1280, "height": 860}
TRAINING = [f"{name}={value}" for name, value in demo.TRAINING.items()]


def mekiki(*arguments: str | Path) -> None:
    """Run a command of mekiki."""
    subprocess.run([sys.executable, "-m", "mekiki", *map(str, arguments)], check=True)


def prepare(work: Path) -> None:
    """Draw the photos, plant what is odd about some, and train two runs on them."""
    photos = work / "guitars"
    if not photos.is_dir():
        draw_collection(work / "all", PER_CLASS, 0, demo.DRAWING_SIZE, upright=True)
        photos.mkdir()
        for name in MODELS:
            shutil.copytree(work / "all" / name, photos / name)
        _plant(photos)
    runs = work / "home" / "runs"
    for name, more in (("plain", ()), ("hardened", ("--dust", "20", "--scribble", "6"))):
        if not (runs / name / "report.html").is_file():
            shutil.rmtree(runs / name, ignore_errors=True)
            mekiki(
                "train", photos, "--out", runs / name, "--epochs", "14", *more, *(f"--set={each}" for each in TRAINING)
            )


def _plant(photos: Path) -> None:
    """Put wrong tags and copies among the photos."""
    for number, (given, true) in enumerate((("LesPaul", "Jaguar"), ("Mustang", "Telecaster"), ("Jaguar", "LesPaul"))):
        first = sorted((photos / true).iterdir())[number]
        shutil.move(first, photos / given / f"listing-{number}{first.suffix}")
    source = sorted((photos / "Stratocaster").iterdir())[3]
    shutil.copy(source, photos / "Telecaster" / f"copy-of-another{source.suffix}")
    source = sorted((photos / "Mustang").iterdir())[5]
    shutil.copy(source, photos / "Mustang" / f"twice{source.suffix}")


def start(work: Path, port: int) -> subprocess.Popen[bytes]:
    """Start the studio."""
    command = [sys.executable, "-m", "mekiki", "studio", str(work / "guitars"), "--out", str(work / "home")]
    process = subprocess.Popen([*command, "--no-show", "--port", str(port)])
    time.sleep(8)
    return process
