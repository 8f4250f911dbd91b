"""Comparison: several runs on the same pictures, as in ``comparison.json`` and ``compare --json``; and two counts.

Fractions are in 0..1, differences in -1..1. A figure that could not be computed is ``None``, never 0 or NaN.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from mekiki.files import write_json
from mekiki.records.evaluation import Estimate, Record, foreign_record, read_json_object


class Equivalence(Record):
    """Whether one is as good as the other, within a margin that the user named.

    Attributes:
        margin: The largest difference of accuracy that does not matter, 0..1.
        p: Of the two one-sided tests that the difference is beyond the margin; small means that it is within.
        interval: The difference with its 90 % interval; it lies within the margin where ``p`` is at most 0.05.
        equivalent: Whether the difference is shown to be within the margin.
        first_not_worse: Whether the first is shown to be worse by less than the margin, if at all.
        second_not_worse: The same of the second.
        photos: Independent photos that would show it if both were equally good, in four cases of five.
    """

    margin: float
    p: float
    interval: Estimate
    equivalent: bool
    first_not_worse: bool
    second_not_worse: bool
    photos: int


class PairComparison(Record):
    """Two runs on the same photos.

    Attributes:
        first: Name of one run.
        second: Name of the other.
        n: Photos.
        effective_n: How many independent photos they are worth for the difference; ``n`` where no group has two.
        both_right: Photos that both recognise.
        only_first: Photos that the first alone recognises.
        only_second: Photos that the second alone recognises.
        both_wrong: Photos that neither recognises.
        p: Of the exact McNemar test, two-sided; whole groups change sides where copies are among the photos.
        p_mid: Its mid-p, which is less timid.
        p_holm: ``p`` after Holm's correction for the number of pairs that were compared.
        difference: Accuracy of the first minus that of the second, with its 95 % interval (Tango's score interval).
        bootstrap: The same difference with the 95 % interval of the bootstrap over groups.
        photos_to_show: Independent photos that would show the difference seen, if it is real, in four cases of five;
            None if none is seen.
        equivalence: Whether they are equally good within a margin; None if none was named.
        verdict: The sentence that these figures deserve.
    """

    first: str
    second: str
    n: int
    effective_n: float
    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    p: float
    p_mid: float
    p_holm: float
    difference: Estimate
    bootstrap: Estimate
    photos_to_show: int | None
    equivalence: Equivalence | None
    verdict: str = ""


class Cost(Record):
    """What an answer costs.

    Attributes:
        parameters: Numbers that the model has learnt.
        bytes: Size of its weights' file; of an export its graph with the weights.
        multiply_adds: Multiplications with an addition for one picture, in all its views.
        milliseconds: For one picture that is read and has the network's size, asked alone; median of several, in turns
            with the others that were compared.
        threads: For computing, where that was measured.
        device: And on what, in which precision or by which engine.
        image_size: The network's input, pixels on each side.
        views: In which forms a picture is judged.
    """

    parameters: int
    bytes: int
    multiply_adds: int
    milliseconds: float
    threads: int
    device: str
    image_size: int
    views: str


class RunScore(Record):
    """One run's figures on the photos of a comparison.

    Attributes:
        name: What the run is called here: its folder's name, with as many folders above it as tell it from the others,
            and the engine if it is not torch.
        run: Its folder.
        engine: What computed its answers: "torch", or one of its exports ("onnx", "openvino-int8" …).
        accuracy: Top-1, with its Wilson interval.
        f1_macro: Macro F1 with its interval.
        ece: Expected calibration error with its interval; lower is better.
        model: The SHA-256 of its weights; empty in the files of a version that did not say it.
        cost: What its answers cost; None in the files of a version that did not measure it.
    """

    name: str
    run: str
    engine: str = "torch"
    accuracy: Estimate
    f1_macro: Estimate
    ece: Estimate
    model: str = ""
    cost: Cost | None = None


class LeftOut(Record):
    """Photos that took no part.

    Attributes:
        reason: Why, in words.
        count: How many, above 0.
    """

    reason: str
    count: int


class Front(Record):
    """Those of the compared that are not beaten in both accuracy and a cost.

    Attributes:
        by: The cost, a field of ``Cost``.
        names: Theirs, from the cheapest to the dearest, and so from the least to the most accurate.
    """

    by: Literal["bytes", "milliseconds"]
    names: list[str]


class Comparison(Record):
    """Several runs on the same photos.

    Attributes:
        part: "val", "test", or "data" for photos that are no part of the runs.
        n: Photos that all runs answered.
        groups: Groups of them; a photo alone is a group.
        classes: Class names, as in the first run.
        left_out: Photos that took no part, by reason.
        runs: In the order given.
        pairs: Each run with each later one; with ``fronts`` the first with each other one.
        fronts: Accuracy against size and against time; empty if that was not asked for.
        roots: Folders that the photos' paths are relative to; empty in the files of a version that did not say it.
    """

    part: str
    n: int
    groups: int
    classes: list[str]
    left_out: list[LeftOut]
    runs: list[RunScore]
    pairs: list[PairComparison]
    fronts: list[Front] = Field(default_factory=list)
    roots: list[str] = Field(default_factory=list)


class CountComparison(Record):
    """Two published counts of right answers, on photos that need not be the same.

    Attributes:
        first: Share of right answers of one, with its Wilson interval.
        first_n: Of how many photos.
        second: Share of right answers of the other, with its Wilson interval.
        second_n: Of how many photos.
        difference: The first share minus the second, with Newcombe's 95 % interval.
        p_fisher: Fisher's exact test, two-sided.
        p: Boschloo's exact test, two-sided, less timid as a rule; Fisher's where counts are large.
        p_most_favourable: McNemar's exact p if both had seen the same photos, and one were right wherever the other
            is: no smaller one is possible. None if the numbers of photos differ.
        photos_to_show: Photos for each of both that would show the difference seen, if it is real, in four cases of
            five; None if none is seen.
        verdict: The sentence that these figures deserve.
    """

    first: Estimate
    first_n: int
    second: Estimate
    second_n: int
    difference: Estimate
    p_fisher: float
    p: float
    p_most_favourable: float | None
    photos_to_show: int | None
    verdict: str = ""


def write_comparison(path: Path, comparison: Comparison) -> None:
    """Write ``comparison.json``."""
    write_json(path, comparison.model_dump())


def read_comparison(path: Path) -> Comparison:
    """Read ``comparison.json``.

    Raises:
        RunError: The file is missing or is not what ``write_comparison`` writes.
    """
    try:
        return Comparison.model_validate(read_json_object(path))
    except ValidationError as error:
        raise foreign_record(path, error) from None
