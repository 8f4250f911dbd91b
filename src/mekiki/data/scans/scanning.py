"""A scan: finds the photos, looks at each that changed since the last one, and says what is odd about them.

It composes the files beside it: ``layouts`` and ``deciding`` say which photos there are, ``remembering`` and ``crew``
look at them, ``duplicates`` and ``bursts`` pair them, ``grouping`` joins the pairs and ``judging`` words the findings.
Of each photo 5 kB stay in memory. The result depends on the files, the settings and the decisions alone: not on the
number of workers, nor on what was remembered. Nothing is changed on disk but the user's cache.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mekiki.config import ScanSettings
from mekiki.data.copies.duplicates import COMPARISON_VERSION, Pair, exact_pairs, near_pairs
from mekiki.data.copies.hashing import SKETCH_VERSION
from mekiki.data.decisions.deciding import Decided, decide, find_decisions, without_kept
from mekiki.data.folders import place_of
from mekiki.data.importing.found import Entry
from mekiki.data.importing.layouts import find_photos
from mekiki.data.scans import concluding, judging
from mekiki.data.scans.bursts import BurstPair, burst_pairs
from mekiki.data.scans.crew import Looking, all_cores, look_at_all
from mekiki.data.scans.grouping import Chain, count_bursts, name_groups
from mekiki.data.scans.looks import Look
from mekiki.data.scans.remembering import Memory, open_memory
from mekiki.progress import Progress, Silent
from mekiki.records.decisions import Decision
from mekiki.records.findings import Finding, in_order
from mekiki.records.manifest import Manifest, Photo

_TOLD_EVERY = 8


@dataclass(frozen=True)
class ScanResult:
    """What a scan brought.

    Attributes:
        manifest: All photos with a label, the unreadable and the excluded ones too.
        findings: What is odd and not settled, kind by kind, in natural path order; pairs the most similar first.
        decided: What the decisions changed.
        bursts: Groups of photos that are one burst or frames of one video.
        remembered: Photos that were not opened, because they did not change since an earlier scan.
        accepted: Decisions that were added because of this scan's findings (``mekiki scan --accept``).
    """

    manifest: Manifest
    findings: list[Finding]
    decided: Decided
    bursts: int = 0
    remembered: int = field(default=0, compare=False)
    accepted: tuple[Decision, ...] = ()


def scan(
    data: Path,
    settings: ScanSettings,
    workers: int | None = None,
    progress: Progress | None = None,
    *,
    known_classes: Sequence[str] | None = None,
    looking: Looking | None = None,
) -> ScanResult:
    """Import and check a folder of photos or a CSV.

    Args:
        data: The folder or CSV.
        settings: Layout, class names, and the bounds of near duplicates and sizes.
        workers: Threads or processes that look at photos, 0 or more; not given: as many as there are cores.
        progress: Told how far it is; silent if not given.
        known_classes: The classes of a trained model that is to be scored on these photos; see ``find_photos``.
        looking: Looks at the photos in the place of this machine's workers.

    Raises:
        DataError: The layout or the decisions cannot be used; see ``find_photos`` and ``decide``. A photo that cannot
            be read is a finding.
    """
    progress = Silent() if progress is None else progress
    found = find_photos(data, settings, known_classes=known_classes)
    decided = decide(found, find_decisions(data, settings.decisions), known_classes=known_classes)
    for note in decided.notes:
        progress.say(f"note: {note}")
    found = decided.found
    paths = [entry.path for entry in found.entries]
    with open_memory(found.root, settings.remember, progress.say) as memory:
        known = _remembered(memory, decided, settings, paths)
        if known is not None:
            return known
        count = all_cores() if workers is None else workers
        look = (lambda places, limit: look_at_all(places, limit, count)) if looking is None else looking
        looks, remembered = _look(memory, decided, settings, look, progress)
        pairs = _find_copies(memory, looks, settings, progress)
        result = _conclude(decided, settings, looks, pairs, remembered)
        stamps = concluding.stamps_of_looks(paths, looks, decided.excluded)
        if stamps is not None:
            text = concluding.to_text(result.manifest.photos, result.findings, result.bursts)
            memory.keep_conclusion(concluding.fingerprint(decided, settings, stamps), text)
    return result


def _remembered(memory: Memory, decided: Decided, settings: ScanSettings, paths: Sequence[str]) -> ScanResult | None:
    """Return what the last scan came to, if nothing changed since."""
    found = decided.found
    stamps = concluding.stamps_of_files(found.root, paths, decided.excluded)
    content = None if stamps is None else memory.conclusion(concluding.fingerprint(decided, settings, stamps))
    known = None if content is None else concluding.from_text(content, decided)
    if known is None:
        return None
    photos, findings, bursts = known
    included = sum(path not in decided.excluded for path in paths)
    return ScanResult(Manifest(found.root, photos, found.classes), findings, decided, bursts, included)


def _conclude(
    decided: Decided, settings: ScanSettings, looks: Sequence[Look | None], pairs: list[Pair], remembered: int
) -> ScanResult:
    """Say what the looks and the pairs come to."""
    found = decided.found
    bursts = _find_bursts(found.entries, looks) if settings.bursts else []
    groups = name_groups(
        [
            entry if look is not None else replace(entry, groups=())
            for entry, look in zip(found.entries, looks, strict=True)
        ],
        pairs,
        bursts,
    )
    manifest = Manifest(found.root, _make_photos(found.entries, looks, groups), found.classes)
    findings = [
        *judging.about_files(found.entries, looks),
        *judging.about_pairs(found.entries, pairs),
        *judging.about_strays(found.strays),
        *judging.about_balance(manifest),
    ]
    findings = in_order(without_kept(findings, decided))
    return ScanResult(manifest, findings, decided, count_bursts(len(looks), bursts), remembered)


def _look(
    memory: Memory, decided: Decided, settings: ScanSettings, look_at: Looking, progress: Progress
) -> tuple[list[Look | None], int]:
    """Look at every photo that is not excluded, by memory if its file did not change; count those."""
    root, limit = decided.found.root, settings.max_megapixels
    paths = [entry.path for entry in decided.found.entries]
    included = [index for index, path in enumerate(paths) if path not in decided.excluded]
    looks: list[Look | None] = [None] * len(paths)
    with progress.task("Reading photos", len(included)) as task:
        for index, look in zip(included, memory.recall(root, [paths[index] for index in included], limit), strict=True):
            looks[index] = look
        unknown = [index for index in included if looks[index] is None]
        task.advance(len(included) - len(unknown))
        places = [place_of(root, paths[index]) for index in unknown]
        for done, (index, look) in enumerate(zip(unknown, look_at(places, limit), strict=True), start=1):
            looks[index] = look
            memory.keep(paths[index], limit, look)
            if done % _TOLD_EVERY == 0:
                task.advance(_TOLD_EVERY)
        task.advance(len(unknown) % _TOLD_EVERY)
        memory.forget_others(paths)
    return looks, len(included) - len(unknown)


def _find_copies(
    memory: Memory, looks: Sequence[Look | None], settings: ScanSettings, progress: Progress
) -> list[Pair]:
    """Return the pairs that hold each group of copies together, the most similar first; from memory if unchanged."""
    sketches = {index: look.sketch for index, look in enumerate(looks) if look is not None and look.sketch is not None}
    exact = exact_pairs([look.sha256 if look is not None and look.sketch else "" for look in looks])
    places = sorted(set(sketches) - {pair.second for pair in exact})
    how = (COMPARISON_VERSION, SKETCH_VERSION, settings.near_similarity, settings.near_exact, exact, places)
    compared = hashlib.sha256(repr(how).encode())
    for place in places:
        compared.update(sketches[place].to_bytes())
    known = memory.comparison(compared.hexdigest())
    if known is not None:
        return [Pair(*values) for values in json.loads(known)]
    chain = Chain(len(looks), exact)
    sought = [sketches[place] for place in places]
    with progress.task("Comparing photos", len(places)) as task:
        for done, pairs in near_pairs(sought, settings.near_similarity, settings.near_exact):
            chain.add(Pair(places[pair.first], places[pair.second], pair.likeness, pair.similarity) for pair in pairs)
            task.advance(done)
    found = chain.pairs()
    memory.keep_comparison(compared.hexdigest(), json.dumps([dataclasses.astuple(pair) for pair in found]))
    return found


def _find_bursts(entries: Sequence[Entry], looks: Sequence[Look | None]) -> list[BurstPair]:
    seen = [
        (index, look.facts, look.sketch)
        for index, look in enumerate(looks)
        if look is not None and look.facts is not None and look.sketch is not None
    ]
    pairs = burst_pairs(
        [entries[index].path for index, _, _ in seen],
        [facts.taken for _, facts, _ in seen],
        [facts.camera for _, facts, _ in seen],
        [(facts.width, facts.height) for _, facts, _ in seen],
        [sketch for _, _, sketch in seen],
    )
    return [BurstPair(seen[pair.first][0], seen[pair.second][0], pair.reason) for pair in pairs]


def _make_photos(entries: Sequence[Entry], looks: Sequence[Look | None], groups: dict[int, str]) -> tuple[Photo, ...]:
    return tuple(
        _make_photo(entry, look, groups.get(index, ""))
        for index, (entry, look) in enumerate(zip(entries, looks, strict=True))
    )


def _make_photo(entry: Entry, look: Look | None, group: str) -> Photo:
    if look is None:
        return Photo(path=entry.path, label=entry.label, group=group, status="excluded", part=entry.part)
    return Photo(
        path=entry.path,
        label=entry.label,
        group=group,
        sha256=look.sha256,
        phash=look.sketch.phash.hex() if look.sketch else "",
        width=look.facts.width if look.facts else 0,
        height=look.facts.height if look.facts else 0,
        status="ok" if look.sketch else "unreadable",
        part=entry.part,
    )
