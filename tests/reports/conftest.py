"""The run that most of these tests report on."""

from pathlib import Path

import pytest

from mekiki.records.run import RunFolder
from tests.reports.made_runs import make_run


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A finished run of two classes; its photos are gone."""
    return make_run(tmp_path / "first run", tmp_path / "photos")
