"""A class that the network never saw: how well is it told from those that it knows?

For each class named, a run is trained on all others and shown that one as something unknown. The known photos are the
run's validation photos, by which its threshold was chosen; the unknown ones chose nothing.

    python benchmarks/held_out.py PHOTOS --classes SG,Mustang --recipe short --train 200 --val 50 --others PICTURES
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path

import mekiki
from mekiki.records.evaluation import UnknownFigures


def main() -> None:
    """Train once for each class that is held out, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, help="a folder with one folder of photos for each class")
    parser.add_argument("--classes", required=True, help="which are held out, one after the other; comma between them")
    parser.add_argument("--recipe", default="short")
    parser.add_argument("--train", type=int, default=200, help="photos of each class to learn from")
    parser.add_argument("--val", type=int, default=50, help="photos of each class for validation")
    parser.add_argument("--others", type=Path, help="a folder of pictures of something else altogether")
    asked = parser.parse_args()
    print("| held out | right among the others | area under the ROC curve | passes at 95 % of the known | refused |")
    print("|---|---|---|---|---|")
    for held_out in asked.classes.split(","):
        with tempfile.TemporaryDirectory() as scratch:
            run = mekiki.train(
                _all_but(asked.photos, held_out, Path(scratch)),
                Path(scratch) / "run",
                recipe=asked.recipe,
                train=asked.train,
                val=asked.val,
            )
            _show(run.path, held_out, asked.photos / held_out)
            if asked.others is not None:
                _show(run.path, f"{held_out}; shown: {asked.others.name}", asked.others)


def _all_but(photos: Path, held_out: str, scratch: Path) -> Path:
    """Write a list of the photos of all classes but one."""
    listed = scratch / "photos.csv"
    with listed.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label"])
        for folder in sorted(photos.iterdir()):
            if folder.is_dir() and folder.name != held_out:
                writer.writerows([str(photo.resolve()), folder.name] for photo in sorted(folder.iterdir()))
    return listed


def _show(run: Path, name: str, strangers: Path) -> None:
    evaluation = mekiki.evaluate(run, unknown=strangers).evaluation
    told, accuracy = evaluation.unknown, evaluation.accuracy
    assert isinstance(told, UnknownFigures)
    assert told.auroc_interval is not None
    assert told.fpr_interval is not None
    assert told.refused is not None
    area, passing, refused = told.auroc_interval, told.fpr_interval, told.refused
    print(
        f"| {name}, {told.n_unknown} | {accuracy.value:.1%} ({accuracy.low:.1%} to {accuracy.high:.1%}) "
        f"| {area.value:.3f} ({area.low:.3f} to {area.high:.3f}) "
        f"| {passing.value:.1%} ({passing.low:.1%} to {passing.high:.1%}) "
        f"| {refused.value:.1%} ({refused.low:.1%} to {refused.high:.1%}) |",
        flush=True,
    )


if __name__ == "__main__":
    main()
