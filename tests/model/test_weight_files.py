"""Weights that somebody else made are untrusted: each way of being wrong is refused in one line."""

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from mekiki.errors import WeightsError
from mekiki.model.backbones import create_pretrained
from mekiki.model.weight_files import Pretrained, read_pretrained
from mekiki.model.weights import resolve_weights


def read(path: Path, backbone: str = "test_resnet") -> Pretrained:
    return read_pretrained(path, backbone, "from here")


def rewrite(folder: Path, **changes: object) -> Path:
    config = folder / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), **changes}))
    return folder


def test_a_timm_folder_is_read_with_its_mean_and_std(
    make_folder: Callable[..., Path], whole_state: Callable[..., dict[str, torch.Tensor]]
) -> None:
    pretrained = read(make_folder("test_resnet"))
    assert (pretrained.mean, pretrained.std, pretrained.pad_type) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6), "")
    assert pretrained.source == "from here"
    expected = whole_state("test_resnet")
    assert all(torch.equal(tensor, expected[name]) for name, tensor in pretrained.state.items())


def test_the_file_of_a_folder_is_read_as_the_folder(make_folder: Callable[..., Path]) -> None:
    folder = rewrite(make_folder("mobilenetv1_100"), model_args={"pad_type": "same"})
    pretrained = read(folder / "model.safetensors", "mobilenetv1_100")
    assert (pretrained.mean, pretrained.pad_type) == ((0.1, 0.2, 0.3), "same")


def test_a_lone_file_takes_the_mean_that_timm_has_for_the_backbone(
    tmp_path: Path, whole_state: Callable[..., dict[str, torch.Tensor]]
) -> None:
    save_file(whole_state("test_vit"), tmp_path / "mine.safetensors")
    pretrained = read(tmp_path / "mine.safetensors", "test_vit")
    assert (pretrained.mean, pretrained.pad_type) == ((0.5, 0.5, 0.5), "")


def test_half_precision_on_disk_is_single_precision_in_memory(
    tmp_path: Path, whole_state: Callable[..., dict[str, torch.Tensor]]
) -> None:
    state = whole_state("test_resnet")
    half = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    save_file(half, tmp_path / "half.safetensors")
    pretrained = read(tmp_path / "half.safetensors")
    assert pretrained.state["fc.weight"].dtype is torch.float32
    assert torch.equal(pretrained.state["fc.weight"], half["fc.weight"].float())
    assert pretrained.state["bn1.num_batches_tracked"].dtype is torch.int64


def test_timms_older_config_without_sections_is_read(make_folder: Callable[..., Path]) -> None:
    folder = make_folder("test_resnet")
    (folder / "config.json").write_text(
        json.dumps({"architecture": "test_resnet", "mean": [0, 0, 0], "std": [1, 1, 1]})
    )
    assert read(folder).mean == (0.0, 0.0, 0.0)


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="absent: there is no such file or folder"):
        read(tmp_path / "absent")


@pytest.mark.parametrize("ending", [".pth", ".pt", ".bin", ".ckpt", ".npz"])
def test_formats_that_can_hold_programs_are_never_opened(tmp_path: Path, ending: str) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (pytest.fail, ("a pickle was opened",))

    file = tmp_path / f"model{ending}"
    file.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(WeightsError, match="no safetensors file\nhint: mekiki never opens"):
        read(file)


def test_a_pickle_under_the_name_of_safetensors_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(2)}, tmp_path / "trick.safetensors")
    with pytest.raises(WeightsError, match=r"trick.safetensors is no whole safetensors file"):
        read(tmp_path / "trick.safetensors")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        struct.pack("<Q", 2**60) + b"{}",
        struct.pack("<Q", 2) + b"{]",
        struct.pack("<Q", 67)
        + b'{"a":{"dtype":"F32","shape":[99999999,99999999],"data_offsets":[0,4]}}'[:67]
        + b"0000",
    ],
)
def test_a_broken_safetensors_file_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(WeightsError, match="no whole safetensors file") as caught:
        read(tmp_path / "x.safetensors")
    assert "\n" not in caught.value.message


def test_a_file_that_was_cut_short_is_refused(make_folder: Callable[..., Path]) -> None:
    file = make_folder("test_resnet") / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="no whole safetensors file"):
        read(file)


def test_values_that_are_no_numbers_are_refused(
    tmp_path: Path, whole_state: Callable[..., dict[str, torch.Tensor]]
) -> None:
    state = whole_state("test_resnet")
    state["conv1.0.weight"][0, 0, 0, 0] = float("nan")
    save_file(state, tmp_path / "nan.safetensors")
    with pytest.raises(WeightsError, match=r"conv1.0.weight holds values that are no finite numbers"):
        read(tmp_path / "nan.safetensors")


def test_an_empty_file_of_tensors_is_refused(tmp_path: Path) -> None:
    save_file({}, tmp_path / "none.safetensors")
    with pytest.raises(WeightsError, match="holds no tensors"):
        read(tmp_path / "none.safetensors")


def test_weights_of_another_architecture_name_both_and_the_way_out(make_folder: Callable[..., Path]) -> None:
    with pytest.raises(
        WeightsError, match="of 'test_resnet', and the backbone is 'test_vit'\nhint: --backbone test_resnet"
    ):
        read(make_folder("test_resnet"), "test_vit")


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_a_folder_without_one_of_its_two_files_is_refused(make_folder: Callable[..., Path], missing: str) -> None:
    folder = make_folder("test_resnet")
    (folder / missing).unlink()
    with pytest.raises(WeightsError, match=f"has no {missing}"):
        read(folder)


