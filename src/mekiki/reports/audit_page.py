"""``audit.html``: a card for each suspicious listing beside good examples of what it looks like, in one file.

No script: names of files and tags are foreign text and are escaped. Photos are not opened here: whoever calls gives
their thumbnails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mekiki.files import printable, write_text
from mekiki.records.audit import Audit, AuditFinding
from mekiki.reports.audit_story import about_not_judged, estimate, yields
from mekiki.reports.rendering import page_templates, render_page
from mekiki.reports.story import counted, interval, lasting, percent
from mekiki.reports.thumbnails import data_uri
from mekiki.version import __version__

MOST_CARDS = 400
MOST_NOT_JUDGED = 200


@dataclass(frozen=True)
class Shown:
    """A photo on a card; ``uri`` is empty where it cannot be shown."""

    path: str
    uri: str


@dataclass(frozen=True)
class Card:
    """One suspicious listing: its place in the list, what is said of it, its photo and the examples."""

    number: int
    finding: AuditFinding
    photo: Shown
    examples: tuple[Shown, ...]


def pictures_shown(audit: Audit) -> list[str]:
    """Return the paths of the photos that the page shows, each once."""
    named = (path for each in audit.findings[:MOST_CARDS] for path in (each.path, *each.examples))
    return list(dict.fromkeys(named))


def write_audit_page(path: Path, audit: Audit, thumbnail: Callable[[str], bytes | None]) -> None:
    """Write the page, atomically; the same arguments give the same bytes.

    Args:
        path: The file to create or replace.
        audit: What was found; the first 400 findings get a card, and the page says so.
        thumbnail: Gives a photo's small picture as ``make_thumbnail`` made it, None if it cannot be shown. Asked for
            the paths of ``pictures_shown``.
    """
    summary = audit.summary
    not_judged = [each for each in audit.listings if each.score is None]
    content = {
        "name": printable(Path(summary.root).name or summary.root),
        "run": printable(summary.run),
        "summary": summary,
        "estimate": estimate(summary),
        "yields": yields(summary),
        "remarks": about_not_judged(summary),
        "cards": [_card(number, each, thumbnail) for number, each in enumerate(audit.findings[:MOST_CARDS], 1)],
        "findings": len(audit.findings),
        "not_judged": not_judged[:MOST_NOT_JUDGED],
        "left_out": max(0, len(not_judged) - MOST_NOT_JUDGED),
        "version": __version__,
    }
    templates = page_templates("audit")
    templates.filters.update(percent=percent, interval=interval, lasting=lasting)
    templates.globals.update(counted=counted)
    write_text(path, render_page(templates, "audit", content))


def _card(number: int, finding: AuditFinding, thumbnail: Callable[[str], bytes | None]) -> Card:
    def shown(path: str) -> Shown:
        content = thumbnail(path)
        return Shown(printable(path), data_uri(content, "image/webp") if content else "")

    return Card(number, finding, shown(finding.path), tuple(shown(path) for path in finding.examples))
