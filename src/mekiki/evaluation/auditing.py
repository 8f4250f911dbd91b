"""From evidence to suspicions: how likely each tag of a catalogue is wrong, what fits better, and why, in words.

Three things speak against a tag: what the photo looks like (to the opinions and its neighbours), that the same photo is
listed under another tag, and that it shows none of the classes. The score is the largest of the three probabilities. It
opens no pictures and changes no tag.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mekiki.config import AuditSettings
from mekiki.data.copies.duplicates import Groups
from mekiki.errors import DataError
from mekiki.evaluation.audit_evidence import FOREIGN, Evidence
from mekiki.evaluation.nearness import nearest_others, votes_of, whitened
from mekiki.records.audit import AuditFinding, AuditListing, joined
from mekiki.records.evaluation import Estimate
from mekiki.records.findings import Finding, FindingKind
from mekiki.scoring.wrong_labels import find_wrong_labels

EXAMPLES = 3
APART = 0.05
"""Of cosine: what is that much less alike is far."""
TRUSTED_BELOW = 0.5
FOREIGN_TAG = "tag is no class of the model"
ALONE = "no other listings of its tag to learn it from"
_COPIES: tuple[FindingKind, ...] = ("label_conflict", "exact_duplicate", "near_duplicate")


@dataclass(frozen=True)
class Suspicions:
    """What an audit says of the photos that could be read.

    Attributes:
        findings: Suspicious ones, the most suspicious first.
        listings: All, in path order.
        scores: Of the judged, the highest first.
        share: Of wrong tags among the judged, with its 95 % interval.
    """

    findings: tuple[AuditFinding, ...]
    listings: tuple[AuditListing, ...]
    scores: tuple[float, ...]
    share: Estimate


@dataclass(frozen=True)
class _Judged:
    """Arrays over the photos of the evidence.

    Attributes:
        judged: Whether the tag could be judged.
        scores: Probability that the tag is wrong.
        order: To sort by, higher first; tells apart what rounds to 1.
        chances: (n, classes).
        suggested: Class numbers; ``FOREIGN``: none of the classes.
        conflicts: The other tags of the same photo.
        strange: Whether the score is that of a stranger.
    """

    judged: NDArray[np.bool_]
    scores: NDArray[np.float64]
    order: NDArray[np.float64]
    chances: NDArray[np.float64]
    suggested: NDArray[np.int64]
    conflicts: tuple[tuple[int, ...], ...]
    strange: NDArray[np.bool_]


def judge_tags(evidence: Evidence, findings: Sequence[Finding], settings: AuditSettings) -> Suspicions:
    """Say of each listing how likely its tag is wrong.

    Args:
        evidence: What is known of the photos.
        findings: The scan's; its pairs say which photos are copies of each other.
        settings: Neighbours, and from when on a listing is suspicious.

    Raises:
        DataError: No tag can be judged.
    """
    judged = (evidence.labels != FOREIGN) & evidence.heard
    if not judged.any():
        raise DataError(
            f"none of the {len(evidence.photos):,} photos that can be read has a tag that can be judged",
            "an audit needs two or more tags with several different photos each, or a run that knows the tags",
        )
    space = whitened(evidence.features)
    chances, scores, odds, share = _by_looks(evidence, judged, space, settings.neighbours)
    conflicts = _conflicts(evidence, findings)
    result = _joined(evidence, judged, chances, scores, odds, conflicts)
    reasons = _Reasons(evidence, result, space)
    listed = _listed(result, evidence, settings)
    suspicious = set(listed)
    return Suspicions(
        tuple(reasons.finding(place) for place in listed),
        tuple(reasons.listing(place, place in suspicious) for place in range(len(evidence.photos))),
        tuple(sorted(result.scores[result.judged].tolist(), reverse=True)),
        share,
    )


def _by_looks(
    evidence: Evidence, judged: NDArray[np.bool_], space: NDArray[np.float32], neighbours: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], Estimate]:
    """Return chances of all photos, and scores, log odds and share of wrong ones among the judged, by looks alone."""
    rows, everyone = np.flatnonzero(judged), np.arange(len(judged))
    places, cosines = nearest_others(space, evidence.groups, everyone, rows, neighbours)
    votes = votes_of(places, cosines, np.maximum(evidence.labels, 0), len(evidence.classes))
    opinions = [*evidence.opinions, votes]
    wrong = find_wrong_labels([each[rows] for each in opinions], evidence.labels[rows], evidence.groups[rows])
    scores, odds = np.zeros(len(judged)), np.full(len(judged), -np.inf)
    scores[rows], odds[rows] = wrong.scores, wrong.log_odds
    return wrong.combined(opinions), scores, odds, wrong.share


def _conflicts(evidence: Evidence, findings: Sequence[Finding]) -> tuple[tuple[int, ...], ...]:
    """Return for each photo the other tags under which copies of it are listed, as class numbers."""
    numbers = {photo.path: number for number, photo in enumerate(evidence.photos)}
    groups = Groups(len(numbers))
    for finding in findings:
        if finding.kind in _COPIES and finding.path in numbers and finding.other in numbers:
            groups.join(numbers[finding.path], numbers[finding.other])
    found: list[tuple[int, ...]] = [()] * len(numbers)
    for members in groups.members().values():
        tags = {int(evidence.labels[place]) for place in members} - {FOREIGN}
        for place in members:
            found[place] = tuple(sorted(tags - {int(evidence.labels[place])}))
    return tuple(found)


def _joined(
    evidence: Evidence,
    judged: NDArray[np.bool_],
    chances: NDArray[np.float64],
    scores: NDArray[np.float64],
    odds: NDArray[np.float64],
    conflicts: tuple[tuple[int, ...], ...],
) -> _Judged:
    """Return the largest of the three probabilities, and what it suggests."""
    scores, order = scores.copy(), odds.copy()
    others = chances.copy()
    others[np.arange(len(others)), np.maximum(evidence.labels, 0)] -= np.where(evidence.labels == FOREIGN, 0, 2)
    suggested = others.argmax(axis=1)
    for place in np.flatnonzero(judged & np.array([bool(tags) for tags in conflicts])):
        own, tags = chances[place, evidence.labels[place]], list(conflicts[place])
        either = float(chances[place, tags].sum() / max(own + chances[place, tags].sum(), 1e-300))
        if either >= scores[place]:
            scores[place], suggested[place] = either, max(tags, key=lambda tag: chances[place, tag])
            order[place] = max(order[place], _log_odds(either))
    foreign = evidence.labels == FOREIGN
    scores[foreign] = chances[foreign].max(axis=1) * (1 - evidence.strangers[foreign])
    order[foreign] = [_log_odds(score) for score in scores[foreign]]
    strange = judged & (evidence.strangers > scores)
    scores[strange], suggested[strange] = evidence.strangers[strange], FOREIGN
    order[strange] = [max(_log_odds(scores[place]), order[place]) for place in np.flatnonzero(strange)]
    return _Judged(judged, scores, order, chances, suggested, conflicts, strange)


def _log_odds(score: float) -> float:
    return float(np.log(max(score, 1e-300)) - np.log(max(1 - score, 1e-12)))


def _listed(result: _Judged, evidence: Evidence, settings: AuditSettings) -> list[int]:
    """Return the suspicious places, the most suspicious first, as many as may be listed."""
    known = result.judged | (evidence.labels == FOREIGN)
    suspicious = np.flatnonzero(known & (result.scores >= settings.least))
    ordered = sorted(suspicious.tolist(), key=lambda place: (-result.scores[place], -result.order[place], place))
    return ordered[: int(np.ceil(settings.most * len(evidence.photos)))]


class _Reasons:
    """Words and examples for single photos."""

    def __init__(self, evidence: Evidence, result: _Judged, space: NDArray[np.float32]) -> None:
        self.evidence, self.result, self.space = evidence, result, space
        conflict = np.array([bool(tags) for tags in result.conflicts])
        trusted = result.judged & (result.scores < TRUSTED_BELOW) & ~conflict
        classes = range(len(evidence.classes))
        self.examples = [np.flatnonzero(trusted & (evidence.labels == number)) for number in classes]

    def finding(self, place: int) -> AuditFinding:
        nearest = self._nearest(place, int(self.result.suggested[place]), EXAMPLES)
        return AuditFinding(
            self.evidence.photos[place].path,
            self.evidence.photos[place].label,
            self._name(place),
            float(self.result.scores[place]),
            self.reason(place),
            joined([self.evidence.photos[each].path for each, _ in nearest]),
        )

    def listing(self, place: int, suspicious: bool) -> AuditListing:
        photo, seen = self.evidence.photos[place], str(self.evidence.seen[place])
        if self.evidence.labels[place] == FOREIGN:
            score, reason = float(self.result.scores[place]), self.reason(place)
            return AuditListing(photo.path, photo.label, self._name(place), score, reason, seen)
        if not self.result.judged[place]:
            return AuditListing(photo.path, photo.label, "", None, ALONE, seen)
        reason = self.reason(place) if suspicious else ""
        return AuditListing(photo.path, photo.label, self._name(place), float(self.result.scores[place]), reason, seen)

    def reason(self, place: int) -> str:
        """Return why a photo is suspicious."""
        words = []
        tags = self.result.conflicts[place]
        if self.evidence.labels[place] == FOREIGN:
            words.append(FOREIGN_TAG)
        elif tags:
            words.append(f"same photo listed as {' and '.join(self.evidence.classes[tag] for tag in tags)}")
        if self.result.strange[place]:
            words.append("is none of the classes")
        else:
            words += self._looks(place)
        if self.evidence.seen[place].part == "train":
            words.append("was in training")
        return "; ".join(words)

    def _looks(self, place: int) -> list[str]:
        looks, own = int(self.result.suggested[place]), int(self.evidence.labels[place])
        words = [f"looks like {self.evidence.classes[looks]} {self.result.chances[place, looks]:.2f}"]
        if own == FOREIGN:
            return words
        near, far = self._nearest(place, looks, 1), self._nearest(place, own, 1)
        if not near or not far:
            return words
        less_alike = near[0][1] - far[0][1]
        how = "far" if less_alike > APART else "nearer" if less_alike < -APART else "as near"
        return [*words, f"nearest {self.evidence.classes[own]} is {how}"]

    def _nearest(self, place: int, number: int, most: int) -> list[tuple[int, float]]:
        """Return the places of the nearest trusted photos of a class, with their cosines."""
        if number == FOREIGN:
            return []
        asked = np.array([place])
        places, cosines = nearest_others(self.space, self.evidence.groups, asked, self.examples[number], most)
        pairs = zip(places[0].tolist(), cosines[0].tolist(), strict=True)
        return [(each, cosine) for each, cosine in pairs if np.isfinite(cosine)]

    def _name(self, place: int) -> str:
        number = int(self.result.suggested[place])
        return "" if number == FOREIGN else self.evidence.classes[number]
