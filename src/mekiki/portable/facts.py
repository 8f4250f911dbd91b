"""What lies beside each export: ``model.json`` (the card) and ``export.json``."""

from __future__ import annotations

from mekiki.evaluation.classifier import Classifier
from mekiki.records.card import write_card
from mekiki.records.exported import Exported, ExportFolder, write_exported
from mekiki.records.run import RunFolder, model_fingerprint
from mekiki.version import __version__


def write_facts(folder: ExportFolder, run: RunFolder, classifier: Classifier, facts: Exported) -> None:
    """Write ``model.json`` and ``export.json``."""
    write_card(folder.card, classifier.card.model_copy(update={"views": classifier.views}))
    write_exported(
        folder.facts,
        facts.model_copy(update={"model": model_fingerprint(run), "views": classifier.views, "mekiki": __version__}),
    )
