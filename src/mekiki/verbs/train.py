"""``mekiki train``: from a folder of photos to a run folder with a classifier, its figures and its report.

Everything that can be refused is refused before the run folder is made. The test part, if there is one, is opened once,
after training is over.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from mekiki.errors import SettingsError
from mekiki.progress import Progress, Silent
from mekiki.records.run import RunFolder
from mekiki.training.launched import launched
from mekiki.verbs.looking import first_look
from mekiki.verbs.request import Request


def train(
    data: str | Path | None,
    out: str | Path,
    split_file: str | Path | None = None,
    progress: Progress | None = None,
    resume: bool = False,
    **settings: Any,
) -> RunFolder:
    """Train a classifier on a folder of photos.

    Args:
        data: A folder of photos, or a CSV file; with ``resume`` it may be None.
        out: The run folder to make; it must not hold anything yet.
        split_file: A ``split.csv`` to use instead of making a split, so that two runs see the same photos.
        progress: Where to report to.
        resume: Go on with the training that was begun in ``out``, if there is one; see ``verbs/resuming.py``.
        settings: Settings by name, as in ``mekiki.config``: ``backbone="resnet50", epochs=5, train=200, val=50``.

    Returns:
        The run folder: model, history, figures and report.

    Raises:
        SettingsError: A setting that cannot be, or ``out`` holds something.
        DataError: The photos or the split cannot be used.
        WeightsError: The pretrained weights are not to be had.
        TrainingError: The loss became NaN; the run folder keeps the best snapshot so far.
        LostProcessError: Of several processes that train together, another ended.
        RunError: The run folder cannot be written any more.
        KeyboardInterrupt: Ctrl-C; before it is raised again the best snapshot so far, if any, gets its figures.

    Example:
        >>> run = mekiki.train("photos", "runs/first", epochs=5)  # doctest: +SKIP
    """
    began = time.perf_counter()
    progress = Silent() if progress is None else progress
    named = None if data is None else str(data)
    request = Request(named, str(out), None if split_file is None else str(split_file), resume, settings)
    config = request.config()
    if config.train.engine == "ray" and config.distill.teacher:
        raise SettingsError("a student learns in one process, and engine is ray", "--set engine=local")
    if config.train.engine == "ray":
        from mekiki.verbs.cluster import train_on_ray

        return train_on_ray(request, config, progress)
    looked = None if launched() or request.is_done else first_look(request, config, progress)
    from mekiki.verbs.process import train_here  # torch is loaded only now

    return train_here(request, config, progress, looked, began)
