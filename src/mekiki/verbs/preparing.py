"""Check everything that a training needs, and load it, before a run folder is made."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mekiki.config import AugmentSettings, RunConfig
from mekiki.data.scans.scanning import ScanResult
from mekiki.errors import SettingsError
from mekiki.model.classifier import PhotoClassifier, build_classifier, count_parameters
from mekiki.model.device import Machine, choose_machine, give_back_memory, keep_memory, machine_to_learn
from mekiki.model.views import check_views, takes_one_size
from mekiki.model.weights import resolve_weights
from mekiki.progress import Progress
from mekiki.records.card import ModelCard, Preprocessing
from mekiki.records.manifest import Part
from mekiki.records.split import Split
from mekiki.records.unlabelled import Unlabelled
from mekiki.tensors.augmentation.batched import only_on_cpu
from mekiki.tensors.cache import PictureCache, open_picture_cache
from mekiki.tensors.fitting import check_whitening, fit_normaliser
from mekiki.tensors.loading import PhotoSet
from mekiki.tensors.normalisation import Normaliser
from mekiki.verbs.board import check_board
from mekiki.verbs.choices import chosen_views, with_choices
from mekiki.verbs.looking import Looked
from mekiki.verbs.teaching import TrainedTeacher, open_teacher

LARGEST_MARGIN = 2.0
TRAINING_PARTS: tuple[Part, Part] = ("train", "val")


@dataclass(frozen=True)
class Prepared:
    """All that training needs, checked."""

    config: RunConfig
    scanned: ScanResult
    split: Split
    model: PhotoClassifier
    card: ModelCard
    machine: Machine
    normaliser: Normaliser
    train_photos: PhotoSet
    val_photos: PhotoSet
    teacher: TrainedTeacher | None
    unlabelled: list[Unlabelled]


def prepare(config: RunConfig, looked: Looked, progress: Progress) -> Prepared:
    """Check everything and load what training needs, without writing anything.

    Args:
        config: All settings, as asked for.
        looked: Its photos, as ``look`` found them.
        progress: Where to report to.

    Returns:
        The parts, with a config in which each choice is made.
    """
    machine = choose_machine(config.train.device, config.train.precision)
    check_board(config.train.tensorboard)
    if config.train.augment_on == "device" and (names := only_on_cpu(config.augment)):
        raise SettingsError(f"{names[0]} can be done on the CPU alone, and augment_on is device", "--augment-on cpu")
    check_whitening(config.normalisation, config.model.image_size)
    pretrained = resolve_weights(config.model.backbone, config.model.weights)
    scanned, parts = looked.scanned, looked.split
    teacher = open_teacher(config, looked)
    give_back_memory()
    keep_memory()
    classes = scanned.manifest.classes
    model, preprocessing, source = build_classifier(config.model, classes, config.train.seed, pretrained)
    config = with_choices(config, model)
    if config.model.freeze != "auto":
        model.freeze(config.model.freeze)
    views = chosen_views(config)
    check_views(views, takes_one_size(config.model.backbone, model.head.reads_map))
    model.to(machine.device).to(memory_format=torch.channels_last)
    counts = count_parameters(model)
    progress.say(
        f"{config.model.backbone} ({source}), {config.model.head} head, {counts.trainable:,} of {counts.total:,} "
        f"parameters train, {preprocessing.image_size} px, "
        f"{machine_to_learn(machine, config.train.precision, model).describe()}"
    )
    cache = open_picture_cache(config.train.cache_gigabytes, progress.say)
    train, val = (_photo_set(scanned, parts, part, preprocessing, config, cache) for part in TRAINING_PARTS)
    normaliser = _fit_normaliser(config, preprocessing, [train, val], progress).to(machine.device)
    card = ModelCard(
        backbone=config.model.backbone,
        pad_type=model.pad_type,
        head=config.model.head,
        classes=list(classes),
        preprocessing=normaliser.preprocessing,
        views=views,
        weights_source=source,
        parameters=counts.total,
        trainable_parameters=counts.trainable,
    )
    return Prepared(config, scanned, parts, model, card, machine, normaliser, train, val, teacher, looked.unlabelled)


def _fit_normaliser(
    config: RunConfig, preprocessing: Preprocessing, photo_sets: list[PhotoSet], progress: Progress
) -> Normaliser:
    """Fit on the training photos alone; from here on all photos know what came out."""
    train, settings = photo_sets[0], config.train
    normaliser = fit_normaliser(
        config.normalisation, preprocessing, train, settings.seed, settings.batch_size, settings.workers, progress
    )
    for photos in photo_sets:
        photos.preprocessing = normaliser.preprocessing
    return normaliser


def _photo_set(
    scanned: ScanResult,
    parts: Split,
    part: Part,
    preprocessing: Preprocessing,
    config: RunConfig,
    cache: PictureCache | None,
) -> PhotoSet:
    rows = parts.part(part)
    sha256s = {photo.path: photo.sha256 for photo in scanned.manifest.photos}
    numbers = {name: number for number, name in enumerate(scanned.manifest.classes)}
    return PhotoSet(
        scanned.manifest.root,
        [row.path for row in rows],
        [numbers[row.label] for row in rows],
        preprocessing,
        config.scan.max_megapixels,
        _margin(config.augment) if part == "train" else 1.0,
        [sha256s[row.path] for row in rows],
        cache,
    )


def _margin(augmentation: AugmentSettings) -> float:
    """Return how much larger than the network's scale photos are kept, so that the nearest zoom is still sharp."""
    return min(LARGEST_MARGIN, max(1.0, 1 / augmentation.zoom_factors[0]))
