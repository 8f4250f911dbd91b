"""The end of a training: the best snapshot is scored, its decisions are explained, and the report is written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from mekiki.config import EvaluateSettings, RunConfig
from mekiki.data.pictures import read_picture
from mekiki.evaluation.calibrating import SelfKnowledge, know_itself
from mekiki.evaluation.classifier import Classifier
from mekiki.evaluation.examples import right_examples, worst_mistakes
from mekiki.evaluation.parts import Scored, ask, record_opening, score_answers
from mekiki.explanation.overlay import explain_picture
from mekiki.model.checkpoints import load_model
from mekiki.model.classifier import feature_layer_name
from mekiki.progress import Progress
from mekiki.records.card import write_card
from mekiki.records.evaluation import write_metrics
from mekiki.records.history import read_history
from mekiki.records.predictions import ScoredPhoto, write_predictions
from mekiki.records.run import RunFolder, Status, photo_root, read_config
from mekiki.records.split import Split, SplitRow, read_split
from mekiki.records.unknown import write_reference
from mekiki.reports.figures import (
    confusion_figure,
    coverage_figure,
    curves_figure,
    prediction_figure,
    reliability_figure,
    save_png,
)
from mekiki.reports.page import Example, write_report
from mekiki.tensors.normalisation import load_normaliser

MISTAKES = 12
RIGHT_ANSWERS = 6
LARGEST_EXAMPLE = 640
BARS = 5
NAME_CHARACTERS = 60


def finish_run(run: RunFolder, status: Status, progress: Progress) -> None:
    """Score the best snapshot on val and, if training is done, on test; write metrics, predictions, figures, report.

    Args:
        run: A run folder with a model, a split and a history.
        status: How far the run came, for the report.
        progress: Where to report to.
    """
    config = read_config(run)
    root = photo_root(config)
    split = read_split(run.split)
    classifier, known = _calibrated(run, config, root, split, progress)
    test = split.part("test")
    scored = [_score_val(classifier, root, split.part("val"), known, progress)]
    if test and status.state != "done":  # it may go on, and whoever lets it must not have seen them
        progress.say(f"note: the {len(test):,} test photos are left alone until training is done")
    elif test:
        answered = ask(classifier, root, test, "test", progress)
        record_opening(run, [photo.right for photo in answered.said], "train")
        scored.append(score_answers(classifier, answered))
    write_metrics(run.metrics, [each.evaluation for each in scored])
    write_predictions(run.predictions, [photo for each in scored for photo in each.photos])
    save_png(curves_figure(read_history(run.history)), run.figures / "curves.png")
    save_judgement(scored[-1], run.figures)
    _write_report(run, classifier, root, scored[-1], status, progress)
    for each in scored:
        progress.say(describe_accuracy(each))


def save_judgement(scored: Scored, folder: Path) -> None:
    """Write ``confusion.png``, ``reliability.png`` and ``coverage.png`` of a scored part into a folder."""
    save_png(confusion_figure(scored.evaluation), folder / "confusion.png")
    save_png(reliability_figure(scored.evaluation), folder / "reliability.png")
    save_png(coverage_figure(scored.evaluation, scored.photos), folder / "coverage.png")


def _calibrated(
    run: RunFolder, config: RunConfig, root: Path, split: Split, progress: Progress
) -> tuple[Classifier, SelfKnowledge | None]:
    """Return the best snapshot; what it learns about itself from validation is written into its card, and returned."""
    model, card = load_model(run)
    settings, normaliser = _evaluate_settings(config), load_normaliser(run.normalisation, card.preprocessing)
    card = card.model_copy(update={"calibration": None, "unknown": None})
    classifier = Classifier(model, card, settings, normaliser)
    train, val = _labelled(split.part("train")), _labelled(split.part("val"))
    found = know_itself(classifier, root, train, val, config.train.seed, progress)
    if found is None:
        return classifier, None
    if found.reference is not None:
        write_reference(run.unknown, found.reference)
    card = card.model_copy(update={"calibration": found.calibration, "unknown": found.unknown})
    write_card(run.card, card)
    return Classifier(model, card, settings, normaliser, found.reference), found


def _score_val(
    classifier: Classifier, root: Path, rows: Sequence[SplitRow], known: SelfKnowledge | None, progress: Progress
) -> Scored:
    """Score validation; the answers from which the model was calibrated are those that are scored."""
    before = None if known is None else known.answers
    scored = score_answers(classifier, ask(classifier, root, rows, "val", progress, before))
    if known is None:
        return scored
    return replace(scored, evaluation=scored.evaluation.model_copy(update={"seconds": known.seconds}))


def _labelled(rows: Sequence[SplitRow]) -> list[tuple[str, str]]:
    return [(row.path, row.label) for row in rows]


def _evaluate_settings(config: RunConfig) -> EvaluateSettings:
    return EvaluateSettings(
        batch_size=config.train.batch_size,
        device=config.train.device,
        precision=config.train.precision,
        workers=config.train.workers,
        max_megapixels=config.scan.max_megapixels,
    )


def describe_accuracy(scored: Scored) -> str:
    """Return a part's accuracy as a line."""
    accuracy, n, intervals = scored.evaluation.accuracy, scored.evaluation.n, scored.evaluation.intervals
    name = {"val": "validation", "test": "test", "train": "training", "data": "these photos"}[scored.evaluation.part]
    return (
        f"{name}: {accuracy.value:.1%} of {n:,} photos right "
        f"(95 % interval {accuracy.low:.1%} to {accuracy.high:.1%}), macro F1 {scored.evaluation.f1_macro:.3f}"
        + ("" if intervals is None else f" ({intervals.f1_macro.low:.3f} to {intervals.f1_macro.high:.3f})")
    )


