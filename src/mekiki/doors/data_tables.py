"""What was found among photos, as a person reads it in the terminal, or as one JSON object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Column, Table
from rich.text import Text

from mekiki.doors.results import foreign, print_json, results_console
from mekiki.records.collected import COLLECTED_MEANINGS
from mekiki.records.findings import FINDING_MEANINGS
from mekiki.records.split import Folds, Split
from mekiki.records.split_check import SplitCheck

if TYPE_CHECKING:
    from mekiki.data.importing.unpacking import Unpacked
    from mekiki.data.scans.scanning import ScanResult
    from mekiki.records.collected import Collected
    from mekiki.verbs.augment import AugmentedCopies
    from mekiki.verbs.preview import Preview

LEAKS_SHOWN = 10
REASONS_SHOWN = 5


def show_scan(result: ScanResult, as_json: bool) -> None:
    """Show photos per class and findings per kind."""
    found = Counter(finding.kind for finding in result.findings)
    statuses = Counter(photo.status for photo in result.manifest.photos)
    if as_json:
        print_json(
            {
                "photos": len(result.manifest.photos),
                "usable": statuses["ok"],
                "excluded": statuses["excluded"],
                "remembered": result.remembered,
                "classes": result.manifest.counts(),
                "findings": dict(found),
                "accepted": len(result.accepted),
            }
        )
        return
    console = results_console()
    table = Table("class", "photos", box=None)
    for name, count in result.manifest.counts().items():
        table.add_row(foreign(name), f"{count:,}")
    console.print(table)
    findings = Table("finding", "how many", "what it means", box=None)
    for kind, meaning in FINDING_MEANINGS.items():
        if found[kind]:
            findings.add_row(kind, f"{found[kind]:,}", meaning)
    console.print(findings if found else "nothing odd found")
    for line in _about_scan(result):
        console.print(foreign(line), soft_wrap=True)


def _about_scan(result: ScanResult) -> list[str]:
    """Return what else is to be known of a scan, a line each."""
    lines = []
    if result.accepted:
        count = len(result.accepted)
        lines.append(f"accepted: {count:,} {'line' if count == 1 else 'lines'} added to {result.decided.file}")
    if result.decided.summary:
        lines.append(f"decided: {result.decided.summary}")
    if result.bursts:
        lines.append(f"bursts and videos that a split keeps together: {result.bursts:,}")
    if result.remembered:
        lines.append(f"not opened again, because unchanged since an earlier scan: {result.remembered:,} photos")
    return lines


def show_split(split: Split, as_json: bool) -> None:
    """Show photos per part and class, and what could not be done as asked."""
    counts = split.counts()
    if as_json:
        print_json({"parts": counts, "notes": list(split.notes)})
        return
    table = Table("class", *counts, box=None)
    for label in counts["train"]:
        table.add_row(foreign(label), *(f"{counts[part][label]:,}" for part in counts))
    table.add_row("all", *(f"{sum(counts[part].values()):,}" for part in counts), style="bold")
    results_console().print(table)
    _show_notes(split.notes)


def show_folds(folds: Folds, as_json: bool) -> None:
    """Show how many photos of each class every fold tests, and what could not be done as asked."""
    if as_json:
        print_json({"folds": [{"parts": each.counts()} for each in folds.splits], "notes": list(folds.notes)})
        return
    tested = folds.tested()
    table = Table("class", *(f"fold {number}" for number in range(1, len(tested) + 1)), box=None)
    for label in tested[0]:
        table.add_row(foreign(label), *(f"{counts[label]:,}" for counts in tested))
    table.add_row("all", *(f"{sum(counts.values()):,}" for counts in tested), style="bold")
    results_console().print(table)
    _show_notes(folds.notes)


def show_check(check: SplitCheck, as_json: bool) -> None:
    """Show what leaks in a split: per part, per pair of parts, and the first pairs."""
    if as_json:
        print_json(check.as_json())
        return
    console = results_console()
    parts = Table("part", "photos", f"with a twin in {check.elsewhere}", "classes missing", box=None)
    for part in check.parts:
        twins = "-" if part.twins is None else f"{part.twins:,} ({part.share:.1%})"
        parts.add_row(part.name, f"{part.photos:,}", twins, foreign(", ".join(part.missing) or "-"))
    console.print(parts)
    sides = Table("sides", "leaking groups", "photos with a twin", box=None)
    for each in check.sides:
        sides.add_row(f"{each.one} - {each.other}", f"{each.groups:,}", f"{each.photos:,}")
    console.print(sides)
    console.print(foreign(check.headline(), "bold red" if check.leaks else "bold"), soft_wrap=True)
    for leak in check.leaks[:LEAKS_SHOWN]:
        line = f"  {leak.path} ({leak.part}) - {leak.other} ({leak.other_part}): {leak.detail}"
        console.print(foreign(line), soft_wrap=True)
    if len(check.leaks) > LEAKS_SHOWN:
        console.print(f"  and {len(check.leaks) - LEAKS_SHOWN:,} more: --out leaks.csv lists all")
    _show_notes(check.notes)


def show_copies(copies: AugmentedCopies, as_json: bool) -> None:
    """Show how many copies were written, and of which photos none."""
    if as_json:
        print_json(copies.as_json())
        return
    results_console().print(foreign(copies.describe()), soft_wrap=True)


def show_preview(preview: Preview, as_json: bool) -> None:
    """Show how many rows a contact sheet has."""
    if as_json:
        print_json(preview.as_json())
        return
    rows = len(preview.rows)
    results_console().print(f"a contact sheet of {rows} {'row' if rows == 1 else 'rows'}")


def show_collected(result: Collected, as_json: bool) -> None:
    """Show how many addresses brought a photo, and the most frequent reasons why the others did not."""
    counts = result.counts()
    if as_json:
        told = {status: dict(result.reasons(status).most_common()) for status in counts if result.reasons(status)}
        summary = {"out": str(result.out), "new": result.fetched, "there_before": result.kept}
        print_json({**summary, "statuses": counts, "reasons": told})
        return
    table = Table("status", Column("addresses", justify="right"), "what it means", box=None)
    for status, meaning in COLLECTED_MEANINGS.items():
        if counts[status]:
            table.add_row(status, f"{counts[status]:,}", meaning)
            reasons = result.reasons(status).most_common(REASONS_SHOWN + 1)
            for reason, count in reasons[:REASONS_SHOWN]:
                table.add_row("", Text(f"{count:,}", style="dim"), foreign(reason, "dim"))
            if len(reasons) > REASONS_SHOWN:
                table.add_row("", "", Text("…", style="dim"))
    results_console().print(table)
    results_console().print(f"{result.fetched:,} new, {result.kept:,} there before")


def show_unpacked(result: Unpacked, as_json: bool) -> None:
    """Show what came out of a zip, and what was left out and why."""
    if as_json:
        print_json(result.as_json())
        return
    results_console().print(foreign(result.describe()), soft_wrap=True)
    for reason, count in result.left_out[:REASONS_SHOWN]:
        results_console().print(foreign(f"  left out: {count:,} × {reason}"), soft_wrap=True)
    if len(result.left_out) > REASONS_SHOWN:
        results_console().print("  left out: …")


def _show_notes(notes: Sequence[str]) -> None:
    for note in notes:
        results_console().print(foreign(f"note: {note}"), soft_wrap=True)
