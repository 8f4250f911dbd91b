"""``mekiki evaluate``: how good is a run, with the uncertainty of the number, and a figure for each picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mekiki.config import EvaluateSettings, ScanSettings
from mekiki.data.importing.layouts import list_pictures
from mekiki.data.pictures import read_picture
from mekiki.data.scans.scanning import scan
from mekiki.errors import RunError, SettingsError
from mekiki.evaluation.apart import score_apart
from mekiki.evaluation.classifier import Classifier, load
from mekiki.evaluation.parts import Scored, ask, check_labels, known_scores_of, record_opening
from mekiki.evaluation.seen import seen_by
from mekiki.progress import Progress, Silent
from mekiki.records.evaluation import write_metrics
from mekiki.records.manifest import PARTS, Manifest, Part, Photo, read_manifest
from mekiki.records.predictions import write_predictions
from mekiki.records.run import RunFolder, check_new_folder, open_run, photo_root, read_config
from mekiki.records.split import Split, read_split
from mekiki.report.figures import prediction_figure, save_png
from mekiki.verbs.finish import figure_name, save_judgement

LARGEST_FIGURE = 640

Scores = NDArray[np.float64]


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
        unknown: A folder of pictures of none of the classes (searched through): how well the model refuses them.

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
    if data is not None and part is not None:
        raise SettingsError("--part names a part of the run's own photos; it cannot be used with DATA", "leave one out")
    own_part = next((known for known in PARTS if known == part), None)
    if part is not None and own_part is None:
        raise SettingsError(f"there is no part {part!r}", "one of: " + ", ".join(PARTS))
    classifier = load(folder.path, with_runs_limit(folder, settings))
    strange = None if unknown is None else known_scores_of(classifier, list_pictures([unknown]), progress)
    root, scored = (
        _score_own(folder, classifier, own_part, strange, progress)
        if data is None
        else _score_others(folder, classifier, data, strange, progress)
    )
    if out is not None:
        _write(Path(out), root, classifier, scored, progress)
    return scored


def with_runs_limit(folder: RunFolder, settings: EvaluateSettings | None) -> EvaluateSettings:
    """Let the run's own limit on a picture's size hold unless another was given."""
    settings = EvaluateSettings() if settings is None else settings
    if "max_megapixels" in settings.model_fields_set or not folder.config.is_file():
        return settings
    return settings.model_copy(update={"max_megapixels": read_config(folder).scan.max_megapixels})


def _score_own(
    folder: RunFolder, classifier: Classifier, part: Part | None, unknown: Scores | None, progress: Progress
) -> tuple[Path, Scored]:
    """Score a part of the run; where a split of somebody's leaks, say so and count what leaked apart."""
    split = read_split(folder.split)
    chosen: Part = part or ("test" if split.part("test") else "val")
    if not split.part(chosen):
        raise SettingsError(f"the run {folder.path} has no {chosen} photos", _parts_with_photos(split))
    root = photo_root(read_config(folder))
    if not root.is_dir():
        raise RunError(f"the run's photos are not in {root} any more", f"mekiki evaluate {folder.path} DATA")
    hashes = {photo.path: photo.sha256 for photo in read_manifest(folder.manifest, root).photos}
    photos = [Photo(row.path, row.label, row.group, hashes.get(row.path, "")) for row in split.part(chosen)]
    return root, _score(folder, classifier, Manifest(root, tuple(photos), ()), chosen, unknown, progress)


def _parts_with_photos(split: Split) -> str:
    return "--part " + " or ".join(part for part in PARTS if split.part(part))


def _score_others(
    folder: RunFolder, classifier: Classifier, data: str | Path, unknown: Scores | None, progress: Progress
) -> tuple[Path, Scored]:
    """Score other photos, those that the run has not seen apart from those that it has."""
    settings = ScanSettings(max_megapixels=classifier.settings.max_megapixels)
    scanned = scan(Path(data), settings, progress=progress, known_classes=classifier.card.classes)
    if scanned.decided.summary:
        progress.say(f"note: {scanned.decided.summary}")
    scored = _score(folder, classifier, scanned.manifest, "data", unknown, progress)
    unreadable = sum(photo.status == "unreadable" for photo in scanned.manifest.photos) + scored.evaluation.unreadable
    return scanned.manifest.root, replace(
        scored, evaluation=scored.evaluation.model_copy(update={"unreadable": unreadable})
    )


def _score(
    folder: RunFolder,
    classifier: Classifier,
    manifest: Manifest,
    part: str,
    unknown: Scores | None,
    progress: Progress,
) -> Scored:
    """Score photos by what the run has seen of them, and record it if test photos are among them."""
    photos = manifest.usable()
    check_labels(classifier, {photo.label for photo in photos})
    seen = seen_by(folder, manifest.root, photos, classifier.settings.max_megapixels, progress)
    labelled, groups = [(photo.path, photo.label) for photo in photos], [photo.group for photo in photos]
    answered = ask(classifier, manifest.root, labelled, part, progress, groups)
    tests = [
        photo.right
        for photo, place in zip(answered.said, answered.places, strict=True)
        if part == "test" or seen[place].tested
    ]
    if tests:
        if part != "test":
            progress.say(f"note: {len(tests):,} of these are the run's test photos, or copies; this look is recorded")
        record_opening(folder, tests, "evaluate")
    return score_apart(classifier, answered, seen, unknown)


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
