"""The service by replicas on a Ray cluster, as a person starts it: the answers, the refusals and the end of one machine."""

import json
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

import mekiki
from tests.conftest import COLOURS
from tests.doors.serving.asking import photo
from tests.doors.serving.test_process import Running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        find_spec("ray") is None or sys.platform != "linux", reason="needs the extra cluster, and /proc"
    ),
]


def of_the_cluster(mark: str) -> list[str]:
    """Return the names of the processes that bear a mark in their environment."""
    found = []
    for place in Path("/proc").iterdir():
        try:
            if place.name.isdecimal() and mark.encode() in (place / "environ").read_bytes():
                found.append((place / "comm").read_text().strip())
        except OSError:
            continue
    return found


def test_replicas_answer_as_one_machine_refuse_strangers_and_end_when_told(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = f"MEKIKI_TEST_MARK={tmp_path}"
    monkeypatch.setenv(*mark.split("=", 1))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    pictures = [photo(number, colour) for colour in COLOURS.values() for number in range(20, 24)]
    plain = mekiki.load(run).predict_proba(pictures)
    service = Running(run, tmp_path / "log", "--engine", "ray", "--least-replicas", "2", "--most-replicas", "2")
    try:
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda content: service.ask("/predict?top=3", content), pictures * 3))
        assert [status for status, *_ in answers] == [200] * len(answers)
        for (_, _, body), chances in zip(answers, [*plain, *plain, *plain], strict=True):
            said = dict(json.loads(body)["predictions"][0]["top"])
            assert [said[name] for name in sorted(COLOURS)] == pytest.approx(list(chances), abs=1e-5)
        assert service.ask("/predict", b"no picture")[0] == 422
        assert service.ask("/admin/reload")[0] == 404, "one replica alone must not change"
        reply = service.raw(b"GET /model HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n")
        assert b" 421 " in reply.partition(b"\r\n")[0]
        assert sum(name.startswith("ray::ServeRepli") for name in of_the_cluster(mark)) == 2
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(120) == 0, service.log
        assert "Traceback" not in service.log and "SIGTERM" not in service.log
    finally:
        service.process.kill()
        service.process.wait()
    left = [name for name in of_the_cluster(mark) if name != Path(f"/proc/{os.getpid()}/comm").read_text().strip()]
    assert not [name for name in left if name.startswith(("ray::", "raylet", "gcs_server"))]
