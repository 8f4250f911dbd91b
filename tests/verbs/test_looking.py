"""The first look at the photos comes before torch: its memory is given back by then, and a refusal does not wait."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import write_photos

CODE = """
import sys
import mekiki
from mekiki.progress import Silent

class Loud(Silent):
    def say(self, line):
        print("torch" in sys.modules, line, flush=True)

try:
    mekiki.train(sys.argv[1], sys.argv[2], progress=Loud(), backbone="nin_small", weights="none",
        image_size=32, epochs=1)
except mekiki.MekikiError as error:
    print("torch" in sys.modules, error.message)
"""


def lines(*arguments: Path) -> list[str]:
    run = subprocess.run([sys.executable, "-c", CODE, *map(str, arguments)], capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def test_photos_are_scanned_before_torch_is_loaded(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 4)
    said = lines(photos, tmp_path / "run")
    assert said[0].startswith("False 12 photos in 3 classes"), said
    assert any(line.startswith("True epoch 1/1") for line in said), said


def test_photos_that_cannot_be_trained_on_are_refused_without_torch(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    said = lines(tmp_path / "photos", tmp_path / "run")
    assert len(said) == 1
    assert said[0].startswith("False "), said
    assert not (tmp_path / "run").exists()
