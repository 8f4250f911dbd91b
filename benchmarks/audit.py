"""How well planted wrong tags are found by ``mekiki audit``, beside cleanlab on the same probabilities.

    python benchmarks/audit.py DATA [--verdicts benchmarks/labels_guitars.csv]
    python benchmarks/audit.py DATA --run RUN [--verdicts benchmarks/labels_guitars.csv]

The first is ``--self``. The second asks a run about what it was neither trained nor chosen on; cleanlab gets the run's
probabilities.

In DATA, a folder of class folders, 1, 5 and 20 % of the tags are replaced, several times over: by any other class, and
by the class that their own is most often taken for. Features are read once. Two rankings of all photos are compared:
the audit's, and cleanlab's self-confidence of the same probabilities (without neighbours and copies).

Figures: average precision; precision among the first 1 % of the photos; and average precision where the data's own
errors are set aside, because those rightly rank high: what ``--verdicts`` calls own_error or unclear, or without such a
file what an audit lists before anything is planted. They stay in the data. "Covered" tells in how many plantings the
interval of the estimate holds the number planted (own errors come on top of it).

Goal: at least 0.90 average precision at 5 % of any other class.
"""

import argparse
import csv
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from cleanlab.rank import get_label_quality_scores
from labels import planted
from sklearn.metrics import average_precision_score

from mekiki.config import AuditSettings, ScanSettings
from mekiki.data.scans.scanning import scan
from mekiki.evaluation.audit_evidence import evidence_of_features, evidence_of_run
from mekiki.evaluation.auditing import Suspicions, judge_tags
from mekiki.evaluation.classifier import load
from mekiki.evaluation.label_errors import frozen_features
from mekiki.evaluation.seen import Seen, seen_by
from mekiki.progress import Silent
from mekiki.records.manifest import Manifest
from mekiki.records.run import open_run

SHARES = (0.01, 0.05, 0.2)


class Catalogue:
    """Photos whose features, and a run's opinion of them if there is one, are read once."""

    def __init__(self, data: Path, settings: AuditSettings, run: Path | None) -> None:
        scanned = scan(data, ScanSettings())
        self.settings, self.findings, self.asked = settings, scanned.findings, None
        self.photos, self.classes = scanned.manifest.usable(), scanned.manifest.classes
        if run is None:
            self.labels = self._labels()
            self.features = frozen_features(scanned.manifest, self.photos, self.labels, settings, Silent(), 100.0)
        else:
            self._ask(run, scanned.manifest)
            self.labels, self.features = self._labels(), self.asked.features

    def _labels(self) -> np.ndarray:
        return np.array([self.classes.index(photo.label) for photo in self.photos])

    def _ask(self, run: Path, manifest: Manifest) -> None:
        seen = seen_by(open_run(run), manifest.root, self.photos, 100.0, Silent())
        unseen = {
            photo.path for photo, each in zip(self.photos, seen, strict=True) if each.part not in ("train", "val")
        }
        manifest = replace(manifest, photos=tuple(photo for photo in manifest.photos if photo.path in unseen))
        self.photos = manifest.usable()
        self.findings = [each for each in self.findings if {each.path, each.other} - {""} <= unseen]
        nothing_seen = [Seen()] * len(self.photos)
        self.asked = evidence_of_run(load(run), manifest, nothing_seen, self.settings, Silent())

    def audited(self, labels: np.ndarray, seed: int) -> tuple[Suspicions, np.ndarray, np.ndarray]:
        """Return what an audit says of these labels, its scores, and the probabilities that cleanlab may rank by."""
        settings = self.settings.model_copy(update={"seed": seed, "most": 1.0})
        photos = [replace(photo, label=self.classes[label]) for photo, label in zip(self.photos, labels, strict=True)]
        evidence = evidence_of_features(photos, self.classes, self.features, settings, Silent())
        if self.asked is not None:
            opinions = (self.asked.opinions[0], evidence.opinions[0], self.asked.opinions[2])
            evidence = replace(evidence, opinions=opinions, heard=self.asked.heard, strangers=self.asked.strangers)
        said = judge_tags(evidence, self.findings, settings)
        return said, np.array([each.score or 0.0 for each in said.listings]), evidence.opinions[0]


