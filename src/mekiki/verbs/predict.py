"""``mekiki predict``: ranked classes of pictures, folders and globs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from mekiki.config import EvaluateSettings
from mekiki.data.importing.layouts import list_pictures
from mekiki.errors import PictureError, SettingsError
from mekiki.evaluation.answering import IMAGENET_PREFIX, Answering
from mekiki.evaluation.loading import TORCH, load
from mekiki.files import printable
from mekiki.progress import Progress, Silent
from mekiki.records.predictions import Prediction
from mekiki.verbs.asked_photos import with_runs_limit

TOP = 5
TOP_OF_IMAGENET = 10


def predict(
    run: str | Path | Answering,
    sources: Sequence[str | Path] | str | Path,
    top: int | None = None,
    settings: EvaluateSettings | None = None,
    weights: str = "auto",
    progress: Progress | None = None,
    engine: str = TORCH,
) -> Iterator[Prediction]:
    """Predict pictures; one that cannot be read gets a line with the reason.

    Args:
        run: A run folder, an exported graph, ``imagenet:<timm name>``, or what ``load`` gave.
        sources: Pictures, folders (searched through) and glob patterns.
        top: How many classes to give, at least 1; not given: 5, or 10 of ImageNet's 1,000.
        settings: Device, precision, batch size and threads.
        weights: For ``imagenet:`` only: ``auto`` or a path.
        progress: Where to report to.
        engine: What computes a run: torch, or one of its exports ("onnx", "openvino-int8" …).

    Returns:
        One prediction for each picture, in order, made as they are asked for.

    Raises:
        DataError: A source does not exist or holds no pictures.
        RunError: It is no trained run, or has no such export.
        SettingsError: top is below 1, or there is no such engine.
    """
    if top is not None and top < 1:
        raise SettingsError(f"top = {top}: at least one class must be given", "--top 5")
    pictures = list_pictures([sources] if isinstance(sources, str | Path) else sources)
    classifier = run if isinstance(run, Answering) else load(run, with_runs_limit(run, settings), weights, engine)
    usual = TOP_OF_IMAGENET if str(run).startswith(IMAGENET_PREFIX) else TOP
    return _predict(classifier, pictures, usual if top is None else top, Silent() if progress is None else progress)


def _predict(classifier: Answering, pictures: list[Path], top: int, progress: Progress) -> Iterator[Prediction]:
    with closing(classifier.answers(pictures, progress)) as answers:
        for path, answer in answers:
            if isinstance(answer, PictureError):
                yield Prediction(printable(str(path)), error=answer.message)
            else:
                yield classifier.say(printable(str(path)), answer, top)
