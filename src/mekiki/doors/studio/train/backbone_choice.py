"""The choice of a network and of the weights that it begins with.

Four usual networks are there at once; the list of all of them is asked for when it is wanted, because it needs torch.
"""

from __future__ import annotations

from collections.abc import Callable

from nicegui import run, ui

from mekiki.doors.studio.networks import load_networks
from mekiki.doors.studio.words import Words

USUAL = {"resnet50": "ResNet50", "mobilenetv1_100": "MobileNet V1", "vgg16": "VGG16", "nin": "NiN"}
UNTRAINED = ("nin", "nin_small")
"""Nobody published weights of these."""
ANY = "any"


def known_backbones() -> dict[str, str]:
    """Return every network that can be trained, and in words where its weights would come from."""
    load_networks()
    from mekiki.model.backbones import list_backbones

    return {each.name: each.weights for each in list_backbones()}


class BackboneChoice:
    """Network and weights on a page.

    Args:
        words: Of the person's language.
        backbone: The one that was chosen; empty: the recipe's.
        weights: As ``backbone``.
        on_change: Told a setting's name and its value; empty: the recipe's.
    """

    def __init__(self, words: Words, backbone: str, weights: str, on_change: Callable[[str, str], None]) -> None:
        self.words, self.on_change = words, on_change
        self._places: dict[str, str] = {}
        self._was_suited = False
        chosen = backbone if backbone in USUAL or not backbone else ANY
        options = {"": words("train.recipes_own"), **USUAL, ANY: words("train.any_backbone")}
        with ui.element("div").props('role="group"').classes("mk-backbone") as group:
            group.props["aria-label"] = words("train.backbone")
            self._toggle = ui.toggle(options, value=chosen, on_change=self._pick).props(
                "no-caps unelevated dense padding='.35rem .8rem'"
            )
        self._any = (
            ui.select(
                [backbone] if chosen == ANY else [],
                value=backbone if chosen == ANY else None,
                label=words("train.any_label"),
                with_input=True,
                on_change=self._pick_any,
            )
            .props("outlined dense stack-label options-dense")
            .classes("mk-wide")
        )
        self._any.set_visibility(chosen == ANY)
        kind = weights if weights in ("", "auto", "none") else "path"
        kinds = {name: words(f"train.weights_{name or 'recipe'}") for name in ("", "auto", "none", "path")}
        self._weights = (
            ui.select(kinds, value=kind, label=words("train.weights"), on_change=self._weigh)
            .props("outlined dense stack-label options-dense")
            .classes("mk-wide")
        )
        self._path = (
            ui.input(words("train.weights_file"), value=weights if kind == "path" else "", on_change=self._weigh)
            .props('outlined dense stack-label debounce="400"')
            .classes("mk-wide mk-path")
        )
        self._path.set_visibility(kind == "path")
        self._place = ui.label().classes("mk-hint").props('role="status"')
        if chosen == ANY:
            ui.timer(0.1, self._load, once=True)

    async def _pick(self) -> None:
        chosen = str(self._toggle.value or "")
        self._any.set_visibility(chosen == ANY)
        self._place.text = ""
        if chosen == ANY:
            await self._load()
            return
        self._any.value = None
        self.on_change("backbone", chosen)
        self._suit_weights(chosen)

    def _pick_any(self) -> None:
        name = str(self._any.value or "")
        if not name:
            return
        self.on_change("backbone", name)
        place = self._places.get(name, "")
        self._place.text = self.words("train.weights_place", place=place) if place else ""
        self._suit_weights(name)

    def _suit_weights(self, backbone: str) -> None:
        """A network without published weights begins at random; the person sees it, and may change it."""
        if backbone in UNTRAINED or (self._places and not self._places.get(backbone, "-")):
            self._weights.value = "none"
            self._place.text = self.words("train.weights_nowhere")
            self._was_suited = True
        elif self._was_suited:
            self._weights.value, self._was_suited = "", False

    def _weigh(self) -> None:
        kind = str(self._weights.value or "")
        self._path.set_visibility(kind == "path")
        self.on_change("weights", str(self._path.value or "").strip() if kind == "path" else kind)

    async def _load(self) -> None:
        if self._places:
            return
        self._place.text = self.words("train.loading")
        self._places = await run.io_bound(known_backbones) or {}
        self._any.set_options(list(self._places), value=self._any.value)
        self._place.text = self.words("train.backbones_known", count=len(self._places))
