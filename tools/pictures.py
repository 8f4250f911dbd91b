"""Makes the pictures of README and of the tutorial, by typing the tutorial's own commands on drawn guitars.

    pip install -e '.[studio,browser,export,audit]'
    python tools/pictures.py --work /tmp/pictures                # all; half an hour on 2 cores; --work is used again
    python tools/pictures.py --work /tmp/pictures --without-studio

Each line of docs/tutorial.md that begins with "$ " is run once, in order, in --work; what it said is kept in
transcript.txt there, to be compared with the page. It needs the weights of the default backbone (MEKIKI_WEIGHTS) and
Chromium.
tools/screenshots.py takes the studio's pictures.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from tutorial_photos import make_photos

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
TUTORIAL = ROOT / "docs" / "tutorial.md"
ENDLESS = re.compile(r"mekiki (serve|studio)|curl ")
CHROMIUM = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
COLOURS = 256
COLUMN = (980, 1040)


def commands() -> list[str]:
    """Return what the tutorial types, without what does not end."""
    lines = re.findall(r"^ *\$ (.*)$", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE)
    return [line for line in lines if not ENDLESS.search(line)]


def type_commands(work: Path) -> None:
    """Run the tutorial's commands, each once; a line in ``done.txt`` says which were."""
    done, transcript = work / "done.txt", work / "transcript.txt"
    before = done.read_text(encoding="utf-8").splitlines() if done.is_file() else []
    environment = {**os.environ, "COLUMNS": "100"}
    for command in commands():
        if command in before:
            continue
        typed = re.sub(r"\bmekiki (?=[a-z])", f"{sys.executable} -m mekiki ", command)
        ended = subprocess.run(
            typed, shell=True, cwd=work, env=environment, capture_output=True, text=True, check=False
        )
        with transcript.open("a", encoding="utf-8") as file:
            file.write(f"$ {command}\n{ended.stdout}{ended.stderr}\n")
        if ended.returncode != 0:
            sys.exit(f"{command}\n{ended.stderr[-2000:]}")
        with done.open("a", encoding="utf-8") as file:
            file.write(f"{command}\n")


def save(picture: Image.Image, place: Path, dither: Image.Dither = Image.Dither.NONE) -> None:
    """Write a picture with few colours, which is a third of its size."""
    place.parent.mkdir(parents=True, exist_ok=True)
    picture.convert("RGB").quantize(COLOURS, dither=dither).save(place, optimize=True)


def in_a_row(pictures: list[Image.Image], gap: int = 12) -> Image.Image:
    """Lay pictures of one height beside each other on white."""
    width = sum(each.width for each in pictures) + gap * (len(pictures) - 1)
    row = Image.new("RGB", (width, max(each.height for each in pictures)), "white")
    left = 0
    for each in pictures:
        row.paste(each, (left, 0))
        left += each.width + gap
    return row


def window(page: Page, file: Path, size: tuple[int, int], heading: str = "") -> Image.Image:
    """Return what a browser shows of a page, from its top or from a heading on."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(file.resolve().as_uri())
    page.wait_for_function("[...document.images].every(each => each.complete)")
    if heading:
        place = page.get_by_role("heading", name=heading, exact=True).first
        place.evaluate("each => scrollTo(0, each.getBoundingClientRect().top + scrollY - 20)")
    page.wait_for_timeout(400)
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        return picture.convert("RGB")


def take(page: Page, work: Path) -> None:
    """Take all pictures of pages, and reduce the figures that the commands wrote."""
    report = work / "runs/second/report.html"
    both = in_a_row([window(page, report, COLUMN), window(page, report, COLUMN, "Mistakes")])
    save(both.resize((1320, 1320 * both.height // both.width), Image.Resampling.LANCZOS), IMAGES / "report.png")
    save(window(page, work / "looked/scan.html", (1240, 900)), IMAGES / "scan.png")
    tutorial = IMAGES / "tutorial"
    save(window(page, work / "compared/comparison.html", (1000, 900), "Result"), tutorial / "compare.png")
    for name, file in (("stress", "stress/figures/stress.png"), ("confusion", "runs/second/figures/confusion.png")):
        with Image.open(work / file) as picture:
            picture.thumbnail((1100, 1100), Image.Resampling.LANCZOS)
            save(picture, tutorial / f"{name}.png")
    maps = sorted((work / "why").glob("*.png"))
    chosen = [each for name in ("Jaguar", "Mustang") for each in maps if each.stem.endswith(f"-{name}-heat")][:10]
    loaded = [Image.open(each).convert("RGB").resize((240, 240), Image.Resampling.LANCZOS) for each in chosen]
    save(in_a_row(loaded[:2] + loaded[5:7]), tutorial / "heat-maps.png", Image.Dither.FLOYDSTEINBERG)


def main() -> None:
    """Draw the photos, type the commands, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="a folder for photos and runs; used again")
    parser.add_argument("--without-studio", action="store_true", help="leave the studio's pictures as they are")
    chosen = parser.parse_args()
    work: Path = chosen.work.resolve()
    if not (work / "photos").is_dir():
        work.mkdir(parents=True, exist_ok=True)
        make_photos(work)
    type_commands(work)
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        take(browser.new_context(color_scheme="light", locale="en-US").new_page(), work)
        browser.close()
    if not chosen.without_studio:
        script = Path(__file__).parent / "screenshots.py"
        subprocess.run([sys.executable, str(script), "--work", str(work / "studio")], check=True)


if __name__ == "__main__":
    main()
