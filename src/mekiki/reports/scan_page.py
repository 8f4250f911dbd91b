"""``scan.html``: every finding of a scan with its photos side by side, filterable, in one file that needs no other.

Findings travel as JSON and small pictures as base64 in attributes; the page's script draws only the rows near the
window, so that ten thousand findings open at once. Photos are not opened here: whoever calls gives their thumbnails.
Names of files and classes are foreign text: they are escaped, and the script sets them as text only.
"""

from __future__ import annotations

import base64
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from mekiki.data.copies.duplicates import Groups
from mekiki.files import printable, write_text
from mekiki.records.decisions import DECISIONS, Decision
from mekiki.records.findings import FINDING_MEANINGS, SCORE_MEANINGS, Finding, FindingKind, in_order
from mekiki.records.manifest import Manifest, Photo, natural_key
from mekiki.reports.rendering import page_templates, render_page
from mekiki.reports.story import counted
from mekiki.version import __version__

MOST_FINDINGS = 40_000
"""So many are listed: a page can be 17 million pixels high in some browsers."""
MOST_PICTURES = 20_000
"""So many photos get a picture; that is a page of about 40 MB."""
MOST_CLASSES = 2_000

_OPEN_CLASSES = 24
_BLOCK = 256
_PAIRS: tuple[FindingKind, ...] = ("label_conflict", "exact_duplicate", "near_duplicate")
_DOUBTS: tuple[FindingKind, ...] = ("label_conflict", "label_error", "unreadable")


