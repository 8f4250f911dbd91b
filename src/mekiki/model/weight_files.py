"""Pretrained weights from a file or folder that somebody else made: safetensors and JSON, read as untrusted data.

A folder is what timm calls a ``local-dir``: ``config.json`` and ``model.safetensors``. Nothing in it is executed, and
of its ``model_args`` only ``pad_type: same`` is accepted, because any other changes what is built. It does not look
for weights (``weights.py`` does) and does not know whether the tensors fit (``backbones.py`` does).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from torch import Tensor

from mekiki.errors import WeightsError, one_line
from mekiki.model.registry import architecture, pretrained_facts
from mekiki.records.card import Channels, PadType, Spread

WEIGHTS_NAME = "model.safetensors"
CONFIG_NAME = "config.json"
MAX_CONFIG_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Pretrained:
    """Weights of a whole network, classifier included, and how its pictures were prepared.

    Attributes:
        state: Parameter and buffer name → tensor; floating numbers are float32.
        pad_type: "same" if the network was trained with TensorFlow-style padding, else empty.
        mean: Of each channel of pictures in 0..1.
        std: Of each channel.
        source: Where they came from, in words.
    """

    state: dict[str, Tensor]
    pad_type: PadType
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    source: str


class _Untrusted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _PictureFacts(_Untrusted):
    mean: Channels | None = None
    std: Spread | None = None


class _FolderConfig(_Untrusted):
    architecture: Annotated[str, Field(max_length=200)]
    model_args: dict[str, Any] = {}
    pretrained_cfg: _PictureFacts = _PictureFacts()


def read_pretrained(path: Path, backbone: str, source: str) -> Pretrained:
    """Read weights for a backbone.

    Args:
        path: A safetensors file or a ``local-dir`` folder; a ``model.safetensors`` beside a ``config.json`` is read as
            its folder, so that its padding and its mean are not lost.
        backbone: The checked name of what they are for.
        source: Where they came from, in words.

    Raises:
        WeightsError: They are missing, broken, of another architecture, or need what is not accepted.
    """
    if not path.exists():
        raise WeightsError(
            f"--weights {path}: there is no such file or folder", "auto, none, a safetensors file or a timm folder"
        )
    if path.name == WEIGHTS_NAME and (path.parent / CONFIG_NAME).is_file():
        path = path.parent
    if path.is_dir():
        return _read_folder(path, backbone, source)
    if path.suffix != ".safetensors":
        raise WeightsError(
            f"{path} is no safetensors file", "mekiki never opens .pth, .pt or .bin files: they can hold programs"
        )
    facts = pretrained_facts(backbone)
    return Pretrained(_read_tensors(path), "", _three(facts.mean), _three(facts.std), source)


def read_architecture(folder: Path) -> str:
    """Return the architecture that a timm folder says it holds weights of.

    Raises:
        WeightsError: Its ``config.json`` cannot be read or names none.
    """
    return _read_config(folder / CONFIG_NAME).architecture


def _read_folder(folder: Path, backbone: str, source: str) -> Pretrained:
    if (folder / "model.json").is_file():
        raise WeightsError(
            f"{folder} is a mekiki run, not a backbone's pretrained weights",
            "name a timm folder (config.json and model.safetensors) or a safetensors file",
        )
    for name in (CONFIG_NAME, WEIGHTS_NAME):
        if not (folder / name).is_file():
            raise WeightsError(
                f"{folder} has no {name}",
                f"a folder of weights holds {CONFIG_NAME} and {WEIGHTS_NAME}, as timm saves it",
            )
    config = _read_config(folder / CONFIG_NAME)
    if architecture(config.architecture) != architecture(backbone):
        raise WeightsError(
            f"{folder} holds weights of {config.architecture[:80]!r}, and the backbone is {backbone!r}",
            f"--backbone {config.architecture[:80]}, or other weights",
        )
    facts = pretrained_facts(backbone)
    return Pretrained(
        _read_tensors(folder / WEIGHTS_NAME),
        _pad_type(folder / CONFIG_NAME, config.model_args),
        _three(facts.mean if config.pretrained_cfg.mean is None else config.pretrained_cfg.mean),
        _three(facts.std if config.pretrained_cfg.std is None else config.pretrained_cfg.std),
        source,
    )


def _read_config(path: Path) -> _FolderConfig:
    if path.stat().st_size > MAX_CONFIG_BYTES:
        raise WeightsError(f"{path} is larger than {MAX_CONFIG_BYTES // 2**20} MiB: that is no timm config")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path} is not JSON: {str(error)[:200]}") from None
    if not isinstance(content, dict):
        raise WeightsError(f"{path} holds no JSON object")
    if "pretrained_cfg" not in content:  # timm's older form has no sections
        content = {**content, "pretrained_cfg": content}
    try:
        return _FolderConfig.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise WeightsError(f"{path}: {where}: {first['msg']}") from None


def _pad_type(path: Path, model_args: dict[str, Any]) -> PadType:
    for name, value in model_args.items():
        if name != "pad_type" or value not in ("", "same"):
            raise WeightsError(
                f"{path}: model_args has {name[:80]} = {str(value)[:80]!r}, which is not accepted",
                "pad_type: same is the only argument that a folder of weights may give",
            )
    return "same" if model_args.get("pad_type") == "same" else ""


def _read_tensors(path: Path) -> dict[str, Tensor]:
    try:
        state = safetensors.torch.load_file(path)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror or error}") from error
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise WeightsError(f"{path} is no whole safetensors file: {one_line(error)}", "fetch it again") from None
    if not state:
        raise WeightsError(f"{path} holds no tensors")
    floating = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    broken = next((name for name, tensor in floating.items() if not torch.isfinite(tensor).all()), None)
    if broken is not None:
        raise WeightsError(f"{path}: {broken} holds values that are no finite numbers", "fetch it again")
    return floating


def _three(values: tuple[float, ...]) -> tuple[float, float, float]:
    red, green, blue = values
    return float(red), float(green), float(blue)
