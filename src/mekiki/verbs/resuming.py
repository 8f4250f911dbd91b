"""Going on with a training that was stopped, failed or killed: what it was begun with, and whether that still holds.

The run folder says it all: ``config.json`` the settings, ``split.csv`` the photos, ``checkpoints/`` how far it came.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mekiki.config import SECTIONS, RunConfig, make_config
from mekiki.data.folders import absolute_path
from mekiki.errors import MekikiError, SettingsError
from mekiki.records.run import RunFolder, read_config, read_status

FREE = (
    "device",
    "precision",
    "compile",
    "engine",
    "replicas",
    "workers",
    "cache_gigabytes",
    "checkpoint_minutes",
)
"""Settings that may be others when a training goes on."""
RESOLVED = {
    "probe": True,
    "refit": "sizes",
    "batch_norm": "frozen",
    "views": "auto",
    "first_size": "auto",
    "last_size": "auto",
    "freeze": "auto",
}
"""Settings that other settings overrule, and the value that leaves them to these; the run has what came of it."""


_BEGUN_CONFIG = re.compile(r"\.config-[a-z0-9_]{8}\.json")
_HALF_WRITTEN = re.compile(r"\.tmp\w{6}|\..*-[a-z0-9_]{8}\.(csv|html|jsonl?|png|safetensors)", re.DOTALL)
"""Names under which safetensors, and ``files.replaced``, write before a file gets its own."""


def holds_begun_run(run: RunFolder) -> bool:
    """Tell whether a training was begun in a folder.

    What a kill left of its very first file is removed if nothing else is there; a folder with other files is a
    person's own.
    """
    if run.config.is_file() or not run.path.is_dir():
        return run.config.is_file()
    found = list(run.path.iterdir())
    if all(_BEGUN_CONFIG.fullmatch(path.name) for path in found):
        for path in found:
            path.unlink(missing_ok=True)
    return False


def is_done(run: RunFolder) -> bool:
    """Tell whether a run ended; a status that is missing or half written says no."""
    try:
        return read_status(run).state == "done"
    except MekikiError:
        return False


def config_to_resume(
    run: RunFolder, data: str | Path | None, split_file: str | Path | None, settings: dict[str, Any]
) -> RunConfig:
    """Return what a run was begun with.

    Args:
        run: Its folder.
        data: What the person named now; None: nothing.
        split_file: As ``data``.
        settings: Settings that the person gave now; the ``FREE`` ones take effect, others must be the run's own.

    Raises:
        SettingsError: The person asks for something else than the run was begun with.
        RunError: ``config.json`` cannot be read.
    """
    config = read_config(run)
    for name, now, begun in (("data", data, config.data), ("--split", split_file, config.split_file)):
        if now is not None and str(absolute_path(Path(now))) != begun:
            raise SettingsError(f"{run.path} was begun with {name} {begun or 'not given'}, not {now}", _hint(name))
    own = {f"{name}.{field}": value for name in SECTIONS for field, value in getattr(config, name).model_dump().items()}
    given = {key: value for key, value in settings.items() if key != "recipe"}
    if "local" in (given.get("engine"), given.get("train.engine")):
        own["train.replicas"] = 1
    asked = make_config(config.data, config.split_file, **{**own, **given})
    free: dict[str, Any] = {}
    if "recipe" in settings and settings["recipe"] != config.recipe:
        raise SettingsError(
            f"{run.path} was begun with recipe = {config.recipe}, not {settings['recipe']}", _hint("recipe")
        )
    for key in given:
        field = key.rpartition(".")[2]
        for section in SECTIONS:
            if field not in SECTIONS[section].model_fields:
                continue
            now, begun = getattr(getattr(asked, section), field), getattr(getattr(config, section), field)
            if section == "train" and field in FREE:
                free[field] = now
            elif now not in (begun, RESOLVED.get(field, begun)):
                raise SettingsError(f"{run.path} was begun with {field} = {begun}, not {now}", _hint(field))
    return config.model_copy(update={"train": config.train.model_copy(update=free)})


def _hint(name: str) -> str:
    return f"leave {name} out to go on, or train into another folder"


def clear_leftovers(run: RunFolder) -> None:
    """Remove the temporary files that a kill left in a run folder."""
    for path in list(run.path.rglob(".*")):
        if _HALF_WRITTEN.fullmatch(path.name) and path.is_file():
            path.unlink(missing_ok=True)