def figures(wrong: np.ndarray, scores: np.ndarray, scored: np.ndarray) -> list[float]:
    """Return average precision, precision in the first 1 %, and average precision without what is set aside."""
    first = np.argsort(-scores, kind="stable")[: max(1, round(0.01 * len(scores)))]
    return [
        average_precision_score(wrong, scores),
        wrong[first].mean(),
        average_precision_score(wrong[scored], scores[scored]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--weights", default="auto")
    parser.add_argument("--image-size", type=int, default=AuditSettings().image_size)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--verdicts", type=Path)
    given = parser.parse_args()
    began = time.perf_counter()
    settings = AuditSettings(weights=given.weights, image_size=given.image_size)
    catalogue = Catalogue(given.data, settings, given.run)
    print(f"{len(catalogue.photos):,} photos, {len(catalogue.classes)} classes")
    print(f"scan and features: {time.perf_counter() - began:.0f} s")
    began = time.perf_counter()
    plain, _, chances = catalogue.audited(catalogue.labels, 0)
    low, share, high = (each * len(catalogue.photos) for each in (plain.share.low, plain.share.value, plain.share.high))
    print(f"judging: {time.perf_counter() - began:.1f} s")
    print(f"as it is: {len(plain.findings)} listed, {share:.0f} wrong tags estimated ({low:.0f} to {high:.0f})")
    aside = {each.path for each in plain.findings}
    if given.verdicts is not None:
        with given.verdicts.open(encoding="utf-8", newline="") as file:
            aside = {row["file"] for row in csv.DictReader(file) if row["verdict"] in ("own_error", "unclear")}
    print(f"set aside in the last column: {len(aside)}")
    scored = np.array([photo.path not in aside for photo in catalogue.photos])
    likeness = np.stack([chances[catalogue.labels == each].mean(axis=0) for each in range(len(catalogue.classes))])
    np.fill_diagonal(likeness, 0)
    print("\nplanted               ranking    average precision      first 1 %  own errors aside")
    for alike in (False, True):
        for share in SHARES:
            report(catalogue, likeness, share, alike, given.seeds, scored)


def report(
    catalogue: Catalogue, likeness: np.ndarray, share: float, alike: bool, seeds: int, scored: np.ndarray
) -> None:
    """Print the figures of several plantings: means, and the lowest and highest average precision."""
    ours, theirs, estimates, listed = [], [], [], []
    for seed in range(seeds):
        labels = planted(catalogue.labels, likeness, share, seed, alike, "planted tags")
        wrong = labels != catalogue.labels
        said, scores, chances = catalogue.audited(labels, seed)
        ours.append(figures(wrong, scores, scored))
        theirs.append(figures(wrong, -get_label_quality_scores(labels, chances, method="self_confidence"), scored))
        estimates.append((said.share.value, said.share.low, said.share.high))
        named = {each.path for each in said.findings}
        found = np.array([photo.path in named for photo in catalogue.photos])
        listed.append((found.sum(), wrong[found].mean() if found.any() else 0, found[wrong].mean()))
    words = f"{share:4.0%} {'look-alike' if alike else 'any'}"
    for name, rows in (("audit", np.array(ours)), ("cleanlab", np.array(theirs))):
        area, first, without = rows.mean(axis=0)
        spread = f"({rows[:, 0].min():.3f} to {rows[:, 0].max():.3f})"
        print(f"{words:21} {name:10} {area:.3f} {spread:18} {first:.3f}      {without:.3f}", flush=True)
    value, low, high = np.array(estimates).mean(axis=0)
    covered = sum(low <= share <= high for _, low, high in estimates)
    count, precision, recall = np.array(listed).mean(axis=0)
    print(
        f"{'':21} estimate {value:.3f} ({low:.3f} to {high:.3f}), covered {covered} of {seeds}; "
        f"{count:.0f} listed, {precision:.2f} of them planted, {recall:.2f} of the planted listed"
    )


if __name__ == "__main__":
    main()
