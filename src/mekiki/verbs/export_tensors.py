"""An export as tensors: timm's folder, or the run's own files."""

from __future__ import annotations

from mekiki.evaluation.classifier import Classifier, load
from mekiki.portable.facts import write_facts
from mekiki.portable.formats import write_safetensors, write_timm
from mekiki.portable.plain_timm import agrees_alone, ask_timm
from mekiki.portable.proof import Ask, Said, demand_parity, parity_of, try_both
from mekiki.records.exported import Exported, ExportFolder, Parity
from mekiki.tensors.geometry import Picture, square
from mekiki.verbs.export_job import ExportJob


def make_tensors(job: ExportJob, made: ExportFolder) -> Parity:
    """Write timm's folder, or the run's own tensors, and prove them.

    Raises:
        ExportError: They do not say what the run says, or timm has no form for this model.
    """
    classifier = job.classifier
    if job.settings.to == "timm":
        write_timm(made, classifier)
        ask = ask_timm(made, classifier)
    else:
        write_safetensors(made, job.run)
        write_facts(made, job.run, classifier, Exported(to="safetensors", model="", views="plain"))
        ask = _asking(load(made.path, classifier.settings))
    trial = try_both(classifier, ask, job.photos, job.progress)
    parity = parity_of(trial, classifier, job.name, "val")
    demand_parity(parity, lambda: "the tensors, or how they are read, differ")
    if job.settings.to == "timm":
        files = [job.photos.root / path for path in trial.paths]
        return parity.model_copy(update={"alone": agrees_alone(made, files, trial.run, classifier)})
    return parity


def _asking(classifier: Classifier) -> Ask:
    preprocessing = classifier.card.preprocessing

    def ask(picture: Picture) -> Said:
        (answer,) = classifier.ask(square(picture, preprocessing.image_size, preprocessing.fit)[None])
        return Said(answer.chances, answer.known_score)

    return ask
