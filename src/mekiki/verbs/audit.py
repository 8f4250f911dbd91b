"""``mekiki audit``: a catalogue whose tags may be wrong → its listings, ranked by how likely the tag is wrong."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mekiki.cluster.engines import LOCAL
from mekiki.config import AuditSettings, ClusterSettings, EvaluateSettings, ScanSettings
from mekiki.data.folders import absolute_path
from mekiki.data.scans.scanning import ScanResult, scan
from mekiki.errors import PictureError
from mekiki.evaluation.answering import Answer
from mekiki.evaluation.audit_evidence import Evidence, evidence_of_run, own_evidence
from mekiki.evaluation.auditing import FOREIGN_TAG, Suspicions, judge_tags
from mekiki.evaluation.classifier import load
from mekiki.evaluation.label_errors import check_backbone
from mekiki.evaluation.parts import record_opening
from mekiki.evaluation.seen import Seen, seen_by
from mekiki.progress import Progress, Silent
from mekiki.records.audit import PAGE, Audit, AuditListing, AuditSummary, Yield, write_audit
from mekiki.records.manifest import Manifest
from mekiki.records.run import RunFolder, check_new_folder, model_fingerprint, open_run
from mekiki.verbs.engine import on_engine
from mekiki.version import __version__

if TYPE_CHECKING:
    from mekiki.verbs.sharing import SharedCatalogue

LOOKED_THROUGH = (10, 25, 50, 100, 250, 500, 1000)
UNREADABLE = "cannot be read"
EXCLUDED = "excluded by a decision"


def audit(
    run: str | Path | None,
    catalogue: str | Path,
    out: str | Path | None = None,
    settings: AuditSettings | None = None,
    scanning: ScanSettings | None = None,
    progress: Progress | None = None,
    engine: str = LOCAL,
    cluster: ClusterSettings | None = None,
) -> Audit:
    """Rank the listings of a catalogue by how likely their tag is wrong.

    Args:
        run: A run folder, whose model says what each photo shows; None: the catalogue is judged by itself, with a
            frozen pretrained backbone.
        catalogue: Class folders, or a CSV with path,label; whatever ``scan`` reads.
        out: A new folder for ``findings.csv``, ``audit.csv``, ``audit.json`` and ``audit.html``; nothing is written if
            it is not given.
        settings: How tags are judged and which are listed; backbone, weights and image size are for an audit without a
            run.
        scanning: How the catalogue is read.
        progress: Where to report to.
        engine: Where photos are read and the model is asked: "local", or "ray": by the workers of a Ray cluster. The
            judging is done here.
        cluster: With ray: where it runs, and in what pieces.

    Returns:
        The suspicious listings, all listings, and how many wrong tags there are about.

    Raises:
        DataError: The catalogue has no labelled photos, or no tag of it can be judged.
        RunError: There is no such run.
        SettingsError: ``out`` holds something, or there is no such device or backbone.
        WeightsError: The pretrained weights are not to be had.

    Example:
        >>> mekiki.audit("runs/guitars", "catalogue.csv", "audit").findings[0]  # doctest: +SKIP
    """
    began = time.perf_counter()
    settings = AuditSettings() if settings is None else settings
    scanning = ScanSettings() if scanning is None else scanning
    progress = Silent() if progress is None else progress
    if out is not None:
        check_new_folder(Path(out))
    folder = None if run is None else open_run(Path(run))
    with on_engine(engine, out, cluster, progress) as shared:
        if folder is None:
            scanned, evidence = _ask_itself(catalogue, settings, scanning, progress, shared)
        else:
            scanned, evidence = _ask(folder, catalogue, settings, scanning, progress, shared)
    suspicions = judge_tags(evidence, scanned.findings, settings)
    listings = _all_listings(scanned.manifest, suspicions)
    result = Audit(
        _summary(folder, catalogue, scanned.manifest.root, evidence, suspicions, listings, began),
        suspicions.findings,
        listings,
    )
    if out is not None:
        _write(Path(out), result, scanned.manifest, scanning, progress)
    return result


def _scan(
    catalogue: str | Path,
    scanning: ScanSettings,
    classes: Sequence[str] | None,
    progress: Progress,
    shared: SharedCatalogue | None,
) -> ScanResult:
    looking = None if shared is None else shared.look
    scanned = scan(Path(catalogue), scanning, progress=progress, known_classes=classes, looking=looking)
    if scanned.decided.summary:
        progress.say(f"note: {scanned.decided.summary}")
    return scanned


def _ask_itself(
    catalogue: str | Path,
    settings: AuditSettings,
    scanning: ScanSettings,
    progress: Progress,
    shared: SharedCatalogue | None,
) -> tuple[ScanResult, Evidence]:
    """Return the scanned catalogue and what it says of itself."""
    check_backbone(settings)
    scanned = _scan(catalogue, scanning, None, progress, shared)
    features = None if shared is None else shared.features(scanned.manifest, settings, scanning.max_megapixels)
    return scanned, own_evidence(scanned.manifest, settings, scanning.max_megapixels, progress, features)


def _ask(
    folder: RunFolder,
    catalogue: str | Path,
    settings: AuditSettings,
    scanning: ScanSettings,
    progress: Progress,
    shared: SharedCatalogue | None,
) -> tuple[ScanResult, Evidence]:
    """Return the scanned catalogue and what a run says of it."""
    prediction = EvaluateSettings(
        batch_size=settings.batch_size,
        device=settings.device,
        precision=settings.precision,
        workers=settings.workers,
        max_megapixels=scanning.max_megapixels,
    )
    classifier = load(folder.path, prediction)
    scanned = _scan(catalogue, scanning, classifier.card.classes, progress, shared)
    manifest, photos = scanned.manifest, scanned.manifest.usable()
    seen = _seen(folder, manifest, scanning.max_megapixels, progress, shared)
    if shared is None:
        asked = classifier.answers([manifest.root / photo.path for photo in photos], progress)
        answers: Iterable[Answer | PictureError] = (answer for _, answer in asked)
    else:
        answers = shared.answers(folder.path, manifest, prediction)
    evidence = evidence_of_run(classifier.card, answers, manifest, seen, settings, progress)
    trained = sum(each.part == "train" for each in seen)
    if trained:
        progress.say(
            f"note: {folder.path} was trained on {trained:,} of these {len(photos):,} photos, or copies of them: there "
            "it is not asked, and the other listings judge"
        )
    named = evidence.opinions[0].argmax(axis=1) == evidence.labels
    tests = [bool(right) for right, each in zip(named, evidence.seen, strict=True) if each.tested]
    if tests:
        progress.say(f"note: {len(tests):,} of these are test photos of {folder.path}; this look at them is recorded")
        record_opening(folder, tests, "audit")
    return scanned, evidence


def _seen(
    folder: RunFolder, manifest: Manifest, max_megapixels: float, progress: Progress, shared: SharedCatalogue | None
) -> list[Seen]:
    """Return what the run has seen of each usable photo; of a model without its training's files nothing is known."""
    photos = manifest.usable()
    if not (folder.config.is_file() and folder.split.is_file() and folder.manifest.is_file()):
        progress.say(f"note: {folder.path} does not say what it was trained on: photos of its training are not told")
        return [Seen()] * len(photos)
    looking = None if shared is None else shared.look
    return seen_by(folder, manifest.root, photos, max_megapixels, progress, looking)


