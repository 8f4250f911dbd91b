import json
import os
import stat
from pathlib import Path

import pytest

from mekiki.files import replaced, write_json, write_text


def test_a_failed_write_leaves_the_old_file_and_no_trace(tmp_path: Path) -> None:
    write_text(tmp_path / "report.html", "old")
    with pytest.raises(RuntimeError), replaced(tmp_path / "report.html") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert (tmp_path / "report.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_nan_is_refused_in_json(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "metrics.json", {"accuracy": float("nan")})
    assert not list(tmp_path.iterdir())


def test_json_is_read_back(tmp_path: Path) -> None:
    write_json(tmp_path / "new" / "metrics.json", {"クラス": [1, None]})
    assert json.loads((tmp_path / "new" / "metrics.json").read_text(encoding="utf-8")) == {"クラス": [1, None]}


@pytest.mark.skipif(os.name == "nt", reason="POSIX rights")
def test_a_written_file_has_the_usual_rights(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_text(tmp_path / "ours", "")
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
