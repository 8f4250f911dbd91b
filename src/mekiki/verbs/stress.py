"""``mekiki stress``: how a run's accuracy falls as its photos are damaged, kind by kind, with what flipped first."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mekiki.config import EvaluateSettings, KindName, StressSettings
from mekiki.data.folders import relative_name
from mekiki.errors import DataError
from mekiki.evaluation.classifier import Classifier, load
from mekiki.evaluation.fair_photos import other_photos, own_photos
from mekiki.evaluation.parts import check_labels, record_opening
from mekiki.evaluation.seen import seen_by
from mekiki.evaluation.stress import Answers, choose_photos, paired, stress_photos
from mekiki.progress import Progress, Silent
from mekiki.records.comparison import LeftOut
from mekiki.records.manifest import Part, Photo
from mekiki.records.run import RunFolder, check_new_folder, model_fingerprint, open_run, photo_root, read_config
from mekiki.records.stress import Stress, write_flips, write_stress, write_stress_rows
from mekiki.reports.stress_page import save_stress_figures, write_stress_page
from mekiki.reports.stress_story import verdicts
from mekiki.verbs.asked_photos import other_photos_in, own_photos_of, part_named, parts_of, with_runs_limit


@dataclass(frozen=True)
class Stressed:
    """What damage did to one run, and to others on the same photos.

    Attributes:
        figures: Of the run.
        others: Of each run of ``against``, paired with the first.
        verdicts: One sentence for each kind of damage.
    """

    figures: Stress
    others: tuple[Stress, ...]
    verdicts: dict[KindName, str]


def stress(
    run: str | Path,
    data: str | Path | None = None,
    part: str | None = None,
    out: str | Path | None = None,
    against: Sequence[str | Path] = (),
    settings: StressSettings | None = None,
    prediction: EvaluateSettings | None = None,
    progress: Progress | None = None,
) -> Stressed:
    """Measure accuracy against the severity of damage.

    Args:
        run: A run folder.
        data: Other labelled photos, in any layout that ``scan`` reads; not given: the run's own.
        part: Which of the run's own parts; not given: val. Each look at test is recorded, clean or damaged.
        out: A new folder for ``stress.html``, ``stress.json``, ``stress.csv``, ``flips.csv`` and figures; nothing is
            written if it is not given.
        against: Further run folders that face the same photos and the same damage: those that none of the runs was
            trained on, nor chose its snapshot by (val judges if it chose for all); how many are left out is told.
        settings: Kinds of damage, photos per class, seed.
        prediction: Device, precision, batch size and threads.
        progress: Where to report to.

    Returns:
        Accuracies with their intervals, and one sentence for each kind.

    Raises:
        RunError: A run is no trained run, or its photos are not where they were.
        DataError: The photos carry labels that a run does not know, none can be read, or none is fair to all runs.
        SettingsError: A part was named together with other data, the run has no such part, or ``out`` holds something.
    """
    progress = Silent() if progress is None else progress
    settings = StressSettings() if settings is None else settings
    folders = [open_run(Path(each)) for each in (run, *against)]
    own_part = part_named(part, data) or "val"
    if out is not None:
        check_new_folder(Path(out))
    classifiers = [load(folder.path, with_runs_limit(folder.path, prediction)) for folder in folders]
    faced = _photos(folders, data, own_part, classifiers[0], progress)
    root, photos = faced.root, choose_photos(faced.photos, settings.limit, settings.seed)
    for folder, classifier in zip(folders, classifiers, strict=True):
        check_labels(classifier, {photo.label for photo in photos}, str(folder.path))
    _note_sizes(classifiers, progress)
    answers = []
    for folder, classifier in zip(folders, classifiers, strict=True):
        answer = stress_photos(classifier, root, photos, settings, progress, str(folder.path), faced.part)
        own_test = data is None and len(folders) == 1 and faced.part == "test"
        answers.append(_with_what_it_knows(folder, classifier, faced, answer, progress, own_test))
    first, *others = answers
    figures = [first.figures, *(_compared(first, other) for other in others)]
    stressed = Stressed(figures[0], tuple(figures[1:]), verdicts(figures))
    if out is not None:
        _write(Path(out), answers, stressed, _command(folders, data, part, settings))
    return stressed


@dataclass(frozen=True)
class _Faced:
    """The photos that all runs face: their root, the part for the record, and what was left out as unfair."""

    root: Path
    part: str
    photos: Sequence[Photo]
    left_out: tuple[LeftOut, ...] = ()


def _photos(
    folders: Sequence[RunFolder], data: str | Path | None, part: Part, classifier: Classifier, progress: Progress
) -> _Faced:
    limit = classifier.settings.max_megapixels
    manifest = None if data is None else other_photos_in(data, classifier.card.classes, limit, progress)
    if len(folders) == 1:
        run = folders[0]
        own = manifest or own_photos_of(run, part, f"mekiki stress {run.path} DATA", progress, parts_of(run))
        return _Faced(own.root, part if manifest is None else "data", own.usable())
    runs = [(str(folder.path), folder) for folder in folders]
    fair = own_photos(runs, part, progress) if manifest is None else other_photos(manifest, runs, progress)
    for each in fair.left_out:
        progress.say(f"note: left out: {each.count:,} photos {each.reason}")
    root = photo_root(read_config(folders[0])) if manifest is None else manifest.root
    photos = [Photo(relative_name(photo.file, root), photo.label, photo.group, photo.sha256) for photo in fair.photos]
    return _Faced(root, fair.part, photos, fair.left_out)


def _note_sizes(classifiers: Sequence[Classifier], progress: Progress) -> None:
    sizes = sorted({classifier.card.preprocessing.image_size for classifier in classifiers})
    if len(sizes) > 1:
        progress.say(
            f"note: the networks' squares have {' and '.join(map(str, sizes))} pixels: noise and JPEG, which act on "
            "single pixels, are not the same damage to both; everything else is"
        )


def _with_what_it_knows(
    folder: RunFolder, classifier: Classifier, faced: _Faced, answers: Answers, progress: Progress, own_test: bool
) -> Answers:
    """Say how many of the photos the run was trained on, and record it if test photos were among them.

    ``own_test``: they are the run's test part, even those whose files have changed since.
    """
    seen = seen_by(folder, faced.root, answers.photos, classifier.settings.max_megapixels, progress)
    trained = sum(each.part == "train" for each in seen)
    if trained:
        progress.say(
            f"note: {folder.path} was trained on {trained:,} of these photos, or copies of them: its figures flatter"
        )
    tests = [right for right, each in zip(answers.clean.tolist(), seen, strict=True) if own_test or each.tested]
    if tests:
        progress.say(f"note: {len(tests):,} of these are test photos of {folder.path}; this look at them is recorded")
        record_opening(folder, tests, "stress")
    told = {"seen_in_training": trained, "left_out": faced.left_out, "model": model_fingerprint(folder)}
    return replace(answers, figures=answers.figures.model_copy(update=told))


def _compared(first: Answers, other: Answers) -> Stress:
    if first.photos != other.photos:
        raise DataError("the photos changed while they were read", "start again")
    return other.figures.model_copy(update={"against_first": paired(first, other)})


def _command(folders: Sequence[RunFolder], data: str | Path | None, part: str | None, settings: StressSettings) -> str:
    """Return the command that gives these figures, for the page."""
    first, *others = (str(folder.path) for folder in folders)
    words = ["mekiki", "stress", first, *([] if data is None else [str(data)])]
    words += [] if part is None else ["--part", part]
    for other in others:
        words += ["--against", other]
    for name in sorted(settings.model_fields_set):
        value = getattr(settings, name)
        flag = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            words += [flag] if value else []
        elif value is not None:
            words += [flag, ",".join(value) if isinstance(value, tuple) else str(value)]
    return shlex.join(words)


def _write(out: Path, answers: Sequence[Answers], stressed: Stressed, command: str) -> None:
    figures = [stressed.figures, *stressed.others]
    write_stress(out / "stress.json", figures, stressed.verdicts)
    write_stress_rows(out / "stress.csv", figures)
    write_flips(out / "flips.csv", [row for answer in answers for row in answer.flip_rows])
    save_stress_figures(out / "figures", figures)
    write_stress_page(out / "stress.html", figures, answers[0].samples, answers[0].flips, command)
