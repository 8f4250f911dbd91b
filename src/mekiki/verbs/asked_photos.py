"""Which photos a verb asks runs about: a part of a run's own, or other labelled ones in any layout that ``scan`` reads.

A run's own photos are taken as their files are now. Where one has changed since the run was made, its new bytes are
what counts, so that a training photo under a test photo's name is found out; and that files changed is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mekiki.config import EvaluateSettings, ScanSettings
from mekiki.data.copies.hashing import sha256_of
from mekiki.data.scans.scanning import scan
from mekiki.errors import RunError, SettingsError, unknown_name
from mekiki.evaluation.answering import Answering
from mekiki.progress import Progress
from mekiki.records.exported import is_export_folder, run_of_export
from mekiki.records.manifest import PARTS, Manifest, Part, Photo, read_manifest
from mekiki.records.run import RunFolder, photo_root, read_config
from mekiki.records.split import read_split


def with_runs_limit(run: str | Path | Answering, settings: EvaluateSettings | None) -> EvaluateSettings:
    """Let a run's own limit on a picture's size hold unless another was given, also for an export inside it.

    For what is no run, or is loaded already, nothing changes.
    """
    settings = EvaluateSettings() if settings is None else settings
    if isinstance(run, Answering):
        return settings
    folder = run_of_export(Path(run)) if is_export_folder(Path(run)) else RunFolder(Path(run))
    if folder is None:
        return settings
    if "max_megapixels" in settings.model_fields_set or not folder.config.is_file():
        return settings
    return settings.model_copy(update={"max_megapixels": read_config(folder).scan.max_megapixels})


def part_named(part: str | None, data: str | Path | None) -> Part | None:
    """Return the part that a person named; None if none was.

    Raises:
        SettingsError: There is no such part, or other photos were named, too.
    """
    if part is None:
        return None
    if data is not None:
        raise SettingsError("--part names a part of the run's own photos; it cannot be used with DATA", "leave one out")
    chosen = next((known for known in PARTS if known == part), None)
    if chosen is None:
        raise unknown_name("part", part, PARTS)
    return chosen


def parts_of(run: RunFolder) -> str:
    """Return the hint of a verb that takes ``--part``: the parts of which a run has photos."""
    split = read_split(run.split)
    return " or ".join(f"--part {known}" for known in PARTS if split.part(known))


def own_photos_of(run: RunFolder, part: Part, hint: str, progress: Progress, parts: str = "") -> Manifest:
    """Return the photos of one part of a run.

    Args:
        run: The run.
        part: Of its split.
        hint: What to do where there are none.
        progress: Told in a line if files have changed.
        parts: What to do where the run has no such part; not given: ``hint``.

    Raises:
        SettingsError: The run has no photos in the part.
        RunError: The photos are not where they were.
    """
    split = read_split(run.split)
    rows = split.part(part)
    if not rows:
        raise SettingsError(f"the run {run.path} has no {part} photos", parts or hint)
    root = photo_root(read_config(run))
    if not root.is_dir():
        raise RunError(f"the run's photos are not in {root} any more", hint)
    before = {photo.path: photo.sha256 for photo in read_manifest(run.manifest, root).photos}
    now = {row.path: _bytes_of(root / row.path) or before.get(row.path, "") for row in rows}
    changed = sum(path in before and sha256 != before[path] for path, sha256 in now.items())
    if changed:
        progress.say(
            f"note: {changed:,} of the run's {part} photos have changed since it was made: what lies there now is asked"
        )
    return Manifest(root, tuple(Photo(row.path, row.label, row.group, now[row.path]) for row in rows), ())


def _bytes_of(file: Path) -> str:
    """Return the SHA-256 of a file; empty if it cannot be read."""
    try:
        return sha256_of(file.read_bytes())
    except OSError:
        return ""


def other_photos_in(data: str | Path, classes: Sequence[str], max_megapixels: float, progress: Progress) -> Manifest:
    """Scan other photos for models that know some classes, and tell what decisions left out.

    Args:
        data: A folder or CSV.
        classes: That the models know.
        max_megapixels: A picture with more is not decoded.
        progress: Where to report to.

    Raises:
        DataError: There are no labelled photos.
    """
    settings = ScanSettings(max_megapixels=max_megapixels)
    scanned = scan(Path(data), settings, progress=progress, known_classes=classes)
    if scanned.decided.summary:
        progress.say(f"note: {scanned.decided.summary}")
    return scanned.manifest