def write_scan_page(
    path: Path,
    manifest: Manifest,
    findings: Sequence[Finding],
    thumbnail: Callable[[str], bytes | None],
    *,
    decisions: Sequence[Decision] = (),
    decisions_file: Path | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Write the page of a scan, atomically; the same arguments give the same bytes.

    Args:
        path: The file to create or replace; the links to the photos are relative to its folder.
        manifest: The photos, with an absolute root.
        findings: What is odd, as ``findings.csv`` has it; the first 40,000 are listed, and the page says so.
        thumbnail: Gives a photo's small picture as ``make_thumbnail`` made it, None if it cannot be shown. Asked once
            for each path of ``photos_shown``, in that order.
        decisions: Those in force; the file that the page saves has them before the new ones.
        decisions_file: Where that file belongs; ``decisions.csv`` in the data root if not given.
        notes: Sentences for the head of the page.
    """
    listed = list(findings[:MOST_FINDINGS])
    shown = {photo: number for number, photo in enumerate(photos_shown(manifest, findings))}
    pictures = [thumbnail(photo) for photo in shown]
    numbers = {photo: number for (photo, number), picture in zip(shown.items(), pictures, strict=True) if picture}
    kinds = list(dict.fromkeys(finding.kind for finding in in_order(listed)))
    content = {
        "name": manifest.root.name or str(manifest.root),
        "summary": _summary(manifest, findings),
        "notes": [printable(note) for note in notes],
        "classes": _class_rows(manifest, findings),
        "findings": len(listed),
        "kinds": [_kind_row(kind, findings) for kind in kinds],
        "omitted": _omitted(manifest, findings),
        "decisions_file": printable(str(decisions_file or manifest.root / DECISIONS)),
        "earlier": len(decisions),
        "data": _as_json(_data(path, manifest, listed, kinds, numbers, decisions)),
        "pictures": list(_blocks(pictures)),
        "version": __version__,
    }
    templates = page_templates("scan")
    templates.globals.update(counted=counted, limits={"open": _OPEN_CLASSES, "classes": MOST_CLASSES})
    write_text(path, render_page(templates, "scan", content))


def photos_shown(manifest: Manifest, findings: Sequence[Finding]) -> list[str]:
    """Return the paths of the photos that the page shows a picture of, each once, in the order of its kinds.

    Args:
        manifest: The photos; those that could not be read are left out.
        findings: All findings; of their photos the first 20,000 are shown.
    """
    return _named_photos(manifest, findings)[:MOST_PICTURES]


def _named_photos(manifest: Manifest, findings: Sequence[Finding]) -> list[str]:
    readable = {photo.path for photo in manifest.photos if photo.status != "unreadable"}
    named = (path for finding in in_order(findings[:MOST_FINDINGS]) for path in _photos_of(finding) if path in readable)
    return list(dict.fromkeys(named))


def _photos_of(finding: Finding) -> tuple[str, ...]:
    """Return the paths that a finding names; not all of them need be photos."""
    if finding.kind == "imbalance":
        return ()
    return (finding.path, finding.other) if finding.kind in _PAIRS else (finding.path,)


def _summary(manifest: Manifest, findings: Sequence[Finding]) -> str:
    statuses = Counter(photo.status for photo in manifest.photos)
    words = f"{counted(len(manifest.photos), 'photo')} in {counted(len(manifest.classes), 'class')}"
    if statuses["unreadable"]:
        words += f", {statuses['unreadable']:,} of them unreadable"
    if statuses["excluded"]:
        words += f", {statuses['excluded']:,} excluded by decisions"
    return f"{words}; {counted(len(findings), 'finding')}." if findings else f"{words}."


def _class_rows(manifest: Manifest, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    counts = manifest.counts()
    labels = {photo.path: photo.label for photo in manifest.photos}
    few = {finding.path for finding in findings if finding.kind == "imbalance"}
    named = Counter(label for each in findings for label in {labels.get(path) for path in _photos_of(each)})
    named.update(few)
    most = max(counts.values(), default=0) or 1
    return [
        {"label": name, "photos": count, "share": count / most, "few": name in few, "findings": named[name]}
        for name, count in counts.items()
    ]


def _kind_row(kind: FindingKind, findings: Sequence[Finding]) -> dict[str, Any]:
    family = "doubt" if kind in _DOUBTS else "copy" if kind in _PAIRS else "file"
    return {
        "name": kind,
        "title": kind.replace("_", " "),
        "meaning": FINDING_MEANINGS[kind],
        "score": SCORE_MEANINGS[kind],
        "family": family,
        "amount": sum(finding.kind == kind for finding in findings),
    }


def _omitted(manifest: Manifest, findings: Sequence[Finding]) -> str:
    words = []
    if len(findings) > MOST_FINDINGS:
        words.append(f"Only the first {MOST_FINDINGS:,} of {len(findings):,} findings are listed here.")
    if len(_named_photos(manifest, findings)) > MOST_PICTURES:
        words.append(f"Only the first {MOST_PICTURES:,} photos have a picture here, so that the page stays light.")
    return " ".join([*words, "findings.csv holds every finding."]) if words else ""


def _data(
    path: Path,
    manifest: Manifest,
    findings: Sequence[Finding],
    kinds: Sequence[FindingKind],
    numbers: dict[str, int],
    decisions: Sequence[Decision],
) -> dict[str, Any]:
    """Return what the script reads: photos in path order and findings as short rows, see ``templates/scan_data.js``."""
    known = {photo.path: photo for photo in manifest.photos}
    used = sorted({name for finding in findings for name in _photos_of(finding) if name in known}, key=natural_key)
    places = {name: place for place, name in enumerate(used)}
    groups = _groups_of(findings, places)
    return {
        "base": _way_to(manifest.root, path),
        "block": _BLOCK,
        "kinds": [_kind_row(kind, findings) for kind in kinds],
        "classes": manifest.classes,
        "photos": [_photo_row(known[name], numbers.get(name, -1)) for name in used],
        "findings": [
            _finding_row(finding, kinds.index(finding.kind), places, groups.get(finding.path, -1))
            for finding in findings
        ],
        "decisions": [[each.path, each.action, each.value, each.other, each.reason] for each in decisions],
    }


def _photo_row(photo: Photo, picture: int) -> list[Any]:
    note = "cannot be read" if photo.status == "unreadable" else "no picture"
    elsewhere = Path(photo.path).as_uri() if Path(photo.path).is_absolute() else ""
    return [printable(photo.path), photo.label, photo.width, photo.height, picture, note, elsewhere]


def _finding_row(finding: Finding, kind: int, places: dict[str, int], group: int) -> list[Any]:
    """Return one finding; a photo is named by its place, and a path or label that is no photo by its text."""
    one, *two = [places.get(name, -1) for name in _photos_of(finding)] or [-1]
    other = two[0] if two else -1
    return [
        kind,
        one,
        other,
        round(finding.score, 4),
        finding.detail,
        finding.path if one < 0 else "",
        finding.other if other < 0 else "",
        group if finding.kind in _PAIRS else -1,
    ]


def _groups_of(findings: Sequence[Finding], places: dict[str, int]) -> dict[str, int]:
    """Return path → number of the photos that pairs join, whatever the kind of pair."""
    groups = Groups(len(places))
    for finding in findings:
        if finding.kind in _PAIRS and finding.path in places and finding.other in places:
            groups.join(places[finding.path], places[finding.other])
    names = list(places)
    return {names[place]: first for first, members in groups.members().items() for place in members}


def _way_to(root: Path, page: Path) -> str:
    """Return the relative address of a folder as seen from the page, "/" at its end; absolute from another drive."""
    try:
        way = os.path.relpath(root, page.parent).replace(os.sep, "/")
    except ValueError:
        return f"{root.as_uri()}/"
    return "./" if way == "." else f"./{quote(os.fsencode(way))}/"


def _blocks(pictures: Sequence[bytes | None]) -> Iterator[Markup]:
    """Yield the pictures as base64, parted by blanks; base64 has no letter that HTML reads.

    They stand in attributes: a browser reads 30 MB of those in half a second, but text in elements in ten.
    """
    for start in range(0, len(pictures), _BLOCK):
        lines = (base64.b64encode(each or b"").decode("ascii") for each in pictures[start : start + _BLOCK])
        yield Markup(" ".join(lines))


def _as_json(content: dict[str, Any]) -> Markup:
    """Return JSON that cannot end the element it stands in: ASCII only, and no "<"."""
    return Markup(json.dumps(content, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"))
