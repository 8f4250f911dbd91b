"""The photos that set two runs apart: only one is right, only the other, neither; the surest mistakes first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nicegui import ui

from mekiki.doors.studio.frame import heading
from mekiki.doors.studio.media import picture_url
from mekiki.doors.studio.studio import Studio
from mekiki.doors.studio.tables import percent
from mekiki.doors.studio.words import Words
from mekiki.errors import DataError
from mekiki.records.compared_photos import ComparedPhoto
from mekiki.records.comparison import Comparison, PairComparison
from mekiki.reports.comparison_story import outcomes

SHOWN_AT_ONCE = 12
PICTURE_SIDE = 320


def show_galleries(
    studio: Studio, words: Words, comparison: Comparison, photos: Sequence[ComparedPhoto], pair: PairComparison
) -> None:
    """Show three galleries of one pair.

    Args:
        studio: The studio.
        words: Of the person's language.
        comparison: The figures.
        photos: All photos of the comparison.
        pair: One of its pairs.
    """
    names = [each.name for each in comparison.runs]
    runs = (names.index(pair.first), names.index(pair.second))
    found = outcomes(photos, *runs)
    titles = {
        (True, False): words("compare.only", run=pair.first),
        (False, True): words("compare.only", run=pair.second),
        (False, False): words("compare.neither"),
    }
    for outcome, title in titles.items():
        heading(f"{title}: {len(found[outcome]):,}", 3)
        _Gallery(studio, words, comparison, [photos[place] for place in found[outcome]], runs)


class _Gallery:
    """Photos of one outcome, so many at a time."""

    def __init__(
        self,
        studio: Studio,
        words: Words,
        comparison: Comparison,
        photos: Sequence[ComparedPhoto],
        runs: tuple[int, int],
    ) -> None:
        self.studio, self.words, self.comparison, self.photos, self.runs = studio, words, comparison, photos, runs
        self.shown = 0
        if not photos:
            ui.label(words("compare.none")).classes("mk-faint")
            return
        self.box = ui.element("ul").classes("mk-gallery")
        self.button = ui.button(words("compare.more"), on_click=self.more).props("outline no-caps")
        self.more()

    def more(self) -> None:
        """Show the next ones."""
        upcoming = self.photos[self.shown : self.shown + SHOWN_AT_ONCE]
        with self.box:
            for photo in upcoming:
                with ui.element("li").classes("mk-photo"):
                    self._show(photo)
        self.shown += len(upcoming)
        self.button.set_visibility(self.shown < len(self.photos))

    def _show(self, photo: ComparedPhoto) -> None:
        file = self._file(photo)
        if file is None:
            ui.label(self.words("compare.not_there", path=photo.path)).classes("mk-faint")
        else:
            with ui.link(target=picture_url(file, 1600), new_tab=True):
                picture = ui.element("img").props('loading="lazy"')
                picture.props["src"] = picture_url(file, PICTURE_SIDE)
                picture.props["alt"] = self.words("compare.photo_alt", label=photo.label, path=photo.path)
        ui.label(photo.label).classes("mk-photo-label")
        for number in self.runs:
            right = photo.right(number)
            mark = self.words("compare.right" if right else "compare.wrong")
            with ui.element("div").classes(f"mk-said {'mk-good' if right else 'mk-bad'}"):
                ui.label(f"{'✓' if right else '✗'} {self.comparison.runs[number].name}").props["aria-label"] = (
                    f"{self.comparison.runs[number].name}, {mark}"
                )
                ui.label(f"{photo.predicted[number]} {percent(photo.probability[number], 0)}")

    def _file(self, photo: ComparedPhoto) -> Path | None:
        """Return where a photo lies, if the studio may look there."""
        if not 0 < photo.root <= len(self.comparison.roots):
            return None
        try:
            file = self.studio.workspace.inside(Path(self.comparison.roots[photo.root - 1]) / photo.path)
        except DataError:
            return None
        return file if file.is_file() else None
