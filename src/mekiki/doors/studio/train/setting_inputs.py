"""One setting as an input on a page: empty means what recipe and preset have, and shows what that is.

Names in the person's language are in the texts (``train.label_…``); kind, limits and the sentence below are the
setting's own.
"""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from mekiki.config import RunConfig
from mekiki.doors.studio.train.setting_fields import SettingField, in_words
from mekiki.doors.studio.words import Words

_WAIT_MILLISECONDS = 250


class SettingInput:
    """An input, or a choice, for one setting.

    Args:
        words: Of the person's language.
        field: The setting.
        value: What was typed already; empty: nothing.
        on_change: Told the name and what is typed now.
    """

    def __init__(self, words: Words, field: SettingField, value: str, on_change: Callable[[str, str], None]) -> None:
        self.words, self.field = words, field
        label = label_of(words, field)
        self._select: ui.select | None = None
        self._input: ui.input | None = None
        with ui.element("div").classes("mk-setting"):
            if field.kind in ("switch", "choice"):
                names = ("true", "false") if field.kind == "switch" else field.choices
                self._names = {name: self._name(name) for name in names}
                self._select = ui.select(
                    {"": "", **self._names},
                    value=value if value in self._names else "",
                    label=label,
                    on_change=lambda event: on_change(field.name, str(event.value or "")),
                ).props("outlined dense stack-label options-dense")
            else:
                self._input = ui.input(
                    label, value=value, on_change=lambda event: on_change(field.name, str(event.value or "").strip())
                ).props(f'outlined dense stack-label debounce="{_WAIT_MILLISECONDS}" inputmode="decimal"')
            ui.label(self._below()).classes("mk-setting-hint")

    def show_default(self, config: RunConfig) -> None:
        """Show what counts while nothing is typed.

        Args:
            config: All settings, as they are resolved.
        """
        value = self.field.value_in(config)
        if self._input is not None:
            nothing = "train.rest" if self.field.section == "split" else "train.none"
            self._input.props["placeholder"] = value or self.words(nothing)
        elif self._select is not None and not self._select.value:
            default = self.words("train.as_default", value=self._names.get(value, value))
            if self._select.options != {"": default, **self._names}:
                self._select.set_options({"": default, **self._names}, value="")

    def put(self, value: str) -> None:
        """Set what is typed; whoever listens is told."""
        if self._input is not None:
            self._input.value = value
        elif self._select is not None:
            self._select.value = value

    def _name(self, choice: str) -> str:
        if self.field.kind == "switch":
            return self.words("train.on" if choice == "true" else "train.off")
        return choice

    def _below(self) -> str:
        least, most = self.field.least, self.field.most
        said = [meaning_of(self.words, self.field)]
        if least is not None and most is not None:
            said.append(f"{in_words(float(least))}–{in_words(float(most))}")
        return "; ".join(said)


def meaning_of(words: Words, field: SettingField) -> str:
    """Return what a setting does in the person's language; in English its own sentence."""
    return words.texts.get(f"settings.{field.section}_{field.name}", field.description)


def label_of(words: Words, field: SettingField) -> str:
    """Return a setting's name in the person's language; its own name where the texts have none."""
    return words.texts.get(f"train.label_{field.section}_{field.name}", field.name.replace("_", " "))
