"""One export as a person sees it: the proof in words and as a table, the download, and the line that uses it."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from nicegui import ui

from mekiki.doors.studio.export.download import zip_name, zip_url
from mekiki.doors.studio.frame import heading
from mekiki.doors.studio.part_names import photos_of
from mekiki.doors.studio.tables import percent, show_table
from mekiki.doors.studio.trained_runs import TrainedRun
from mekiki.doors.studio.words import Words
from mekiki.errors import MekikiError
from mekiki.records.evaluation import Estimate
from mekiki.records.exported import GRAPHS, Exported, ExportFolder, Parity, read_exported, read_parity


def show_export(
    words: Words, run: TrainedRun, folder: ExportFolder, on_remove: Callable[[Path], Awaitable[None]]
) -> None:
    """Show one export.

    Args:
        words: Of the person's language.
        run: Whose it is.
        folder: Where it lies.
        on_remove: Called with the folder when it shall go.
    """
    with ui.element("section").classes("mk-card mk-export"):
        try:
            facts = read_exported(folder.facts)
        except MekikiError as error:
            heading(folder.path.name, 3)
            ui.label(error.message).classes("mk-error")
            return
        heading(words("export.int8_name", to=facts.to) if facts.int8 else facts.to, 3)
        size = sum(path.stat().st_size for path in folder.path.rglob("*") if path.is_file() and not path.is_symlink())
        made = datetime.fromtimestamp(folder.facts.stat().st_mtime).astimezone()
        ui.label(words("export.about", size=f"{size / 1e6:.1f} MB", made=f"{made:%Y-%m-%d %H:%M}")).classes("mk-faint")
        _show_proof(words, folder)
        with ui.row().classes("mk-row"):
            link = ui.link(words("export.download"), zip_url(folder.path)).classes("mk-download")
            link.props["download"] = zip_name(folder.path)
            remove = ui.button(words("export.remove"), on_click=lambda: on_remove(folder.path)).props("flat no-caps")
            remove.props["aria-label"] = f"{words('export.remove')}: {folder.path.name}"
        _show_use(words, run, folder, facts)


def _show_proof(words: Words, folder: ExportFolder) -> None:
    try:
        parity = read_parity(folder.parity)
    except MekikiError:
        ui.label(words("export.no_proof")).classes("mk-warn")
        return
    photos = photos_of(words, parity.n, parity.part)
    whole = parity.agreement == 1
    said = words("export.same_all" if whole else "export.same", photos=photos, share=percent(parity.agreement, 2))
    ui.label(f"✓ {said}" if whole else said).classes("mk-proof")
    worst = words("export.largest", value=f"{parity.largest_difference:.2g}", path=parity.largest_at)
    ui.label(worst).classes("mk-faint")
    if parity.compared is not None:
        ui.label(parity.compared.verdict).classes("mk-faint").props('lang="en"')
    show_table([words("export.figure"), words("export.value")], _rows(words, parity))


def _rows(words: Words, parity: Parity) -> list[list[str]]:
    rows = [
        ("agreement", percent(parity.agreement, 2)),
        ("mean_difference", f"{parity.mean_difference:.2g}"),
        ("run_accuracy", _interval(parity.run_accuracy)),
        ("accuracy", _interval(parity.accuracy)),
    ]
    for name, share in (
        ("unknown_agreement", parity.unknown_agreement),
        ("alone", parity.alone),
        ("engine_agreement", parity.engine_agreement),
    ):
        if share is not None:
            rows.append((name, percent(share, 2)))
    if parity.speed is not None:
        speed = parity.speed
        values = {"int8": f"{speed.int8_milliseconds:.1f}", "float32": f"{speed.float32_milliseconds:.1f}"}
        rows.append(("speed", words("export.speed_value", **values, ratio=f"{speed.ratio:.2f}")))
    return [[words(f"export.{name}"), value] for name, value in rows]


def _interval(share: Estimate) -> str:
    return f"{percent(share.value)} ({100 * share.low:.1f}–{100 * share.high:.1f})"


def _show_use(words: Words, run: TrainedRun, folder: ExportFolder, facts: Exported) -> None:
    unzipped = zip_name(folder.path).removesuffix(".zip")
    with ui.element("details"):
        with ui.element("summary"):
            ui.label(words("export.use"))
        if (folder.path / "predict_onnx.py").is_file():
            _line(words, "use_script", shlex.join(["python", f"{unzipped}/predict_onnx.py", "photo.jpg"]))
        if facts.to in GRAPHS:
            command = ["mekiki", "predict", str(run.path), "photo.jpg", "--engine", facts.name]
            _line(words, "use_mekiki", shlex.join(command))
        if facts.to == "timm":
            _line(words, "use_python", f'timm.create_model("local-dir:{unzipped}", pretrained=True)')
        else:
            _line(words, "use_python", f'mekiki.load("{unzipped}").predict(["photo.jpg"])')


def _line(words: Words, name: str, text: str) -> None:
    ui.label(words(f"export.{name}")).classes("mk-faint")
    with ui.element("div").classes("mk-command"):
        ui.label(text).classes("mk-path")
        button = ui.button(words("export.copy"), on_click=lambda: _copy(words, text)).props("flat dense no-caps")
        button.props["aria-label"] = f"{words('export.copy')}: {text}"


def _copy(words: Words, text: str) -> None:
    ui.clipboard.write(text)
    ui.notify(words("export.copied"))
