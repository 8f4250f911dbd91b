"""Which backbone names there are: timm's registry, with ``nin`` and ``nin_small`` added to it.

A name is checked here before it is used for anything, above all before it becomes part of a path.
"""

from __future__ import annotations

import difflib

import timm
from timm.models import PretrainedCfg

import mekiki.model.nin  # noqa: F401  (registers its models with timm)
from mekiki.errors import SettingsError


def check_backbone(name: str) -> None:
    """Refuse what is no name in timm's registry.

    Args:
        name: An architecture (``resnet50``), or one with timm's tag of its weights (``resnet50.a1_in1k``).

    Raises:
        SettingsError: It is a source prefix (``hf-hub:``), or unknown; the nearest known name is the hint.
    """
    if any(mark in name for mark in ":/\\"):
        raise SettingsError(
            f"backbone {name!r} is no plain name",
            "name the architecture with --backbone, and its folder or file with --weights",
        )
    known = timm.list_models()
    if architecture(name) not in known:
        near = difflib.get_close_matches(architecture(name), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "mekiki backbones lists the known ones"
        raise SettingsError(f"there is no backbone {name!r}", hint)
    try:
        timm.get_pretrained_cfg(name)
    except RuntimeError:
        tags = timm.list_models(f"{architecture(name)}.*", include_tags=True)
        raise SettingsError(f"there are no weights named {name!r}", f"known: {', '.join(tags)}") from None


def architecture(name: str) -> str:
    """Return the name without the tag of its weights."""
    return name.partition(".")[0]


def pretrained_facts(name: str) -> PretrainedCfg:
    """Return what timm knows of a backbone's pretrained weights; its own defaults if it knows nothing.

    Args:
        name: A checked name, with or without a tag.
    """
    return timm.get_pretrained_cfg(name) or PretrainedCfg()


def backbone_names(pattern: str = "") -> list[str]:
    """Return known architectures.

    Args:
        pattern: A part of the name, or a pattern with ``*``; empty: all.
    """
    names: list[str] = timm.list_models(pattern if "*" in pattern else f"*{pattern}*")
    return names
