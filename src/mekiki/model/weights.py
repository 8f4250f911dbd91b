"""Where a backbone's pretrained weights come from: a path, the folder that MEKIKI_WEIGHTS names, timm's cache, the hub.

From the cache and the hub only ever ``model.safetensors`` is taken. Where nothing is found this stops with the reason,
within seconds, and never goes on with random numbers; random weights are only had by asking for ``none``.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import huggingface_hub
from huggingface_hub import constants, errors

from mekiki.errors import WeightsError, one_line
from mekiki.model.registry import architecture, check_backbone, pretrained_facts
from mekiki.model.weight_files import (
    CONFIG_NAME,
    WEIGHTS_NAME,
    Pretrained,
    read_architecture,
    read_pretrained,
)

FOLDER_VARIABLE = "MEKIKI_WEIGHTS"
HUB_SECONDS = 5.0
WAYS_OUT = (
    f"set {FOLDER_VARIABLE} to a folder that holds them, or give --weights PATH, "
    "or start from random numbers with --weights none"
)


def resolve_weights(backbone: str, weights: str) -> Pretrained | None:
    """Find and read pretrained weights.

    Args:
        backbone: A name that timm knows.
        weights: ``auto``, ``none``, or the path of a safetensors file or of a timm folder.

    Returns:
        The weights; None if ``none`` was asked for.

    Raises:
        SettingsError: There is no such backbone.
        WeightsError: There are no such weights, or they cannot be read.
    """
    check_backbone(backbone)
    if weights == "none":
        return None
    if not weights:
        raise WeightsError("--weights is empty", "auto, none, a safetensors file or a timm folder")
    if weights != "auto":
        return read_pretrained(Path(weights).expanduser(), backbone, f"from {weights}")
    named = named_place(backbone)
    if named is not None:
        return read_pretrained(named, backbone, f"from {named}")
    cached = cached_file(backbone)
    if cached is None:
        cached = _download(backbone)
    return read_pretrained(cached, backbone, f"hub {pretrained_facts(backbone).hf_hub_id}")


def named_place(backbone: str) -> Path | None:
    """Return where the folder that MEKIKI_WEIGHTS names has this backbone's weights; None if it has none.

    That is ``<folder>/<backbone>/``, ``<folder>/<backbone>.safetensors``, or the folder itself if it is a timm folder
    of this architecture.

    Args:
        backbone: A checked name.
    """
    value = os.environ.get(FOLDER_VARIABLE, "")
    if not value:
        return None
    folder = Path(value).expanduser()
    if (folder / backbone).is_dir():
        return folder / backbone
    if (folder / f"{backbone}.safetensors").is_file():
        return folder / f"{backbone}.safetensors"
    return folder if _is_folder_of(folder, backbone) else None


def _is_folder_of(folder: Path, backbone: str) -> bool:
    if not (folder / WEIGHTS_NAME).is_file() or not (folder / CONFIG_NAME).is_file():
        return False
    return architecture(read_architecture(folder)) == architecture(backbone)


def cached_file(backbone: str) -> Path | None:
    """Return the weights that timm or mekiki fetched from the hub before; None if they did not.

    Args:
        backbone: A checked name.
    """
    repository, revision = _repository(backbone)
    if not repository:
        return None
    found = huggingface_hub.try_to_load_from_cache(repository, WEIGHTS_NAME, revision=revision)
    return Path(found) if isinstance(found, str) else None


def describe_place(backbone: str) -> str:
    """Return where ``auto`` would take weights from, in words and without asking the network; empty if from nowhere.

    Args:
        backbone: A checked name.
    """
    try:
        named = named_place(backbone)
    except WeightsError as error:
        return error.message
    if named is not None:
        return f"from {named}"
    repository, _ = _repository(backbone)
    if not repository:
        return ""
    return f"{'cached' if cached_file(backbone) else 'hub'} {repository}"


def _repository(backbone: str) -> tuple[str, str | None]:
    repository, _, revision = (pretrained_facts(backbone).hf_hub_id or "").partition("@")
    return repository, revision or None


def _download(backbone: str) -> Path:
    repository, revision = _repository(backbone)
    looked = f"in {FOLDER_VARIABLE} ({os.environ.get(FOLDER_VARIABLE) or 'not set'})"
    if not repository:
        raise WeightsError(f"no pretrained weights for {backbone}: looked {looked}, and none are published", WAYS_OUT)
    trouble = _hub_trouble(huggingface_hub.hf_hub_url(repository, WEIGHTS_NAME, revision=revision))
    if not trouble:
        try:
            return Path(huggingface_hub.hf_hub_download(repository, WEIGHTS_NAME, revision=revision))
        except Exception as error:  # what the hub's client raises differs with the HTTP library of its version
            trouble = _in_words(error)
    raise WeightsError(
        f"no pretrained weights for {backbone}: looked {looked}, in {constants.HF_HUB_CACHE} "
        f"and on the hub at {repository} ({trouble})",
        WAYS_OUT,
    )


def _hub_trouble(url: str) -> str:
    """Return why the hub cannot be asked for a file, in words; empty if it answers.

    The hub's own client tries for 24 seconds, with five warnings, before it says that there is no network.
    """
    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    try:
        answer = huggingface_hub.get_session().head(url, timeout=HUB_SECONDS)
    except Exception:  # requests' or httpx's, by the version of huggingface_hub
        return f"{urlsplit(url).netloc} cannot be reached"
    busy = answer.status_code == 429 or answer.status_code >= 500
    return f"{urlsplit(url).netloc} answers {answer.status_code}" if busy else ""


def _in_words(error: Exception) -> str:
    if isinstance(error, errors.GatedRepoError):
        return "its owner gives it out only after a login: hf auth login"
    if isinstance(error, errors.LocalEntryNotFoundError):
        cause = error.__cause__
        return one_line(cause if cause is not None else error, 120)
    if isinstance(error, errors.EntryNotFoundError):
        return f"it has no {WEIGHTS_NAME}, and mekiki takes no pickles"
    if isinstance(error, errors.RepositoryNotFoundError):
        return "there is no such repository"
    return one_line(error, 120)
