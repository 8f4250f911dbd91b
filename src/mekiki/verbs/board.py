"""TensorBoard's event files of a training, for those who watch it there; the run's own files say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from mekiki.errors import SettingsError
from mekiki.records.history import Epoch


class Board(Protocol):
    """Where the figures of epochs are shown."""

    def show(self, epoch: Epoch) -> None:
        """Show one epoch more."""


class NoBoard:
    """Shows nothing."""

    def show(self, epoch: Epoch) -> None:
        """Do nothing."""


class _TensorBoard:
    def __init__(self, folder: Path, begun_at: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder), purge_step=begun_at or None)

    def show(self, epoch: Epoch) -> None:
        for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "learning_rate", "images_per_second"):
            value = getattr(epoch, name)
            if value is not None:
                part, _, figure = name.partition("_")
                title = f"{figure}/{part}" if part in ("train", "val") else name
                self.writer.add_scalar(title, value, epoch.epoch)
        self.writer.flush()


def check_board(wanted: bool) -> None:
    """Refuse a board that cannot be written.

    Raises:
        SettingsError: tensorboard is wanted and not installed.
    """
    if wanted and find_spec("tensorboard") is None:
        raise SettingsError("--tensorboard needs the package tensorboard", "pip install 'mekiki[tensorboard]'")


@contextmanager
def open_board(folder: Path, wanted: bool, finished: Sequence[Epoch]) -> Iterator[Board]:
    """Open the board of a training while the block runs.

    Args:
        folder: Where event files go.
        wanted: Else nothing is written.
        finished: Epochs of a training that goes on; what the board showed beyond them is purged.
    """
    if not wanted:
        yield NoBoard()
        return
    board = _TensorBoard(folder, len(finished))
    try:
        yield board
    finally:
        board.writer.close()
