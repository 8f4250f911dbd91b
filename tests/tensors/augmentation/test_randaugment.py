import math

import numpy as np
from scipy.stats import chisquare

from mekiki.seeds import stream
from mekiki.tensors.augmentation.randaugment import choose_operations
from mekiki.tensors.geometry import STILL


def chosen(strength: float, count: int = 1, draws: int = 2800) -> list[tuple[np.ndarray, tuple]]:
    return [choose_operations(stream(0, "randaugment", n), count, strength, 331, 331) for n in range(draws)]


def kind(matrix: np.ndarray, operations: tuple) -> str:
    if operations:
        return str(operations[0].name)
    if (matrix == STILL).all():
        return "Identity"
    if matrix[0, 2] or matrix[1, 2]:
        return "TranslateX" if matrix[0, 2] else "TranslateY"
    return "Rotate" if matrix[0, 0] != 1 else ("ShearX" if matrix[0, 1] else "ShearY")


def test_the_fourteen_operations_come_alike() -> None:
    names = [kind(*drawn) for drawn in chosen(15)]
    kinds = sorted(set(names))
    assert len(kinds) == 14
    assert chisquare([names.count(name) for name in kinds]).pvalue > 0.01


def test_the_strongest_are_those_of_torchvision() -> None:
    strongest = chosen(30)
    extremes: dict[str, set[float]] = {}
    for matrix, operations in strongest:
        name = kind(matrix, operations)
        value = operations[0].strength if operations else {
            "ShearX": matrix[0, 1], "ShearY": matrix[1, 0], "TranslateX": matrix[0, 2], "TranslateY": matrix[1, 2],
            "Rotate": math.degrees(math.asin(matrix[1, 0])), "Identity": 0.0,
        }[name]  # fmt: skip
        extremes.setdefault(name, set()).add(round(float(value), 3))
    assert extremes["ShearX"] == extremes["ShearY"] == {-0.3, 0.3}
    assert extremes["TranslateX"] == extremes["TranslateY"] == {-150.0, 150.0}
    assert extremes["Rotate"] == {-30.0, 30.0}
    assert extremes["Color"] == extremes["Contrast"] == extremes["Sharpness"] == extremes["Brightness"] == {0.1, 1.9}
    assert extremes["Posterize"] == {4} and extremes["Solarize"] == {0.0}


def test_strength_0_changes_no_colour_to_speak_of_and_no_place() -> None:
    for matrix, operations in chosen(0, draws=300):
        np.testing.assert_array_equal(matrix, STILL)
        assert all(step.strength in (1.0, 8, 255.0, 0.0) for step in operations)


def test_several_steps_of_position_become_one_matrix() -> None:
    matrices = [matrix for matrix, _ in chosen(20, count=6, draws=200)]
    assert sum(bool(m[0, 2] or m[1, 2]) and m[0, 0] != 1 for m in matrices) > 20
