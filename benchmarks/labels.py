"""How well planted wrong labels are found: area under the precision-recall curve over all photos.

    python benchmarks/labels.py DATA --weights WEIGHTS [--verdicts benchmarks/labels_guitars.csv]

In DATA, a folder of class folders, 5 % of the labels are replaced, several times over: by any other class, and by the
class that its own is most often taken for. The score of a photo is how doubtful its label is (``judge_labels``), as in
``mekiki scan --labels``. Copies stay in one fold.

Real data has wrong labels of its own, and those rightly rank high. ``--verdicts`` names photos that were looked at by
eye (columns file, verdict, note; verdict own_error, unclear or ok). Then a second figure leaves own errors and unclear
photos out of the scoring; they stay in the data. For the guitars these are the 168 most doubtful photos.

Goal: at least 0.85 on 2,750 real guitar photos with ImageNet weights of MobileNet V1.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score

from mekiki.config import LabelSettings, ScanSettings
from mekiki.data.scans.scanning import scan
from mekiki.evaluation.label_errors import frozen_features
from mekiki.evaluation.label_quality import Judgement, judge_labels
from mekiki.progress import Silent
from mekiki.seeds import stream


def planted(
    labels: np.ndarray, likeness: np.ndarray, share: float, seed: int, alike: bool, purpose: str = "planted labels"
) -> np.ndarray:
    """Replace a share of the labels: by any other class, or by the one that theirs is most often taken for."""
    numbers = stream(seed, purpose)
    chosen = numbers.choice(len(labels), round(share * len(labels)), replace=False)
    wrong = labels.copy()
    if alike:
        wrong[chosen] = likeness.argmax(axis=1)[labels[chosen]]
    else:
        wrong[chosen] = (labels[chosen] + numbers.integers(1, len(likeness), len(chosen))) % len(likeness)
    return wrong


def likeness_of_classes(judged: Judgement, labels: np.ndarray) -> np.ndarray:
    """Return the mean probability of each other class, (classes, classes)."""
    classes = judged.probabilities.shape[1]
    means = np.stack([judged.probabilities[labels == number].mean(axis=0) for number in range(classes)])
    np.fill_diagonal(means, 0)
    return means


def verdicts_of(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["file"]: row["verdict"] for row in csv.DictReader(file)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--weights", default="auto")
    parser.add_argument("--backbone", default="mobilenetv1_100")
    parser.add_argument("--image-size", type=int, default=LabelSettings().image_size)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--verdicts", type=Path)
    given = parser.parse_args()
    settings = LabelSettings(backbone=given.backbone, weights=given.weights, image_size=given.image_size)
    manifest = scan(given.data, ScanSettings()).manifest
    photos = manifest.usable()
    labels = np.array([manifest.classes.index(photo.label) for photo in photos])
    groups = [photo.group or photo.path for photo in photos]
    began = time.perf_counter()
    features = frozen_features(manifest, photos, labels, settings, Silent(), 100.0)
    seconds = time.perf_counter() - began
    print(f"{len(photos):,} photos, {len(manifest.classes)} classes, {given.backbone} at {given.image_size} px")
    print(f"features {seconds:.0f} s, {len(photos) / seconds:.0f} photos/s")

    def judge(some: np.ndarray, seed: int) -> Judgement:
        return judge_labels(features, some, groups, len(manifest.classes), settings.folds, seed, Silent())

    began = time.perf_counter()
    plain = judge(labels, 0)
    print(f"judging {time.perf_counter() - began:.1f} s; as it is: {plain.listed.sum()} photos listed")
    right = plain.probabilities.argmax(axis=1) == labels
    print(f"the judge agrees with {right.mean():.1%} of the labels")
    verdicts = verdicts_of(given.verdicts)
    seen = np.array([verdicts.get(photo.path, "") for photo in photos])
    if verdicts:
        counts = {word: int((seen == word).sum()) for word in ("own_error", "unclear", "ok")}
        print(f"looked at by eye: {len(verdicts)} photos, {counts}")
    scored = ~np.isin(seen, ("own_error", "unclear"))
    likeness = likeness_of_classes(plain, labels)
    for alike, words in ((False, "any other class"), (True, "the class most alike")):
        report(
            words,
            [planted(labels, likeness, given.share, seed, alike) for seed in range(given.seeds)],
            labels,
            judge,
            scored,
        )


def report(words: str, plantings: list[np.ndarray], labels: np.ndarray, judge, scored: np.ndarray) -> None:
    """Print the figures of several plantings: mean, and the lowest and highest."""
    rows = []
    for seed, wrong in enumerate(plantings):
        judged, bad = judge(wrong, seed), wrong != labels
        areas = [average_precision_score(bad[some], -judged.quality[some]) for some in (np.ones_like(bad), scored)]
        suggested = judged.probabilities.argmax(axis=1) == labels
        rows.append(
            [*areas, judged.listed.sum(), bad[judged.listed].mean(), judged.listed[bad].mean(), suggested[bad].mean()]
        )
    names = (
        "area, planted ones alone are errors",
        "area, own errors and unclear ones left out",
        "photos listed",
        "share of the listed that was planted",
        "share of the planted that is listed",
        "share of the planted whose first suggestion is right",
    )
    print(f"\n{(plantings[0] != labels).sum()} labels replaced by {words}, {len(rows)} times:")
    for name, values in zip(names, np.array(rows, dtype=float).T, strict=True):
        print(f"  {name:54} {values.mean():8.3f}  ({values.min():.3f} to {values.max():.3f})")


if __name__ == "__main__":
    main()
