"""What models say, as a person reads it in the terminal, or as one JSON object."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table

from mekiki.config import Recipe
from mekiki.doors.results import foreign, print_json, results_console
from mekiki.doors.terminal import without_controls
from mekiki.files import replaced
from mekiki.records.evaluation import Estimate, Evaluation, UnknownFigures
from mekiki.records.predictions import Prediction

if TYPE_CHECKING:
    from mekiki.model.backbones import BackboneFacts

BAR_WIDTH = 30


def show_evaluation(evaluation: Evaluation, as_json: bool) -> None:
    """Show accuracy with its interval and the figures of each class."""
    if as_json:
        print_json(evaluation.model_dump())
        return
    accuracy, intervals = evaluation.accuracy, evaluation.intervals
    f1, error = (intervals.f1_macro, intervals.ece) if intervals else (None, None)
    console = results_console()
    if evaluation.fresh == 0:
        console.print(f"{_no_fresh_figure(evaluation)}; what follows is how well it remembers them", soft_wrap=True)
    console.print(
        f"{_what_was_scored(evaluation)}: accuracy {accuracy.value:.1%} "
        f"(95 % interval {accuracy.low:.1%} to {accuracy.high:.1%}), n = {evaluation.n:,}, "
        f"macro F1 {evaluation.f1_macro:.3f}{_ends(f1)}, calibration error {evaluation.ece:.3f}{_ends(error)}",
        soft_wrap=True,
    )
    if intervals is not None and intervals.groups < evaluation.n:
        console.print(
            f"copies count once: {evaluation.n:,} photos in {intervals.groups:,} groups are worth "
            f"{intervals.effective_n:,.0f} for the interval of the accuracy",
            soft_wrap=True,
        )
    if evaluation.unknown is None:
        console.print("this model has no threshold for what is unknown: it always answers with a class", soft_wrap=True)
    else:
        console.print(_describe_unknown(evaluation.unknown), soft_wrap=True)
    if evaluation.unreadable:
        console.print(f"left out: {evaluation.unreadable:,} photos that cannot be read", soft_wrap=True)
    for line in _counted_apart(evaluation):
        console.print(line, soft_wrap=True)
    table = Table("class", "photos", "recognised", "95 % interval", "precision", "most often taken for", box=None)
    for number, figures in enumerate(evaluation.per_class):
        recall = figures.recall
        table.add_row(
            foreign(figures.label),
            f"{figures.n:,}",
            "-" if recall is None else f"{recall.value:.1%}",
            "-" if recall is None else f"{recall.low:.1%} to {recall.high:.1%}",
            "-" if figures.precision is None else f"{figures.precision:.1%}",
            foreign(_confused_with(evaluation, number)),
        )
    console.print(table)


def _what_was_scored(evaluation: Evaluation) -> str:
    """Return the headline's first words: the part, or which of its photos where others were counted apart."""
    if evaluation.part == "train" or not evaluation.apart:
        return evaluation.part
    part = "" if evaluation.part == "data" else f"{evaluation.part} "
    return f"{'fresh' if evaluation.fresh else 'seen'} {part}photos"


def _no_fresh_figure(evaluation: Evaluation) -> str:
    trained, *others = [sum(each.n for each in evaluation.apart if each.part == part) for part in ("train", "val")]
    told = f"{trained:,} in training" + "".join(f", {count:,} to choose its snapshot" for count in others if count)
    return f"there is no fresh figure: the run has seen all of these {evaluation.n:,} photos or copies of them ({told})"


def _counted_apart(evaluation: Evaluation) -> list[str]:
    """Return a line for each part of the run that photos, or their twins, were in."""
    words = {"train": "the run was trained on", "val": "the run's snapshot was chosen by"}
    lines = []
    for each in evaluation.apart:
        ways = (
            (each.same_bytes, "the same bytes"),
            (each.near_copies, "near copies"),
            (each.same_group, "in one group with such"),
        )
        told = ", ".join(f"{count:,} {way}" for count, way in ways if count)
        right = each.accuracy
        lines.append(
            f"counted apart: {words[each.part]} {each.n:,} of these photos ({told}): accuracy {right.value:.1%} "
            f"({right.low:.1%} to {right.high:.1%})"
        )
    return lines


def _describe_unknown(figures: UnknownFigures) -> str:
    """Return what the model answers and what it refuses, in words."""
    line = f'answered: {figures.coverage:.1%} of these photos, the rest called "unknown"'
    if figures.accuracy_answered is not None:
        line += f"; {figures.accuracy_answered.value:.1%} of the answers right"
    if figures.refused is None or figures.auroc_interval is None or figures.fpr_interval is None:
        return line
    area, passed, refused = figures.auroc_interval, figures.fpr_interval, figures.refused
    return (
        f"{line}\nof {figures.n_unknown:,} unknown pictures {refused.value:.1%} refused "
        f"({refused.low:.1%} to {refused.high:.1%}); AUROC {area.value:.3f} ({area.low:.3f} to {area.high:.3f}); "
        f"where 95 % of these photos pass, so do {passed.value:.1%} of the unknown "
        f"({passed.low:.1%} to {passed.high:.1%})"
    )


