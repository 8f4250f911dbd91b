"""``mekiki scan``: look through a folder of photos and write down what is there and what is odd about it."""

from __future__ import annotations

from pathlib import Path

from mekiki.config import ScanSettings
from mekiki.data import scanning
from mekiki.data.scanning import ScanResult
from mekiki.progress import Progress, Silent
from mekiki.records.findings import write_findings
from mekiki.records.manifest import write_manifest
from mekiki.records.run import check_new_file

MANIFEST = "manifest.csv"
FINDINGS = "findings.csv"


def scan(
    data: str | Path,
    out: str | Path | None = None,
    settings: ScanSettings | None = None,
    progress: Progress | None = None,
) -> ScanResult:
    """Read every photo once; find labels, duplicates and trouble.

    Args:
        data: A folder of photos (class folders, train/val/test folders, or flat ``1_0001.jpg`` names), or a CSV file.
        out: A folder for ``manifest.csv`` and ``findings.csv``; nothing is written if it is not given.
        settings: How to read; the defaults find the layout by themselves.
        progress: Where to report to.

    Returns:
        The manifest and the findings.

    Raises:
        DataError: There is nothing to train on: no such folder, no photos, no labels, or one class only.
        SettingsError: ``out`` holds such files already.
    """
    if out is not None:
        for name in (MANIFEST, FINDINGS):
            check_new_file(Path(out) / name)
    settings = ScanSettings() if settings is None else settings
    result = scanning.scan(Path(data), settings, progress=Silent() if progress is None else progress)
    if out is not None:
        write_manifest(Path(out) / MANIFEST, result.manifest)
        write_findings(Path(out) / FINDINGS, result.findings)
    return result
