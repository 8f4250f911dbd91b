"""Commands about photos. Each calls the verb of the same name and shows what came out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mekiki.config import (
    AugmentSettings,
    ClusterSettings,
    CollectSettings,
    CopySettings,
    LabelSettings,
    NormaliseSettings,
    PreviewSettings,
    ScanSettings,
    Section,
    SplitSettings,
    UnpackSettings,
    build,
    build_some,
    make_config,
)
from mekiki.doors.app import LOCAL, Data, EngineOption, Json, app, say
from mekiki.doors.options import with_settings
from mekiki.errors import SettingsError


@app.command()
@with_settings(ScanSettings, LabelSettings, ClusterSettings)
def scan(
    data: Data,
    settings: dict[str, Any],
    out: Annotated[Path | None, typer.Option(help="a folder for manifest.csv, findings.csv and scan.html")] = None,
    labels: Annotated[bool, typer.Option("--labels", help="look for wrong labels too (takes minutes)")] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="add the remedy of this kind of finding to decisions.csv; may be repeated"),
    ] = None,
    engine: EngineOption = LOCAL,
    as_json: Json = False,
) -> None:
    """Look through a folder of photos: labels, duplicates, trouble."""
    from mekiki.cluster.engines import is_on_cluster, refuse_idle
    from mekiki.doors.console import make_progress
    from mekiki.doors.data_tables import show_scan
    from mekiki.verbs.scan import scan as run

    idle = next((name for name in settings if name in LabelSettings.model_fields), None)
    if idle is not None and not labels:
        raise SettingsError(f"--{idle.replace('_', '-')} is for looking for wrong labels", "add --labels")
    refuse_idle(settings, is_on_cluster(engine))
    search = build_some(LabelSettings, settings) if labels else None
    result = run(
        data,
        out,
        build_some(ScanSettings, settings),
        make_progress(),
        labels=search,
        accept=tuple(accept or ()),
        engine=engine,
        cluster=build_some(ClusterSettings, settings),
    )
    show_scan(result, as_json)
    if accept and not result.accepted:
        say(f"accepted nothing: there is no {' and no '.join(accept)} to decide")
    if out is not None:
        say(f"wrote {out / 'manifest.csv'}, {out / 'findings.csv'} and {out / 'scan.html'}")


@app.command()
@with_settings(SplitSettings, ScanSettings)
def split(
    data: Data,
    settings: dict[str, Any],
    out: Annotated[
        Path | None,
        typer.Option(
            help="the split file to write (default: split.csv); with --folds a folder (default: folds); "
            "with --check a CSV of the leaking pairs (default: none)"
        ),
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=3, help="make this many splits instead, each photo in the test part of one")
    ] = None,
    check: Annotated[
        Path | None, typer.Option(help="tell what leaks in a split that is there already: a CSV with path and part")
    ] = None,
    as_json: Json = False,
) -> None:
    """Divide photos into train, val and test, with no duplicate on two sides.

    --check ends with exit code 1 if something leaks.
    """
    from mekiki.doors.console import make_progress
    from mekiki.doors.data_tables import show_check, show_folds, show_split
    from mekiki.verbs.split import check_split, split_folds
    from mekiki.verbs.split import split as run

    config = make_config(str(data), **settings)
    if check is not None:
        _refuse_beside_check(folds, settings, check)
        checked = check_split(data, check, out, config.scan, make_progress())
        show_check(checked, as_json)
        _say_written(out)
        if checked.leaks:
            raise typer.Exit(1)
        return
    if folds is not None:
        place = Path("folds") if out is None else out
        show_folds(split_folds(data, folds, place, config.split, config.scan, make_progress()), as_json)
        say(f"wrote {place / 'fold-1.csv'} … {place / f'fold-{folds}.csv'}")
        return
    place = Path("split.csv") if out is None else out
    show_split(run(data, place, config.split, config.scan, make_progress()), as_json)
    _say_written(place)


def _refuse_beside_check(folds: int | None, settings: dict[str, Any], check: Path) -> None:
    if folds is not None:
        raise SettingsError("--folds makes a split and --check looks at one", "give one of them")
    idle = next((name for name in settings if name in SplitSettings.model_fields), None)
    if idle is not None:
        flag = idle.replace("_", "-")
        raise SettingsError(f"--check looks at the split in {check}; --{flag} says nothing to it", "leave it out")


def _say_written(out: Path | None) -> None:
    if out is not None:
        say(f"wrote {out}")


@app.command()
@with_settings(CollectSettings)
def collect(
    links: Annotated[
        Path,
        typer.Argument(metavar="LIST", help="a CSV with the columns url and label; licence and group are kept"),
    ],
    settings: dict[str, Any],
    out: Annotated[Path, typer.Option(help="the folder for photos and collected.csv; a second run goes on there")],
    as_json: Json = False,
) -> None:
    """Download photos from a list of addresses into class folders, politely."""
    from mekiki.doors.console import make_progress
    from mekiki.doors.data_tables import show_collected
    from mekiki.verbs.collect import collect as run

    result = run(links, out, build(CollectSettings, settings), make_progress())
    show_collected(result, as_json)
    say(f"wrote {result.table}")
    if not result.counts()["ok"]:
        raise typer.Exit(1)


@app.command()
@with_settings(CopySettings, AugmentSettings, PreviewSettings, NormaliseSettings, ScanSettings)
def augment(
    data: Annotated[Path, typer.Argument(help="photos as for train; for --preview also one photo")],
    settings: dict[str, Any],
    out: Annotated[Path | None, typer.Option(help="write copies into this new folder")] = None,
    preview: Annotated[
        Path | None, typer.Option(help="draw a contact sheet instead: sheet.png or sheet.jpg, nothing else is written")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write augmented copies of each photo that know their original, or show on a sheet what would be done to them."""
    if (out is None) == (preview is None):
        given = "neither was" if out is None else "both were"
        raise SettingsError(f"expected --out DIR or --preview SHEET, and {given} given", "give one of them")
    from mekiki.doors.console import make_progress
    from mekiki.doors.data_tables import show_copies, show_preview

    scanning = build_some(ScanSettings, settings)
    ranges = build_some(AugmentSettings, settings)
    if out is not None:
        _refuse_idle(settings, (PreviewSettings, NormaliseSettings), (CopySettings, AugmentSettings), "--preview")
        from mekiki.verbs.augment import augment as run

        show_copies(run(data, out, build_some(CopySettings, settings), ranges, scanning, make_progress()), as_json)
        say(f"wrote {out}")
    elif preview is not None:
        _refuse_idle(settings, (CopySettings,), (PreviewSettings,), "--out")
        from mekiki.verbs.preview import preview as draw

        asked = ranges if settings.keys() & AugmentSettings.model_fields.keys() else None
        normalisation = (
            build_some(NormaliseSettings, settings) if settings.keys() & NormaliseSettings.model_fields.keys() else None
        )
        shown = build_some(PreviewSettings, settings)
        show_preview(draw(data, preview, shown, asked, normalisation, scanning, make_progress()), as_json)
        say(f"wrote {preview}")


@app.command()
@with_settings(UnpackSettings)
def unpack(
    archive: Annotated[Path, typer.Argument(metavar="ZIP", help="a zip of photos, in class folders or with a CSV")],
    settings: dict[str, Any],
    out: Annotated[Path, typer.Option(help="the folder to make; it does not exist yet, or is empty")],
    as_json: Json = False,
) -> None:
    """Make a folder of photos of a zip, safely: all of it or nothing."""
    from mekiki.doors.console import make_progress
    from mekiki.doors.data_tables import show_unpacked
    from mekiki.verbs.unpack import unpack as run

    show_unpacked(run(archive, out, build(UnpackSettings, settings), make_progress()), as_json)
    say(f"wrote {out}")


def _refuse_idle(
    settings: dict[str, Any], idle: tuple[type[Section], ...], used: tuple[type[Section], ...], belongs: str
) -> None:
    """Refuse a setting of the other of two ways to use a command."""
    for name in settings:
        if any(name in each.model_fields for each in idle) and not any(name in each.model_fields for each in used):
            raise SettingsError(f"--{name.replace('_', '-')} goes with {belongs}", "leave it out")
