"""What a person sees of work on a Ray cluster (``--engine ray``)."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mekiki.config import ClusterSettings, EvaluateSettings, build_some
from mekiki.doors.app import say

_LABELS_SHOWN = 20


def predict_on_cluster(
    run: str,
    sources: list[str],
    settings: dict[str, Any],
    top: int | None,
    weights: str,
    out: Path | None,
    graph: str,
    as_json: bool,
) -> None:
    """Let a cluster answer, and say what came out.

    Args:
        run: A run folder, an export, or an ImageNet model.
        sources: Pictures, folders, globs, lists, addresses.
        settings: Of the options.
        top: How many classes to give.
        weights: Of an ImageNet model.
        out: The folder of the parts.
        graph: What computes a run.
        as_json: Whether the summary is printed as one JSON object.
    """
    from mekiki.cluster.engines import check_cluster

    check_cluster()
    from mekiki.doors.console import make_progress
    from mekiki.verbs.predict import usual_top
    from mekiki.verbs.sharing import asked_model, predict_in_parts

    chosen, cluster = build_some(EvaluateSettings, settings), build_some(ClusterSettings, settings)
    asked = asked_model(run, chosen, weights, graph, cluster)
    _, shared = predict_in_parts(asked, sources, out, usual_top(run, top), make_progress())
    if as_json:
        print(json.dumps(asdict(shared), ensure_ascii=False))
        return
    shown = list(shared.labels.items())[:_LABELS_SHOWN]
    for label, count in shown:
        print(f"{count:>9,}  {label}")
    if len(shared.labels) > len(shown):
        print(f"           and {len(shared.labels) - len(shown):,} more classes")
    say(
        f"{shared.rows:,} rows: {shared.answered:,} answered, {shared.unknown:,} of them unknown, "
        f"{shared.unreadable:,} cannot be read; {shared.kept:,} were there already"
    )
    if shared.asked:
        pace = shared.asked / max(shared.working_seconds, 1e-9)
        say(f"{shared.replicas} replicas, {pace:,.0f} rows a second, {shared.seconds:.1f} s in all")
    say(f"wrote {shared.folder}: {shared.parts:,} Parquet parts")
