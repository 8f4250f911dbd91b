"""Where ``auto`` looks, in which order, and what it says when there is nothing: soon, and with the ways out."""

import functools
import hashlib
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import huggingface_hub
import pytest
import torch
from huggingface_hub import constants, errors
from safetensors.torch import save_file

from mekiki.errors import SettingsError, WeightsError
from mekiki.model.weights import resolve_weights

WAYS_OUT = "hint: set MEKIKI_WEIGHTS to a folder .*, or give --weights PATH, or .* --weights none"


class FakeHub(http.server.BaseHTTPRequestHandler):
    """Speaks as much of the hub's language as its client needs for one file."""

    content: ClassVar[bytes] = b""
    status: ClassVar[int] = 200
    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        type(self).asked.append(self.path)
        self.send_response(self.status)
        if self.status == 200:
            self.send_header("ETag", f'"{hashlib.sha256(self.content).hexdigest()}"')
            self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        self.wfile.write(self.content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def reach(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the real client of the hub look for it at another address."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    for name in ("hf_hub_url", "hf_hub_download"):
        monkeypatch.setattr(huggingface_hub, name, functools.partial(getattr(huggingface_hub, name), endpoint=address))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeHub]]:
    """A hub on this machine, reached by the real client."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), FakeHub) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        reach(address, monkeypatch)
        FakeHub.status, FakeHub.content, FakeHub.asked = 200, b"", []
        yield FakeHub
        server.shutdown()
        thread.join()


def test_none_gives_no_weights() -> None:
    assert resolve_weights("resnet50", "none") is None


def test_an_unknown_backbone_is_refused_before_anything_is_looked_for() -> None:
    with pytest.raises(SettingsError, match="no backbone 'resnet5O'"):
        resolve_weights("resnet5O", "none")
    with pytest.raises(SettingsError, match="no plain name"):
        resolve_weights("../../etc", "auto")


def test_an_empty_path_is_not_the_working_folder() -> None:
    with pytest.raises(WeightsError, match="--weights is empty"):
        resolve_weights("resnet50", "")


def test_a_path_is_read_wherever_the_variable_points(
    make_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEKIKI_WEIGHTS", "/nowhere")
    folder = make_folder("test_resnet")
    pretrained = resolve_weights("test_resnet", str(folder))
    assert pretrained is not None
    assert pretrained.source == f"from {folder}"


def test_the_variables_folder_is_looked_at_first(
    make_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder: Path = make_folder("test_resnet")
    monkeypatch.setenv("MEKIKI_WEIGHTS", str(folder.parent))
    pretrained = resolve_weights("test_resnet", "auto")
    assert pretrained is not None
    assert pretrained.source == f"from {folder}"


def test_the_variable_may_name_the_backbones_folder_itself(
    make_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder: Path = make_folder("test_resnet")
    monkeypatch.setenv("MEKIKI_WEIGHTS", str(folder))
    pretrained = resolve_weights("test_resnet", "auto")
    assert pretrained is not None
    assert pretrained.mean == (0.1, 0.2, 0.3)
    with pytest.raises(WeightsError, match="no pretrained weights for test_vit"):
        resolve_weights("test_vit", "auto")


def test_the_variables_folder_may_hold_lone_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole_state: Callable[..., dict[str, torch.Tensor]]
) -> None:
    save_file(whole_state("test_resnet"), tmp_path / "test_resnet.safetensors")
    monkeypatch.setenv("MEKIKI_WEIGHTS", str(tmp_path))
    pretrained = resolve_weights("test_resnet", "auto")
    assert pretrained is not None
    assert pretrained.source == f"from {tmp_path / 'test_resnet.safetensors'}"


def test_a_broken_folder_is_an_error_and_not_passed_over(
    make_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder: Path = make_folder("test_resnet")
    (folder / "model.safetensors").unlink()
    monkeypatch.setenv("MEKIKI_WEIGHTS", str(folder.parent))
    with pytest.raises(WeightsError, match=r"has no model.safetensors"):
        resolve_weights("test_resnet", "auto")


def test_offline_it_says_what_was_looked_for_and_names_the_three_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("MEKIKI_WEIGHTS", "/nowhere")
    message = rf"no pretrained weights for resnet50: looked in MEKIKI_WEIGHTS \(/nowhere\), in .*hub-cache.* \(HF_HUB_OFFLINE is set\)\n{WAYS_OUT}"
    with pytest.raises(WeightsError, match=message) as caught:
        resolve_weights("resnet50", "auto")
    assert "\n" not in caught.value.message


def test_a_backbone_that_never_had_weights_gets_the_same_ways_out() -> None:
    with pytest.raises(WeightsError, match=rf"for nin: .*\(not set\), and none are published\n{WAYS_OUT}"):
        resolve_weights("nin", "auto")


def test_without_a_network_the_error_comes_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    reach("http://127.0.0.1:9", monkeypatch)
    began = time.perf_counter()
    with pytest.raises(WeightsError, match=rf"\(127.0.0.1:9 cannot be reached\)\n{WAYS_OUT}"):
        resolve_weights("resnet50", "auto")
    assert time.perf_counter() - began < 8


def test_a_busy_hub_is_not_asked_again_and_again(hub: type[FakeHub]) -> None:
    hub.status = 503
    began = time.perf_counter()
    with pytest.raises(WeightsError, match=rf"answers 503\)\n{WAYS_OUT}"):
        resolve_weights("resnet50", "auto")
    assert time.perf_counter() - began < 8
    assert len(hub.asked) == 1


def test_a_hub_that_does_not_have_it_is_named(hub: type[FakeHub]) -> None:
    hub.status = 404
    with pytest.raises(WeightsError, match=rf"on the hub at timm/resnet50.a1_in1k \(.*404.*\)\n{WAYS_OUT}"):
        resolve_weights("resnet50", "auto")


def made(kind: type[Exception]) -> Exception:
    """Make an error of the hub's client without the HTTP answer that its constructor wants."""
    error = kind.__new__(kind)
    error.args = ("told by the hub",)
    return error


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (errors.GatedRepoError, "only after a login"),
        (errors.RepositoryNotFoundError, "no such repository"),
        (errors.RemoteEntryNotFoundError, "it has no model.safetensors, and mekiki takes no pickles"),
        (errors.LocalEntryNotFoundError, "told by the hub"),
        (TimeoutError, "told by the hub"),
    ],
)
def test_what_the_hubs_client_raises_becomes_one_line(
    hub: type[FakeHub], monkeypatch: pytest.MonkeyPatch, kind: type[Exception], words: str
) -> None:
    def refuse(*_: Any, **__: Any) -> str:
        raise made(kind)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", refuse)
    with pytest.raises(WeightsError, match=rf"{words}.*\)\n{WAYS_OUT}") as caught:
        resolve_weights("resnet50", "auto")
    assert "\n" not in caught.value.message


