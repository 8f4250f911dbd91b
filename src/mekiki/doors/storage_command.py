"""The command about what is kept in the user's cache folder."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mekiki.doors.app import Json, app
from mekiki.doors.results import foreign, print_json, results_console


@app.command()
def cache(
    clear: Annotated[bool, typer.Option("--clear", help="remove the decoded photos; they are decoded again")] = False,
    as_json: Json = False,
) -> None:
    """Tell what is kept to save time, and where; --clear removes decoded photos."""
    from rich.table import Column, Table

    from mekiki.verbs.cache import CachePart
    from mekiki.verbs.cache import cache as run

    use = run(clear)
    parts: dict[str, CachePart] = {"scans": use.scans, "pictures": use.pictures}
    if as_json:
        content: dict[str, Any] = {
            name: {"folder": str(part.folder), "files": part.files, "bytes": part.bytes} for name, part in parts.items()
        }
        print_json({**content, "removed": {"files": use.removed.files, "bytes": use.removed.bytes}})
        return
    table = Table(
        "kept",
        Column("files", justify="right"),
        Column("size", justify="right"),
        Column("where", overflow="fold"),
        box=None,
    )
    for what, part in zip(("what scans remember", "decoded photos"), parts.values(), strict=True):
        table.add_row(what, f"{part.files:,}", f"{part.bytes / 1e6:,.1f} MB", foreign(str(part.folder)))
    console = results_console()
    console.print(table)
    if clear:
        console.print(f"removed {use.removed.files:,} decoded photos, {use.removed.bytes / 1e6:,.1f} MB")
