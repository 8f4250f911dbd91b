"""Training with mekiki; a process of ``training.py``.

PYTHON benchmarks/training_own.py JOB, see ``training_job.py``. It is ``mekiki.train``, the whole verb, with a progress
that passes on what it is told; MEKIKI_CACHE names an empty folder, so every photo is looked at and decoded for the
first time.

Throughput: all layers at one rate, the same changes of the photos as the Keras code, no head start; batch norms keep
their statistics, as they do by default, or are trained (``mekiki:trained-norms``); ``mekiki:compiled`` has the network
compiled, which the first step waits for. Where there are no weights, a file
of random ones is made, because mekiki would train the norms of a network without.
Accuracy: the recipe ``default``, or that after the colon (``mekiki:quick``); its head start counts as an epoch, and so
does the head fitted anew after the last one. What comes then, the threshold and the report, has no peer.
"""

import importlib.metadata
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import save_file
from training_job import Job, job_of_this_process, mark_epoch, mark_step, mark_version

import mekiki
from mekiki.progress import Silent
from mekiki.records.card import read_card
from mekiki.records.run import RunFolder


class Steps(Silent):
    def advance(self, count: int = 1, note: str = "") -> None:
        if count:
            mark_step()


class Marks(Silent):
    """A progress that marks each step of training, and each epoch that the run has recorded."""

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self.epochs = 0
        self.fitted = False

    @contextmanager
    def task(self, title: str, total: int, unit: str = "photos") -> Iterator[Silent]:
        yield Steps() if title == "train" else Silent()

    def say(self, line: str) -> None:
        lines = self.run.history_lines.read_text().splitlines() if self.run.history_lines.is_file() else []
        for each in lines[self.epochs :]:
            mark_epoch(json.loads(each)["val_accuracy"])
        self.epochs = len(lines)
        fit = read_card(self.run.card).head_fit if self.run.card.is_file() and not self.fitted else None
        if fit is not None:
            self.fitted = True
            mark_epoch(fit.fitted_accuracy if fit.replaced else fit.trained_accuracy)


def throughput_settings(job: Job) -> dict[str, Any]:
    return {
        "image_size": job.size,
        "first_size": job.size,
        "freeze": "none",
        "preset": "keras-2017",
        "layer_decay": 1,
        "probe": False,
        "refit": "off",
        "batch_norm": "trained" if job.way == "trained-norms" else "frozen",
        "compile": "on" if job.way == "compiled" else "off",
        "learning_rate": 1e-4,
        "batch_size": job.batch,
        "epochs": 3,
        "workers": job.workers,
    }


def random_weights(job: Job) -> str:
    path = Path(job.place, f"{job.network}.safetensors")
    torch.manual_seed(0)
    save_file(timm.create_model(job.network).state_dict(), path)
    return str(path)


def main() -> None:
    job = job_of_this_process()
    mark_version(f"{importlib.metadata.version('mekiki')}, torch {torch.__version__}")
    torch.set_num_threads(job.threads)
    settings = throughput_settings(job) if job.kind == "throughput" else {"recipe": job.way or "default"}
    settings |= {"backbone": job.network, "weights": job.weights or random_weights(job), "device": "cpu"}
    run = RunFolder(Path(job.place, "run"))
    mekiki.train(job.photos, run.path, progress=Marks(run), **settings)


if __name__ == "__main__":
    main()
