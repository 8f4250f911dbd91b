"""The notebook is executed from its first cell to its last, on small generated photos and a small network."""

import gc
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from traitlets.config import Config

from tests.conftest import write_photos

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "notebooks" / "study-2017.ipynb"
SMALL = """
photos, out, weights = {photos!r}, {out!r}, {weights!r}
backbone, image_size, epochs, strokes = "test_resnet", 64, 1, 3
more = {{"batch_size": 8, "workers": 0}}

import timm
from safetensors.torch import save_file

from tests.conftest import one_pixel_figures

one_pixel_figures().__enter__()
save_file(timm.create_model(backbone, num_classes=10).state_dict(), weights)
"""
"""Figures come out as one pixel: drawing them takes ten times as long as all the rest."""


def _texts(notebook: nbformat.NotebookNode) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert not [cell for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_the_notebook_runs_to_its_verdicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the kernel's sockets are files there
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    photos = write_photos(tmp_path / "photos", 10)
    weights = tmp_path / "weights.safetensors"
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    parameters = next(cell for cell in notebook.cells if cell.cell_type == "code")
    parameters.source += "\n" + SMALL.format(photos=str(photos), out=str(tmp_path / "study"), weights=str(weights))
    over_files = Config({"KernelManager": {"transport": "ipc"}})
    NotebookClient(notebook, config=over_files, timeout=280, startup_timeout=200).execute()
    gc.collect()
    said = _texts(notebook)
    assert "of 6 validation photos" in said
    assert said.count("exact McNemar") == 4
    assert "dust: " in said and "scribble: " in said
    for made in (
        "scan/scan.html",
        "dust/report.html",
        "stress/stress.html",
        "compared/comparison.html",
        "scribbled.png",
    ):
        assert (tmp_path / "study" / made).stat().st_size > 200, made
    pictures = [out for cell in notebook.cells for out in cell.get("outputs", []) if "image/png" in out.get("data", {})]
    assert len(pictures) >= 7
