"""The command about heat maps: it calls the verb and shows what came out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mekiki.config import EvaluateSettings, ExplainSettings, build, build_some
from mekiki.doors.app import Json, Run, Sources, Weights, app
from mekiki.doors.options import with_settings
from mekiki.doors.results import foreign, print_json, results_console
from mekiki.doors.terminal import without_controls

if TYPE_CHECKING:
    from mekiki.explanation.background import ClassBackground
    from mekiki.records.evaluation import Estimate
    from mekiki.verbs.explain import Explanation


@app.command()
@with_settings(ExplainSettings, EvaluateSettings, hidden=("of_class",))
def explain(
    run: Run,
    sources: Sources,
    settings: dict[str, Any],
    out: Annotated[Path, typer.Option(help="the folder for the overlays")] = Path("heat-maps"),
    of_class: Annotated[str | None, typer.Option("--class", help="explain this class, not the predicted one")] = None,
    background: Annotated[
        bool,
        typer.Option("--background", help="tell for each class where its heat lies: border, part, outside the thing"),
    ] = False,
    weights: Weights = "auto",
    as_json: Json = False,
) -> None:
    """Lay a heat map over pictures: what the decision rested on, and how far to believe it."""
    asked = {name: value for name, value in settings.items() if name in ExplainSettings.model_fields}
    if of_class is not None:
        asked["of_class"] = of_class
    build(ExplainSettings, asked)
    chosen = build_some(EvaluateSettings, settings)
    from mekiki.doors.console import make_progress
    from mekiki.explanation.background import background_of
    from mekiki.explanation.belief import believe
    from mekiki.verbs.explain import explain as run_explain

    done = run_explain(run, sources, out, chosen, weights, make_progress(), **asked)
    faiths = [each.faith for each in done if each.faith is not None]
    belief = believe(faiths) if faiths else None
    classes = background_of((each.explained, each.shares) for each in done if each.shares is not None)
    if as_json:
        print_json(
            {
                "explanations": [each.as_json() for each in done],
                "faithful": None if belief is None else belief.model_dump(),
                "background": [each.model_dump() for each in classes],
            }
        )
    else:
        for each in done:
            _show_explanation(each)
        if belief is not None:
            from mekiki.explanation.belief import belief_in_words

            print("\n".join(belief_in_words(belief)))
        if background or "masks" in asked:
            _show_background(classes)
    if not any(each.written for each in done):
        raise typer.Exit(1)


def _show_explanation(each: Explanation) -> None:
    """Show what was explained, how, and where the overlay is; or why there is none."""
    if not each.explained:
        print(without_controls(f"{each.path}: cannot be read: {each.error}"))
        return
    chances = dict(each.ranked)
    sure = f" {chances[each.explained]:.1%}" if each.explained in chances else ""
    what = f"{each.explained}{sure}" + (f" instead of {each.instead_of}" if each.instead_of else "")
    if each.error:
        print(without_controls(f"{each.path}: {what}: no heat map: {each.error}"))
        return
    at = f" at {each.layer}" if each.layer else ""
    print(without_controls(f"{each.path}: {what} -> {each.written} ({_NAMES.get(each.method, each.method)}{at})"))
    if each.faith is not None:
        from mekiki.explanation.belief import faith_in_words

        print(f"  {faith_in_words(each.faith)}")


_NAMES = {"grad-cam": "Grad-CAM", "grad-cam++": "Grad-CAM++", "layercam": "LayerCAM", "hirescam": "HiResCAM"}


def _show_background(classes: list[ClassBackground]) -> None:
    """Show where each class's heat lies."""
    from rich.table import Table

    from mekiki.explanation.background import BORDER_AREA

    headings = ("class", "maps", f"in the border, {BORDER_AREA:.0%} of the area", "most of it in", "outside the thing")
    table = Table(*headings, "leans on", box=None)
    for each in classes:
        outside = "no masks"
        if each.outside is not None and each.outside_area is not None:
            outside = f"{_share(each.outside)}, {each.outside_area:.0%} of the area"
        part = f"{each.part} {_share(each.part_share)}"
        table.add_row(foreign(each.label), f"{each.n:,}", _share(each.border), part, outside, each.leans_on or "-")
    results_console().print(table)


def _share(estimate: Estimate) -> str:
    return f"{estimate.value:.0%} ({estimate.low:.0%} to {estimate.high:.0%})"
