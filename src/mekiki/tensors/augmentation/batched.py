"""Applies drawn changes to a whole batch with torch, on the device that trains: what ``applying.py`` does one by one.

It takes the same numbers in the same order. OpenCV blends pixels in steps of 1/32 and torch exactly, so the two agree
to about one grey level where a picture is smooth and to 1/32 of the contrast at its sharpest edges; noise, marks and
mixing agree to the last bit. There is no JPEG encoder and no brush here: ``jpeg_quality`` and ``scribble`` are for the
CPU.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

from mekiki.config import AugmentSettings, FillMode, FitName
from mekiki.tensors.augmentation.applying import placed
from mekiki.tensors.augmentation.change import Change
from mekiki.tensors.augmentation.flaws import add_flaws, cover
from mekiki.tensors.augmentation.mixing import Mix
from mekiki.tensors.augmentation.tints import tint
from mekiki.tensors.geometry import Matrix, Picture


def only_on_cpu(settings: AugmentSettings) -> tuple[str, ...]:
    """Return the names of the settings that are switched on and that torch cannot apply."""
    wanted = {"jpeg_quality": settings.jpeg_quality is not None, "scribble": settings.scribble > 0}
    return tuple(name for name, on in wanted.items() if on)


def change_batch(
    pictures: Sequence[Picture],
    changes: Sequence[Change],
    size: int,
    fit: FitName,
    fill_mode: FillMode = "nearest",
    cval: float = 0.0,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """Draw pictures into the network's square, each changed in its own way.

    Args:
        pictures: (H, W, 3) each, already reduced to about the square's scale; their shapes may differ.
        changes: One for each, drawn for a result of ``size`` by ``size``; none goes through JPEG or has strokes.
        size: Side of the square, pixels.
        fit: How the pictures fit the square.
        fill_mode: What a change brings in from outside the square.
        cval: Grey level for ``constant``, 0..255.
        device: Where it is done.

    Returns:
        (n, size, size, 3) uint8 on the device.
    """
    pairs = [placed(picture, change, size, fit, fill_mode) for picture, change in zip(pictures, changes, strict=True)]
    points = _points([matrix for _, matrix in pairs], changes, size, torch.device(device))
    drawn = _sample([picture for picture, _ in pairs], points, fill_mode, cval)
    return cover(add_flaws(tint(drawn, changes), changes), changes)


def mix_batch(pictures: torch.Tensor, partners: torch.Tensor, mixes: Sequence[Mix]) -> torch.Tensor:
    """Mix each picture with its partner.

    Args:
        pictures: (n, size, size, 3) uint8.
        partners: (n, size, size, 3) uint8, the other photos.
        mixes: What was drawn for each.

    Returns:
        (n, size, size, 3) uint8.
    """
    size, device = pictures.shape[1], pictures.device
    shares = torch.tensor([1.0 if mix.piece is not None else mix.share for mix in mixes], device=device)
    pieces = [(0, 0, 0, 0) if p is None else (p.top, p.bottom, p.left, p.right) for p in (mix.piece for mix in mixes)]
    top, bottom, left, right = torch.tensor(pieces, device=device).T[:, :, None, None]
    rows = torch.arange(size, device=device)[None, :, None]
    columns = torch.arange(size, device=device)[None, None, :]
    pasted = (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)
    share = shares[:, None, None, None]
    blended = (share * pictures.float() + (1 - share) * partners.float()).round().to(torch.uint8)
    return torch.where(pasted[..., None], partners, blended)


def _points(matrices: Sequence[Matrix], changes: Sequence[Change], size: int, device: torch.device) -> torch.Tensor:
    """Return where each pixel of each square looks, (n, size, size, 2) in x and y of its picture."""
    steps = torch.arange(size, dtype=torch.float32, device=device)
    points = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=-1).expand(len(changes), size, size, 2)
    if any(change.bend is not None for change in changes):
        still = np.zeros((4, 4, 2), np.float32)
        bends = np.stack([still if change.bend is None else change.bend for change in changes])
        grid = torch.from_numpy(bends).to(device).permute(0, 3, 1, 2)
        points = points + functional.interpolate(grid, (size, size), mode="bicubic").permute(0, 2, 3, 1)
    stacked = torch.from_numpy(np.stack(matrices).astype(np.float32)).to(device)
    return torch.einsum("nhwi,nji->nhwj", points, stacked[:, :, :2]) + stacked[:, None, None, :, 2]


def _sample(pictures: Sequence[Picture], points: torch.Tensor, fill_mode: FillMode, cval: float) -> torch.Tensor:
    """Look up the points, bilinear, as (n, size, size, 3) uint8."""
    device = points.device
    pixels = np.concatenate([picture.reshape(-1, 3) for picture in pictures])  # their shapes may differ
    flat = torch.from_numpy(pixels).to(device, non_blocking=True)
    heights, widths = torch.tensor([picture.shape[:2] for picture in pictures], device=device).T[:, :, None, None]
    starts = (heights * widths).cumsum(0) - heights * widths
    corner = points.floor()
    across, down = (points - corner).unbind(-1)
    left, top = corner.long().unbind(-1)
    drawn = torch.zeros((*points.shape[:3], 3), device=device)
    for x, weight_x in ((left, 1 - across), (left + 1, across)):
        for y, weight_y in ((top, 1 - down), (top + 1, down)):
            index = starts + _inside(y, heights, fill_mode) * widths + _inside(x, widths, fill_mode)
            seen = flat.index_select(0, index.flatten()).view(drawn.shape).float()
            if fill_mode == "constant":
                is_inside = (x >= 0) & (x < widths) & (y >= 0) & (y < heights)
                seen = torch.where(is_inside[..., None], seen, seen.new_tensor(cval))
            drawn += (weight_x * weight_y)[..., None] * seen
    return drawn.round().clamp(0, 255).to(torch.uint8)


def _inside(place: torch.Tensor, count: torch.Tensor, fill_mode: FillMode) -> torch.Tensor:
    """Return which pixel stands for one that may lie outside: ``place`` itself where it is in [0, count)."""
    if fill_mode == "wrap":
        return place.remainder(count)
    if fill_mode == "reflect":
        folded = place.remainder(2 * count)
        return torch.minimum(folded, 2 * count - 1 - folded)
    return torch.minimum(place.clamp(min=0), count - 1)
