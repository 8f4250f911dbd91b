"""Makes the photos of docs/tutorial.md: drawn guitars, with the trouble that folders from the web have.

    python tools/tutorial_photos.py FOLDER          # FOLDER/photos, FOLDER/new, FOLDER/elsewhere; nothing else

Copies, a wrong label, a broken file and a blurred one are planted where the tutorial says; nothing is downloaded and no
photo of anybody is used.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from PIL import Image, ImageFilter

from mekiki.drawing.guitars import draw_collection

MODELS = ("Jaguar", "Jazzmaster", "LesPaul", "Mustang", "Stratocaster", "Telecaster")
STRANGERS = ("Acoustic", "FlyingV", "SemiHollow")
PER_CLASS, NEW, OF_EACH_STRANGER = 60, 5, 8
SIZE = 320


def make_photos(folder: Path) -> None:
    """Draw the photos to learn from, some that nobody has seen, and some of other things."""
    drawn = folder / "drawn"
    draw_collection(drawn, PER_CLASS + NEW, 0, SIZE, MODELS, upright=True)
    for name in MODELS:
        files = sorted((drawn / name).iterdir())
        for part, chosen in (("photos", files[:PER_CLASS]), ("new", files[PER_CLASS:])):
            (folder / part / name).mkdir(parents=True)
            for file in chosen:
                shutil.move(file, folder / part / name / file.name)
    shutil.rmtree(drawn)
    draw_collection(folder / "elsewhere", OF_EACH_STRANGER, 1, SIZE, STRANGERS, upright=True)
    plant_trouble(folder / "photos")


def plant_trouble(photos: Path) -> None:
    """Put in what the scan of the tutorial finds."""
    shutil.copy(photos / "Mustang/0005.jpg", photos / "Mustang/download(1).jpg")
    shutil.copy(photos / "Stratocaster/0003.jpg", photos / "Telecaster/shop-3.jpg")
    with Image.open(photos / "Jazzmaster/0007.jpg") as picture:
        picture.crop((12, 8, SIZE - 10, SIZE - 14)).resize((210, 210)).save(
            photos / "Jazzmaster/thumb_0007.jpg", quality=60
        )
    with Image.open(photos / "Jaguar/0009.jpg") as picture:
        picture.filter(ImageFilter.GaussianBlur(9)).save(photos / "Jaguar/shaky.jpg")
    whole = (photos / "LesPaul/0001.jpg").read_bytes()
    (photos / "LesPaul/half.jpg").write_bytes(whole[: len(whole) // 3])
    for given, true, number in (("LesPaul", "Jaguar", 11), ("Mustang", "Telecaster", 12), ("Jaguar", "LesPaul", 13)):
        shutil.move(photos / true / f"{number:04}.jpg", photos / given / f"listing-{number}.jpg")


if __name__ == "__main__":
    make_photos(Path(sys.argv[1]))
