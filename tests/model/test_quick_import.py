"""torch's compiler is loaded when somebody compiles and not by whoever only asks a model; what was put off is the same then."""

import subprocess
import sys
from pathlib import Path

import pytest

import mekiki
from mekiki.model.quick_import import _Later
from tests.conftest import write_photos

ASK = """
import sys
import mekiki
run, photo = sys.argv[1:]
(said,) = mekiki.predict(run, photo)
mekiki.explain(run, photo, run + "-maps")
print(said.label, *(name for name in ("torch._dynamo", "torch._dynamo.utils", "sympy") if name in sys.modules))
"""
COMPILE = """
import mekiki.model
import sys
import torch
assert "torch._dynamo" not in sys.modules and "torchvision" in sys.modules
assert torch.compiler.disable.__module__ == "torch.compiler"
from timm.layers import disable_compiler
from torchvision.ops.roi_align import is_compile_supported

seen = []
kept_away = disable_compiler(lambda x: (seen.append(torch.compiler.is_compiling()), x + 1)[1])
compiled = torch.compile(lambda x: kept_away(x * 2) * (10 if torch.compiler.is_compiling() else 100), backend="eager")
print(float(compiled(torch.tensor(3.0))), seen, is_compile_supported("cpu"))
from torch._dynamo.utils import is_compile_supported as real
print(is_compile_supported("cpu") == real("cpu"), real.__module__)
"""


def said_by(code: str, *words: Path) -> str:
    run = subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_a_model_is_asked_and_explained_without_loading_the_compiler(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 6)
    small = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "epochs": 1}
    run = mekiki.train(photos, tmp_path / "run", **small)
    photo = photos / "red" / "000.png"
    (said,) = mekiki.predict(run.path, photo)
    assert said_by(ASK, run.path, photo) == said.label


def test_what_timm_keeps_from_the_compiler_is_kept_from_it_and_torchvision_asks_the_real_one() -> None:
    assert said_by(COMPILE).splitlines() == ["70.0 [False] True", "True torch._dynamo.utils"]


def test_whatever_is_asked_of_the_stand_in_is_answered_by_the_real_module(monkeypatch: pytest.MonkeyPatch) -> None:
    later = _Later("colorsys")
    monkeypatch.setitem(sys.modules, "colorsys", later)
    assert not hasattr(later, "__file__") and sys.modules["colorsys"] is later, "looked at, not asked"
    assert later.rgb_to_hsv(1, 0, 0) == (0.0, 1.0, 1)
    assert sys.modules["colorsys"] is not later
