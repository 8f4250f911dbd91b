"""Made-up stress and comparisons of a model that is known by its fingerprint, written by the records' own writers."""

from pathlib import Path

from mekiki.config import KindName, severities_of
from mekiki.records.comparison import Comparison, RunScore, write_comparison
from mekiki.records.evaluation import Estimate
from mekiki.records.stress import Loss, PairedPoint, Stress, StressPoint, write_stress
from mekiki.reports.stress_story import verdicts
from mekiki.scoring.intervals import wilson
from mekiki.scoring.paired import compare_answers
from mekiki.scoring.verdicts import pair_verdict
from mekiki.seeds import stream


def make_stress(model: str, run: str, kinds: tuple[KindName, ...] = ("dust", "jpeg"), start: int = 45) -> Stress:
    n = 50
    points = {
        kind: [_point(severity, start - 3 * step, start, n) for step, severity in enumerate(severities_of(kind))]
        for kind in kinds
    }
    clean = wilson(start, n)
    return Stress(
        run=run, part="val", n=n, image_size=160, seed=7, pgd_steps=10, clean=clean.value, clean_low=clean.low,
        clean_high=clean.high, kinds=points, seconds=1, model=model,
        losses={kind: Loss(points=0.1, severity=start / 10, low=3.0, high=6.0) for kind in kinds},
    )  # fmt: skip


def _point(severity: float, right: int, start: int, n: int) -> StressPoint:
    share = wilson(right, n)
    kept = right / start
    return StressPoint(severity=severity, accuracy=share.value, low=share.low, high=share.high, n=n, kept=kept)


def against(first: Stress, other: Stress) -> Stress:
    tests = {
        kind: [
            PairedPoint(severity=severity, only_first=5 + step, only_this=2, p_value=0.01 * (1 + step))
            for step, severity in enumerate([0.0, *(point.severity for point in points)])
        ]
        for kind, points in first.kinds.items()
    }
    return other.model_copy(update={"against_first": tests})


def save_stress(folder: Path, *stresses: Stress) -> Path:
    write_stress(folder / "stress.json", stresses, verdicts(stresses))
    return folder


def make_comparison(models: dict[str, str], n: int = 200) -> Comparison:
    """Compare runs of these names; the values are the fingerprints of their models."""
    numbers, names = stream(0, "made comparison"), list(models)
    right = [numbers.random(n) < 0.9 - 0.1 * place for place in range(len(names))]
    pairs = [
        compare_answers(right[one], right[other], [""] * n, (names[one], names[other]), 0.05)
        for one in range(len(names))
        for other in range(one + 1, len(names))
    ]
    said = [pair.model_copy(update={"verdict": pair_verdict(pair, len(pairs))}) for pair in pairs]
    error = Estimate(value=0.04, low=0.02, high=0.06)
    runs = [
        RunScore(name=name, run=f"runs/{name}", accuracy=share, f1_macro=share, ece=error, model=model)
        for (name, model), share in zip(models.items(), (wilson(int(each.sum()), n) for each in right), strict=True)
    ]
    return Comparison(part="test", n=n, groups=n, classes=["a", "b"], left_out=[], runs=runs, pairs=said)


def save_comparison(folder: Path, models: dict[str, str]) -> Path:
    write_comparison(folder / "comparison.json", make_comparison(models))
    return folder
