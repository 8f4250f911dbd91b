"""mekiki (目利き): from a folder of photos to an image classifier that its owner can trust.

The public verbs and nouns. They are imported when first used: ``import mekiki`` costs nothing and loads no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mekiki.errors import MekikiError
    from mekiki.evaluation.classifier import Classifier
    from mekiki.evaluation.loading import load
    from mekiki.tensors.generator.image_data_generator import ImageDataGenerator
    from mekiki.verbs.augment import augment
    from mekiki.verbs.cache import cache
    from mekiki.verbs.collect import collect
    from mekiki.verbs.compare import compare
    from mekiki.verbs.demo import demo
    from mekiki.verbs.distill import distill
    from mekiki.verbs.doctor import doctor
    from mekiki.verbs.evaluate import evaluate
    from mekiki.verbs.explain import explain
    from mekiki.verbs.export import export
    from mekiki.verbs.predict import predict
    from mekiki.verbs.preview import preview
    from mekiki.verbs.report import report
    from mekiki.verbs.scan import scan
    from mekiki.verbs.split import check_split, split, split_folds
    from mekiki.verbs.stress import stress
    from mekiki.verbs.train import train
    from mekiki.verbs.unpack import unpack
    from mekiki.verbs.watch import watch
    from mekiki.version import __version__

_HOMES = {
    "Classifier": "mekiki.evaluation.classifier",
    "ImageDataGenerator": "mekiki.tensors.generator.image_data_generator",
    "MekikiError": "mekiki.errors",
    "__version__": "mekiki.version",
    "augment": "mekiki.verbs.augment",
    "cache": "mekiki.verbs.cache",
    "check_split": "mekiki.verbs.split",
    "collect": "mekiki.verbs.collect",
    "compare": "mekiki.verbs.compare",
    "demo": "mekiki.verbs.demo",
    "distill": "mekiki.verbs.distill",
    "doctor": "mekiki.verbs.doctor",
    "evaluate": "mekiki.verbs.evaluate",
    "explain": "mekiki.verbs.explain",
    "export": "mekiki.verbs.export",
    "load": "mekiki.evaluation.loading",
    "report": "mekiki.verbs.report",
    "predict": "mekiki.verbs.predict",
    "preview": "mekiki.verbs.preview",
    "scan": "mekiki.verbs.scan",
    "split": "mekiki.verbs.split",
    "split_folds": "mekiki.verbs.split",
    "stress": "mekiki.verbs.stress",
    "train": "mekiki.verbs.train",
    "unpack": "mekiki.verbs.unpack",
    "watch": "mekiki.verbs.watch",
}

__all__ = [
    "Classifier",
    "ImageDataGenerator",
    "MekikiError",
    "__version__",
    "augment",
    "cache",
    "check_split",
    "collect",
    "compare",
    "demo",
    "distill",
    "doctor",
    "evaluate",
    "explain",
    "export",
    "load",
    "report",
    "predict",
    "preview",
    "scan",
    "split",
    "split_folds",
    "stress",
    "train",
    "unpack",
    "watch",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mekiki' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