def _all_listings(manifest: Manifest, suspicions: Suspicions) -> tuple[AuditListing, ...]:
    """Return every listing of the catalogue in path order, also those that could not be looked at."""
    judged = {each.path: each for each in suspicions.listings}
    return tuple(
        judged.get(photo.path)
        or AuditListing(photo.path, photo.label, "", None, EXCLUDED if photo.status == "excluded" else UNREADABLE)
        for photo in manifest.photos
    )


def _summary(
    folder: RunFolder | None,
    catalogue: str | Path,
    root: Path,
    evidence: Evidence,
    suspicions: Suspicions,
    listings: Sequence[AuditListing],
    began: float,
) -> AuditSummary:
    count, share = len(suspicions.scores), suspicions.share
    foreign = {each.path for each in listings if each.reason.startswith(FOREIGN_TAG)}
    reasons = Counter(each.reason for each in listings if each.score is None)
    reasons[FOREIGN_TAG] = len(foreign)
    sums = np.cumsum(suspicions.scores)
    return AuditSummary(
        run="" if folder is None else str(folder.path),
        model="" if folder is None else model_fingerprint(folder),
        catalogue=str(absolute_path(Path(catalogue))),
        root=str(root),
        listings=len(listings),
        judged=count,
        suspicious=len(suspicions.findings),
        in_training=sum(each.part == "train" for each in evidence.seen),
        not_judged={reason: number for reason, number in reasons.most_common() if number},
        wrong=share.value * count,
        low=share.low * count,
        high=share.high * count,
        top=tuple(Yield(listings=k, wrong=float(sums[k - 1])) for k in LOOKED_THROUGH if k < count),
        seconds=round(time.perf_counter() - began, 1),
        mekiki=__version__,
    )


def _write(out: Path, result: Audit, manifest: Manifest, scanning: ScanSettings, progress: Progress) -> None:
    from mekiki.reports.audit_page import pictures_shown, write_audit_page
    from mekiki.verbs.thumbnails import gather_thumbnails

    thumbnails = gather_thumbnails(manifest, pictures_shown(result), scanning, progress)
    write_audit_page(out / PAGE, result, thumbnails)
    write_audit(out, result)
