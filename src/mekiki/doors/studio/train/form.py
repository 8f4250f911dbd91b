"""The form of a training: photos, network, recipe, split and random changes, and the button that starts it.

What is typed stands in the page's address, so a reload, a bookmark or the way back shows the same form. Checking and
the command are ``train_request.py``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from nicegui import ui

from mekiki.config import AugmentSettings, RunConfig, read_recipe, recipe_names
from mekiki.doors.studio.frame import heading, link_to, tell
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.train.backbone_choice import BackboneChoice
from mekiki.doors.studio.train.contact_sheet import ContactSheet
from mekiki.doors.studio.train.request import TrainRequest
from mekiki.doors.studio.train.setting_fields import setting_field
from mekiki.doors.studio.train.setting_inputs import SettingInput
from mekiki.doors.studio.words import Words
from mekiki.errors import MekikiError

COURSE = (("train", "epochs"), ("model", "image_size"), ("train", "batch_size"), ("train", "seed"))
SPLIT = (("split", "train"), ("split", "val"), ("split", "test"))
USUAL = (
    "preset", "rotation_range", "width_shift_range", "height_shift_range", "zoom_range", "brightness_range",
    "horizontal_flip", "vertical_flip", "dust", "scribble",
)  # fmt: skip
OTHERS = tuple(name for name in AugmentSettings.model_fields if name not in USUAL)
NETWORK = ("backbone", "weights")
SETTINGS = (*NETWORK, *(name for _, name in (*COURSE, *SPLIT)), *USUAL, *OTHERS)
OWN = ("photos", "name", "recipe", "further", "photo")
_LONGEST = 2_000


class TrainForm:
    """The form on a page.

    Args:
        studio: The studio.
        words: Of the person's language.
        query: What the page's address says.
    """

    def __init__(self, studio: Studio, words: Words, query: Mapping[str, str]) -> None:
        self.studio, self.words = studio, words
        known = {name: query[name][:_LONGEST] for name in (*OWN, *SETTINGS) if query.get(name)}
        if "photos" not in known:
            found = studio.workspace.find_photos()
            known |= {"photos": str(found[0])} if found else {}
        self.values = known
        self._inputs: list[SettingInput] = []
        self._lay_out()
        self._check()

    @property
    def request(self) -> TrainRequest:
        """What is asked for as the form stands."""
        settings = {name: self.values[name] for name in SETTINGS if name in self.values}
        return TrainRequest(self._value("photos"), self._value("recipe"), settings, self._value("further"))

    def _value(self, name: str) -> str:
        return self.values.get(name, "")

    def _lay_out(self) -> None:
        with ui.element("div").classes("mk-columns mk-train-top"):
            with ui.element("section").classes("mk-card"):
                self._photos()
            with ui.element("section").classes("mk-card"):
                self._network()
        with ui.element("section").classes("mk-card"):
            self._changes()
        with ui.element("section").classes("mk-card"):
            self._begin()

    def _photos(self) -> None:
        heading(self.words("train.photos"))
        place = (
            ui.input(self.words("train.folder"), value=self._value("photos"), on_change=self._on("photos"))
            .props('outlined dense stack-label debounce="400"')
            .classes("mk-wide mk-path")
        )
        found = self.studio.workspace.find_photos()
        if len(found) > 1:
            ui.select(
                {str(path): path.name for path in found},
                label=self.words("train.known_folders"),
                on_change=lambda event: place.set_value(event.value),
            ).props("outlined dense stack-label").classes("mk-wide")
        self._name = (
            ui.input(self.words("train.name"), value=self._value("name"), on_change=self._on("name"))
            .props("outlined dense stack-label")
            .classes("mk-wide")
        )
        heading(self.words("train.split"), 3)
        ui.label(self.words("train.split_lead")).classes("mk-hint")
        with ui.element("div").classes("mk-settings"):
            self._settings(SPLIT)

    def _network(self) -> None:
        heading(self.words("train.network"))
        BackboneChoice(self.words, self._value("backbone"), self._value("weights"), self._set)
        heading(self.words("train.course"), 3)
        names = {name: name for name in recipe_names()}
        recipe = (
            ui.select(names, value=self._value("recipe") or recipe_names()[0], label=self.words("train.recipe"))
            .props("outlined dense stack-label options-dense")
            .classes("mk-wide")
        )
        about = ui.label().classes("mk-hint")

        def choose() -> None:
            chosen = str(recipe.value)
            told = read_recipe(chosen).about
            about.text = " · ".join(part for part in (told.summary, told.expected) if part)
            self._set("recipe", "" if chosen == recipe_names()[0] else chosen)

        recipe.on_value_change(choose)
        about.text = read_recipe(str(recipe.value)).about.summary
        with ui.element("div").classes("mk-settings"):
            self._settings(COURSE)

    def _changes(self) -> None:
        heading(self.words("train.changes"))
        ui.label(self.words("train.changes_lead")).classes("mk-lead")
        with ui.element("div").classes("mk-changes"):
            with ui.element("div"):
                with ui.element("div").classes("mk-settings"):
                    self._settings(tuple(("augment", name) for name in USUAL))
                with ui.expansion(self.words("train.more_changes")).classes("mk-wide"):
                    with ui.element("div").classes("mk-settings"):
                        self._settings(tuple(("augment", name) for name in OTHERS))
            self._sheet = ContactSheet(
                self.studio, self.words, self._value("photo"), lambda photo: self._set("photo", photo)
            )

    def _begin(self) -> None:
        heading(self.words("train.begin"))
        with ui.expansion(self.words("train.further"), value=bool(self._value("further"))).classes("mk-wide"):
            ui.label(self.words("train.further_lead")).classes("mk-hint")
            ui.textarea(self.words("train.further"), value=self._value("further"), on_change=self._on("further")).props(
                'outlined dense stack-label autogrow debounce="400" placeholder="label_smoothing=0.05"'
            ).classes("mk-wide mk-path")
        with ui.element("div").props('role="status"').classes("mk-verdict"):
            self._summary = ui.label()
            self._error = ui.label().classes("mk-error")
            self._hint = ui.label().classes("mk-hint")
        with ui.element("div").classes("mk-row"):
            self._start = ui.button(self.words("train.start"), on_click=self._begin_training)
            self._start.props("no-caps unelevated").classes("mk-start")
        with ui.expansion(self.words("train.command")).classes("mk-wide"):
            self._command = ui.label().classes("mk-path")

    def _settings(self, fields: tuple[tuple[str, str], ...]) -> None:
        for section, name in fields:
            setting = SettingInput(self.words, setting_field(section, name), self._value(name), self._set)
            self._inputs.append(setting)

    def _on(self, name: str) -> Callable[..., None]:
        return lambda event: self._set(name, str(event.value or "").strip())

    def _set(self, name: str, value: str) -> None:
        if self._value(name) == value:
            return
        if value:
            self.values[name] = value
        else:
            self.values.pop(name, None)
        ui.navigate.history.replace(link_to("train", **self.values))
        self._check()

    def _check(self) -> None:
        """Show what would be trained, or why it cannot be; empty fields show what counts instead."""
        message, hint, summary = "", "", ""
        try:
            config = self.request.config()
        except MekikiError as error:
            message, hint = error.message, error.hint
        else:
            for setting in self._inputs:
                setting.show_default(config)
            self._name.props["placeholder"] = self._usual_name(config)
            summary = self._in_words(config)
            self._command.text = self.request.command(self.studio.workspace.runs / self._run_name(config))
            self._sheet.want(self._value("photos"), config)
        self._summary.text, self._error.text = summary, message
        self._hint.text = self.words("frame.hint", hint=hint) if hint else ""

    def _in_words(self, config: RunConfig) -> str:
        return self.words(
            "train.summary",
            backbone=config.model.backbone,
            size=config.model.image_size,
            epochs=config.train.epochs,
            preset=config.augment.preset,
            recipe=config.recipe,
        )

    def _usual_name(self, config: RunConfig) -> str:
        folder = Path(self._value("photos")).stem if self._value("photos") else "run"
        return f"{folder}-{config.model.backbone}"

    def _run_name(self, config: RunConfig) -> str:
        return self._value("name") or self._usual_name(config)

    def _begin_training(self) -> None:
        try:
            config = self.request.check(self.studio.workspace)
        except MekikiError as error:
            tell(self.words, error)
            return
        workspace = self.studio.workspace
        out = workspace.new(workspace.runs, self._run_name(config))
        asked = {Path(job.about.get("run", "")) for job in self.studio.jobs.all()}
        number = 2
        while out in asked:  # one that waits for its turn has no folder yet
            out, number = workspace.new(workspace.runs, f"{self._run_name(config)}-{number}"), number + 1
        photos = workspace.inside(self._value("photos"))
        title = self.words("train.job", run=out.name)
        self.studio.jobs.start(self.request.arguments(out), title, "long", {"run": out, "photos": photos})
        ui.navigate.to(link_to("train", run=str(out)))
