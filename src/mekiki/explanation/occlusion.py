"""Occlusion: parts of the picture are covered one after the other, and what the score loses is what they were worth.

It looks at nothing inside the network, so it is a check on all methods that do.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import conv_transpose2d

CELLS = 10
COVERED = 2
"""Of the square's 10 x 10 cells, 2 x 2 are covered at once, so neighbouring parts overlap by half."""

Score = Callable[[Tensor], Tensor]
"""(n, 3, size, size), normalised → (n,)."""


def occlusion(x: Tensor, score: Score, at_once: int) -> Tensor:
    """Return what each cell is worth.

    Args:
        x: (n, 3, size, size), normalised; a part is covered with 0, the colour that the normaliser takes for grey.
        score: What is explained.
        at_once: Pictures in a batch.

    Returns:
        (n, cells, cells): the mean loss over the parts that cover the cell; negative where covering helps.

    Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.2.
    """
    shown = _parts(x.shape[-1]).to(x.device)
    step = max(1, at_once // len(x))
    with torch.no_grad():
        whole = score(x)
        left = [
            score((x[:, None] * part[:, None]).flatten(0, 1)).reshape(len(x), -1) for part in torch.split(shown, step)
        ]
    lost = whole[:, None] - torch.cat(left, dim=1)
    ones = torch.ones(1, 1, COVERED, COVERED, device=x.device)
    side = CELLS - COVERED + 1
    covers = conv_transpose2d(torch.ones(1, 1, side, side, device=x.device), ones)
    return (conv_transpose2d(lost.reshape(len(x), 1, side, side), ones) / covers)[:, 0]


def _parts(size: int) -> Tensor:
    """Return (parts, size, size): 0 on the part, 1 elsewhere, row by row."""
    edges = [round(size * cell / CELLS) for cell in range(CELLS + 1)]
    starts = range(CELLS - COVERED + 1)
    parts = torch.ones(len(starts) ** 2, size, size)
    for number, (row, column) in enumerate((row, column) for row in starts for column in starts):
        parts[number, edges[row] : edges[row + COVERED], edges[column] : edges[column + COVERED]] = 0
    return parts
