"""Whether training waits for its pictures: photos a second with the loader beside it, and without any.

    python benchmarks/starving.py PHOTOS --weights FOLDER              # about five minutes

The network is trained on ``--per-class`` photos of each class with the default settings: on one batch that is there
already ("alone"), and with batches from the loader, their pictures from the cache, as in all epochs but the first, or
from the files, with 0, 1 and 2 workers. The ways take turns; medians of the rounds, shares of "alone" in each round.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import repeat
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

from mekiki.config import make_config
from mekiki.progress import Silent
from mekiki.tensors.loading import Batch, PhotoSet
from mekiki.training.optimiser import make_optimiser
from mekiki.verbs.looking import look
from mekiki.verbs.preparing import Prepared, prepare


class Training:
    """Steps of the usual training, from any batches."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.optimiser = make_optimiser(prepared.model, prepared.config.train)

    def speed(self, batches: Iterable[Batch]) -> float:
        """Train on some batches and return photos a second."""
        model, machine = self.prepared.model.train(), self.prepared.machine
        began, photos = time.perf_counter(), 0
        for batch in batches:
            labels = torch.from_numpy(batch.labels).to(machine.device)
            with machine.precision():
                logits = model(self.prepared.normaliser(batch.pictures))
            self.optimiser.zero_grad(set_to_none=True)
            cross_entropy(logits.float(), labels).backward()
            self.optimiser.step()
            photos += len(labels)
        return photos / (time.perf_counter() - began)


def ways_of(training: Training, without: PhotoSet) -> dict[str, Callable[[int], float]]:
    config, cached = training.prepared.config, training.prepared.train_photos
    size = config.train.batch_size
    order = [list(range(start, start + size)) for start in range(0, len(cached) - size + 1, size)]

    def batches(photos: PhotoSet, epoch: int, workers: int) -> Iterable[Batch]:
        return photos.augmented_batches(order, config.augment, config.train.seed, epoch, workers)

    first = next(iter(batches(cached, 1, 0)))
    ways = {"alone": lambda epoch: training.speed(repeat(first, len(order)))}
    for name, photos in (("cache", cached), ("files", without)):
        for workers in (0, 1, 2):
            ways[f"{name}, {workers} workers"] = lambda epoch, photos=photos, workers=workers: training.speed(
                batches(photos, epoch, workers)
            )
    return ways


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="PHOTOS")
    parser.add_argument("--weights", default="auto", help="as for mekiki train")
    parser.add_argument("--backbone", default="mobilenetv1_100")
    parser.add_argument("--image-size", type=int, default=160)
    parser.add_argument("--preset", default="keras-2017", help="of the augmentation")
    parser.add_argument("--per-class", type=int, default=24, help="photos of each class")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    settings = {name: getattr(options, name) for name in ("weights", "backbone", "image_size", "preset")}
    with tempfile.TemporaryDirectory(prefix="mekiki-starving-") as place:
        os.environ["MEKIKI_CACHE"] = place
        config = make_config(str(options.data.resolve()), **settings, train=options.per_class, val=1, test=0)
        looked = look(config, Silent())
        prepared = prepare(config, looked, Silent())
        uncached = config.model_copy(update={"train": config.train.model_copy(update={"cache_gigabytes": 0})})
        without = prepare(uncached, looked, Silent())
        ways = ways_of(Training(prepared), without.train_photos)
        speeds: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(options.rounds + 1):
            for name, way in ways.items():
                speed = way(number + 1)
                if number:  # the first fills the cache
                    speeds[name].append(speed)
    print(
        f"{options.backbone}, {options.image_size} px, {prepared.machine.describe()}, {torch.get_num_threads()} threads"
    )
    for name, found in speeds.items():
        share = statistics.median(one / alone for one, alone in zip(found, speeds["alone"], strict=True))
        print(f"  {name:18} {statistics.median(found):7.1f} /s  ({min(found):.1f} to {max(found):.1f})  {share:6.1%}")


if __name__ == "__main__":
    main()
