"""``mekiki scan``: what is in a folder of photos, and what is odd about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mekiki.cluster.engines import LOCAL
from mekiki.config import ClusterSettings, LabelSettings, ScanSettings
from mekiki.data.decisions.accepting import check_acceptable, decisions_for
from mekiki.data.decisions.deciding import place_of_decisions, without_kept
from mekiki.data.scans import scanning
from mekiki.data.scans.scanning import ScanResult
from mekiki.errors import SettingsError
from mekiki.progress import Progress, Silent
from mekiki.records.decisions import append_decisions
from mekiki.records.findings import Finding, in_order, write_findings
from mekiki.records.manifest import write_manifest
from mekiki.records.run import check_new_file
from mekiki.verbs.engine import on_engine

MANIFEST = "manifest.csv"
FINDINGS = "findings.csv"
PAGE = "scan.html"


def scan(
    data: str | Path,
    out: str | Path | None = None,
    settings: ScanSettings | None = None,
    progress: Progress | None = None,
    *,
    labels: LabelSettings | None = None,
    accept: Sequence[str] = (),
    engine: str = LOCAL,
    cluster: ClusterSettings | None = None,
) -> ScanResult:
    """Read every photo that is new or changed; find labels, duplicates and trouble.

    Args:
        data: A folder of photos (class folders, train/val/test folders, or flat ``1_0001.jpg`` names), or a CSV file.
        out: A folder for ``manifest.csv``, ``findings.csv`` and ``scan.html``; nothing is written if it is not given.
        settings: How to read; the defaults find the layout by themselves.
        progress: Where to report to.
        labels: How to look for wrong labels; not given: they are not looked for.
        accept: Kinds of findings whose remedy is added to the decisions; the result is that of the scan with them.
        engine: Where photos are looked at: "local", or "ray": by the workers of a Ray cluster, also those that a list
            gives the addresses of.
        cluster: With ray: where it runs, and in what pieces.

    Returns:
        The manifest and the findings.

    Raises:
        DataError: There is nothing to train on: no such folder, no photos, no labels, or one class only; or the
            decisions cannot be used.
        SettingsError: ``out`` holds such files already, or a kind cannot be accepted.
        MekikiError: Wrong labels cannot be looked for: something is not installed, or there are no weights.
    """
    settings = ScanSettings() if settings is None else settings
    progress = Silent() if progress is None else progress
    data = Path(data)
    _check(out, labels, accept)
    with on_engine(engine, out, cluster, progress) as shared:
        looking = None if shared is None else shared.look
        result = scanning.scan(data, settings, progress=progress, looking=looking)
        doubts = [] if labels is None else _find_label_errors(result, labels, settings, progress)
        result = _with(result, doubts)
        if accept:
            place = place_of_decisions(data) if settings.decisions is None else Path(settings.decisions)
            added = append_decisions(place, decisions_for(result.findings, accept, result.manifest))
            if added:
                again = scanning.scan(data, settings, progress=progress, looking=looking)
                result = _with(replace(again, remembered=result.remembered, accepted=tuple(added)), doubts)
        if out is not None:
            _write(Path(out), result, settings, progress, labels is not None)
    return result


def _check(out: str | Path | None, labels: LabelSettings | None, accept: Sequence[str]) -> None:
    """Refuse before the work what would fail after it."""
    if out is not None:
        for name in (MANIFEST, FINDINGS, PAGE):
            check_new_file(Path(out) / name)
    check_acceptable(accept)
    if labels is None and "label_error" in accept:
        raise SettingsError("label errors cannot be accepted unless they are looked for", "add --labels")
    if labels is not None:
        from mekiki.evaluation.label_errors import check_label_search

        check_label_search(labels)


def _find_label_errors(
    result: ScanResult, labels: LabelSettings, settings: ScanSettings, progress: Progress
) -> list[Finding]:
    from mekiki.evaluation.label_errors import find_label_errors

    return find_label_errors(result.manifest, labels, progress, max_megapixels=settings.max_megapixels)


def _with(result: ScanResult, doubts: Sequence[Finding]) -> ScanResult:
    """Return a scan with those doubts about labels that no decision settles."""
    return replace(result, findings=in_order([*result.findings, *without_kept(doubts, result.decided)]))


def _write(out: Path, result: ScanResult, settings: ScanSettings, progress: Progress, labels_checked: bool) -> None:
    from mekiki.reports.scan_page import photos_shown, write_scan_page
    from mekiki.verbs.thumbnails import gather_thumbnails

    write_manifest(out / MANIFEST, result.manifest)
    write_findings(out / FINDINGS, result.findings)
    shown = photos_shown(result.manifest, result.findings)
    notes = [result.decided.summary] if result.decided.summary else []
    if not labels_checked:
        notes.append("Wrong labels were not looked for: mekiki scan DATA --labels")
    write_scan_page(
        out / PAGE,
        result.manifest,
        result.findings,
        gather_thumbnails(result.manifest, shown, settings, progress),
        decisions=result.decided.decisions,
        decisions_file=result.decided.file,
        notes=notes,
    )
