"""Takes the studio's pictures for the documentation: each page, light and dark, on guitars that mekiki draws.

    pip install -e '.[studio,browser,export,audit]'
    python tools/screenshots.py --work /tmp/screens            # about ten minutes on 2 cores; --work is used again

It plants what there is to be found (copies, wrong tags), trains a plain and a hardened run, and drives the studio with
Chromium as a person would. Nothing in it is real but the studio.
"""

from __future__ import annotations

import argparse
import io
import math
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from mekiki.drawing.guitars import draw_collection
from mekiki.verbs import demo

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "images" / "studio"
PER_CLASS = 120
MODELS = ("Jaguar", "Jazzmaster", "LesPaul", "Mustang", "Stratocaster", "Telecaster")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SIZE = {"width": 1280, "height": 1000}
TRAINING = [f"{name}={value}" for name, value in demo.TRAINING.items()]


LOADED = """[...document.images].filter(each => each.getBoundingClientRect().top < innerHeight)
  .every(each => each.complete && each.naturalWidth > 0)"""


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


def work_through(work: Path) -> None:
    """Compare, stress, audit and export, so that every page has something to show."""
    home, photos = work / "home", work / "guitars"
    plain, hardened = home / "runs/plain", home / "runs/hardened"
    jobs: dict[Path, tuple[str | Path, ...]] = {
        plain / "exports/onnx": ("export", plain, "--to", "onnx"),
        home / "comparisons/plain-or-hardened": ("compare", plain, hardened, "--part", "val", "--pareto", "--out"),
        home / "comparisons/stress": ("stress", plain, "--against", hardened, "--part", "val", "--out"),
        home / "audits/guitars": ("audit", "--self", photos, "--image-size", "160", "--out"),
    }
    for made, command in jobs.items():
        if not made.is_dir():
            mekiki(*command, *([made] if command[-1] == "--out" else []))


def take(page: Page, name: str, look: str) -> None:
    """Save what the window shows as docs/images/studio/NAME-LOOK.webp."""
    page.wait_for_function(LOADED)
    page.wait_for_timeout(900)
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.save(PICTURES / f"{name}-{look}.webp", quality=82, method=6)


def show_data(page: Page, address: str, photos: Path) -> None:
    """Open the photos, look them through once, and stop at the first finding."""
    page.goto(f"{address}/data?{urlencode({'photos': photos})}")
    page.locator(".dt-tab").first.wait_for()
    if page.get_by_text("Not checked yet").count():
        page.get_by_role("button", name="Check the photos").click()
        page.get_by_text("Not checked yet").wait_for(state="detached")
    page.locator(".dt-tab", has_text="Findings").click()
    page.locator(".dt-figure img").first.wait_for()


def show_scribble(page: Page, address: str, runs: Path) -> None:
    """Ask both runs about a test photo, and scribble on it."""
    both = urlencode({"run": runs / "plain", "against": runs / "hardened"})
    page.goto(f"{address}/predict?{both}")
    page.get_by_role("button", name="A test photo of the model").click()
    page.locator(".mk-heat-layer").nth(1).wait_for()
    for height in (0.3, 0.62):
        box: Any = page.locator("canvas").bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.15, box["y"] + box["height"] * height)
        page.mouse.down()
        for step in range(40):
            turn = step / 40 * 3 * math.pi
            x, y = 0.15 + 0.7 * step / 40, height + 0.09 * math.sin(turn)
            page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        page.mouse.up()
        page.wait_for_timeout(1500)
    page.locator(".mk-change").nth(1).wait_for()


def tour(page: Page, address: str, work: Path, look: str) -> None:
    """Take every page once."""
    home, photos = work / "home", work / "guitars"
    runs, made = home / "runs", home / "comparisons"
    show_data(page, address, photos)
    take(page, "data", look)
    page.goto(f"{address}/train?{urlencode({'photos': photos})}")
    page.locator(".mk-sheet img").nth(8).wait_for()
    page.get_by_role("heading", name="Random changes").evaluate(
        "each => scrollTo(0, each.getBoundingClientRect().top - 90)"
    )
    take(page, "train", look)
    page.goto(f"{address}/train?{urlencode({'run': runs / 'plain'})}")
    page.locator(".mk-chart svg").nth(1).wait_for()
    take(page, "curves", look)
    show_scribble(page, address, runs)
    take(page, "predict", look)
    page.goto(f"{address}/compare?{urlencode({'made': made / 'plain-or-hardened'})}")
    page.get_by_role("heading", name="Photos that set them apart").wait_for()
    take(page, "compare", look)
    page.goto(f"{address}/compare?{urlencode({'made': made / 'stress'})}")
    page.get_by_role("heading", name="Scribbles").wait_for()
    take(page, "stress", look)
    page.goto(f"{address}/audit?{urlencode({'made': home / 'audits/guitars'})}")
    page.locator(".mk-examples img").first.wait_for()
    take(page, "audit", look)
    page.goto(f"{address}/export?{urlencode({'run': runs / 'plain'})}")
    page.get_by_role("link", name="Download as zip").scroll_into_view_if_needed()
    take(page, "export", look)


def main() -> None:
    """Prepare, start the studio, and take all pages in both looks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="a folder for photos and runs; used again")
    parser.add_argument("--port", type=int, default=8790)
    chosen = parser.parse_args()
    work: Path = chosen.work.resolve()
    PICTURES.mkdir(parents=True, exist_ok=True)
    prepare(work)
    work_through(work)
    studio = start(work, chosen.port)
    program = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
            for look in ("light", "dark"):
                context = browser.new_context(viewport=SIZE, color_scheme=look, locale="en-US")
                context.set_default_timeout(240_000)
                tour(context.new_page(), f"http://127.0.0.1:{chosen.port}", work, look)
            browser.close()
    finally:
        studio.terminate()


if __name__ == "__main__":
    main()
