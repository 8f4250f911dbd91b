"""The report of a run: one self-contained HTML page that an owner can show to a customer.

Nothing in the page is loaded from elsewhere, and its Content-Security-Policy forbids it; names from the photos and the
run are escaped. Records are read by ``facts.py``, words come from ``story.py``, rows from ``sections.py``, pictures
from ``gallery.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mekiki.files import write_text
from mekiki.records.run import FIRST_BATCH, RunFolder, Status
from mekiki.reports import added_sections, gallery, sections, story, sureness
from mekiki.reports.confused import confused_pairs, photos_beside
from mekiki.reports.coverage import surest_shares
from mekiki.reports.facts import RunFacts, read_facts
from mekiki.reports.figures import CROWDED_CLASSES
from mekiki.reports.gallery import Example
from mekiki.reports.rendering import page_templates, render_page

__all__ = ["Example", "write_report"]


def write_report(
    run: RunFolder,
    examples_wrong: Sequence[Example],
    examples_right: Sequence[Example],
    photo_root: Path,
    heat_map_layer: str = "",
    status: Status | None = None,
    page: Path | None = None,
) -> Path:
    """Write ``report.html`` into a run folder; nothing else in it is touched.

    Args:
        run: The run folder. Files that a run which was stopped early lacks are named on the page.
        examples_wrong: Wrong decisions with their heat maps; the surest 24 are shown.
        examples_right: Right decisions with their heat maps; the first 8 are shown.
        photo_root: The folder that photo paths are relative to; photos that are gone are named instead of shown.
        heat_map_layer: The layer that the heat maps come from.
        status: How far the run came; not given: as its ``status.json`` says.
        page: Another file to write it to.

    Returns:
        The page's path.

    Raises:
        RunError: There is no such folder, or one of its JSON files is damaged.
        DataError: One of its CSV files is damaged.
    """
    facts = read_facts(run, photo_root, status)
    content = {
        **_result(facts),
        **_data(facts, photo_root),
        **_figures(facts),
        **_confused(facts, photo_root),
        **_sureness(facts),
        **_added(facts),
        **_decisions(facts, examples_wrong, examples_right, heat_map_layer),
        **_making(facts),
    }
    page = run.report if page is None else page
    write_text(page, _render(content))
    return page


def _result(facts: RunFacts) -> dict[str, Any]:
    evaluation = facts.headline
    epochs = facts.config.train.epochs if facts.config else None
    found: dict[str, Any] = {
        "name": facts.name,
        "evaluation": evaluation,
        "unfinished": story.progress_sentence(facts.status, facts.missing, epochs),
        "missing": sections.listed_files(facts.missing),
        "key_facts": sections.key_facts(facts),
        "validation": None,
    }
    if evaluation is None:
        return found
    return {
        **found,
        "right": story.right_count(evaluation),
        "measured_on": story.measured_on(evaluation, facts.openings, facts.split),
        "guessing": story.guessing(evaluation),
        "verdict": story.verdict(evaluation),
        "remarks": story.remarks(evaluation),
        "extremes": story.extremes(evaluation),
        "unmeasured": story.unmeasured(evaluation),
        "validation": next((each for each in facts.metrics or () if each.part == "val" != evaluation.part), None),
    }


def _data(facts: RunFacts, photo_root: Path) -> dict[str, Any]:
    bars = sections.class_bars(facts)
    findings = facts.findings or []
    labels = {photo.path: photo.label for photo in facts.manifest.photos} if facts.manifest else {}
    return {
        "class_bars": bars,
        "part_totals": sections.part_totals(bars),
        "findings": facts.findings,
        "finding_counts": sections.finding_counts(findings),
        "near_pairs": gallery.pairs(findings, "near_duplicate", photo_root, labels, facts.split),
        "conflict_pairs": gallery.pairs(findings, "label_conflict", photo_root, labels, facts.split),
        "unreadable": [finding for finding in findings if finding.kind == "unreadable"],
        "leak": story.leak_sentence(facts.findings, facts.split),
    }


def _figures(facts: RunFacts) -> dict[str, Any]:
    evaluation = facts.headline
    return {
        "history": facts.history,
        "first_batch": gallery.first_batch(facts.run.figures / FIRST_BATCH),
        "curves": gallery.draw_curves(facts.history) if facts.history else None,
        "head": story.head_sentence(facts.card) if facts.card else "",
        "best": next((epoch for epoch in reversed(facts.history or []) if epoch.best), None),
        "confusion": gallery.draw_confusion(evaluation) if evaluation else None,
        "class_rows": sections.class_rows(evaluation) if evaluation else [],
    }


def _confused(facts: RunFacts, photo_root: Path) -> dict[str, Any]:
    evaluation = facts.headline
    pairs = confused_pairs(evaluation) if evaluation else []
    part = evaluation.part if evaluation else ""
    return {"confused_pairs": pairs, "beside": photos_beside(pairs, facts.predictions or [], part, photo_root)}


def _sureness(facts: RunFacts) -> dict[str, Any]:
    evaluation = facts.headline
    photos = [photo for photo in facts.predictions or () if evaluation and photo.part == evaluation.part]
    calibration = facts.card.calibration if facts.card else None
    return {
        "reliability": gallery.draw_reliability(evaluation) if evaluation and evaluation.reliability else None,
        "calibration": sureness.calibration_sentence(evaluation, calibration) if evaluation else "",
        "coverage": gallery.draw_coverage(evaluation, photos) if evaluation and photos else None,
        "surest": surest_shares(evaluation, photos) if evaluation else [],
        "threshold": sureness.threshold_sentence(evaluation) if evaluation else "",
    }


def _added(facts: RunFacts) -> dict[str, Any]:
    return {
        "stresses": [added_sections.stress_section(stresses) for stresses in facts.added.stresses],
        "comparisons": [added_sections.comparison_section(each) for each in facts.added.comparisons],
        "not_shown": facts.added.left_out,
    }


def _decisions(
    facts: RunFacts, examples_wrong: Sequence[Example], examples_right: Sequence[Example], heat_map_layer: str
) -> dict[str, Any]:
    return {
        "wrong": gallery.cards(gallery.surest_first(examples_wrong)[: gallery.MOST_WRONG]),
        "right_cards": gallery.cards(examples_right[: gallery.MOST_RIGHT]),
        "layer": heat_map_layer,
        "mistakes": sections.mistakes(facts.predictions, facts.headline.part) if facts.headline else [],
        "predictions": facts.predictions,
    }


def _making(facts: RunFacts) -> dict[str, Any]:
    changed, usual = sections.setting_rows(facts.config) if facts.config else ([], [])
    return {
        "config": facts.config,
        "changed": changed,
        "usual": usual,
        "environment": facts.environment,
        "files": sections.file_rows(facts.run),
        "commands": sections.commands(facts),
        "usable": facts.card is not None and facts.run.weights.is_file(),
        "python_name": repr(facts.name),
        "version": facts.status.mekiki if facts.status else "",
    }


def _render(content: dict[str, Any]) -> str:
    templates = page_templates("report")
    templates.filters.update(percent=story.percent, interval=story.interval, lasting=story.lasting)
    templates.globals.update(counted=story.counted, part_names=story.PART_NAMES, limits=_limits())
    return render_page(templates, "report", content)


def _limits() -> dict[str, int]:
    return {
        "unreadable": sections.MOST_UNREADABLE,
        "mistakes": sections.MOST_MISTAKES,
        "classes": sections.MOST_CLASSES,
        "crowded": CROWDED_CLASSES,
    }
