"""One training, from the photos that were looked at to the finished run folder, by this process or by several.

Several processes, started by torchrun or Ray, train together: the first leads, the others follow with what it wrote
into the run folder.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import torch
from safetensors import SafetensorError

from mekiki.config import RunConfig
from mekiki.errors import LostProcessError, RunError, SettingsError, TrainingError
from mekiki.files import write_json
from mekiki.progress import Progress, Silent
from mekiki.records.decisions import write_decisions
from mekiki.records.findings import write_findings
from mekiki.records.history import Epoch
from mekiki.records.manifest import write_manifest
from mekiki.records.run import RunFolder, State, Status, create_run, write_config, write_status
from mekiki.records.split import write_split
from mekiki.records.unlabelled import write_unlabelled
from mekiki.tensors.normalisation import save_normaliser
from mekiki.training.checkpoint import remove_checkpoint
from mekiki.training.distributed import Team, joined
from mekiki.training.launched import speaks
from mekiki.training.teacher import forget
from mekiki.verbs.environment import describe_environment
from mekiki.verbs.finish import finish_run
from mekiki.verbs.fitting import fit
from mekiki.verbs.looking import Looked, first_look, look
from mekiki.verbs.preparing import Prepared, prepare
from mekiki.verbs.request import Request
from mekiki.verbs.resuming import clear_leftovers
from mekiki.version import __version__

NO_MEMORY = "can't allocate memory"
GO_ON = "then add --resume"
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def train_here(
    request: Request, config: RunConfig, progress: Progress, looked: Looked | None = None, began: float | None = None
) -> RunFolder:
    """Train in this process, or in all those that a launcher started; each of them calls this.

    Args:
        request: What was asked for.
        config: What it means.
        progress: Where to report to; the first process reports for all.
        looked: Its photos, if they were looked at already.
        began: When that was begun, seconds of ``time.perf_counter``; not given: now.

    Returns:
        The run folder, as ``train`` does; in every process it is complete by then.
    """
    began = time.perf_counter() if began is None else began
    goes_on = request.goes_on
    if request.is_done:
        if speaks():
            _tidy(request.run)  # it may have been killed after its last word
            progress.say(f"{request.run.path} is done already")
        return request.run
    with joined(config.train.device) as team:
        if team.size > 1 and config.distill.teacher:
            raise SettingsError(f"there are {team.size} processes, and a student learns in one", "start one")
        if team.size > config.train.batch_size:
            raise SettingsError(
                f"there are {team.size} processes, and batches of {config.train.batch_size} photos to share out",
                f"--batch-size {team.size} or more",
            )
        if not team.is_first:
            return _follow(request, team)
        with team.leading():
            looked = first_look(request, config, progress) if looked is None else looked
            ready = [prepare(config, looked, progress)]
            run = request.run if goes_on else create_run(request.run.path)
        with _plainly():
            return _lead(run, ready, began, progress, team)


def _follow(request: Request, team: Team) -> RunFolder:
    """Train as one of the others: with what the first wrote, and in silence."""
    team.follow()
    team.follow()
    config = request.as_follower()
    prepared = prepare(config, look(config, Silent(), request.run.split), Silent())
    with _plainly():
        try:
            fit(request.run, prepared, [], Silent(), team)
        except LostProcessError:
            raise
        except TrainingError:  # all processes come to it, and the first may want time for its figures
            team.follow()
            raise
    team.follow()
    return request.run


def _lead(run: RunFolder, ready: list[Prepared], began: float, progress: Progress, team: Team) -> RunFolder:
    """Train as the first; what is in ``ready`` is forgotten before the figures are made."""
    epochs: list[Epoch] = []
    try:
        with team.leading():
            _begin(run, ready[0])
        fit(run, ready.pop(), epochs, progress, team)
    except KeyboardInterrupt:
        _finish(run, "stopped", epochs, began, progress)
        raise
    except LostProcessError as error:  # whoever started the processes ends them all now, or begins again
        _note(run, _status("failed", epochs, began, error.message))
        raise
    except TrainingError as error:
        with team.leading():  # the others came to it too
            _finish(run, "failed", epochs, began, progress, error.message)
        raise
    except Exception as error:
        failure = _in_plain_words(error)
        _finish(run, "failed", epochs, began, progress, getattr(failure, "message", str(failure)))
        raise
    with team.leading():
        _finish(run, "done", epochs, began, progress)
        _tidy(run)
    return run


def _tidy(run: RunFolder) -> None:
    """Take away what only a training that is not done needs."""
    forget(run.answers)
    remove_checkpoint(run.checkpoints)
    clear_leftovers(run)


def _begin(run: RunFolder, prepared: Prepared) -> None:
    """Write what the training is made of; of one that goes on the settings alone: some may be others now."""
    is_new = not run.split.is_file()
    write_config(run, prepared.config)
    write_status(run, Status(state="running", mekiki=__version__))
    if is_new:
        _write_inputs(run, prepared)


@contextmanager
def _plainly() -> Iterator[None]:
    """Raise what the block fails with as an error that a person can act on, if it is one that is expected."""
    try:
        yield
    except Exception as error:
        failure = _in_plain_words(error)
        if failure is error:
            raise
        raise failure from error


def _in_plain_words(error: Exception) -> Exception:
    if isinstance(error, OSError):
        hint = "make room" if error.errno in NO_ROOM else "mend the disk or the folder"
        return RunError(f"{error.filename or 'the run folder'}: {error.strerror or error}", f"{hint}, {GO_ON}")
    if isinstance(error, SafetensorError):  # what it could not read was refused by whoever read it
        return RunError(f"cannot write the model: {error}", f"make room or mend the folder, {GO_ON}")
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or NO_MEMORY in str(error):
        return TrainingError("the machine has not enough memory for a step", "a smaller --batch-size or --image-size")
    return error


def _write_inputs(run: RunFolder, prepared: Prepared) -> None:
    """Write what the training is made of; the split, which is written last, says that all of it is there."""
    write_json(run.environment, describe_environment())
    write_manifest(run.manifest, prepared.scanned.manifest)
    write_findings(run.findings, prepared.scanned.findings)
    if prepared.scanned.decided.decisions:
        write_decisions(run.decisions, prepared.scanned.decided.decisions)
    if prepared.unlabelled:
        write_unlabelled(run.unlabelled, prepared.unlabelled)
    save_normaliser(run.normalisation, prepared.normaliser)
    write_split(run.split, prepared.split)


def _finish(
    run: RunFolder, state: State, epochs: list[Epoch], began: float, progress: Progress, message: str = ""
) -> None:
    """Make the figures of the best snapshot, if there is one; the status is written last."""
    if not epochs:
        message = message or "stopped before the first snapshot: there is no model"
        _note(run, _status(state, epochs, began, message))
        return
    if state != "done":
        _note(run, _status(state, epochs, began, message))  # should it be killed over the figures
        progress.say("one moment for the figures of the best snapshot so far (Ctrl-C skips them)")
    try:
        finish_run(run, _status(state, epochs, began, message), progress)
    except KeyboardInterrupt:
        _note(run, _status("stopped", epochs, began, "stopped before the figures were made"))
        raise
    except Exception as error:
        message = message or f"the figures could not be made: {error}"
        _note(run, _status("failed", epochs, began, message))
        if state != "failed":
            raise
        return
    write_status(run, _status(state, epochs, began, message))


def _note(run: RunFolder, status: Status) -> None:
    """Write the status of a training that failed or was stopped; a full disk does not hide why.

    Without ``config.json`` there is nothing to go on with, and an empty folder is not in the way of beginning again.
    """
    with suppress(OSError):
        if run.config.is_file():
            write_status(run, status)


def _status(state: State, epochs: list[Epoch], began: float, message: str = "") -> Status:
    reached = epochs[-1].epoch if epochs else 0
    seconds = round(time.perf_counter() - began, 1)
    return Status(state=state, message=message, epoch=reached, seconds=seconds, mekiki=__version__)
