"""Turns findings into decisions, for ``mekiki scan --accept KIND``: what a person would write by hand, line by line.

Of copies under one label the largest stays, and never is a group of copies excluded for being copies. A picture under
two labels is excluded with all its copies, because nobody knows which label is right. Only decisions come of it; no
file is touched. Findings that need no decision cannot be accepted and say why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from mekiki.data.copies.duplicates import Groups
from mekiki.errors import DataError, SettingsError, unknown_name
from mekiki.records.decisions import Decision
from mekiki.records.findings import Finding
from mekiki.records.manifest import Manifest, Photo

ACCEPTABLE: dict[str, str] = {
    "exact_duplicate": "exclude all copies but one, the largest",
    "near_duplicate": "exclude all copies but one, the largest",
    "label_conflict": "exclude the photos under two labels and their copies",
    "label_error": "relabel to the suggested class",
    "unreadable": "exclude",
    "tiny": "exclude",
    "blank": "exclude",
    "blurred": "exclude",
}
"""Kind of finding → what accepting it decides."""

_NO_DECISION: dict[str, str] = {
    "extension": "such a photo is read by its bytes; rename the file if you like",
    "rotated": "such a photo is read upright already",
    "stray": "such a file is left out already; a keep line ends the talk of it",
    "imbalance": "only more photos mend it; a keep line ends the talk of it",
}
_COPIES = ("exact_duplicate", "near_duplicate")
_CONFLICT = "label_conflict"
_LABEL = "label_error"


def check_acceptable(kinds: Sequence[str]) -> None:
    """Refuse kinds of findings that cannot be accepted, before any work is done.

    Raises:
        SettingsError: There is no such kind, or nothing that it could decide.
    """
    for kind in kinds:
        if kind in _NO_DECISION:
            known = ", ".join(ACCEPTABLE)
            raise SettingsError(f"{kind} cannot be accepted: {_NO_DECISION[kind]}", f"can be accepted: {known}")
        if kind not in ACCEPTABLE:
            raise unknown_name("kind of finding to accept", kind, list(ACCEPTABLE))


def decisions_for(findings: Sequence[Finding], kinds: Sequence[str], manifest: Manifest) -> list[Decision]:
    """Decide what some kinds of findings suggest.

    Args:
        findings: Those of a scan, without what was settled before.
        kinds: Keys of ``ACCEPTABLE``.
        manifest: Of the same scan.

    Returns:
        At most one decision per photo: excluded photos in the order of the kinds in ``ACCEPTABLE``, then new labels.

    Raises:
        SettingsError: A kind that cannot be accepted.
        DataError: It would leave fewer than two classes, which no scan takes.
    """
    check_acceptable(kinds)
    photos = {photo.path: photo for photo in manifest.photos}
    concerned = [finding for finding in findings if finding.path in photos]
    excluded: dict[str, str] = {}
    if _CONFLICT in kinds:
        excluded |= _conflicting(concerned, photos)
    for finding in concerned:
        if finding.kind in kinds and finding.kind not in (*_COPIES, _CONFLICT, _LABEL):
            excluded.setdefault(finding.path, finding.kind)
    excluded |= _superfluous([kind for kind in _COPIES if kind in kinds], concerned, photos, excluded)
    order = {kind: number for number, kind in enumerate(ACCEPTABLE)}
    ranked = sorted(excluded.items(), key=lambda item: order[item[1].partition(" ")[0]])
    relabelled = {
        finding.path: finding.other
        for finding in reversed(concerned)
        if finding.kind == _LABEL and _LABEL in kinds and finding.path not in excluded
    }
    _check_classes_left(manifest, kinds, excluded, relabelled)
    return [
        *(Decision(path, "exclude", reason=f"accepted {why}") for path, why in ranked),
        *(
            Decision(path, "relabel", label, reason=f"accepted {_LABEL}")
            for path, label in reversed(relabelled.items())
        ),
    ]


def _check_classes_left(
    manifest: Manifest, kinds: Sequence[str], excluded: Collection[str], relabelled: Mapping[str, str]
) -> None:
    left = {
        relabelled.get(photo.path, photo.label)
        for photo in manifest.photos
        if photo.status != "excluded" and photo.path not in excluded
    }
    if len(left) < 2 <= len(manifest.classes):
        held = f"only the class {left.pop()!r}" if left else "no photos"
        raise DataError(
            f"accepting {', '.join(kinds)} would leave {held}; a classifier needs two classes or more",
            "nothing was decided: decide photo by photo, in decisions.csv or in scan.html (--out)",
        )


def _conflicting(findings: Sequence[Finding], photos: Mapping[str, Photo]) -> dict[str, str]:
    """Return path → why, for every photo that is joined by copies to one under another label."""
    partners: dict[str, str] = {}
    for finding in findings:
        if finding.kind == _CONFLICT:
            partners.setdefault(finding.path, finding.other)
            partners.setdefault(finding.other, finding.path)
    excluded: dict[str, str] = {}
    for members in _clusters(findings, (*_COPIES, _CONFLICT), photos):
        doubted = [path for path in members if path in partners]
        excluded |= {path: f"{_CONFLICT} with {partners.get(path, doubted[0])}" for path in members if doubted}
    return excluded


def _superfluous(
    kinds: Sequence[str], findings: Sequence[Finding], photos: Mapping[str, Photo], gone: Collection[str]
) -> dict[str, str]:
    """Return path → why, for the copies of which a larger or an earlier one stays."""
    excluded: dict[str, str] = {}
    named = {end: finding.kind for finding in reversed(findings) if finding.kind in kinds for end in _ends(finding)}
    for members in _clusters(findings, kinds, photos):
        staying = [path for path in members if path not in gone]
        if staying:
            best = max(staying, key=lambda path: photos[path].width * photos[path].height)
            excluded |= {path: f"{named[path]} of {best}" for path in staying if path != best}
    return excluded


def _clusters(findings: Iterable[Finding], kinds: Collection[str], photos: Mapping[str, Photo]) -> list[list[str]]:
    """Return the photos that pairs of some kinds join, each cluster in the manifest's order."""
    paths = list(photos)
    places = {path: place for place, path in enumerate(paths)}
    groups = Groups(len(paths))
    for finding in findings:
        if finding.kind in kinds and finding.other in places:
            groups.join(places[finding.path], places[finding.other])
    return [[paths[place] for place in members] for members in groups.members().values()]


def _ends(finding: Finding) -> tuple[str, str]:
    return finding.path, finding.other
