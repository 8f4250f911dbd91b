"""What the data pipeline takes from a training step, and how much of the machine the step uses.

PYTHON benchmarks/training_share.py JOB ROUNDS, a process of ``training.py``, see ``training_job.py``. In turns: steps
of mekiki on one batch that is there already ("alone"), steps with the loader beside them, its pictures from the cache
("pipeline"), and a product of two large matrices in the precision that the network computes in. The pipeline's cost is
what "pipeline" falls short of "alone". Work is counted with torch's ``FlopCounterMode`` over a forward pass, times
three for a step.
"""

import json
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from itertools import repeat
from pathlib import Path

import torch
from starving import Training
from torch.utils.flop_counter import FlopCounterMode
from training_job import Job, job_of_this_process
from training_own import random_weights, throughput_settings

from mekiki.config import make_config
from mekiki.progress import Silent
from mekiki.verbs.looking import look
from mekiki.verbs.preparing import Prepared, prepare

SIDE = 3072
PRODUCTS = 4


@dataclass(frozen=True)
class Share:
    """What was found for one network.

    Attributes:
        alone: Images a second without a loader, by round.
        pipeline: With it.
        peak: Of the machine, by round, in operations a second; a multiplication and an addition are two.
        work: Operations of a training step, by image.
        precision: That the network computes in.
    """

    alone: list[float]
    pipeline: list[float]
    peak: list[float]
    work: float
    precision: str

    def describe(self) -> str:
        cost = statistics.median(1 - with_it / alone for with_it, alone in zip(self.pipeline, self.alone, strict=True))
        speed, peak = statistics.median(self.alone), max(self.peak)
        return (
            f"  a step on a batch in memory {speed:.1f} images/s ({min(self.alone):.1f} to {max(self.alone):.1f}), "
            f"with the loader {statistics.median(self.pipeline):.1f}: the data pipeline costs {cost:.1%}\n"
            f"  {self.work / 1e9:.1f} GFLOP an image, {speed * self.work / 1e9:.0f} GFLOP/s of the {peak / 1e9:.0f} "
            f"that a matrix product reaches ({self.precision}): {speed * self.work / peak:.0%} of the peak"
        )


def peak_of(precision: torch.dtype) -> float:
    """Return the operations a second of large matrix products."""
    left, right = (torch.rand(SIDE, SIDE).to(precision) for _ in range(2))
    left @ right
    began = time.perf_counter()
    for _ in range(PRODUCTS):
        left @ right
    return PRODUCTS * 2 * SIDE**3 / (time.perf_counter() - began)


def work_of(prepared: Prepared, size: int) -> float:
    """Return the operations of a training step by image."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        prepared.model.eval()(torch.zeros(1, 3, size, size))
    return 3 * counter.get_total_flops()


def measure(job: Job, rounds: int) -> Share:
    settings = throughput_settings(job)
    weights = job.weights or random_weights(job)
    config = make_config(job.photos, backbone=job.network, weights=weights, device="cpu", **settings)
    prepared = prepare(config, look(config, Silent()), Silent())
    photos = prepared.train_photos
    order = [list(range(start, start + job.batch)) for start in range(0, len(photos) - job.batch + 1, job.batch)]
    batch = next(iter(photos.augmented_batches(order[:1], config.augment, 0, 1, 0)))
    training = Training(prepared)
    precision = torch.bfloat16 if prepared.machine.bfloat16 else torch.float32
    found: dict[str, list[float]] = {"alone": [], "pipeline": [], "peak": []}
    for number in range(rounds + 1):  # the first fills the cache
        found["peak"].append(peak_of(precision))
        found["alone"].append(training.speed(repeat(batch, len(order))))
        batches = photos.augmented_batches(order, config.augment, 0, number + 1, job.workers)
        found["pipeline"].append(training.speed(batches))
    kept = {name: values[1:] for name, values in found.items()}
    return Share(**kept, work=work_of(prepared, job.size), precision=str(precision).removeprefix("torch."))


def main() -> None:
    job = job_of_this_process()
    torch.set_num_threads(job.threads)
    Path(job.place).mkdir(exist_ok=True)
    print(json.dumps(asdict(measure(job, int(sys.argv[2])))))


if __name__ == "__main__":
    main()
