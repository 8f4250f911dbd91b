"""The end of a training: the best snapshot is scored, its decisions are explained, and the report is written."""

from __future__ import annotations

from pathlib import Path

from mekiki.config import EvaluateSettings
from mekiki.data.pictures import read_picture
from mekiki.evaluation.classifier import Classifier, load
from mekiki.evaluation.examples import right_examples, worst_mistakes
from mekiki.evaluation.parts import Scored, open_test, score_photos
from mekiki.explanation.overlay import explain_picture
from mekiki.model.classifier import feature_layer_name
from mekiki.progress import Progress
from mekiki.records.evaluation import write_metrics
from mekiki.records.history import read_history
from mekiki.records.manifest import Part
from mekiki.records.predictions import ScoredPhoto, write_predictions
from mekiki.records.run import RunFolder, photo_root, read_config
from mekiki.records.split import read_split
from mekiki.report.figures import confusion_figure, curves_figure, prediction_figure, save_png
from mekiki.report.page import Example, write_report

MISTAKES = 12
RIGHT_ANSWERS = 6
LARGEST_EXAMPLE = 640


def finish_run(run: RunFolder, progress: Progress) -> None:
    """Score the best snapshot on val and, once, on test; write metrics, predictions, figures and the report.

    Args:
        run: A run folder with a model, a split and a history.
        progress: Where to report to.
    """
    config = read_config(run)
    root = photo_root(config)
    settings = EvaluateSettings(
        batch_size=config.train.batch_size,
        device=config.train.device,
        precision=config.train.precision,
        workers=config.train.workers,
    )
    classifier = load(run.path, settings)
    split = read_split(run.split)
    parts: dict[Part, list[tuple[str, str]]] = {
        part: [(row.path, row.label) for row in split.part(part)] for part in ("val", "test")
    }
    scored = [score_photos(classifier, root, parts["val"], "val", progress)]
    if parts["test"]:
        scored.append(open_test(run, classifier, root, parts["test"], progress))
    write_metrics(run.metrics, [each.evaluation for each in scored])
    write_predictions(run.predictions, [photo for each in scored for photo in each.photos])
    save_png(curves_figure(read_history(run.history)), run.figures / "curves.png")
    save_png(confusion_figure(scored[-1].evaluation), run.figures / "confusion.png")
    _write_report(run, classifier, root, scored[-1], progress)
    for each in scored:
        progress.say(describe_accuracy(each))


def describe_accuracy(scored: Scored) -> str:
    """Return a part's accuracy as a line."""
    accuracy, n = scored.evaluation.accuracy, scored.evaluation.n
    name = {"val": "validation", "test": "test", "train": "training", "data": "these photos"}[scored.evaluation.part]
    return (
        f"{name}: {accuracy.value:.1%} of {n:,} photos right "
        f"(95 % interval {accuracy.low:.1%} to {accuracy.high:.1%}), macro F1 {scored.evaluation.f1_macro:.3f}"
    )


def _write_report(run: RunFolder, classifier: Classifier, root: Path, scored: Scored, progress: Progress) -> None:
    wrong = worst_mistakes(scored.photos, MISTAKES)
    right = right_examples(scored.photos, RIGHT_ANSWERS)
    with progress.task("heat maps", len(wrong) + len(right)) as task:
        examples = []
        for photo in (*wrong, *right):
            examples.append(_example(classifier, root, photo))
            task.advance()
    for example, photo in zip(examples, (*wrong, *right), strict=True):
        _save_figure(run.figures / "examples", example, photo)
    layer = feature_layer_name(classifier.model, classifier.card.preprocessing.image_size)
    write_report(run, examples[: len(wrong)], examples[len(wrong) :], root, layer)


def _example(classifier: Classifier, root: Path, photo: ScoredPhoto) -> Example:
    picture = read_picture(root / photo.path, at_least=LARGEST_EXAMPLE)
    heat_map = explain_picture(classifier, picture)
    return Example(photo.path, photo.label, heat_map.ranked, picture, heat_map.overlay)


def _save_figure(folder: Path, example: Example, photo: ScoredPhoto) -> None:
    figure = prediction_figure(example.picture, example.ranked, photo.label, example.overlay)
    save_png(figure, folder / figure_name(photo.path))


def figure_name(path: str) -> str:
    """Return a file name for a photo's figure: its path with its folders joined by dashes."""
    return Path(path).with_suffix(".png").as_posix().lstrip("/").replace("/", "-").replace(":", "-")
