"""Photos filed under a wrong class are found with features of a frozen network, and what cannot work is refused in words."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from huggingface_hub import constants
from PIL import Image
from safetensors.torch import save_file
from sklearn.metrics import average_precision_score

from mekiki.config import LabelSettings, ScanSettings, build
from mekiki.data.scans.scanning import scan
from mekiki.errors import DataError, SettingsError, WeightsError
from mekiki.evaluation.label_errors import check_label_search, find_label_errors
from mekiki.progress import Silent
from mekiki.records.manifest import Manifest
from mekiki.seeds import stream
from tests.conftest import COLOURS, Heard, draw_photo

BACKBONE = "test_resnet"


@pytest.fixture(autouse=True)
def _no_weights_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MEKIKI_WEIGHTS", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))


def write_weights(folder: Path, damage: bool = False) -> Path:
    """Write a small network's tensors as a timm folder; its features of colour are good enough."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        state = timm.create_model(BACKBONE, num_classes=10).state_dict()
    if damage:
        next(tensor for tensor in state.values() if tensor.ndim == 4).fill_(1e38)
    folder.mkdir()
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / "model.safetensors")
    facts = {"architecture": BACKBONE, "num_classes": 10, "pretrained_cfg": {"mean": [0.5] * 3, "std": [0.25] * 3}}
    (folder / "config.json").write_text(json.dumps(facts))
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> LabelSettings:
    weights = write_weights(tmp_path / "weights")
    return LabelSettings(backbone=BACKBONE, weights=str(weights), image_size=48, device="cpu", precision="float32")


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Three classes by tint of 24 photos, two of them in a wrong folder, and a file that is no picture."""
    photos = tmp_path / "photos"
    for name, colour in COLOURS.items():
        (photos / name).mkdir(parents=True)
        for number in range(24):
            tinted = draw_photo(colour, number) / 2 + np.array(colour) / 2
            Image.fromarray(tinted.astype(np.uint8)).save(photos / name / f"{number:03}.png")
    (photos / "red" / "007.png").rename(photos / "blue" / "was_red.png")
    (photos / "green" / "011.png").rename(photos / "red" / "was_green.png")
    (photos / "blue" / "broken.jpg").write_bytes(b"no picture at all")
    return scan(photos, ScanSettings()).manifest


def test_photos_in_a_wrong_folder_come_first_with_the_right_class(manifest: Manifest, settings: LabelSettings) -> None:
    found = find_label_errors(manifest, settings, Silent())
    assert {(finding.path, finding.other) for finding in found[:2]} == {
        ("blue/was_red.png", "red"),
        ("red/was_green.png", "green"),
    }
    assert len(found) <= 5
    for finding in found:
        assert finding.kind == "label_error"
        words = re.fullmatch(r"looks like (\w+) (\d\.\d\d), labelled (\w+) (\d\.\d\d)", finding.detail)
        assert words is not None
        assert words[1] == finding.other
        assert words[3] == finding.path.partition("/")[0] != finding.other
        assert finding.score == pytest.approx(1 - float(words[4]), abs=0.005)
    assert [finding.score for finding in found] == sorted((finding.score for finding in found), reverse=True)


def test_it_says_the_same_again_and_changes_nothing(manifest: Manifest, settings: LabelSettings) -> None:
    before = {path: path.read_bytes() for path in manifest.root.rglob("*.*")}
    found = find_label_errors(manifest, settings, Silent())
    assert find_label_errors(manifest, settings.model_copy(update={"workers": 0}), Silent()) == found
    assert {path: path.read_bytes() for path in manifest.root.rglob("*.*")} == before


def test_what_is_left_out_is_not_looked_at(manifest: Manifest, settings: LabelSettings) -> None:
    photos = tuple(
        replace(photo, status="excluded") if photo.path == "blue/was_red.png" else photo for photo in manifest.photos
    )
    (manifest.root / "blue" / "was_red.png").unlink()
    found = find_label_errors(replace(manifest, photos=photos), settings, Silent())
    assert not {"blue/was_red.png", "blue/broken.jpg"} & {finding.path for finding in found}
    assert found[0].path == "red/was_green.png"


def test_no_more_are_listed_than_asked_for(manifest: Manifest, settings: LabelSettings) -> None:
    one = settings.model_copy(update={"most": 0.02})
    assert len(find_label_errors(manifest, one, Silent())) == 1
    assert find_label_errors(manifest, settings.model_copy(update={"most": 0.0}), Silent()) == []


def test_copies_of_a_wrong_photo_do_not_hide_it(manifest: Manifest, settings: LabelSettings) -> None:
    wrong = manifest.root / "blue" / "was_red.png"
    for number in range(4):
        (wrong.parent / f"copy{number}.png").write_bytes(wrong.read_bytes())
    found = find_label_errors(scan(manifest.root, ScanSettings()).manifest, settings, Silent())
    copies = {"blue/was_red.png", *(f"blue/copy{number}.png" for number in range(4))}
    assert copies <= {finding.path for finding in found[:6] if finding.other == "red"}


def test_a_class_of_copies_is_not_judged_and_that_is_said(manifest: Manifest, settings: LabelSettings) -> None:
    photos = tuple(
        replace(photo, label="white", group="a burst") if photo.path.startswith("green/") else photo
        for photo in manifest.photos
    )
    listener = Heard()
    found = find_label_errors(Manifest(manifest.root, photos, ("blue", "red", "white")), settings, listener)
    assert not [finding for finding in found if finding.path.startswith("green/")]
    assert listener.lines[-1] == (
        "note: white: the labels of 23 photos were not judged, because no photos of their "
        "class are left to learn it from once their copies and groups are set aside"
    )


def test_it_says_what_looks_at_how_many_photos(manifest: Manifest, settings: LabelSettings) -> None:
    listener = Heard()
    find_label_errors(manifest, settings, listener)
    assert listener.lines == [f"test_resnet (from {settings.weights}) looks at 72 photos at 48 px, cpu, float32"]


def test_one_class_is_refused(manifest: Manifest, settings: LabelSettings) -> None:
    blue = tuple(photo for photo in manifest.photos if photo.label == "blue")
    with pytest.raises(
        DataError, match=r"of .*photos 1 has readable photos; expected at least two\nhint: .* without --labels"
    ):
        find_label_errors(replace(manifest, photos=blue), settings, Silent())


def test_a_photo_that_is_gone_is_named(manifest: Manifest, settings: LabelSettings) -> None:
    (manifest.root / "red" / "003.png").unlink()
    with pytest.raises(DataError, match=r"003\.png could be read when it was scanned and cannot now"):
        find_label_errors(manifest, settings, Silent())


def test_damaged_weights_are_refused(manifest: Manifest, settings: LabelSettings, tmp_path: Path) -> None:
    damaged = settings.model_copy(update={"weights": str(write_weights(tmp_path / "damaged", damage=True))})
    with pytest.raises(WeightsError, match="features are not finite numbers\nhint: its weights are damaged"):
        find_label_errors(manifest, damaged, Silent())


def test_random_weights_are_refused_and_never_taken_silently(manifest: Manifest, settings: LabelSettings) -> None:
    with pytest.raises(SettingsError, match=r"weights = 'none': features of random weights cannot tell a wrong label"):
        build(LabelSettings, {"weights": "none"})
    auto = settings.model_copy(update={"weights": "auto"})
    with pytest.raises(WeightsError, match=r"no pretrained weights for test_resnet.*\nhint: .* --weights PATH$"):
        find_label_errors(manifest, auto, Silent())


def test_what_cannot_work_is_refused_before_the_scan(settings: LabelSettings) -> None:
    check_label_search(settings)
    refused = {
        "weights": ("/nowhere", WeightsError, "/nowhere"),
        "backbone": ("resnet5O", SettingsError, "no backbone 'resnet5O'"),
        "device": ("gpu", SettingsError, "no device 'gpu'"),
    }
    for field, (value, kind, words) in refused.items():
        with pytest.raises(kind, match=words):
            check_label_search(settings.model_copy(update={field: value}))


@pytest.mark.slow
def test_wrong_labels_among_real_photos_are_found(shared: Path) -> None:
    manifest = scan(shared / "data" / "objects20", ScanSettings()).manifest
    some = manifest.classes[:8]
    photos = [photo for photo in manifest.photos if photo.label in some]
    numbers = stream(0, "wrong labels")
    chosen = set(numbers.choice(len(photos), 28, replace=False).tolist())
    planted = tuple(
        replace(photo, label=some[(some.index(photo.label) + 1 + number % 7) % 8]) if number in chosen else photo
        for number, photo in enumerate(photos)
    )
    settings = LabelSettings(weights=str(shared / "weights" / "mobilenetv1_100"), image_size=160, most=1.0)
    found = find_label_errors(Manifest(manifest.root, planted, some), settings, Silent())
    scores = {finding.path: finding.score for finding in found}
    bad = [number in chosen for number in range(len(photos))]
    assert average_precision_score(bad, [scores.get(photo.path, 0.0) for photo in photos]) > 0.9
    assert np.mean([finding.path in {photos[number].path for number in chosen} for finding in found]) > 0.7
