"""The command line's frame: the app that commands are added to, the arguments that they share, errors in one place.

Results go to stdout, progress and notes to stderr.
Exit codes: 0 done, 1 the work failed, 2 wrong use, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mekiki.doors.terminal import without_controls
from mekiki.errors import MekikiError
from mekiki.training.launched import speaks

STOPPED = 130


class _Group(TyperGroup):
    """Turns expected errors into one clear line, and Ctrl-C into its exit code, for all commands in one place."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except MekikiError as error:
            print(without_controls(f"error: {error.message}"), file=sys.stderr)
            if error.hint:
                print(without_controls(f"hint: {error.hint}"), file=sys.stderr)
            sys.exit(error.exit_code)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains at its end
            sys.exit(1)
        except OSError as error:
            print(without_controls(f"error: {error.filename or 'writing'}: {error.strerror or error}"), file=sys.stderr)
            sys.exit(1)
        except KeyboardInterrupt:
            if speaks():
                print("stopped", file=sys.stderr)
            sys.exit(STOPPED)


app = typer.Typer(
    name="mekiki",
    cls=_Group,
    help="目利き, the connoisseur's eye: a classifier that you can trust, from a few dozen photos per class.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

DATA_HELP = "class folders, train/val/test folders, flat 1_0001.jpg names, or a CSV"
Data = Annotated[Path, typer.Argument(help=DATA_HELP)]
Run = Annotated[str, typer.Argument(help="a run folder, or imagenet:<timm name>")]
RunFolderArgument = Annotated[Path, typer.Argument(metavar="RUN", help="a run folder")]
Sources = Annotated[list[str], typer.Argument(help="pictures, folders and globs")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object to stdout and nothing else there")]
Assignments = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="any setting by name; may be repeated")
]
LOCAL = "local"
EngineOption = Annotated[
    str, typer.Option("--engine", help="where it computes: local, or ray (the workers of a Ray cluster)")
]
Weights = Annotated[str, typer.Option(help="for imagenet:NAME: auto, a safetensors file or a timm folder")]


def _version(wanted: bool) -> None:
    if wanted:
        from mekiki.version import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    pass


def say(line: str) -> None:
    """Tell the person one line that is no result."""
    print(without_controls(line), file=sys.stderr)
