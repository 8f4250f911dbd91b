"""What ``--engine`` says: which graph computes, and whether it computes here or on a Ray cluster.

``ray`` alone means the usual way of computing on the cluster, ``ray:onnx`` an export of the run on the cluster; all
else is computed here. Nothing of Ray is imported.
"""

from __future__ import annotations

from importlib.util import find_spec

from mekiki.config import ClusterSettings, Section
from mekiki.errors import SettingsError, unknown_name
from mekiki.evaluation.loading import ENGINES, TORCH

RAY = "ray"
LOCAL = "local"
NEEDED = ("ray", "pyarrow")


def split_engine(engine: str) -> tuple[bool, str]:
    """Return whether a cluster computes, and by what: torch, or which kind of export.

    Args:
        engine: As a person gave it: one of ``ENGINES``, "ray", or "ray:" before one of them.

    Raises:
        SettingsError: There is no such engine.
    """
    where, _, graph = engine.partition(":")
    on_cluster = where == RAY
    what = (graph if ":" in engine else TORCH) if on_cluster else engine
    if what not in ENGINES:
        raise unknown_name("engine", engine, (*ENGINES, RAY, *(f"{RAY}:{name}" for name in ENGINES)))
    return on_cluster, what


def is_on_cluster(engine: str) -> bool:
    """Tell where a verb without a choice of graphs computes.

    Args:
        engine: "local" or "ray".

    Raises:
        SettingsError: There is no such engine.
    """
    if engine not in (LOCAL, RAY):
        raise unknown_name("engine", engine, (LOCAL, RAY))
    return engine == RAY


def check_cluster() -> None:
    """Refuse before any work if what a cluster needs is not installed.

    Raises:
        SettingsError: Something is missing.
    """
    missing = next((name for name in NEEDED if find_spec(name) is None), None)
    if missing is not None:
        raise SettingsError(f"--engine ray needs the package {missing}", "pip install 'mekiki[cluster]'")


def refuse_idle(settings: dict[str, object], on_cluster: bool, section: type[Section] = ClusterSettings) -> None:
    """Refuse a setting of the cluster where no cluster is asked for.

    Args:
        settings: What a person gave, by name.
        on_cluster: Whether a cluster computes.
        section: The settings that are meant.

    Raises:
        SettingsError: One was given.
    """
    idle = next((name for name in settings if name in section.model_fields), None)
    if idle is not None and not on_cluster:
        raise SettingsError(f"--{idle.replace('_', '-')} goes with --engine ray", "add --engine ray, or leave it out")
