"""``mekiki train --engine ray``: the same training, by workers of a Ray cluster (Ray Train).

Ray starts the workers, puts them on its machines and starts all of them again when one is lost; each calls the training
that torchrun's processes call too, and goes on from the run folder's own checkpoint. Run folder and photos have to be
under the same path on all machines. What is told and what went wrong comes back by files beside the run folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from mekiki import errors
from mekiki.cluster.connecting import connected
from mekiki.config import RunConfig
from mekiki.errors import LostProcessError, MekikiError, RunError, SettingsError
from mekiki.files import write_json, write_text
from mekiki.progress import Progress, Silent
from mekiki.records.run import RunFolder
from mekiki.training.distributed import LONGEST_WAIT
from mekiki.training.launched import launched
from mekiki.verbs.process import train_here
from mekiki.verbs.request import Request
from mekiki.verbs.resuming import is_done

RESTARTS = 10
"""So often workers that are lost are replaced, before the training is left to ``--resume``."""
LOOK_EVERY_SECONDS = 0.5
SAID, FAILED = "said.txt", "failed.json"


def train_on_ray(request: Request, config: RunConfig, progress: Progress) -> RunFolder:
    """Train on a Ray cluster: the one of ``RAY_ADDRESS``, else one of its own on this machine for the time.

    Args:
        request: What was asked for.
        config: What it means; ``replicas`` workers share each batch.
        progress: Where to report to.

    Returns:
        The run folder.

    Raises:
        SettingsError: Ray is not installed, or the settings cannot be on a cluster.
        MekikiError: What a worker failed with, as ``train`` would raise it.
        RunError: Workers were lost again and again.
    """
    settings = config.train
    if launched():
        raise SettingsError(
            "engine ray starts its processes itself, and a launcher such as torchrun started this one",
            "--engine local --replicas 1, or without the launcher",
        )
    if find_spec("ray") is None:
        raise SettingsError("--engine ray needs the package ray", "pip install 'mekiki[cluster]'")
    if settings.device not in ("auto", "cpu", "cuda"):
        raise SettingsError(f"device {settings.device!r} goes with engine local; Ray gives each worker its own", "auto")
    if settings.replicas > settings.batch_size:
        raise SettingsError(
            f"there are {settings.replicas} replicas, and batches of {settings.batch_size} photos to share out",
            f"--batch-size {settings.replicas} or more",
        )
    asked = replace(request.elsewhere(), resume=True)
    place = asked.run.path.parent / f".{asked.run.path.name}-ray"
    shutil.rmtree(place, ignore_errors=True)  # of a training whose own process was killed
    try:
        with connected(), _relayed(place / SAID, progress):
            reason = _train(asked, place, settings.replicas, settings.device, progress)
        _raise_again(place / FAILED)
        if not is_done(request.run):
            raise RunError(f"the cluster's training ended before it was done: {reason}", "go on with --resume")
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return request.run


def _train(asked: Request, place: Path, replicas: int, device: str, progress: Progress) -> str:
    """Let Ray train; return why it gave up, or nothing."""
    train, torch_train = import_module("ray.train"), import_module("ray.train.torch")
    machines = [machine["Resources"] for machine in import_module("ray").nodes() if machine["Alive"]]
    on_gpus = device == "cuda" or (device == "auto" and sum(int(each.get("GPU", 0)) for each in machines) >= replicas)
    free = [int(each.get("CPU", 0)) for each in machines]
    cores = cores_each(free, replicas)
    if sum(free) < replicas:
        progress.say(f"note: Ray waits until there is a core for each of {replicas} replicas; there are {sum(free)}")
    trainer = torch_train.TorchTrainer(
        _work,
        train_loop_config={
            "request": asdict(asked),
            "place": str(place),
            "folder": str(Path.cwd()),
            "on_gpus": on_gpus,
        },
        torch_config=torch_train.TorchConfig(
            backend="cpu:gloo,cuda:nccl" if on_gpus else "gloo", timeout_s=int(LONGEST_WAIT.total_seconds())
        ),
        scaling_config=train.ScalingConfig(
            num_workers=replicas,
            use_gpu=on_gpus,
            resources_per_worker={"CPU": 1, "GPU": 1} if on_gpus else {"CPU": cores},
        ),
        run_config=train.RunConfig(
            name="train", storage_path=str(place), failure_config=train.FailureConfig(max_failures=RESTARTS)
        ),
    )
    try:
        trainer.fit()
    except Exception as error:  # of many kinds, which differ between Ray's versions
        return str(error).strip().partition("\n")[0][:200]
    return ""


def cores_each(machines: Sequence[int], replicas: int) -> int:
    """Return how many cores each replica can have, so that there is room for all of them; at least 1.

    Args:
        machines: Cores of each machine of the cluster.
        replicas: How many there are to place.
    """
    most = max(machines, default=1)
    fitting = (cores for cores in range(most, 1, -1) if sum(own // cores for own in machines) >= replicas)
    return next(fitting, 1)


def _work(asked: dict[str, Any]) -> None:
    """Train as one of the workers; after a worker was lost, each is called again and goes on."""
    place, request = Path(asked["place"]), Request(**asked["request"])
    if (place / FAILED).is_file():  # it would fail again
        return
    with contextlib.suppress(OSError):  # Ray has gone into a folder of its own; settings may name files
        os.chdir(asked["folder"])
    is_first = import_module("ray.train").get_context().get_world_rank() == 0
    if not asked["on_gpus"]:  # Ray hides them from nobody, and all would take the first
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    elif torch.cuda.is_available():
        torch.cuda.set_device(import_module("ray.train.torch").get_device())
    try:
        train_here(request, request.config(), _Written(place / SAID) if is_first else Silent())
    except LostProcessError:
        raise
    except MekikiError as error:
        words = {"kind": type(error).__name__, "message": error.message, "hint": error.hint}
        write_json(place / FAILED, words)
        raise


def _raise_again(path: Path) -> None:
    """Raise what a worker failed with, if one did."""
    if path.is_file():
        words = json.loads(path.read_text(encoding="utf-8"))
        raise getattr(errors, words["kind"])(words["message"], words["hint"])


class _Written(Silent):
    """Writes what is to be told into a file, for ``_relayed``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines = path.read_text(encoding="utf-8") if path.is_file() else ""

    def say(self, line: str) -> None:
        self._lines += line.replace("\n", " ") + "\n"
        write_text(self.path, self._lines)


@contextmanager
def _relayed(path: Path, progress: Progress) -> Iterator[None]:
    """Tell what workers write into a file, while the block runs."""
    ended = threading.Event()

    def relay() -> None:
        told = 0
        while True:
            is_last = ended.wait(LOOK_EVERY_SECONDS)
            with contextlib.suppress(OSError):
                lines = path.read_text(encoding="utf-8").splitlines()
                for line in lines[told:]:
                    progress.say(line)
                told = max(told, len(lines))
            if is_last:
                return

    thread = threading.Thread(target=relay, name="mekiki-relay", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
