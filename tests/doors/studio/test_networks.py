"""Threads of the studio that need networks at the same time do not find half-made modules."""

import threading
import time

import pytest

from mekiki.doors.studio import networks


def test_networks_are_loaded_by_one_thread_and_the_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most, loaded, lock = [0], [0], [], threading.Lock()

    def load(name: str) -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0.02)
        with lock:
            inside[0] -= 1
            loaded.append(name)

    monkeypatch.setattr(networks.importlib, "import_module", load)
    begin = threading.Barrier(4)

    def need() -> None:
        begin.wait()
        networks.load_networks()
        assert {"torch", "torchvision", "timm"} <= set(loaded)

    threads = [threading.Thread(target=need) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loaded) == 12
    assert most[0] == 1
