"""``mekiki predict``: ranked classes of pictures, folders and globs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mekiki.config import EvaluateSettings
from mekiki.data.layouts import list_pictures
from mekiki.errors import PictureError, SettingsError
from mekiki.evaluation.classifier import Classifier, load
from mekiki.progress import Progress, Silent
from mekiki.records.predictions import Prediction


def predict(
    run: str | Path | Classifier,
    sources: Sequence[str | Path] | str | Path,
    top: int = 5,
    settings: EvaluateSettings | None = None,
    progress: Progress | None = None,
) -> Iterator[Prediction]:
    """Predict pictures; one that cannot be read gets a line with the reason.

    Args:
        run: A run folder, ``imagenet:<timm name>``, or a loaded classifier.
        sources: Pictures, folders (searched through) and glob patterns.
        top: How many classes to give, at least 1.
        settings: Device, precision, batch size and threads.
        progress: Where to report to.

    Yields:
        One prediction for each picture, in order.

    Raises:
        DataError: A source does not exist or holds no pictures.
        RunError: It is no trained run.
    """
    if top < 1:
        raise SettingsError(f"top = {top}: at least one class must be given", "--top 5")
    named = [sources] if isinstance(sources, str | Path) else list(sources)
    pictures = list_pictures(named)
    classifier = run if isinstance(run, Classifier) else load(run, settings)
    for path, chances in classifier.each(pictures, progress or Silent()):
        if isinstance(chances, PictureError):
            yield Prediction(str(path), error=chances.message)
        else:
            yield classifier.rank(str(path), chances, top)
