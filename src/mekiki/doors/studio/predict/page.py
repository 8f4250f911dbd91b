"""The page ``predict``: ask one run, or two side by side, about a picture; scribble on it and see what becomes of it.

The run, the picture and what is asked stand in the address, so a reload shows the same. The newest change is answered;
one that came before it and is not answered yet is passed over.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from fastapi import Request
from nicegui import app, run, ui

from mekiki.config import ExplainSettings, MethodName, build
from mekiki.doors.studio.frame import chosen_path, frame, link_to, tell, telling
from mekiki.doors.studio.predict.answer_card import AnswerCard, Outcome
from mekiki.doors.studio.predict.models import Models
from mekiki.doors.studio.predict.own_photos import open_own_photo, record_look
from mekiki.doors.studio.predict.sheet_routes import TAKEN_IN, add_sheet_routes, saved_name, saved_url, shown_url
from mekiki.doors.studio.predict.sheets import Sheet, Sheets, stroke_from
from mekiki.doors.studio.run_choice import runs_with_model
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.words import Words
from mekiki.errors import DataError, MekikiError
from mekiki.records.card import read_card
from mekiki.records.run import RunFolder
from mekiki.tensors.damage.marking import Mark

if TYPE_CHECKING:
    from mekiki.evaluation.classifier import Classifier

MOST_MEGABYTES = 128
"""Of one picture that a browser sends to be asked about."""
METHODS: tuple[str, ...] = get_args(MethodName)
STRENGTH = 45
BRUSH_WORDS = ("colour", "other_colour", "width", "picture", "board", "keys", "pen_up", "pen_down", "at")
SOURCE_WORDS = (
    "choose", "camera", "camera_view", "camera_insecure", "camera_refused", "camera_absent", "camera_name", "shoot",
    "close", "drop", "sending", "not_sent",
)  # fmt: skip
COLOURS = {
    "#d62718": "red",
    "#f0b400": "yellow",
    "#2e9e44": "green",
    "#1f5fd0": "blue",
    "#101010": "black",
    "#ffffff": "white",
}


@dataclass(frozen=True)
class Asked:
    """What the address says.

    Attributes:
        run: Folder of the run that is asked.
        against: Of the one that stands beside it; empty: none.
        sheet: Name of the picture; empty: none yet.
        method: Of the heat map.
        of_class: Explained class; empty: the predicted one.
        instead_of: The class that it is held against; empty: none.
    """

    run: str = ""
    against: str = ""
    sheet: str = ""
    method: str = "grad-cam"
    of_class: str = ""
    instead_of: str = ""

    @property
    def link(self) -> str:
        """The address that says so; what is as usual is left out."""
        usual = Asked()
        return link_to(
            "predict", **{name: value for name, value in vars(self).items() if value != getattr(usual, name)}
        )


class PictureSource(ui.element, component="picture_source.js"):
    """Takes a picture from the person and sends it; see the script."""


class ScribbleBoard(ui.element, component="scribble_board.js"):
    """Shows a picture, and takes strokes on it; see the script."""


def add_predict_page(studio: Studio) -> None:
    """Add the page to the studio."""
    models, sheets = Models(), Sheets(studio.settings.max_megapixels)
    add_sheet_routes(app, sheets, min(MOST_MEGABYTES, studio.settings.most_megabytes))

    @ui.page("/predict")
    def show(
        request: Request,
        run: str = "",
        against: str = "",
        sheet: str = "",
        method: str = "grad-cam",
        of_class: str = "",
        instead_of: str = "",
    ) -> None:
        ui.add_head_html('<link rel="stylesheet" href="/studio/predict.css">')
        asked = Asked(run, against, sheet, method if method in METHODS else "grad-cam", of_class, instead_of)
        with frame(studio, request, "predict") as words:
            PredictPage(studio, models, sheets, words, asked).lay_out()


class PredictPage:
    """One opened page.

    Args:
        studio: The studio.
        models: Loaded models.
        sheets: Pictures that are asked about.
        words: Of the person's language.
        asked: What the address says.
    """

    def __init__(self, studio: Studio, models: Models, sheets: Sheets, words: Words, asked: Asked) -> None:
        self.studio, self.models, self.sheets, self.words, self.asked = studio, models, sheets, words, asked
        self.cards: list[tuple[Path, AnswerCard]] = []
        self.board: ScribbleBoard | None = None
        self.wanted = 0
        self.busy = False

    @property
    def sheet(self) -> Sheet | None:
        """The picture that is asked about."""
        return self.sheets.find(self.asked.sheet)

    def lay_out(self) -> None:
        """Put everything on the page."""
        words = self.words
        ui.label(words("predict.lead")).classes("mk-lead")
        names = runs_with_model(self.studio.workspace, words)
        if not names:
            with ui.element("section").classes("mk-card mk-empty"):
                ui.label(words("predict.no_runs"))
                ui.link(words("predict.to_train"), link_to("train"))
            return
        runs = [
            path
            for path in (chosen_path(self.studio, words, named) for named in (self.asked.run, self.asked.against))
            if path is not None
        ]
        runs = list(dict.fromkeys(runs)) or [Path(next(iter(names)))]
        names = {**{str(path): path.name for path in runs if str(path) not in names}, **names}
        self.asked = replace(self.asked, run=str(runs[0]), against=str(runs[1]) if len(runs) > 1 else "")
        with ui.element("section").classes("mk-card").props(f'aria-label="{words("predict.question")}"'):
            self._lay_out_runs(names)
            self._lay_out_question(runs)
        with ui.element("div").classes(f"mk-predict mk-predict-{len(runs)}"):
            with ui.element("section").classes("mk-card mk-desk").props(f'aria-label="{words("predict.picture")}"'):
                self._lay_out_desk()
            shape = "" if self.sheet is None else _shape(self.sheet)
            with ui.element("div").classes("mk-answers"):
                for path in runs:
                    self.cards.append((path, AnswerCard(words, names[str(path)], shape)))
        ui.timer(0.05, self.answer, once=True)

    def _lay_out_runs(self, names: dict[str, str]) -> None:
        words = self.words

        def choose(**values: str) -> None:
            ui.navigate.to(replace(self.asked, of_class="", instead_of="", **values).link)

        with ui.element("div").classes("mk-choices"):
            ui.select(
                names,
                value=self.asked.run,
                label=words("predict.run"),
                on_change=lambda event: choose(run=str(event.value)),
            ).props("outlined dense options-dense")
            beside = {
                "": words("predict.none"),
                **{path: name for path, name in names.items() if path != self.asked.run},
            }
            ui.select(
                beside,
                value=self.asked.against,
                label=words("predict.against"),
                on_change=lambda event: choose(against=str(event.value)),
            ).props("outlined dense options-dense")

    def _lay_out_question(self, runs: list[Path]) -> None:
        words = self.words
        classes: dict[str, str] = {}
        for path in runs:
            with telling(words):
                classes |= {name: name for name in read_card(RunFolder(path).card).classes}
        asked = replace(
            self.asked,
            of_class=self.asked.of_class if self.asked.of_class in classes else "",
            instead_of=self.asked.instead_of if self.asked.instead_of in classes else "",
        )
        self.asked = asked
        choices: list[tuple[str, str, dict[str, str], str]] = [
            ("of_class", words("predict.of_class"), {"": words("predict.predicted"), **classes}, asked.of_class),
            ("instead_of", words("predict.instead_of"), {"": words("predict.nothing"), **classes}, asked.instead_of),
            ("method", words("predict.method"), {name: words(f"predict.{name}") for name in METHODS}, asked.method),
        ]
        with ui.element("div").classes("mk-choices"):
            for name, label, options, value in choices:
                ui.select(options, value=value, label=label, on_change=self._asker(name)).props(
                    "outlined dense options-dense"
                )
            with ui.element("label").classes("mk-strength"):
                ui.label(words("predict.strength"))
                slider = ui.element("input").props(f"type=range min=0 max=100 step=1 value={STRENGTH}")
                slider.classes("mk-strength-slider").on("input", js_handler=_SET_STRENGTH)

    def _asker(self, name: str) -> Callable[[Any], Any]:
        async def ask(event: Any) -> None:
            self.asked = replace(self.asked, **{name: str(event.value)})
            ui.navigate.history.replace(self.asked.link)
            await self.answer()

        return ask

    def _lay_out_desk(self) -> None:
        words, sheet = self.words, self.sheet
        if sheet is not None:
            ui.label(sheet.name).classes("mk-path")
            if sheet.label:
                ui.label(words("predict.labelled", label=sheet.label)).classes("mk-faint")
            self.board = ScribbleBoard().classes("mk-board-element")
            self.board.props["words"] = self._texts(BRUSH_WORDS) | {
                "colours": [[value, words(f"predict.{name}")] for value, name in COLOURS.items()]
            }
            self.board.props["shape"] = _shape(sheet)
            self.board.props["painted"] = 0
            self.board.props["src"] = shown_url(sheet)
            self.board.on("stroke", self._take_stroke)
            self.board.on("undo", self._undo)
            with ui.element("div").classes("mk-row"):
                ui.button(words("predict.dust"), on_click=self._throw_dust).props("outline no-caps")
                self.undo_button = ui.button(words("predict.undo"), on_click=self._undo).props("outline no-caps")
                self.clear_button = ui.button(words("predict.clear"), on_click=self._clear)
                self.clear_button.props("outline no-caps")
                ui.button(words("predict.save"), on_click=self._save).props("outline no-caps")
            self._show_sheet(sheet)
        elif self.asked.sheet:
            ui.label(words("predict.let_go")).classes("mk-hint")
        with PictureSource().classes("mk-source-element") as source:
            ui.button(words("predict.own_photo"), on_click=self._own_photo).props("outline no-caps")
        source.props["address"], source.props["words"] = TAKEN_IN, self._texts(SOURCE_WORDS)
        source.props["small"] = sheet is not None
        source.on("came", lambda event: self._turn_to(str(event.args)))

    def _texts(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: self.words(f"predict.{name}") for name in names}

    def _turn_to(self, key: str) -> None:
        ui.navigate.to(replace(self.asked, sheet=key).link)

    async def _own_photo(self) -> None:
        with telling(self.words):
            run_folder, chance = RunFolder(Path(self.asked.run)), self.sheets.next_chance()
            sheet = await run.io_bound(open_own_photo, self.studio.workspace, self.sheets, run_folder, chance)
            if sheet is not None:
                self._turn_to(sheet.key)

    async def _take_stroke(self, event: Any) -> None:
        serial = event.args.get("serial") if isinstance(event.args, dict) else None

        def paint(sheet: Sheet) -> None:
            sheet.add(stroke_from(event.args))

        await self._change(paint, serial if isinstance(serial, int) else None)

    async def _throw_dust(self) -> None:
        await self._change(Sheet.throw_dust)

    async def _undo(self) -> None:
        await self._change(Sheet.undo)

    async def _clear(self) -> None:
        await self._change(Sheet.clear)

    async def _change(self, change: Callable[[Sheet], None], serial: int | None = None) -> None:
        sheet = self.sheet
        if sheet is None:
            tell(self.words, DataError(self.words("predict.let_go")))
            return
        with telling(self.words):
            change(sheet)
        if self.board is not None and serial is not None:
            self.board.props["painted"] = serial
        self._show_sheet(sheet)
        await self.answer()

    def _show_sheet(self, sheet: Sheet) -> None:
        if self.board is not None:
            self.board.props["src"] = shown_url(sheet)
        self.undo_button.set_enabled(sheet.can_undo)
        self.clear_button.set_enabled(bool(sheet.marks))

    def _save(self) -> None:
        if self.sheet is not None:
            ui.download.from_url(saved_url(self.sheet), saved_name(self.sheet))

    async def answer(self) -> None:
        """Ask the runs about the picture as it is; a change that comes meanwhile is answered instead."""
        self.wanted += 1
        if self.busy or self.sheet is None:
            return
        self.busy = True
        try:
            answered = 0
            while answered != self.wanted:
                answered = self.wanted
                await self._answer_once(answered)
        finally:
            self.busy = False

    async def _answer_once(self, number: int) -> None:
        sheet = self.sheet
        if sheet is None:
            return
        marks, picture = sheet.marks, shown_url(sheet)
        for path, card in self.cards:
            if not self.models.is_loaded(path):
                card.wait(self.words("predict.loading"))
            try:
                how = build(ExplainSettings, self._how())
                outcome = await self.models.ask(path, _question(path, sheet, marks, how))
                shown = True
            except (MekikiError, OSError) as error:
                shown = False
                if number == self.wanted and not card.place.is_deleted:
                    card.fail(error)
            if number != self.wanted or card.place.is_deleted:
                return
            if shown:
                card.show(outcome, picture)

    def _how(self) -> dict[str, Any]:
        asked = self.asked
        return {"method": asked.method, "of_class": asked.of_class or None, "instead_of": asked.instead_of or None}


def _shape(sheet: Sheet) -> str:
    """Return the CSS by which the picture fills its column, but not more than the window's height."""
    width, height = sheet.picture.width, sheet.picture.height
    return f"aspect-ratio: {width} / {height}; max-width: calc(70vh * {width / height:.4f})"


def _question(
    path: Path, sheet: Sheet, marks: tuple[Mark, ...], how: ExplainSettings
) -> Callable[[Classifier], Outcome]:
    """Return what is asked of one run, on the models' own thread."""

    def ask(classifier: Classifier) -> Outcome:
        from mekiki.verbs.scribble import answer_scribbled, predict_scribbled

        if marks and path not in sheet.clean:
            sheet.clean[path] = predict_scribbled(classifier, sheet.picture)
        began = time.perf_counter()
        answer = answer_scribbled(classifier, sheet.picture, marks, how)
        seconds = time.perf_counter() - began
        if not marks:
            sheet.clean[path] = answer.prediction
        record_look(path, sheet)
        return Outcome(answer, sheet.clean[path] if marks else None, seconds)

    return ask


_SET_STRENGTH = "(event) => document.documentElement.style.setProperty('--mk-heat', event.target.value / 100)"
