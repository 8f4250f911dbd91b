"""An export says what the run says, or is not kept: every format is written, asked, broken on purpose and refused."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest
import timm
import torch
from PIL import Image
from typer.testing import CliRunner

import mekiki
from mekiki.config import EvaluateSettings, ExportSettings
from mekiki.data.pictures import read_picture
from mekiki.doors.cli import app
from mekiki.errors import ExportError, PictureError, RunError, SettingsError
from mekiki.evaluation.graphs import GraphClassifier, OpenvinoGraph, open_graph
from mekiki.evaluation.loading import load, own_export
from mekiki.portable import graph, quantising, whole
from mekiki.portable.plain_timm import agrees_alone
from mekiki.portable.proof import Said, Trial, parity_of
from mekiki.portable.whole import whole_graph
from mekiki.progress import Silent
from mekiki.records.card import read_card, write_card
from mekiki.records.exported import Speed, read_exported, read_parity
from mekiki.records.run import RunFolder
from mekiki.verbs import export_graph as verb
from mekiki.verbs.asked_photos import with_runs_limit
from mekiki.verbs.doctor import EXTRAS
from mekiki.verbs.export import Made, export
from tests.conftest import write_photos

SMALL = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "batch_size": 8, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = write_photos(tmp_path_factory.mktemp("export") / "photos", 20)
    return mekiki.train(folder, folder.parent / "run", **SMALL, epochs=6)


@pytest.fixture(scope="module")
def onnx(run: RunFolder) -> Made:
    return export(run.path, settings=ExportSettings(to="onnx"))


@pytest.fixture(scope="module")
def openvino(run: RunFolder) -> Made:
    return export(run.path, settings=ExportSettings(to="openvino"))


def photos_of(run: RunFolder) -> list[Path]:
    return sorted((run.path.parent / "photos").rglob("*.png"))


def bytes_of(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("name", ["onnx", "openvino"])
def test_a_graph_is_proven_and_answers_as_the_run(name: str, run: RunFolder, request: pytest.FixtureRequest) -> None:
    made: Made = request.getfixturevalue(name)
    parity = read_parity(made.folder.parity)
    assert parity == made.parity
    assert (parity.to, parity.part, parity.agreement, parity.unknown_agreement) == (name, "val", 1.0, 1.0)
    assert parity.largest_difference < 1e-4
    assert parity.accuracy == parity.run_accuracy
    assert parity.engine_agreement == 1.0
    assert made.folder.path == run.exports / name
    facts = read_exported(made.folder.facts)
    assert (facts.name, facts.model) == (name, hashlib.sha256(run.weights.read_bytes()).hexdigest())
    assert read_card(made.folder.card) == read_card(run.card)
    files = photos_of(run)
    mine, its = mekiki.load(run.path).predict_proba(files), mekiki.load(made.folder.path).predict_proba(files)
    assert np.abs(mine - its).max() < 1e-4
    assert isinstance(load(run.path, engine=name), GraphClassifier)


def test_an_engine_predicts_the_same_lines(run: RunFolder, onnx: Made, openvino: Made) -> None:
    files = photos_of(run)
    mine = list(mekiki.predict(run.path, files))
    for engine in ("onnx", "openvino"):
        its = list(mekiki.predict(run.path, files, engine=engine))
        assert [(each.path, each.top[0][0], each.known) for each in its] == [
            (each.path, each.top[0][0], each.known) for each in mine
        ]


def test_an_engine_predicts_where_torch_cannot_be_imported(run: RunFolder, onnx: Made, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nfor name in ('torch', 'timm'):\n    sys.modules[name] = None\n"
    )
    photo = photos_of(run)[0]
    done = subprocess.run(
        [sys.executable, "-m", "mekiki", "predict", str(run.path), str(photo), "--engine", "onnx", "--json"],
        capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (said,) = mekiki.predict(run.path, photo)
    assert json.loads(done.stdout)["predictions"][0]["label"] == said.label


def test_the_graph_tells_nothing_of_where_it_was_made(onnx: Made) -> None:
    content = onnx.folder.onnx.read_bytes()
    assert b"site-packages" not in content and str(Path(mekiki.__file__).parent).encode() not in content
    card = json.loads(ir.load(onnx.folder.onnx).metadata_props["mekiki"])
    assert card["classes"] == ["blue", "green", "red"]
    assert card["unknown"]["threshold"] == read_card(onnx.folder.card).unknown.threshold  # type: ignore[union-attr]


def test_the_script_beside_it_runs_without_torch_and_mekiki(run: RunFolder, onnx: Made, tmp_path: Path) -> None:
    """Nothing but onnxruntime, numpy and Pillow can be imported there, and what it prints is what mekiki says."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nfor name in ('torch', 'timm', 'mekiki', 'cv2', 'scipy'):\n    sys.modules[name] = None\n"
    )
    photo = photos_of(run)[0]
    done = subprocess.run(
        [sys.executable, str(onnx.folder.path / whole.SCRIPT), str(photo)],
        capture_output=True, text=True, timeout=120, env={"PYTHONPATH": str(tmp_path), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (said,) = mekiki.predict(run.path, photo)
    first, share = said.top[0]
    assert done.stdout.startswith(f"{photo}: {'' if said.known else 'unknown; nearest: '}{first} {share:.3f}")
    assert len((onnx.folder.path / whole.SCRIPT).read_text().splitlines()) <= 35


def test_the_script_reads_16_bits_and_ignores_a_broken_profile(run: RunFolder, onnx: Made, tmp_path: Path) -> None:
    grey = np.full((40, 40), 30000, np.uint16)
    grey[:, 20:] = 1000
    Image.fromarray(grey).save(tmp_path / "deep.png")
    Image.open(photos_of(run)[0]).save(tmp_path / "profile.png", icc_profile=b"no profile")
    done = subprocess.run(
        [sys.executable, str(onnx.folder.path / whole.SCRIPT), *(str(tmp_path / f"{n}.png") for n in ("deep", "profile"))],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name, line in zip(("deep", "profile"), done.stdout.splitlines(), strict=True):
        (said,) = mekiki.predict(run.path, tmp_path / f"{name}.png")
        first, share = said.top[0]
        assert re.fullmatch(rf".*/{name}\.png: (unknown; nearest: )?{first} (\d\.\d+).*", line)
        assert float(line.split(first + " ")[1].split(",")[0]) == pytest.approx(share, abs=0.02)


def test_timms_folder_loads_with_plain_timm(run: RunFolder) -> None:
    made = export(run.path, settings=ExportSettings(to="timm"))
    assert made.parity.agreement == 1.0 and made.parity.largest_difference < 1e-5
    assert made.parity.unknown_agreement is None and made.parity.alone is not None and made.parity.alone > 0.8
    network = timm.create_model(f"local-dir:{made.folder.path}", pretrained=True).eval()
    assert network.pretrained_cfg["label_names"] == ["blue", "green", "red"]
    assert tuple(network.pretrained_cfg["input_size"]) == (3, 32, 32)
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 32, 32)).shape == (1, 3)
    with pytest.raises(RunError, match="is an export to timm, which is no graph to run"):
        load(made.folder.path)


def test_safetensors_are_a_model_for_every_verb(run: RunFolder, tmp_path: Path) -> None:
    made = export(run.path, tmp_path / "model", ExportSettings(to="safetensors"))
    assert made.parity.largest_difference < 1e-6
    files = photos_of(run)
    assert list(mekiki.predict(made.folder.path, files)) == list(mekiki.predict(run.path, files))


@pytest.mark.parametrize("fault", ["mean", "channels", "resize"])
def test_a_graph_that_differs_is_not_kept(
    fault: str, run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bytes_of(run.path)
    original = graph.Whole.forward

    def shifted(self: Any, prepared: torch.Tensor) -> dict[str, torch.Tensor]:
        wrong = prepared.float() + 25 if fault == "mean" else prepared.flip(3)
        return original(self, wrong.clamp(max=255))

    if fault == "resize":
        other = {"letterbox": "squash"}
        photos = tmp_path / "photos"
        shutil.copytree(run.path.parent, tmp_path, dirs_exist_ok=True)
        for path in photos.rglob("*.png"):  # now they are not square, so that it matters how they are fitted
            Image.open(path).resize((90, 40)).save(path)
        config = json.loads((tmp_path / "run" / "config.json").read_text())
        (tmp_path / "run" / "config.json").write_text(json.dumps({**config, "data": str(photos)}))
        run = RunFolder(tmp_path / "run")
        shutil.rmtree(run.exports, ignore_errors=True)
        monkeypatch.setattr(
            verb, "whole_graph", lambda network, p: whole_graph(network, p.model_copy(update={"fit": other[p.fit]}))
        )
    else:
        monkeypatch.setattr(graph.Whole, "forward", shifted)
    where = "prepares the photo in another way" if fault == "resize" else "network answers otherwise"
    with pytest.raises(ExportError, match=rf"export to onnx does not say what the run says.*{where}.*nothing is kept"):
        export(run.path, tmp_path / "out", ExportSettings(to="onnx"))
    assert not (tmp_path / "out").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    if fault != "resize":
        assert bytes_of(run.path) == before


def test_8_bits_are_kept_only_if_as_good_and_faster(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = ExportSettings(to="onnx", int8=True, margin=0.6)
    fast = Speed(pictures=16, float32_milliseconds=2.0, int8_milliseconds=1.0, ratio=2.0)
    monkeypatch.setattr(verb, "compare_speed", lambda *_: fast)
    made = export(run.path, tmp_path / "int8", wide)
    nodes = list(ir.load(made.folder.onnx).graph)
    assert {"QuantizeLinear", "DequantizeLinear"} <= {node.op_type for node in nodes}
    makers = {value: node.op_type for node in nodes for value in node.outputs}
    read_by = {node.op_type for node in nodes if any(makers.get(value) == "DequantizeLinear" for value in node.inputs)}
    assert "Conv" in read_by and not {"Gemm", "MatMul"} & read_by
    assert made.parity.speed == fast and made.parity.compared is not None
    assert read_exported(made.folder.facts).name == "onnx-int8"
    assert made.parity.agreement >= 0.75
    monkeypatch.setattr(verb, "compare_speed", lambda *_: fast.model_copy(update={"ratio": 0.9}))
    with pytest.raises(ExportError, match=r"no faster here: 1\.0 ms a picture against 2\.0 .*nothing is kept"):
        export(run.path, tmp_path / "slow", wide)
    monkeypatch.setattr(verb, "compare_speed", lambda *_: fast)
    with pytest.raises(ExportError, match=r"not shown to be within 1\.0% of the run.*nothing is kept"):
        export(run.path, tmp_path / "unsure", wide.model_copy(update={"margin": 0.01}))
    assert not (tmp_path / "slow").exists() and not (tmp_path / "unsure").exists()


def test_8_bits_by_openvino_answer_alike_whole_and_in_batches(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = Speed(pictures=16, float32_milliseconds=2.0, int8_milliseconds=1.0, ratio=2.0)
    monkeypatch.setattr(verb, "compare_speed", lambda *_: fast)
    made = export(run.path, tmp_path / "int8", ExportSettings(to="openvino", int8=True, margin=0.6))
    assert made.parity.engine_agreement is not None and made.parity.engine_agreement >= 0.99


def test_openvino_answers_batches_of_any_size_with_two_compiled_forms(run: RunFolder, openvino: Made) -> None:
    classifier = GraphClassifier(openvino.folder)
    assert isinstance(classifier.graph, OpenvinoGraph)
    squares = np.stack([classifier.prepare(file) for file in photos_of(run)[:20]])  # type: ignore[misc]
    alone = np.concatenate([classifier.graph(square[None])["probabilities"] for square in squares])
    for count in (3, 20, 7, 1, 19):
        np.testing.assert_allclose(classifier.graph(squares[:count])["probabilities"], alone[:count], atol=1e-5)
    assert set(classifier.graph._compiled) == {1, 20}


def test_a_graph_that_the_engine_asks_otherwise_is_not_kept(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Mirrored(GraphClassifier):
        def ask(self, pictures: Any, views: Any = None) -> Any:
            return super().ask(np.ascontiguousarray(pictures[..., ::-1]), views)

    monkeypatch.setattr(verb, "GraphClassifier", Mirrored)
    with pytest.raises(ExportError, match=r"answers otherwise when predict --engine asks it.*nothing is kept"):
        export(run.path, tmp_path / "out", ExportSettings(to="onnx"))
    assert not (tmp_path / "out").exists()


def test_only_what_comes_before_the_features_gets_8_bits(onnx: Made) -> None:
    network = ir.load(onnx.folder.onnx)
    after = quantising._after_features(network)
    kinds = {node.op_type for node in network.graph if node.name in after}
    assert "Softmax" in kinds and "Conv" not in kinds
    heads = [node for node in network.graph if node.op_type == "Gemm"]
    assert len(heads) == 2, "a picture and its mirror image"
    assert {node.name for node in heads} <= set(after)


def test_plain_views_are_an_answer_of_their_own(run: RunFolder, tmp_path: Path) -> None:
    made = export(run.path, tmp_path / "plain", ExportSettings(to="onnx", views="plain"))
    assert read_card(made.folder.card).views == "plain" and read_card(run.card).views == "mirror"
    files = photos_of(run)[:4]
    plain = load(run.path, EvaluateSettings(views="plain")).predict_proba(files)
    assert np.abs(load(made.folder.path).predict_proba(files) - plain).max() < 1e-4
    shutil.copytree(run.path, tmp_path / "run", ignore=shutil.ignore_patterns("exports"))
    shutil.copytree(made.folder.path, tmp_path / "run" / "exports" / "onnx")
    with pytest.raises(SettingsError, match="holds the views plain, and the run answers in mirror"):
        load(tmp_path / "run", engine="onnx")
    assert load(tmp_path / "run", EvaluateSettings(views="plain"), engine="onnx").views == "plain"


def test_what_cannot_be_is_refused_in_words(run: RunFolder, onnx: Made, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="onnx is there already; nothing is ever written over"):
        export(run.path, settings=ExportSettings(to="onnx"))
    with pytest.raises(SettingsError, match="--int8 goes with a graph, not with timm"):
        export(run.path, tmp_path / "a", ExportSettings(to="timm", int8=True))
    with pytest.raises(SettingsError, match="no engine 'onxx'") as caught:
        load(run.path, engine="onxx")
    assert "onnx" in caught.value.hint
    with pytest.raises(RunError, match="no export to openvino-int8") as missing:
        load(run.path, engine="openvino-int8")
    assert missing.value.hint.endswith("--to openvino --int8")
    with pytest.raises(SettingsError, match="views plain: this graph holds the views mirror"):
        load(onnx.folder.path, EvaluateSettings(views="plain"))
    with pytest.raises(SettingsError, match=r"--engine openvino: .* is an export to onnx"):
        load(onnx.folder.path, engine="openvino")
    with pytest.raises(SettingsError, match="cuda, auto: a graph is asked on the processor"):
        load(run.path, EvaluateSettings(device="cuda"), engine="onnx")
    with pytest.raises(SettingsError, match="--margin is for --int8"):
        export(run.path, tmp_path / "a", ExportSettings(to="onnx", margin=0.1))
    for refused in (mekiki.load(onnx.folder.path), onnx.folder.path):
        with pytest.raises(SettingsError, match="heat maps and videos need torch, and this is an exported graph"):
            mekiki.explain(refused, photos_of(run)[0], tmp_path / "maps")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="is for exports of a run"):
        load("imagenet:test_resnet", engine="onnx")
    assert not (tmp_path / "a").exists()


WITHOUT_GRAPHS = """
import sys
for name in ("onnx_ir", "onnx", "onnxscript", "onnxruntime", "openvino"):
    sys.modules[name] = None
from mekiki.doors.cli import main

run, out = sys.argv[1:]
for to in ("timm", "safetensors", "onnx"):
    sys.argv = ["mekiki", "export", run, "--to", to, "--out", f"{out}/{to}"]
    try:
        main()
    except SystemExit as ended:
        print(to, ended.code)
"""


def test_tensors_need_no_package_that_writes_graphs(run: RunFolder, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_GRAPHS, str(run.path), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    said = [line for line in done.stdout.splitlines() if line.startswith(("timm ", "safetensors ", "onnx "))]
    assert said == ["timm 0", "safetensors 0", "onnx 2"]
    assert "onnx needs the package onnx" in done.stderr and "pip install 'mekiki[export]'" in done.stderr
    assert [(tmp_path / to / "parity.json").is_file() for to in ("timm", "safetensors")] == [True, True]
    assert not (tmp_path / "onnx").exists()


def test_what_cannot_be_written_is_one_clear_line(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("an operator\nthat is not known")

    monkeypatch.setattr(torch.onnx, "export", broken)
    with pytest.raises(ExportError, match="cannot be written as onnx: an operator that is not known; nothing is kept"):
        export(run.path, tmp_path / "out", ExportSettings(to="onnx"))
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_and_a_link_to_one_are_filled(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "float32").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "float32", target_is_directory=True)
    made = export(run.path, tmp_path / "link", ExportSettings(to="safetensors"))
    assert made.folder.path == tmp_path / "link" and (tmp_path / "float32" / "export.json").is_file()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["float32", "link"]


def test_a_missing_package_is_named(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mekiki.evaluation.graphs.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match="onnx needs the package onnxruntime") as caught:
        export(run.path, tmp_path / "out", ExportSettings(to="onnx"))
    assert caught.value.hint == "pip install 'mekiki[export]'"


def test_a_broken_or_foreign_graph_is_one_clear_line(run: RunFolder, onnx: Made, tmp_path: Path) -> None:
    shutil.copytree(onnx.folder.path, tmp_path / "broken")
    (tmp_path / "broken" / "model.onnx").write_bytes(b"no graph at all")
    with pytest.raises(RunError, match="cannot be read as a graph"):
        load(tmp_path / "broken")
    (tmp_path / "broken" / "model.onnx").unlink()
    with pytest.raises(RunError, match=r"holds no model\.onnx"):
        load(tmp_path / "broken")
    shutil.copytree(run.path, tmp_path / "run")
    (tmp_path / "run" / "model.safetensors").write_bytes(b"others")
    with pytest.raises(RunError, match="made of other weights"):
        own_export(RunFolder(tmp_path / "run"), "onnx")


def test_a_card_that_is_not_the_graphs_is_refused(run: RunFolder, onnx: Made, openvino: Made, tmp_path: Path) -> None:
    for made in (onnx, openvino):
        place = tmp_path / made.folder.path.name
        shutil.copytree(made.folder.path, place)
        card = read_card(place / "model.json")
        write_card(place / "model.json", card.model_copy(update={"classes": card.classes[::-1]}))
        with pytest.raises(RunError, match=r"model\.json is not the card of this graph"):
            load(place)
    model = ir.load(onnx.folder.onnx)
    ir.save(model, tmp_path / "onnx" / "model.onnx", external_data="weights.bin", size_threshold_bytes=0)
    write_card(tmp_path / "onnx" / "model.json", read_card(onnx.folder.card))
    with pytest.raises(RunError, match="its weights are in other files"):
        load(tmp_path / "onnx")


def test_a_graph_that_cannot_compute_says_so(onnx: Made) -> None:
    graph_ = open_graph(onnx.folder, prepared=True)
    with pytest.raises(RunError, match="the graph cannot answer: "):
        graph_(np.zeros((1, 31, 33, 3), np.uint8))


def test_plain_timm_keeps_the_limit_of_the_run(run: RunFolder, tmp_path: Path) -> None:
    made = export(run.path, tmp_path / "timm", ExportSettings(to="timm"))
    classifier = mekiki.load(run.path, EvaluateSettings(max_megapixels=0.0001))
    with pytest.raises(PictureError, match="megapixels"):
        agrees_alone(made.folder, photos_of(run)[:1], [None], classifier)  # type: ignore[list-item, arg-type]


def test_a_score_that_is_no_number_is_no_agreement(run: RunFolder, onnx: Made) -> None:
    classifier = mekiki.load(run.path)
    ((_, answer),) = classifier.answers([photos_of(run)[0]], Silent())
    said = Said(answer.chances, float("nan"))  # type: ignore[union-attr]
    trial = Trial(("a",), np.array([0]), ("",), (answer,), (said,))  # type: ignore[arg-type]
    parity = parity_of(trial, classifier, "onnx", "val")  # type: ignore[arg-type]
    assert parity.unknown_agreement in (0.0, float(answer.known_score < classifier.card.unknown.threshold))  # type: ignore[union-attr, operator]


def test_predict_of_an_export_takes_the_limit_of_its_run(run: RunFolder, onnx: Made, tmp_path: Path) -> None:
    assert with_runs_limit(onnx.folder.path, None) == with_runs_limit(run.path, None)
    made = export(run.path, tmp_path / "timm", ExportSettings(to="timm"))
    with pytest.raises(RunError, match="is an export to timm, which is no graph to run"):
        mekiki.predict(made.folder.path, photos_of(run)[0])


def test_a_whole_graph_takes_raw_pixels_of_any_size(run: RunFolder, onnx: Made) -> None:
    made = onnx.folder
    raw = np.ascontiguousarray(read_picture(photos_of(run)[0])[:31, :50])
    found = open_graph(made, prepared=False)(raw[None])
    (said,) = mekiki.load(run.path).predict_proba(raw)
    assert set(found) == {"probabilities", "known_score", "logits", "features"}
    assert np.abs(found["probabilities"][0] - said).max() < 5e-3


def test_the_doctor_times_what_is_there_and_says_what_is_missing(run: RunFolder, onnx: Made) -> None:
    found = mekiki.doctor(run.path)
    engines = {each.engine: each for each in found.engines}
    assert list(engines) == ["torch", "onnx", "onnx-int8", "openvino", "openvino-int8"]
    assert engines["torch"].ratio == 1.0 and engines["onnx"].agreement == 1.0 and engines["onnx"].per_second > 0
    assert "has no export to onnx-int8 (mekiki export" in engines["onnx-int8"].problem
    able = [each for each in found.engines if not each.problem]
    assert found.quickest == max(able, key=lambda each: each.per_second).engine
    assert found.missing["export"] == () and "float32" in found.facts["device"]


def test_an_engine_that_disagrees_is_never_the_quickest(
    run: RunFolder, onnx: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = GraphClassifier.ask
    monkeypatch.setattr(GraphClassifier, "ask", lambda self, pictures, views=None: original(self, pictures)[::-1])
    ratios = iter([100.0, *range(1, 999)])
    monkeypatch.setattr("mekiki.verbs.doctor.time.perf_counter", lambda: next(ratios))
    found = mekiki.doctor(run.path)
    assert found.quickest == "torch"
    assert next(each for each in found.engines if each.engine == "onnx").agreement < 0.9


def test_the_doctor_prints_names_as_they_are(run: RunFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a[old]" / "[").mkdir(parents=True)
    monkeypatch.setenv("MEKIKI_WEIGHTS", str(tmp_path / "a[old]"))
    monkeypatch.setitem(EXTRAS, "nothing", ("no_such_package",))
    said = CliRunner().invoke(app, ["doctor"])
    assert said.exit_code == 0, said.output
    assert f"{tmp_path}/a[old]" in said.stdout and "pip install 'mekiki[nothing]'" in said.stdout


def test_the_doctor_says_why_torch_cannot_be_asked(run: RunFolder, tmp_path: Path) -> None:
    shutil.copytree(run.path, tmp_path / "run")
    (tmp_path / "run" / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(RunError):
        mekiki.doctor(tmp_path / "run")


def test_the_doctor_without_a_run_knows_the_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MEKIKI_WEIGHTS", str(tmp_path / "none"))
    found = mekiki.doctor()
    assert found.facts["MEKIKI_WEIGHTS"].endswith("(there is no such folder)")
    assert (found.engines, found.quickest) == ((), "")
