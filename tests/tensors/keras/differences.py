"""How far mekiki's pictures are from Keras', in grey levels. As a table, without Keras:

python -m tests.tensors.keras.differences
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from mekiki import ImageDataGenerator
from mekiki.tensors.augmentation.applying import change_in_place
from mekiki.tensors.generator.changing import change_of
from mekiki.tensors.geometry import in_place
from tests.tensors.keras.cases import CASES, GOLDENS, PICTURES, SIDE, STEPS, Case, picture_for

DECIMALS = 2


@dataclass(frozen=True)
class Difference:
    """Mean and largest difference where the source lies in the picture, and mean of the rest (None: there is none)."""

    inside: float
    largest: float
    outside: float | None


@cache
def read_goldens() -> dict[str, np.ndarray]:
    with np.load(GOLDENS, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def golden(goldens: dict[str, np.ndarray], title: str, name: str) -> np.ndarray:
    return goldens[f"case/{title}/{name}"].astype(np.float32) / STEPS


def by_generator(case: Case, name: str) -> np.ndarray:
    return ImageDataGenerator(**case.options).apply_transform(picture_for(case, name), case.parameters)


def by_training(case: Case, name: str) -> np.ndarray:
    """Draw the picture as training does, in 8 bits."""
    options = {"fill_mode": case.options.get("fill_mode", "nearest"), "cval": case.options.get("cval", 0.0)}
    drawn = change_in_place(PICTURES[name], change_of(case.parameters), **options).astype(np.float32)
    return drawn if case.colours else drawn[..., :1]


def sources(case: Case) -> np.ndarray:
    """Return for each pixel which point of the picture is seen there, (48, 48, 2)."""
    y, x = np.mgrid[:SIDE, :SIDE]
    matrix = in_place(SIDE, SIDE, change_of(case.parameters).matrix)
    return np.stack([x, y], axis=-1) @ matrix[:, :2].T + matrix[:, 2]


def within(points: np.ndarray, margin: float = 0.0) -> np.ndarray:
    """Tell which points lie in the picture, or no further than a margin from it."""
    return ((points >= -margin - 1e-9) & (points <= SIDE - 1 + margin + 1e-9)).all(axis=-1)


def difference(ours: np.ndarray, keras: np.ndarray, case: Case) -> Difference:
    away, inside = np.abs(ours - keras), within(sources(case))
    rest = None if inside.all() else float(away[~inside].mean())
    return Difference(float(away[inside].mean()), float(away[inside].max()), rest)


def main() -> None:
    goldens = read_goldens()
    print("| transform | smooth, inside | sharp, inside | largest inside | outside | in training: smooth | sharp |")
    print("|---|---|---|---|---|---|---|")
    for title, case in CASES.items():
        found = [difference(by_generator(case, name), golden(goldens, title, name), case) for name in PICTURES]
        outside = [each.outside for each in found if each.outside is not None]
        cells = [
            *(f"{each.inside:.{DECIMALS}f}" for each in found),
            f"{max(each.largest for each in found):.{DECIMALS}f}",
            f"{max(outside):.{DECIMALS}f}" if outside else "",
        ]
        if "interpolation_order" not in case.options:
            bytewise = [difference(by_training(case, name), golden(goldens, title, name), case) for name in PICTURES]
            cells += [f"{each.inside:.{DECIMALS}f}" for each in bytewise]
        else:
            cells += ["", ""]
        print(f"| {title} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
