"""Settings that are left to mekiki, chosen once for a run: from the weights, the network and the other settings."""

from __future__ import annotations

from typing import Literal

from mekiki.config import RunConfig, ViewsName
from mekiki.errors import SettingsError
from mekiki.model.backbones import stages
from mekiki.model.classifier import PhotoClassifier
from mekiki.model.views import takes_one_size
from mekiki.training.growing import usual_first_size


def with_choices(config: RunConfig, model: PhotoClassifier) -> RunConfig:
    """Resolve what depends on the rest: random weights have no statistics worth keeping, and no probe."""
    random = config.model.weights == "none"
    choices = {
        "probe": config.train.probe and model.accepts_probe and not random,
        "batch_norm": "trained" if random else config.train.batch_norm,
        "first_size": _first_size(config, takes_one_size(config.model.backbone, model.head.reads_map)),
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


def _first_size(config: RunConfig, one_size: str) -> int:
    """Return the size of the first epochs; one that the network, or the whitening, cannot take is refused."""
    first, image_size = config.train.first_size, config.model.image_size
    whitens = "zca_whitening" in config.normalisation.normalise
    fixed = one_size or ("zca_whitening" if whitens else "")
    if first == "auto":
        return image_size if fixed else usual_first_size(image_size)
    if first > image_size:
        raise SettingsError(
            f"first_size {first}, and image_size {image_size}: photos grow, they do not shrink",
            f"--first-size {image_size // 2}",
        )
    if first != image_size and fixed:
        raise SettingsError(f"first_size {first}: {fixed} takes pictures of one size only", "leave it out")
    return first


def chosen_views(config: RunConfig) -> ViewsName:
    """Return the views that were asked for; auto means the mirror image, too, if training mirrors photos."""
    if config.model.views == "auto":
        return "mirror" if config.augment.horizontal_flip else "plain"
    return config.model.views
