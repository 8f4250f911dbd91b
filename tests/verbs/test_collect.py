"""``mekiki.collect`` as a user calls it: the photos train a data set, and Ctrl-C loses nothing that was done."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mekiki.config import CollectSettings, build
from mekiki.errors import SettingsError
from mekiki.records.collected import COLLECTED_MEANINGS, read_collected
from mekiki.verbs.collect import collect
from tests.data.made_server import Handler, Server, serving

QUICK = CollectSettings(delay=0, backoff=0.01, retries=0, allow_private=True)


def write_list(path: Path, server: Server, count: int) -> Path:
    rows = [
        f"{server.url(f'/photo/{number}.jpg')},{('SG', 'Les Paul')[number % 2]},{number // 4}"
        for number in range(count)
    ]
    path.write_text("\n".join(["url,label,group", *rows]) + "\n", encoding="utf-8")
    return path


def test_what_was_collected_is_a_data_set(tmp_path: Path) -> None:
    from mekiki.verbs.scan import scan

    with serving() as server:
        links = write_list(tmp_path / "list.csv", server, 12)
        collected = collect(links, tmp_path / "photos", QUICK)
    assert collected.table == tmp_path / "photos" / "collected.csv"
    assert collected.counts() == {status: 12 if status == "ok" else 0 for status in COLLECTED_MEANINGS}
    by_folder = scan(tmp_path / "photos").manifest
    assert by_folder.counts() == {"Les Paul": 6, "SG": 6}
    by_record = scan(collected.table).manifest
    assert by_record.counts() == by_folder.counts()
    assert {photo.sha256 for photo in by_record.photos} == {record.sha256 for record in collected.records}


def test_it_works_inside_a_running_event_loop(tmp_path: Path) -> None:
    """A notebook has one."""

    async def cell() -> int:
        return collect(links, tmp_path / "photos", QUICK).fetched

    with serving() as server:
        links = write_list(tmp_path / "list.csv", server, 2)
        assert asyncio.run(cell()) == 2


def test_progress_counts_addresses(tmp_path: Path) -> None:
    class Listener:
        def __init__(self) -> None:
            self.done, self.total, self.said = 0, 0, []

        def task(self, title: str, total: int, unit: str = "photos") -> "Listener":
            self.total = total
            return self

        def __enter__(self) -> "Listener":
            return self

        def __exit__(self, *raised: object) -> None:
            pass

        def advance(self, count: int = 1, note: str = "") -> None:
            self.done += count

        def say(self, line: str) -> None:
            self.said.append(line)

    with serving() as server:
        links = write_list(tmp_path / "list.csv", server, 3)
        first, second = Listener(), Listener()
        collect(links, tmp_path / "photos", QUICK, first)
        write_list(links, server, 5)
        collect(links, tmp_path / "photos", QUICK, second)
    assert (first.done, first.total, first.said) == (3, 3, [])
    assert (second.done, second.total, second.said) == (2, 2, ["3 of 5 photos are there already"])


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to one process there")
def test_ctrl_c_ends_it_at_once_and_a_second_run_goes_on(tmp_path: Path) -> None:
    def stuck(handler: Handler) -> None:
        handler.start(Content_Length="100000")
        handler.wfile.write(b"\xff\xd8\xff")
        handler.wfile.flush()
        handler.wait(30)

    code = (
        "import sys\nfrom mekiki.config import CollectSettings\nfrom mekiki.verbs.collect import collect\n"
        "collect(sys.argv[1], sys.argv[2], CollectSettings(delay=0, allow_private=True, per_host=1))\n"
    )
    with serving() as server:
        links = write_list(tmp_path / "list.csv", server, 6)
        server.routes["/photo/4.jpg"] = stuck
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(links), str(tmp_path / "photos")], stderr=subprocess.PIPE, text=True
        )
        deadline = time.monotonic() + 30
        while "/photo/4.jpg" not in server.asked() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, errors = process.communicate(timeout=20)
        assert time.monotonic() - began < 5
        assert process.returncode != 0
        assert errors.rstrip().endswith("KeyboardInterrupt")
        assert "Task exception" not in errors
        statuses = [record.status for record in read_collected(tmp_path / "photos")]
        assert statuses == ["ok"] * 4 + ["failed"] * 2
        files = [path for path in (tmp_path / "photos").rglob("*") if path.is_file()]
        assert len(files) == 5, "four photos, the record, and nothing half"
        del server.routes["/photo/4.jpg"]
        server.requests.clear()
        assert collect(links, tmp_path / "photos", QUICK).counts()["ok"] == 6
        assert server.asked() == {"/robots.txt": 1, "/photo/4.jpg": 1, "/photo/5.jpg": 1}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("contact", "me\r\nCookie: x", "a mail or web address is plain ASCII without brackets"),
        ("contact", "ü@example.org", "a mail or web address is plain ASCII without brackets"),
        ("contact", "me (at home)", "a mail or web address is plain ASCII without brackets"),
        ("per_host", 0, "greater than or equal to 1"),
        ("delay", -1, "greater than or equal to 0"),
        ("max_megabytes", 5000, "less than or equal to 512"),
        ("file_seconds", 0, "greater than 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(field: str, value: object, message: str) -> None:
    with pytest.raises(SettingsError, match=field if message.startswith(("greater", "less")) else None) as raised:
        build(CollectSettings, {field: value})
    assert message in raised.value.message


def test_the_http_client_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, mekiki.config, mekiki.records.collected, mekiki.doors.cli\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"httpx2", "httpcore2", "anyio", "protego"} & set(run.stdout.split())
