from pathlib import Path

import pytest

import mekiki
from mekiki.config import DemoSettings
from mekiki.drawing import GUITAR_MODELS
from mekiki.errors import SettingsError
from mekiki.records.evaluation import read_metrics


def test_the_demo_tells_the_whole_story_without_network_or_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawn: None
) -> None:
    monkeypatch.chdir(tmp_path)
    result = mekiki.demo(settings=DemoSettings(per_class=20, epochs=1))
    assert {path.name for path in result.photos.iterdir()} == set(GUITAR_MODELS)
    assert len(list(result.photos.rglob("*.jpg"))) == 13 * 20
    assert len(list(result.heat_maps.glob("*.png"))) == 13
    assert result.run.report.is_file()
    assert [each.part for each in read_metrics(result.run.metrics)] == ["val", "test"]
    (prediction,) = mekiki.predict(result.run.path, result.example)
    assert prediction.label in GUITAR_MODELS
    drawing = result.photos / "SG" / "0003.jpg"
    (explained,) = mekiki.explain(result.run.path, drawing, "why", of_class=prediction.label, masks=str(result.masks))
    assert explained.error or (explained.shares is not None and 0.2 < explained.shares.outside_area < 0.95)
    assert len(list(result.masks.rglob("*.png"))) == 13 * 20
    with pytest.raises(SettingsError, match="already holds files"):
        mekiki.demo("mekiki-demo")
