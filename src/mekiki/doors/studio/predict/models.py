"""The models that the studio has loaded: a few, on one thread of their own, so that one answer is computed at a time.

torch is imported when the first one is loaded. A model whose weights have changed on disk is loaded again. Answers take
half of the processor's cores: a training often runs beside them, and threads that wait for each other's turn would make
one picture take seconds.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mekiki.doors.studio.networks import load_networks
from mekiki.errors import RunError
from mekiki.records.run import open_run

if TYPE_CHECKING:
    from mekiki.evaluation.classifier import Classifier

MOST_LOADED = 3

Result = TypeVar("Result")


class Models:
    """Loaded models; those that were asked longest ago are let go."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "mekiki-models")
        self._loaded: dict[tuple[Path, int], Classifier] = {}

    async def ask(self, run: Path, question: Callable[[Classifier], Result]) -> Result:
        """Ask a run's model, when those before have been answered.

        Args:
            run: Its folder.
            question: Called with the model, on the models' own thread.

        Raises:
            RunError: The folder holds no trained model.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: question(self.load(run)))

    def load(self, run: Path) -> Classifier:
        """Return a run's model; only for the models' own thread."""
        try:
            key = run, open_run(run).weights.stat().st_mtime_ns
        except OSError as error:
            raise RunError(f"the model of {run} cannot be read: {error.strerror or error}") from error
        model = self._loaded.pop(key, None)
        if model is None:
            model = _load(run)
            for old in [other for other in self._loaded if other[0] == run]:
                del self._loaded[old]
        self._loaded[key] = model
        while len(self._loaded) > MOST_LOADED:
            del self._loaded[next(iter(self._loaded))]
        return model

    def is_loaded(self, run: Path) -> bool:
        """Tell whether a run has been loaded, so that a person need not be told to wait."""
        return any(path == run for path, _ in tuple(self._loaded))


def _load(run: Path) -> Classifier:
    load_networks()
    import torch

    from mekiki.evaluation.classifier import load

    torch.set_num_threads(max(1, min(torch.get_num_threads(), (os.cpu_count() or 2) // 2)))
    return load(run)
