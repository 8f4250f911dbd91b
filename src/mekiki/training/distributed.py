"""Several processes that train one model together: which of them this one is, and what they tell each other.

A launcher (torchrun, Ray Train) starts them and names them in the environment; torch.distributed carries the tensors,
by gloo between CPUs and NCCL between GPUs. The first process leads: it alone writes, scores and speaks. A process that
is lost ends the training; the launcher may start all of them again, from the last checkpoint. Alone, nothing here acts.
"""

from __future__ import annotations

import atexit
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from mekiki.errors import LostProcessError, RunError, SettingsError
from mekiki.training.launched import launched

Item = TypeVar("Item")

LONGEST_WAIT = timedelta(hours=2)
"""For the others while the first scans, fits the head start or makes figures; launchers notice deaths long before."""


class Team:
    """The processes of one training, seen from one of them.

    Args:
        rank: This one's number, from 0.
        size: How many there are.
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank = rank
        self.size = size
        self._told_the_end = False

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes, scores and speaks."""
        return self.rank == 0

    def share(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return this process's part: one of ``size`` items."""
        return items[self.rank :: self.size]

    def total(self, figures: Tensor) -> Tensor:
        """Sum a tensor over all processes, in place, and return it; each of them gets the same bits."""
        if self.size > 1:
            dist.all_reduce(figures)
        return figures

    def together(self, model: nn.Module) -> nn.Module:
        """Return what learns as one: gradients are the mean over all processes, and all begin with the first's weights.

        Args:
            model: Keeps its parameters, which are those of what is returned.
        """
        if self.size == 1:
            return model
        warnings.filterwarnings("ignore", "Grad strides do not match")  # of 1x1 kernels, where two orders are one
        return DistributedDataParallel(model, gradient_as_bucket_view=True)

    @contextmanager
    def leading(self) -> Iterator[None]:
        """Do in the first process what the others wait for with ``follow``; if it fails, they hear of it."""
        try:
            yield
        except BaseException:
            with suppress(RuntimeError):  # there may be nobody left to hear it
                self._tell(False)
            self._told_the_end = True
            raise
        self._tell(True)

    def follow(self) -> None:
        """Wait until the first process has done its part.

        Raises:
            LostProcessError: It could not.
        """
        with self.watching():
            if not self._tell(True):
                raise LostProcessError("the first process of the training could not go on", "its own line says why")

    def agree(self, text: str) -> None:
        """Demand that all processes hold the same text, such as a fingerprint.

        Raises:
            RunError: This process holds another one than the first.
        """
        if self.size == 1:
            return
        own = torch.tensor(list(text.encode()), dtype=torch.uint8)
        first = own.clone()
        dist.broadcast(first, 0)
        if not torch.equal(own, first):
            raise RunError(
                f"process {self.rank} sees other photos or settings than process 0",
                "all processes need the same photos, under the same path, and the same run folder",
            )

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Say in plain words that another process was lost, where torch tells of a closed connection.

        Raises:
            LostProcessError: Another process was lost.
        """
        try:
            yield
        except RuntimeError as error:
            if self.size > 1 and (isinstance(error, dist.DistError) or "gloo" in str(error) or "NCCL" in str(error)):
                raise LostProcessError(
                    "another process of this training ended", "its own line says why; then go on with --resume"
                ) from error
            raise

    def _tell(self, good: bool) -> bool:
        """Send the first process's word to all; return it."""
        if self.size == 1 or self._told_the_end:
            return good
        word = torch.tensor([int(good)])
        dist.broadcast(word, 0)
        return bool(word)


@contextmanager
def joined(device: str) -> Iterator[Team]:
    """Join the processes that a launcher started, for as long as the block runs.

    Args:
        device: As in the settings; with ``auto`` and ``cuda`` each process gets a GPU of its own.

    Yields:
        The team; alone where no launcher is at work. It may have been joined already (by Ray Train, or by a script).

    Raises:
        SettingsError: There are more processes on this machine than GPUs, or the device cannot be shared.
    """
    if dist.is_available() and dist.is_initialized():
        yield _all_here()
        return
    if not launched():
        yield Team()
        return
    on_gpus = _take_gpu(device)
    dist.init_process_group("cpu:gloo,cuda:nccl" if on_gpus else "gloo", timeout=LONGEST_WAIT)
    atexit.register(_leave)
    try:
        yield _all_here()
    except BaseException:
        atexit.unregister(_leave)  # it might wait for those that are lost
        raise


def _leave() -> None:
    """End the connection, at the very end: torch cannot make it anew from what the launcher gave."""
    if dist.is_initialized():
        dist.destroy_process_group()


def _all_here() -> Team:
    """Return the team once all have come so far: until then nobody changes what another may be looking at."""
    team = Team(dist.get_rank(), dist.get_world_size())
    team.total(torch.zeros(1))
    return team


def _take_gpu(device: str) -> bool:
    """Make this process's own GPU torch's current one; tell whether GPUs are used at all."""
    if device not in ("auto", "cpu", "cuda"):
        raise SettingsError(
            f"device {device!r} was asked for, and each of several processes needs one of its own",
            "--device auto, cuda or cpu",
        )
    if device == "cpu" or not torch.cuda.is_available():
        return False
    number, found = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if number >= found:
        raise SettingsError(
            f"process {number} of this machine has no GPU of its own: torch finds {found}",
            f"--nproc-per-node {found}, or --device cpu",
        )
    torch.cuda.set_device(number)
    return True
