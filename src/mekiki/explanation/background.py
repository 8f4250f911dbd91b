"""Where the heat lies: how much of it outside the thing itself, in the picture's border, and in which part.

A class whose heat lies in the border, or in a corner where a shop's logo stands, was learnt from something else than
the thing. Shares are of the heat inside the picture; heat in a letterbox's margins is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mekiki.data.pictures import read_picture
from mekiki.errors import DataError, PictureError
from mekiki.explanation.belief import mean_of
from mekiki.records.evaluation import Estimate, Record
from mekiki.tensors.geometry import Picture

BORDER = 0.1
BORDER_AREA = 1 - (1 - 2 * BORDER) ** 2
PARTS = (
    "top left",
    "top",
    "top right",
    "left",
    "centre",
    "right",
    "bottom left",
    "bottom",
    "bottom right",
)
MUCH = 1 / 3
"""A part that is a ninth of the picture and holds more than a third of the heat is leant on."""
WHITE = 128


@dataclass(frozen=True)
class HeatShares:
    """Where one map's heat lies, each in 0..1.

    Attributes:
        border: Within a tenth of the picture's sides from its edge; even heat has 0.36 there.
        parts: In each ninth of the picture, row by row (``PARTS``).
        outside: Outside the thing itself; None without a mask.
        outside_area: How much of the picture that is; None without a mask.
    """

    border: float
    parts: tuple[float, ...]
    outside: float | None = None
    outside_area: float | None = None


class ClassBackground(Record):
    """Where the heat of one class lies, over its pictures.

    Attributes:
        label: The class that was explained.
        n: Its pictures with a map.
        border: Mean share of the heat in the border.
        part: The ninth that holds most.
        part_share: Its mean share.
        masked: Pictures with a mask.
        outside: Mean share of the heat outside the thing; None without masks.
        outside_area: Mean share of the picture outside the thing; None without masks.
        leans_on: What the class leans on, in words; empty if on nothing but the thing, as far as this can tell.
    """

    label: str
    n: int
    border: Estimate
    part: str
    part_share: Estimate
    masked: int
    outside: Estimate | None
    outside_area: float | None
    leans_on: str


def heat_shares(heat: NDArray[np.float32], mask: NDArray[np.bool_] | None = None) -> HeatShares | None:
    """Measure one map.

    Args:
        heat: (H, W), not negative, at the picture's own size.
        mask: (H, W), true where the thing itself is; None: not known.

    Returns:
        The shares; None if there is no heat inside the picture.
    """
    total = float(heat.sum(dtype=np.float64))
    if total <= 0:
        return None
    height, width = heat.shape
    inner = heat[_share_of(height, BORDER), _share_of(width, BORDER)]
    rows, columns = ([round(side * third / 3) for third in range(4)] for side in (height, width))
    parts = tuple(
        float(heat[rows[row] : rows[row + 1], columns[column] : columns[column + 1]].sum(dtype=np.float64)) / total
        for row in range(3)
        for column in range(3)
    )
    border = 1 - float(inner.sum(dtype=np.float64)) / total
    if mask is None:
        return HeatShares(border, parts)
    outside = float(heat[~mask].sum(dtype=np.float64)) / total
    return HeatShares(border, parts, outside, float(1 - mask.mean()))


def _share_of(side: int, border: float) -> slice:
    return slice(round(side * border), side - round(side * border))


def find_mask(folder: Path, picture: Path) -> Path | None:
    """Return a picture's mask: ``folder/<its folder's name>/<its name>.png``, or else ``folder/<its name>.png``."""
    name = f"{picture.stem}.png"
    return next((path for path in (folder / picture.parent.name / name, folder / name) if path.is_file()), None)


def read_mask(path: Path, picture: Picture) -> NDArray[np.bool_]:
    """Read a mask, white where the thing is.

    Args:
        path: Its file.
        picture: (H, W, 3), whose mask it is.

    Returns:
        (H, W), true on the thing.

    Raises:
        DataError: It has another shape than the picture, or cannot be read.
    """
    try:
        mask = read_picture(path)
    except PictureError as error:
        raise DataError(f"the mask {path} {error.message}", "a mask is a picture, white on the thing") from error
    height, width = picture.shape[:2]
    if abs(mask.shape[0] * width - mask.shape[1] * height) > max(*mask.shape[:2], height, width):
        raise DataError(
            f"the mask {path} has {mask.shape[1]} x {mask.shape[0]} pixels and the picture {width} x {height}",
            "a mask has its picture's shape; its size may differ",
        )
    fitted = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(fitted.max(axis=2) >= WHITE)


def background_of(maps: Iterable[tuple[str, HeatShares]]) -> list[ClassBackground]:
    """Sum up maps by the class that they explain, in the order of the classes' first appearance.

    Args:
        maps: (class, shares) pairs.
    """
    by_class: dict[str, list[HeatShares]] = {}
    for label, shares in maps:
        by_class.setdefault(label, []).append(shares)
    return [_of_class(label, shares) for label, shares in by_class.items()]


def _of_class(label: str, shares: list[HeatShares]) -> ClassBackground:
    border = mean_of([each.border for each in shares], 0, 1)
    hottest = int(np.mean([each.parts for each in shares], axis=0).argmax())
    part_share = mean_of([each.parts[hottest] for each in shares], 0, 1)
    outside = [each.outside for each in shares if each.outside is not None]
    areas = [each.outside_area for each in shares if each.outside_area is not None]
    outside_mean = mean_of(outside, 0, 1) if outside else None
    area = float(np.mean(areas)) if areas else None
    leans = [
        ("its border", border.low > BORDER_AREA),
        (f"the part {PARTS[hottest]}", PARTS[hottest] != "centre" and part_share.low > MUCH),
        ("what is not the thing", outside_mean is not None and area is not None and outside_mean.low > area),
    ]
    return ClassBackground(
        label=label,
        n=len(shares),
        border=border,
        part=PARTS[hottest],
        part_share=part_share,
        masked=len(outside),
        outside=outside_mean,
        outside_area=area,
        leans_on=" and ".join(words for words, found in leans if found),
    )