def _ends(estimate: Estimate | None) -> str:
    return "" if estimate is None else f" ({estimate.low:.3f} to {estimate.high:.3f})"


def _confused_with(evaluation: Evaluation, number: int) -> str:
    others = [(count, name) for name, count in zip(evaluation.classes, evaluation.confusion[number], strict=True)]
    others.pop(number)
    count, name = max(others)
    return f"{name} ({count})" if count else ""


def show_predictions(predictions: Iterator[Prediction], style: str | None, out: Path | None) -> None:
    """Show predictions as they come, as bars, CSV or JSON lines; or write them to a file.

    A file keeps the lines that were done if the person stops with Ctrl-C.
    """
    if style == "json":
        print_json({"predictions": [each.as_json() for each in predictions]})
    elif out is not None:
        csv_wanted = style == "csv" or (style is None and out.suffix == ".csv")
        _write_lines(_csv_lines(predictions) if csv_wanted else _json_lines(predictions), out)
    elif style in ("csv", "jsonl"):
        for line in _csv_lines(predictions) if style == "csv" else _json_lines(predictions):
            print(line, flush=True)
    else:
        _show_bars(predictions)


def _write_lines(lines: Iterator[str], out: Path) -> None:
    stopped = False
    with replaced(out) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        try:
            for line in lines:
                file.write(f"{line}\n")
        except KeyboardInterrupt:
            stopped = True
    print(without_controls(f"wrote {out}"), file=sys.stderr)
    if stopped:
        raise KeyboardInterrupt


def _json_lines(predictions: Iterator[Prediction]) -> Iterator[str]:
    return (each.as_json_line() for each in predictions)


def _csv_lines(predictions: Iterator[Prediction]) -> Iterator[str]:
    """Yield ``path,error,known,label,score,label_2,score_2,…``: as many pairs as the first answer has."""
    waiting: list[Prediction] = []
    for first in predictions:
        waiting.append(first)
        if first.top:
            break
    pairs = max((len(each.top) for each in waiting), default=1) or 1
    names = [f"{name}_{rank}" if rank > 1 else name for rank in range(1, pairs + 1) for name in ("label", "score")]
    yield _csv_line(["path", "error", "known", *names])
    for each in itertools.chain(waiting, predictions):
        ranked = [text for name, chance in each.top for text in (name, f"{chance:.6f}")]
        known = "" if each.known is None else str(each.known).lower()
        yield _csv_line([each.path, each.error, known, *ranked, *[""] * (2 * pairs - len(ranked))])


def _csv_line(values: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(values)
    return buffer.getvalue()


def _show_bars(predictions: Iterable[Prediction]) -> None:
    console = results_console()
    for each in predictions:
        console.print(foreign(each.path, "bold"), soft_wrap=True)
        if each.error:
            console.print(foreign(f"  cannot be read: {each.error}", "yellow"), soft_wrap=True)
        if each.known is False:
            console.print("  unknown: probably none of these", style="yellow")
        width = max((cell_len(name) for name, _ in each.top), default=0)
        for rank, (name, probability) in enumerate(each.top):
            bar = "█" * round(probability * BAR_WIDTH) or "▏"
            padding = " " * (width - cell_len(name))
            line = foreign(f"  {name}{padding} {probability:6.1%} ").append(bar, style="red" if rank == 0 else "dim")
            console.print(line, soft_wrap=True)


def show_recipes(recipes: dict[str, Recipe], as_json: bool) -> None:
    """Show each recipe's name and what it is."""
    if as_json:
        print_json({"recipes": {name: recipe.model_dump() for name, recipe in recipes.items()}})
        return
    table = Table("recipe", "what it is", "expect", box=None)
    for name, recipe in recipes.items():
        table.add_row(name, foreign(recipe.about.summary), foreign(recipe.about.expected))
    results_console().print(table)


def show_recipe(name: str, recipe: Recipe, as_json: bool) -> None:
    """Show all that a recipe says of itself, and what it sets."""
    if as_json:
        print_json({"name": name, **recipe.model_dump()})
        return
    console = results_console()
    for word, text in recipe.about.model_dump().items():
        if text:
            console.print(foreign(f"{word}: {text}"), soft_wrap=True)
    for key, value in recipe.settings.items():
        console.print(foreign(f"  {key} = {value}"), soft_wrap=True)


def show_backbones(facts: list[BackboneFacts], as_json: bool) -> None:
    """Show names and where their weights would come from."""
    if as_json:
        print_json({"backbones": [dataclasses.asdict(each) for each in facts]})
        return
    table = Table("backbone", "weights", box=None)
    for each in facts:
        table.add_row(each.name, foreign(each.weights))
    results_console().print(table)
