"""``mekiki predict``: ranked classes of pictures, folders and globs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from mekiki.cluster.engines import check_cluster, split_engine
from mekiki.config import ClusterSettings, EvaluateSettings
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
    out: str | Path | None = None,
    cluster: ClusterSettings | None = None,
) -> Iterator[Prediction]:
    """Predict pictures; one that cannot be read gets a line with the reason.

    Args:
        run: A run folder, an exported graph, ``imagenet:<timm name>``, or what ``load`` gave.
        sources: Pictures, folders (searched through) and glob patterns.
        top: How many classes to give, at least 1; not given: 5, or 10 of ImageNet's 1,000.
        settings: Device, precision, batch size and threads.
        weights: For ``imagenet:`` only: ``auto`` or a path.
        progress: Where to report to.
        engine: What computes a run: torch, or one of its exports ("onnx", "openvino-int8" …); with "ray" or "ray:onnx"
            the workers of a Ray cluster do, all before this returns, and sources may be CSV and Parquet lists and
            addresses, too.
        out: With ray: the folder for the answers in Parquet parts; one of the same work is gone on with.
        cluster: With ray: where it runs, and in what pieces.

    Returns:
        One prediction for each picture, in order, made as they are asked for.

    Raises:
        DataError: A source does not exist or holds no pictures.
        RunError: It is no trained run, or has no such export.
        SettingsError: top is below 1, there is no such engine, or something that the cluster needs is missing.
    """
    on_cluster, engine = split_engine(engine)
    top = usual_top(run, top)
    progress = Silent() if progress is None else progress
    sources = [sources] if isinstance(sources, str | Path) else sources
    if on_cluster:
        check_cluster()
        from mekiki.verbs.sharing import asked_model, predict_in_parts, predictions_of

        asked = asked_model(run, settings, weights, engine, cluster)
        return predictions_of(predict_in_parts(asked, sources, out, top, progress)[0])
    if out is not None:
        raise SettingsError("out is for answers in parts, which engine ray writes", 'engine="ray", or without out')
    pictures = list_pictures(sources)
    classifier = run if isinstance(run, Answering) else load(run, with_runs_limit(run, settings), weights, engine)
    return _predict(classifier, pictures, top, progress)


def usual_top(run: str | Path | Answering, top: int | None) -> int:
    """Return how many classes to give: as many as were asked for, else 5, or 10 of ImageNet's 1,000.

    Raises:
        SettingsError: top is below 1.
    """
    if top is None:
        return TOP_OF_IMAGENET if str(run).startswith(IMAGENET_PREFIX) else TOP
    if top < 1:
        raise SettingsError(f"top = {top}: at least one class must be given", "--top 5")
    return top


def _predict(classifier: Answering, pictures: list[Path], top: int, progress: Progress) -> Iterator[Prediction]:
    with closing(classifier.answers(pictures, progress)) as answers:
        for path, answer in answers:
            if isinstance(answer, PictureError):
                yield Prediction(printable(str(path)), error=answer.message)
            else:
                yield classifier.say(printable(str(path)), answer, top)