def test_only_the_safetensors_file_is_fetched_and_then_taken_from_the_cache(
    hub: type[FakeHub],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    whole_state: Callable[..., dict[str, torch.Tensor]],
) -> None:
    save_file(whole_state("test_resnet", classes=1000), tmp_path / "x.safetensors")
    hub.content = (tmp_path / "x.safetensors").read_bytes()
    pretrained = resolve_weights("test_resnet", "auto")
    assert pretrained is not None
    assert pretrained.source == "hub timm/test_resnet.r160_in1k"
    files = {path for path in hub.asked if "/resolve/" in path}
    assert files == {"/timm/test_resnet.r160_in1k/resolve/main/model.safetensors"}
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub.asked.clear()
    again = resolve_weights("test_resnet", "auto")
    assert again is not None
    assert hub.asked == []
    assert again.state.keys() == pretrained.state.keys()


def test_a_file_of_the_hub_that_is_no_safetensors_file_is_refused(hub: type[FakeHub]) -> None:
    hub.content = b"\x80\x04 a pickle"
    with pytest.raises(WeightsError, match="no whole safetensors file"):
        resolve_weights("test_resnet", "auto")


def test_the_real_weights_are_found_with_their_padding(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEKIKI_WEIGHTS", str(shared / "weights"))
    pretrained = resolve_weights("mobilenetv1_100", "auto")
    assert pretrained is not None
    assert pretrained.pad_type == "same"
    assert pretrained.mean == pytest.approx((128 / 255,) * 3)
    assert pretrained.state["classifier.weight"].shape == (1000, 1024)
