"""``mekiki evaluate``: how good is a run, with the uncertainty of the number, and a figure for each picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mekiki.config import EvaluateSettings
from mekiki.data.importing.layouts import list_pictures
from mekiki.data.pictures import read_picture
from mekiki.evaluation.apart import score_apart
from mekiki.evaluation.classifier import Classifier, load
from mekiki.evaluation.parts import Scored, ask, check_labels, record_opening
from mekiki.evaluation.seen import seen_by
from mekiki.evaluation.strangers import Strangers, strangers_to
from mekiki.progress import Progress, Silent
from mekiki.records.evaluation import write_metrics
from mekiki.records.manifest import Manifest
from mekiki.records.predictions import write_predictions
from mekiki.records.run import RunFolder, check_new_folder, open_run
from mekiki.records.split import read_split
from mekiki.reports.figures import prediction_figure, save_png
from mekiki.verbs.asked_photos import other_photos_in, own_photos_of, part_named, parts_of, with_runs_limit
from mekiki.verbs.finish import figure_name, save_judgement

LARGEST_FIGURE = 640


def evaluate(
    run: str | Path,
    data: str | Path | None = None,
    part: str | None = None,
    out: str | Path | None = None,
    settings: EvaluateSettings | None = None,
    progress: Progress | None = None,
    unknown: str | Path | None = None,
) -> Scored:
    """Score a run on photos that it has not seen; those that it was trained on, or copies of such, are counted apart.

    Args:
        run: A run folder.
        data: Other labelled photos to score, in any layout that ``scan`` reads; not given: the run's own photos.
        part: Which of the run's own parts; not given: test if the run has one, else val. Each look at test is recorded.
        out: A folder for ``metrics.json``, ``predictions.csv``, ``confusion.png``, ``reliability.png``,
            ``coverage.png`` and ``pictures/`` with one figure for each picture; nothing is written if it is not given.
        settings: Device, precision, batch size and threads.
        progress: Where to report to.
        unknown: A folder of pictures of none of the classes (searched through): how well the model refuses them. Copies
            among them count once; what the run has seen is left out.

    Returns:
        The figures of the fresh photos, those of the others under ``apart``, and what was said of each photo.

    Raises:
        RunError: It is no trained run, its photos are not where they were, or it has no threshold for the unknown.
        DataError: The photos carry labels that the run does not know, or none can be read.
        SettingsError: A part was named together with other data, the run has no such part, or ``out`` holds something.
    """
    progress = Silent() if progress is None else progress
    folder = open_run(Path(run))
    if out is not None:
        check_new_folder(Path(out))
    own_part = part_named(part, data)
    classifier = load(folder.path, with_runs_limit(folder.path, settings))
    if data is None:
        own_part = own_part or ("test" if read_split(folder.split).part("test") else "val")
        manifest = own_photos_of(folder, own_part, f"mekiki evaluate {folder.path} DATA", progress, parts_of(folder))
    else:
        manifest = other_photos_in(data, classifier.card.classes, classifier.settings.max_megapixels, progress)
    strangers = None if unknown is None else strangers_to(classifier, folder, list_pictures([unknown]), progress)
    scored = _score(folder, classifier, manifest, own_part or "data", strangers, progress)
    if out is not None:
        _write(Path(out), manifest.root, classifier, scored, progress)
    return scored


def _score(
    folder: RunFolder,
    classifier: Classifier,
    manifest: Manifest,
    part: str,
    strangers: Strangers | None,
    progress: Progress,
) -> Scored:
    """Score photos by what the run has seen of them, and record it if test photos are among them."""
    photos = manifest.usable()
    check_labels(classifier, {photo.label for photo in photos})
    seen = seen_by(folder, manifest.root, photos, classifier.settings.max_megapixels, progress)
    answered = ask(classifier, manifest.root, photos, part, progress)
    tests = [
        photo.right
        for photo, place in zip(answered.said, answered.places, strict=True)
        if part == "test" or seen[place].tested
    ]
    if tests:
        if part != "test":
            progress.say(f"note: {len(tests):,} of these are the run's test photos, or copies; this look is recorded")
        record_opening(folder, tests, "evaluate")
    scored = score_apart(classifier, answered, seen, strangers)
    unreadable = answered.unreadable + sum(photo.status == "unreadable" for photo in manifest.photos)
    return replace(scored, evaluation=scored.evaluation.model_copy(update={"unreadable": unreadable}))


def _write(out: Path, root: Path, classifier: Classifier, scored: Scored, progress: Progress) -> None:
    write_metrics(out / "metrics.json", [scored.evaluation])
    write_predictions(out / "predictions.csv", list(scored.photos))
    save_judgement(scored, out)
    limit = classifier.settings.max_megapixels
    with progress.task("figures", len(scored.photos)) as task:
        for photo, ranked in zip(scored.photos, scored.rankings, strict=True):
            picture = read_picture(root / photo.path, max_megapixels=limit, at_least=LARGEST_FIGURE)
            save_png(prediction_figure(picture, ranked, photo.label), out / "pictures" / figure_name(photo.path))
            task.advance()
