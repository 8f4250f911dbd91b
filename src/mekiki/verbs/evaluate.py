"""``mekiki evaluate``: how good is a run, with the uncertainty of the number, and a figure for each picture."""

from __future__ import annotations

from pathlib import Path

from mekiki.config import EvaluateSettings
from mekiki.data.pictures import read_picture
from mekiki.data.scanning import scan
from mekiki.errors import RunError, SettingsError
from mekiki.evaluation.classifier import Classifier, load
from mekiki.evaluation.parts import Scored, open_test, score_photos
from mekiki.progress import Progress, Silent
from mekiki.records.evaluation import write_metrics
from mekiki.records.manifest import PARTS, Part, read_manifest
from mekiki.records.predictions import ScoredPhoto, write_predictions
from mekiki.records.run import RunFolder, open_run, photo_root, read_config
from mekiki.records.split import Split, read_split
from mekiki.report.figures import confusion_figure, prediction_figure, save_png
from mekiki.verbs.finish import figure_name

LARGEST_FIGURE = 640
BARS = 10


def evaluate(
    run: str | Path,
    data: str | Path | None = None,
    part: str | None = None,
    out: str | Path | None = None,
    settings: EvaluateSettings | None = None,
    progress: Progress | None = None,
) -> Scored:
    """Score a run.

    Args:
        run: A run folder.
        data: Other labelled photos to score, in any layout that ``scan`` reads; not given: the run's own photos.
        part: Which of the run's own parts; not given: test if the run has one, else val. Each look at test is recorded.
        out: A folder for ``metrics.json``, ``predictions.csv``, ``confusion.png`` and ``pictures/`` with one figure for
            each picture; nothing is written if it is not given.
        settings: Device, precision, batch size and threads.
        progress: Where to report to.

    Returns:
        The figures, and what was said of each photo.

    Raises:
        RunError: It is no trained run, or its photos are not where they were.
        DataError: The photos carry labels that the run does not know, or none can be read.
        SettingsError: A part was named together with other data, or the run has no such part.
    """
    progress = progress or Silent()
    folder = open_run(Path(run))
    if data is not None and part is not None:
        raise SettingsError("--part names a part of the run's own photos; it cannot be used with DATA", "leave one out")
    own_part = next((known for known in PARTS if known == part), None)
    if part is not None and own_part is None:
        raise SettingsError(f"there is no part {part!r}", "one of: " + ", ".join(PARTS))
    classifier = load(folder.path, settings)
    root, scored = (
        _score_own(folder, classifier, own_part, progress)
        if data is None
        else _score(folder, classifier, data, progress)
    )
    if out is not None:
        _write(Path(out), root, classifier, scored, progress)
    return scored


def _score_own(folder: RunFolder, classifier: Classifier, part: Part | None, progress: Progress) -> tuple[Path, Scored]:
    split = read_split(folder.split)
    chosen: Part = part or ("test" if split.part("test") else "val")
    photos = [(row.path, row.label) for row in split.part(chosen)]
    if not photos:
        raise SettingsError(f"the run {folder.path} has no {chosen} photos", _parts_with_photos(split))
    root = photo_root(read_config(folder))
    if not root.is_dir():
        raise RunError(f"the run's photos are not in {root} any more", f"mekiki evaluate {folder.path} DATA")
    if chosen == "test":
        return root, open_test(folder, classifier, root, photos, progress)
    return root, score_photos(classifier, root, photos, chosen, progress)


def _parts_with_photos(split: Split) -> str:
    return "--part " + " or ".join(part for part in PARTS if split.part(part))


def _score(folder: RunFolder, classifier: Classifier, data: str | Path, progress: Progress) -> tuple[Path, Scored]:
    """Score other photos; say how many of them the run was trained on."""
    config = read_config(folder)
    manifest = scan(Path(data), config.scan.model_copy(update={"layout": "auto"}), progress=progress).manifest
    learnt = {row.path for row in read_split(folder.split).part("train")}
    known = {photo.sha256 for photo in read_manifest(folder.manifest, Path()).usable() if photo.path in learnt}
    seen = sum(photo.sha256 in known for photo in manifest.usable())
    if seen:
        progress.say(f"note: the run was trained on {seen} of these photos; on them it is no surprise that it is right")
    photos = [(photo.path, photo.label) for photo in manifest.usable()]
    scored = score_photos(classifier, manifest.root, photos, "data", progress)
    unreadable = len(manifest.photos) - len(photos) + scored.evaluation.unreadable
    evaluation = scored.evaluation.model_copy(update={"seen_in_training": seen, "unreadable": unreadable})
    return manifest.root, Scored(evaluation, scored.photos)


def _write(out: Path, root: Path, classifier: Classifier, scored: Scored, progress: Progress) -> None:
    write_metrics(out / "metrics.json", [scored.evaluation])
    write_predictions(out / "predictions.csv", list(scored.photos))
    save_png(confusion_figure(scored.evaluation), out / "confusion.png")
    with progress.task("figures", len(scored.photos)) as task:
        for photo in scored.photos:
            _write_figure(out / "pictures", root, classifier, photo)
            task.advance()


def _write_figure(folder: Path, root: Path, classifier: Classifier, photo: ScoredPhoto) -> None:
    picture = read_picture(root / photo.path, at_least=LARGEST_FIGURE)
    ranked = classifier.rank(photo.path, classifier.predict_proba([picture])[0], BARS).top
    save_png(prediction_figure(picture, ranked, photo.label), folder / figure_name(photo.path))
