"""Files behind addresses: bounded, guarded, and every trouble a reason in words."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mekiki.config import ClusterSettings
from mekiki.data.remote import Remote
from mekiki.errors import PictureError
from tests.data.made_server import fixed, redirect, serving

SETTINGS = ClusterSettings(allow_private=True, robots=False, file_seconds=2, file_megabytes=0.5)


def reason(address: str, **changes: object) -> str:
    with Remote(SETTINGS.model_copy(update=changes)) as remote, pytest.raises(PictureError) as caught:
        remote.read(address)
    return caught.value.message


def test_many_threads_read_the_bytes_of_their_own_address() -> None:
    with serving() as server, Remote(SETTINGS, 4) as remote, ThreadPoolExecutor(4) as pool:
        for number in range(12):
            server.routes[f"/{number}.jpg"] = fixed(bytes([number]) * 2000)
        found = list(pool.map(remote.read, [server.url(f"/{number}.jpg") for number in range(12)]))
    assert found == [bytes([number]) * 2000 for number in range(12)]


def test_a_web_address_is_bounded_and_guarded() -> None:
    with serving() as server:
        server.routes["/large.jpg"] = fixed(b"x" * 600_000)
        server.routes["/away.jpg"] = redirect("http://169.254.169.254/latest")
        server.routes["/slow.jpg"] = lambda handler: time.sleep(4)
        assert reason(server.url("/large.jpg")) == "cannot be fetched: the file has 0.6 MB; the limit is 0.5 MB"
        assert reason(server.url("/none.jpg")) == "cannot be fetched: the server says 404 Not Found"
        assert "cloud metadata" in reason(server.url("/away.jpg"))
        assert "loopback address" in reason(server.url("/photo/1.jpg"), allow_private=False)
        assert reason(server.url("/slow.jpg"), file_seconds=0.5) == "cannot be fetched: not done within 0.5 seconds"


def test_a_host_that_forbids_it_is_not_asked() -> None:
    with serving() as server:
        server.routes["/robots.txt"] = fixed(b"User-agent: *\nDisallow: /", content_type="text/plain")
        assert "robots.txt" in reason(server.url("/photo/1.jpg"), robots=True)
        assert server.asked() == {"/robots.txt": 1}


def test_an_object_store_is_read_by_fsspec_and_bounded() -> None:
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    system.pipe("/remote-test/small.jpg", b"small")
    system.pipe("/remote-test/large.jpg", b"x" * 500_001)
    with Remote(SETTINGS) as remote:
        assert remote.read("memory://remote-test/small.jpg") == b"small"
    assert reason("memory://remote-test/gone.jpg") == "does not exist"
    assert reason("memory://remote-test/large.jpg") == "cannot be fetched: the limit is 0.5 MB"
    assert reason("s3://bucket/a.jpg") == "cannot be fetched: s3://bucket/a.jpg: s3:// needs the package s3fs"
    assert "github:// is no kind of address" in reason("github://owner:repo@/a.jpg")
