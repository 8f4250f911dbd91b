"""Check everything that a training needs, and load it, before a run folder is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from mekiki.config import AugmentSettings, RunConfig
from mekiki.data.scans.scanning import ScanResult, scan
from mekiki.data.splits.splitting import apply_split, split
from mekiki.errors import SettingsError
from mekiki.model.classifier import PhotoClassifier, build_classifier, count_parameters
from mekiki.model.device import Machine, choose_machine, give_back_memory, keep_memory
from mekiki.model.views import check_views, takes_one_size
from mekiki.model.weights import resolve_weights
from mekiki.progress import Progress
from mekiki.records.card import ModelCard, Preprocessing
from mekiki.records.manifest import Part
from mekiki.records.split import Split, read_split
from mekiki.tensors.augmentation.batched import runs_batched
from mekiki.tensors.cache import PictureCache, open_picture_cache
from mekiki.tensors.fitting import check_whitening, fit_normaliser
from mekiki.tensors.loading import PhotoSet
from mekiki.tensors.normalisation import Normaliser
from mekiki.verbs.board import check_board
from mekiki.verbs.choices import chosen_views, with_choices

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


def prepare(config: RunConfig, progress: Progress, split_path: Path | None = None) -> Prepared:
    """Check everything and load what training needs, without writing anything.

    Args:
        config: All settings, as asked for.
        progress: Where to report to.
        split_path: The split of a training that goes on; not given: that of the settings, or a new one.

    Returns:
        The parts, with a config in which each choice is made.
    """
    machine = choose_machine(config.train.device, config.train.precision)
    check_board(config.train.tensorboard)
    if config.train.augment_on == "device" and not runs_batched(config.augment):
        raise SettingsError("jpeg_quality needs the CPU's encoder, and augment_on is device", "--augment-on cpu")
    check_whitening(config.normalisation, config.model.image_size)
    pretrained = resolve_weights(config.model.backbone, config.model.weights)
    chosen = config.split_file if split_path is None else split_path
    given = None if chosen is None else read_split(Path(chosen))
    scanned = scan(Path(config.data), config.scan, progress=progress)
    progress.say(_describe_scan(scanned))
    parts = split(scanned.manifest, config.split) if given is None else apply_split(scanned.manifest, given)
    for note in parts.notes:
        progress.say(f"note: {note}")
    give_back_memory()
    keep_memory()
    classes = scanned.manifest.classes
    model, preprocessing, source = build_classifier(config.model, classes, config.train.seed, pretrained)
    config = with_choices(config, model)
    views = chosen_views(config)
    check_views(views, takes_one_size(config.model.backbone, model.head.reads_map))
    model.to(machine.device).to(memory_format=torch.channels_last)
    counts = count_parameters(model)
    progress.say(
        f"{config.model.backbone} ({source}), {config.model.head} head, {counts.trainable:,} of {counts.total:,} "
        f"parameters train, {preprocessing.image_size} px, {machine.describe()}"
    )
    cache = open_picture_cache(config.train.cache_gigabytes, progress.say)
    photo_sets = [_photo_set(scanned, parts, part, preprocessing, config, cache) for part in TRAINING_PARTS]
    normaliser = _fit_normaliser(config, preprocessing, photo_sets, progress).to(machine.device)
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
    return Prepared(config, scanned, parts, model, card, machine, normaliser, *photo_sets)


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


def _describe_scan(scanned: ScanResult) -> str:
    unreadable = sum(photo.status == "unreadable" for photo in scanned.manifest.photos)
    words = f"{len(scanned.manifest.usable()):,} photos in {len(scanned.manifest.classes)} classes"
    parts = [words, f"{len(scanned.findings):,} findings"]
    if unreadable:
        parts.append(f"{unreadable} unreadable and left out")
    if scanned.decided.summary:
        parts.append(scanned.decided.summary)
    return ", ".join(parts)
