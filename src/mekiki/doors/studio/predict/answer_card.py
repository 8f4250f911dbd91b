"""What one run says of a picture: a sentence, what changed by the scribbles, the heat map, and a bar for each class.

The map is a layer over the picture whose strength the page's slider sets in the browser, without asking anybody.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nicegui import ui

from mekiki.doors.studio.frame import heading
from mekiki.doors.studio.media import as_jpeg
from mekiki.doors.studio.words import Words
from mekiki.errors import MekikiError, one_line
from mekiki.records.predictions import Prediction

if TYPE_CHECKING:
    from mekiki.verbs.scribble import ScribbleAnswer

TOP = 5
NOTHING = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="


@dataclass(frozen=True)
class Outcome:
    """What is shown of one answer.

    Attributes:
        answer: Of the picture as it is now.
        clean: Of the picture without marks; None if it has none.
        seconds: That the answer took.
    """

    answer: ScribbleAnswer
    clean: Prediction | None
    seconds: float


class AnswerCard:
    """One run's card.

    Args:
        words: Of the person's language.
        name: The run's.
        shape: The CSS of a picture's shape and size on the page.
    """

    def __init__(self, words: Words, name: str, shape: str) -> None:
        self._words, self._name = words, name
        self._outcome: Outcome | None = None
        self._show_all = False
        with ui.element("section").classes("mk-card mk-answer") as self.place:
            self.place.props["aria-label"] = name
            heading(name)
            with ui.element("div").props('aria-live="polite" role="status"').classes("mk-said"):
                self._says = ui.label(words("predict.no_picture")).classes("mk-says")
                self._change = ui.label().classes("mk-change")
                self._known = ui.label().classes("mk-faint mk-number")
            self._error = ui.label().classes("mk-error").props('role="alert"')
            with ui.element("figure").classes("mk-heat").style(shape) as self._figure:
                self._picture = ui.element("img").classes("mk-heat-picture")
                self._heat = ui.element("img").classes("mk-heat-layer").props('alt="" aria-hidden="true"')
            self._about = ui.label().classes("mk-faint mk-about")
            self._bars = ui.element("ol").classes("mk-bars")
            self._more = ui.button(on_click=self._turn).props("flat dense no-caps").classes("mk-more")
        self._set_visible(False)

    def wait(self, words: str) -> None:
        """Say that an answer is under way."""
        self._says.text = words

    def fail(self, error: MekikiError | OSError) -> None:
        """Say why there is no answer."""
        message, hint = (error.message, error.hint) if isinstance(error, MekikiError) else (one_line(error), "")
        self._set_visible(False)
        self._says.text = self._words("predict.no_answer")
        self._error.text = message + (f" ({hint})" if hint else "")

    def show(self, outcome: Outcome, picture: str) -> None:
        """Show an answer.

        Args:
            outcome: The answer.
            picture: Address of the picture as it is now.
        """
        self._outcome = outcome
        self._error.text = ""
        self._set_visible(True)
        words, answer = self._words, outcome.answer
        says = "predict.says_unknown" if answer.prediction.known is False else "predict.says"
        label, chance = answer.prediction.top[0]
        self._says.text = words(says, label=label, percent=percent(chance))
        self._says.classes(replace="mk-says mk-unknown" if answer.prediction.known is False else "mk-says")
        self._change.text = "" if outcome.clean is None else change_in_words(words, outcome.clean, answer.prediction)
        self._change.set_visibility(outcome.clean is not None)
        self._known.text = " · ".join([*_score_in_words(words, answer), words("predict.took", seconds=outcome.seconds)])
        self._picture.props["src"] = picture
        self._picture.props["alt"] = words("predict.heat_alt", label=answer.explained)
        self._heat.props["src"] = NOTHING if answer.reason else heat_layer(answer)
        self._about.text = _about_map(words, answer)
        self._draw_bars()

    def _set_visible(self, visible: bool) -> None:
        for each in (self._figure, self._about, self._bars, self._more, self._change, self._known):
            each.set_visibility(visible)

    def _turn(self) -> None:
        self._show_all = not self._show_all
        self._draw_bars()

    def _draw_bars(self) -> None:
        if self._outcome is None:
            return
        ranked = self._outcome.answer.prediction.top
        before = dict(self._outcome.clean.top) if self._outcome.clean is not None else {}
        self._bars.clear()
        with self._bars:
            for label, chance in ranked if self._show_all else ranked[:TOP]:
                with ui.element("li").classes("mk-bar"):
                    ui.label(label).classes("mk-bar-label")
                    with ui.element("span").classes("mk-bar-track").props('aria-hidden="true"'):
                        ui.element("span").classes("mk-bar-fill").style(f"width: {100 * chance:.2f}%")
                        if label in before:
                            ui.element("span").classes("mk-bar-before").style(f"left: {100 * before[label]:.2f}%")
                    ui.label(percent(chance)).classes("mk-bar-share mk-number")
        self._more.set_visibility(len(ranked) > TOP)
        key = "predict.fewer" if self._show_all else "predict.all"
        self._more.text = self._words(key, count=len(ranked))


def percent(share: float) -> str:
    """Return a share as ``mekiki predict`` shows it."""
    return f"{share:.1%}"


def change_in_words(words: Words, clean: Prediction, now: Prediction) -> str:
    """Return what the marks did to the class of the clean picture."""
    before, after = clean.score, dict(now.top)[clean.label]
    figures = words("predict.change", label=clean.label, before=percent(before), after=percent(after))
    if now.label != clean.label:
        return f"{figures}; {words('predict.turned', label=clean.label, other=now.label)}"
    if now.known is False and clean.known is True:
        return f"{figures}; {words('predict.turned_unknown')}"
    return f"{figures}; {words('predict.stayed')}"


def heat_layer(answer: ScribbleAnswer) -> str:
    """Return a map in its colours, as a data address."""
    from mekiki.explanation.overlay import in_colours

    content = base64.b64encode(as_jpeg(in_colours(answer.heat), 85)).decode("ascii")
    return f"data:image/jpeg;base64,{content}"


def _score_in_words(words: Words, answer: ScribbleAnswer) -> list[str]:
    if answer.known_score is None or answer.threshold is None:
        return [words("predict.no_rule")]
    key = "predict.below" if answer.prediction.known is False else "predict.above"
    return [words(key, score=answer.known_score, threshold=answer.threshold)]


def _about_map(words: Words, answer: ScribbleAnswer) -> str:
    if answer.reason:
        return words("predict.no_evidence", reason=answer.reason)
    if answer.instead_of:
        return words("predict.map_against", label=answer.explained, other=answer.instead_of)
    return words("predict.map_of", label=answer.explained)
