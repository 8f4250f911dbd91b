"""Settings that are left to mekiki, chosen once for a run: from the weights, the network and the other settings."""

from __future__ import annotations

from typing import Literal

from mekiki.config import RunConfig, ViewsName
from mekiki.errors import SettingsError
from mekiki.model.backbones import stages
from mekiki.model.classifier import PhotoClassifier
from mekiki.model.layout import layout_of
from mekiki.model.views import takes_one_size
from mekiki.training.growing import usual_first_size, usual_last_size


def with_choices(config: RunConfig, model: PhotoClassifier) -> RunConfig:
    """Resolve what depends on the rest: random weights have no statistics worth keeping, and no probe."""
    random = config.model.weights == "none"
    choices = {
        "probe": config.train.probe and model.accepts_probe and not random,
        "batch_norm": "trained" if random else config.train.batch_norm,
        "refit": _refit(config, model),
        "first_size": _first_size(config, model),
        "last_size": _last_size(config, model),
    }
    if config.train.epochs == 0 and not choices["probe"]:
        raise SettingsError(
            "with epochs 0 and no probe nothing would be learnt"
            + (", and random weights have no probe" if random else ""),
            "--epochs 10",
        )
    of_model = {"views": chosen_views(config), "freeze": _frozen_stages(config, model)}
    return config.model_copy(
        update={
            "train": config.train.model_copy(update=choices),
            "model": config.model.model_copy(update=of_model),
        }
    )


def _frozen_stages(config: RunConfig, model: PhotoClassifier) -> int | Literal["all", "none"]:
    """Return which stages are kept; auto: the lower half, if it was made for just such photos (``docs/log.md``)."""
    asked = config.model.freeze
    if asked != "auto":
        return asked
    made_for_them = config.model.weights != "none" and config.normalisation.normalise == ("weights",)
    return len(stages(model.backbone)) // 2 if made_for_them else "none"


def _first_size(config: RunConfig, model: PhotoClassifier) -> int:
    """Return the size of the first epochs; one that the network, or the whitening, cannot take is refused."""
    first, last = config.train.first_size, _last_size(config, model)
    if first == "auto":
        return last if _one_size(config, model) else min(usual_first_size(config.model.image_size), last)
    if first > last:
        raise SettingsError(
            f"first_size {first}, and the last epochs have {last}: photos grow, they do not shrink",
            f"--first-size {last // 2}",
        )
    _check_size("first_size", first, config, model)
    return first


def _refit(config: RunConfig, model: PhotoClassifier) -> Literal["off", "views", "sizes"]:
    """Return from which views the head is fitted anew: off where there is no training, or no linear head."""
    if config.train.epochs == 0 or not model.has_linear_head:
        return "off"
    return "views" if config.train.refit == "sizes" and _one_size(config, model) else config.train.refit


def _last_size(config: RunConfig, model: PhotoClassifier) -> int:
    """Return the size of the last epochs; one that leaves the head unfit for image_size is refused."""
    last, image_size, first = config.train.last_size, config.model.image_size, config.train.first_size
    if last == "auto":
        stays = _refit(config, model) == "off" or config.model.weights == "none" or _one_size(config, model)
        return image_size if stays else max(usual_last_size(image_size), 0 if first == "auto" else first)
    if last > image_size:
        raise SettingsError(
            f"last_size {last}, and image_size {image_size}: photos that are asked about would be smaller",
            f"--image-size {last}",
        )
    _check_size("last_size", last, config, model)
    if last != image_size and _refit(config, model) == "off":
        why = "refit is off" if model.has_linear_head else f"head {config.model.head} cannot be fitted anew"
        raise SettingsError(
            f"last_size {last}: nothing would make the head fit for image_size {image_size}, since {why}",
            f"--image-size {last}",
        )
    return last


def _check_size(name: str, size: int, config: RunConfig, model: PhotoClassifier) -> None:
    if size == config.model.image_size:
        return
    one_size = _one_size(config, model)
    if one_size:
        option = f"--{name.replace('_', '-')} {config.model.image_size}"
        raise SettingsError(f"{name} {size}: {one_size} takes pictures of one size only", option)
    try:
        layout_of(config.model.backbone, model.pad_type, size)
    except SettingsError as error:
        option = f"--{name.replace('_', '-')}"
        raise SettingsError(f"{name} {size}: {error.message}", f"a larger {option}, or leave it out") from error


def _one_size(config: RunConfig, model: PhotoClassifier) -> str:
    """Return what takes pictures of one size only, in words; empty if nothing does."""
    whitens = "zca_whitening" in config.normalisation.normalise
    return takes_one_size(config.model.backbone, model.head.reads_map) or ("zca_whitening" if whitens else "")


def chosen_views(config: RunConfig) -> ViewsName:
    """Return the views that were asked for; auto means the mirror image, too, if training mirrors photos."""
    if config.model.views == "auto":
        return "mirror" if config.augment.horizontal_flip else "plain"
    return config.model.views
