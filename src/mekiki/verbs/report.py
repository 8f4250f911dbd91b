"""``mekiki report``: the page of a run once more, with what other verbs have measured since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mekiki.data.copies.hashing import sha256_of
from mekiki.errors import DataError, PictureError, RunError
from mekiki.evaluation.classifier import load
from mekiki.evaluation.examples import right_examples, worst_mistakes
from mekiki.evaluation.parts import RANKED
from mekiki.model.classifier import feature_layer_name
from mekiki.progress import Progress, Silent
from mekiki.records.predictions import ScoredPhoto
from mekiki.records.run import RunFolder, check_new_file, is_run_folder, photo_root
from mekiki.reports.added import adding
from mekiki.reports.facts import RunFacts, read_facts
from mekiki.reports.page import Example, write_report
from mekiki.verbs.asked_photos import with_runs_limit
from mekiki.verbs.finish import MISTAKES, RIGHT_ANSWERS, explained

MOST_APART = 0.05
"""How far an answer may be from the recorded one, 0..1: machines round differently, but never by so much."""

NO_MODEL = "cannot be explained, because the run holds no model"

Places = str | Path | Sequence[str | Path]


def report(
    run: str | Path,
    stress: Places = (),
    comparison: Places = (),
    photos: str | Path | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write the report of a run once more, with what damage does to it and how it compares with other runs.

    All figures are those that the run's own records hold; nothing is scored again. The model is asked about the photos
    whose heat maps the report shows and nothing else, at most 18. They were shown when training ended, and the answers
    are the same, so that this is no new look at test photos, and none is recorded.

    Args:
        run: A run folder, also one whose training did not end.
        stress: Folders that ``stress`` wrote, or their ``stress.json``. The run's folder keeps a copy in ``added/``, so
            that the next report shows it again.
        comparison: Folders that ``compare`` wrote, or their ``comparison.json``; kept likewise.
        photos: Where the run's photos are now; not given: where they were.
        out: A new file for the page; not given: the run's ``report.html``, replaced once the new page is whole.
        progress: Where to report to. It is told which photos have gone, or changed, and are not shown.

    Returns:
        The page's path.

    Raises:
        RunError: It is no run folder, one of its files is damaged, what should be added is damaged or of another model,
            or the page in the run would lose all of its heat maps because photos or weights have gone.
        DataError: One of its tables is damaged, or ``photos`` is no folder.
        SettingsError: ``out`` is there already.
    """
    progress = Silent() if progress is None else progress
    folder = RunFolder(Path(run))
    if not is_run_folder(folder.path):
        raise RunError(f"{folder.path} is no run folder", "mekiki train DATA --out RUN makes one")
    if photos is not None and not Path(photos).is_dir():
        raise DataError(f"--photos {photos} is no folder", "name the folder that the photos of the run are in now")
    if out is not None:
        check_new_file(Path(out))
    with adding(folder, _listed(stress), _listed(comparison)):
        facts = read_facts(folder, Path())
        root = _root(facts, photos)
        shown = _explain(facts, root, progress)
        if shown.missed:
            _tell_missed(shown, root, facts, out, progress)
        return write_report(
            folder, shown.wrong, shown.right, root, shown.layer, page=None if out is None else Path(out)
        )


def _listed(places: Places) -> list[Path]:
    return [Path(place) for place in ([places] if isinstance(places, str | Path) else places)]


def _root(facts: RunFacts, photos: str | Path | None) -> Path:
    """Return where the photos are; a run without settings does not say it."""
    if photos is not None:
        return Path(photos)
    return photo_root(facts.config) if facts.config is not None else facts.run.path / "photos"


@dataclass
class _Shown:
    """The heat maps of a page; ``missed`` are photos without one: path → why, a predicate."""

    wrong: list[Example] = field(default_factory=list)
    right: list[Example] = field(default_factory=list)
    layer: str = ""
    missed: dict[str, str] = field(default_factory=dict)


def _explain(facts: RunFacts, root: Path, progress: Progress) -> _Shown:
    """Explain the answers that the end of training explained; a photo that is not what was scored is left out."""
    part = facts.headline.part if facts.headline else ""
    scored = [photo for photo in facts.predictions or () if photo.part == part]
    wrong, right = worst_mistakes(scored, MISTAKES), right_examples(scored, RIGHT_ANSWERS)
    hashes = {photo.path: photo.sha256 for photo in facts.manifest.photos} if facts.manifest else {}
    shown = _Shown(
        missed={photo.path: why for photo in (*wrong, *right) if (why := _why_not(facts, root, photo, hashes))}
    )
    there = [photo for photo in (*wrong, *right) if photo.path not in shown.missed]
    if not there:
        return shown
    classifier = load(facts.run.path, with_runs_limit(facts.run.path, None))
    shown.layer = feature_layer_name(classifier.model, classifier.card.preprocessing.image_size)
    answers = list(classifier.answers([root / photo.path for photo in there], progress))
    with progress.task("heat maps", len(there)) as task:
        for photo, (_, answer) in zip(there, answers, strict=True):
            ranked = () if isinstance(answer, PictureError) else classifier.rank("", answer.chances, RANKED).top
            if isinstance(answer, PictureError):
                shown.missed[photo.path] = answer.message
            elif ranked[0][0] != photo.predicted or abs(ranked[0][1] - photo.score) > MOST_APART:
                shown.missed[photo.path] = "gets another answer than predictions.csv says: the model is not that one"
            else:
                (shown.right if photo.right else shown.wrong).append(explained(classifier, root, photo, ranked))
            task.advance()
    return shown


def _why_not(facts: RunFacts, root: Path, photo: ScoredPhoto, hashes: dict[str, str]) -> str:
    """Return why a photo cannot be explained, as a predicate; empty if it is there as it was."""
    if facts.card is None or not facts.run.weights.is_file():
        return NO_MODEL
    try:
        content = (root / photo.path).read_bytes()
    except OSError:
        return f"is not in {root}"
    known = hashes.get(photo.path, "")
    return "has changed since it was scored" if known and sha256_of(content) != known else ""


def _tell_missed(shown: _Shown, root: Path, facts: RunFacts, out: str | Path | None, progress: Progress) -> None:
    """Say which heat maps are missing; refuse if the page in the run would lose all of them."""
    path, reason = next(iter(shown.missed.items()))
    if shown.wrong or shown.right or out is not None or not facts.run.report.is_file():
        many = "1 heat map is" if len(shown.missed) == 1 else f"{len(shown.missed)} heat maps are"
        progress.say(f"note: {many} not shown: the photo {path} {reason}" + (", …" if len(shown.missed) > 1 else ""))
        return
    others = reason.startswith(("is not in", "has changed"))
    elsewhere = "--photos FOLDER says where the photos are now, " if others else ""
    why = f"the photo {path} {reason}" if root.is_dir() else f"the photos are not in {root}"
    raise RunError(
        f"{facts.run.report} would lose its {len(shown.missed)} heat maps: {why}",
        f"{elsewhere}--out FILE.html writes a page without heat maps",
    )