def test_a_run_folder_is_not_taken_for_weights(make_folder: Callable[..., Path]) -> None:
    folder = make_folder("test_resnet")
    (folder / "model.json").write_text("{}")
    with pytest.raises(WeightsError, match="is a mekiki run"):
        read(folder)


@pytest.mark.parametrize(
    ("model_args", "named"),
    [
        ({"pad_type": "same", "num_classes": 10**9}, "num_classes = '1000000000'"),
        ({"pad_type": "valid"}, "pad_type = 'valid'"),
        ({"pad_type": ["same"]}, "pad_type = "),
        ({"act_layer": "os.system"}, "act_layer = 'os.system'"),
        ({"block_args": {"depth": 10**12}}, "block_args = "),
    ],
)
def test_of_the_model_args_only_padding_is_accepted(
    make_folder: Callable[..., Path], model_args: dict[str, object], named: str
) -> None:
    folder = rewrite(make_folder("test_resnet"), model_args=model_args)
    with pytest.raises(WeightsError, match=f"model_args has {named}.*\nhint: pad_type: same is the only"):
        read(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": 7}, "config.json: architecture: Input should be a valid string"),
        ({"architecture": "x" * 1000}, "config.json: architecture: String should have at most 200"),
        ({"model_args": [1]}, "config.json: model_args: Input should be a valid dictionary"),
        ({"pretrained_cfg": {"mean": [0.5, 0.5]}}, "config.json: pretrained_cfg.mean"),
        ({"pretrained_cfg": {"mean": [1e300, 0, 0]}}, "pretrained_cfg.mean.0: Input should be less than"),
        ({"pretrained_cfg": {"mean": [float("nan"), 0, 0]}}, "pretrained_cfg.mean.0"),
        ({"pretrained_cfg": {"std": [0, 1, 1]}}, "pretrained_cfg.std.0: Input should be greater than"),
        ({"pretrained_cfg": {"std": ["a", 1, 1]}}, "pretrained_cfg.std.0"),
    ],
)
def test_a_value_that_cannot_be_is_named(
    make_folder: Callable[..., Path], changes: dict[str, object], message: str
) -> None:
    with pytest.raises(WeightsError, match=message):
        read(rewrite(make_folder("test_resnet"), **changes))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no JSON object"),
        ("[" * 200_000, "is not JSON"),
        ("1" * 10_000, "is not JSON"),
        (" " * (16 * 2**20 + 1), "larger than 16 MiB"),
    ],
)
def test_a_config_that_is_no_config_is_refused(make_folder: Callable[..., Path], text: str, message: str) -> None:
    folder = make_folder("test_resnet")
    (folder / "config.json").write_text(text)
    with pytest.raises(WeightsError, match=message):
        read(folder)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.fixed_dictionaries(
        {}, optional={name: json_values for name in ("architecture", "model_args", "pretrained_cfg", "mean", "std")}
    )
)
def test_any_config_is_read_or_refused_and_nothing_else_happens(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, object]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    save_file({"a": torch.zeros(1)}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(content))
    with pytest.raises(WeightsError) as caught:
        read(folder)
    assert "\n" not in caught.value.message


def test_missing_extra_and_misshapen_tensors_are_refused_in_one_line(
    tmp_path: Path, whole_state: Callable[..., dict[str, torch.Tensor]]
) -> None:
    state = whole_state("test_resnet")
    del state["bn1.weight"]
    state["intruder"] = torch.zeros(1)
    state["conv1.0.weight"] = torch.zeros(3, 3)
    save_file(state, tmp_path / "x.safetensors")
    pretrained = resolve_weights("test_resnet", str(tmp_path / "x.safetensors"))
    assert pretrained is not None
    with pytest.raises(WeightsError, match=r"x.safetensors do not fit test_resnet: .*bn1.weight") as caught:
        create_pretrained("test_resnet", pretrained)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("fault", ["missing", "extra", "misshapen"])
def test_each_single_fault_is_found(fault: str, whole_state: Callable[..., dict[str, torch.Tensor]]) -> None:
    state = whole_state("test_resnet")
    if fault == "missing":
        del state["layer4.0.bn2.running_var"]
    elif fault == "extra":
        state["layer9.weight"] = torch.zeros(1)
    else:
        state["layer4.0.conv2.weight"] = state["layer4.0.conv2.weight"][:, :1].clone()
    with pytest.raises(WeightsError, match=r"layer4.0.bn2.running_var|layer9.weight|layer4.0.conv2.weight"):
        create_pretrained("test_resnet", Pretrained(state, "", (0, 0, 0), (1, 1, 1), "from here"))


def test_weights_without_a_classifier_serve_as_well(whole_state: Callable[..., dict[str, torch.Tensor]]) -> None:
    state = {name: tensor for name, tensor in whole_state("test_resnet").items() if not name.startswith("fc.")}
    network = create_pretrained("test_resnet", Pretrained(state, "", (0, 0, 0), (1, 1, 1), "from here"))
    assert network.num_classes == 0
    assert torch.equal(network.conv1[0].weight, state["conv1.0.weight"])