def _write_report(
    run: RunFolder, classifier: Classifier, root: Path, scored: Scored, status: Status, progress: Progress
) -> None:
    wrong = worst_mistakes(scored.photos, MISTAKES)
    right = right_examples(scored.photos, RIGHT_ANSWERS)
    ranking_of = dict(zip((photo.path for photo in scored.photos), scored.rankings, strict=True))
    examples = []
    with progress.task("heat maps", len(wrong) + len(right)) as task:
        for photo in (*wrong, *right):
            example = explained(classifier, root, photo, ranking_of[photo.path])
            figure = prediction_figure(example.picture, example.ranked, photo.label, example.overlay)
            save_png(figure, run.figures / "examples" / figure_name(photo.path))
            examples.append(example)
            task.advance()
    layer = feature_layer_name(classifier.model, classifier.card.preprocessing.image_size)
    write_report(run, examples[: len(wrong)], examples[len(wrong) :], root, layer, status)


def explained(classifier: Classifier, root: Path, photo: ScoredPhoto, ranked: tuple[tuple[str, float], ...]) -> Example:
    """Explain the answer that was scored; the picture may be decoded larger here, which moves its numbers a little.

    Args:
        classifier: What answered.
        root: The folder that the photo's path is relative to.
        photo: The photo and the answer.
        ranked: (class, probability) pairs of that answer, the most probable first.
    """
    limit = classifier.settings.max_megapixels
    picture = read_picture(root / photo.path, max_megapixels=limit, at_least=LARGEST_EXAMPLE)
    overlay = explain_picture(classifier, picture, photo.predicted).overlay
    return Example(photo.path, photo.label, ranked[:BARS], picture, overlay)


def figure_name(path: str) -> str:
    """Return a file name for a photo's figure: readable, short enough for any file system, and no other photo's."""
    flat = PurePosixPath(path).as_posix().strip("/").replace("/", "-").replace(":", "-")
    return f"{flat[-NAME_CHARACTERS:]}-{hashlib.sha256(path.encode()).hexdigest()[:8]}.png"
