"""An export answers through the service as ``mekiki predict --engine`` does, and refuses heat maps in one line."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mekiki
from mekiki.config import EvaluateSettings, ExportSettings
from mekiki.doors.serving.models import Models, load_served
from mekiki.evaluation.graphs import GraphClassifier, OpenvinoGraph
from mekiki.records.run import RunFolder, model_fingerprint
from mekiki.verbs.export import export
from tests.doors.conftest import call
from tests.doors.serving.asking import photo, served
from tests.doors.serving.running import Running

pytest.importorskip("onnxscript", reason="exports need pip install '.[export]'")
ENGINES = ("onnx", "openvino")


@pytest.fixture(scope="module", params=ENGINES)
def engine(run: Path, request: pytest.FixtureRequest) -> str:
    """An engine whose export lies in the run."""
    if not (RunFolder(run).exports / request.param).is_dir():
        export(run, settings=ExportSettings(to=request.param))
    return str(request.param)


def contents(count: int) -> list[bytes]:
    return [photo(number, (number * 40 % 256, 200 - number * 15, 90)) for number in range(count)]


def chances(said: dict[str, Any]) -> np.ndarray:
    return np.array([chance for _, chance in sorted(said["top"])])


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_the_answers_are_those_of_predict_with_the_same_engine(run: Path, engine: str, tmp_path: Path) -> None:
    (tmp_path / "asked").mkdir()
    for number, content in enumerate(contents(6)):
        (tmp_path / "asked" / f"{number}.png").write_bytes(content)
    result = call("predict", run, tmp_path / "asked", "--engine", engine, "--format", "jsonl")
    wanted = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(wanted) == 6
    service = Running(run, tmp_path / "log", "--engine", engine)
    try:
        for content, each in zip(contents(6), wanted, strict=True):
            status, headers, body = service.ask("/predict", content)
            (said,) = json.loads(body)["predictions"]
            assert (status, headers["x-mekiki-model"]) == (200, model_fingerprint(RunFolder(run)))
            assert (said["label"], said["known"]) == (each["label"], each["known"])
            assert np.abs(chances(said) - chances(each)).max() < 2e-5
        assert engine in json.loads(service.ask("/model", None, "GET")[2])["computed_by"]
        for path in ("/explain", "/predict?explain=true"):
            status, _, body = service.ask(path, contents(1)[0])
            assert (status, body.count(b"\n")) == (422, 1)
            assert json.loads(body)["error"] == "heat maps need torch, and an exported graph is served here"
    finally:
        service.process.kill()
        service.process.wait(30)


def test_an_engine_that_was_not_exported_is_refused_with_the_command(run: Path) -> None:
    result = call("serve", run, "--engine", "onnx-int8")
    assert result.exit_code == 1
    assert f"{run} has no export to onnx-int8" in result.stderr and "--to onnx --int8" in result.stderr


def test_clients_who_share_batches_of_a_graph_get_their_own_answers(run: Path, engine: str) -> None:
    asked = contents(13)
    wanted = mekiki.load(run, engine=engine).predict_proba(asked)

    async def ask() -> list[np.ndarray]:
        models = Models(lambda: load_served(str(run), EvaluateSettings(), "auto", engine), 8)
        if engine == "openvino":
            answering = models.current.answering
            assert isinstance(answering, GraphClassifier) and isinstance(answering.graph, OpenvinoGraph)
            assert set(answering.graph._compiled) == {1, 2, 4, 8}, "a batch of three would cost as one of eight"
        async with served(models, most_batch=8, patience=1000) as client:
            replies = await asyncio.gather(*(client.ask("/predict", content) for content in asked))
            return [chances(reply.said) for reply in replies]

    assert np.abs(np.stack(asyncio.run(ask())) - wanted).max() < 2e-5
