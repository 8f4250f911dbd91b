"""Blur, noise and marks of a batch, with torch; random pixels are those of ``noise.py`` to the last bit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch.nn import functional

from mekiki.tensors.augmentation.change import Change
from mekiki.tensors.augmentation.noise import FIRST, LEVELS, SECOND, STEP, normal_quantiles


def add_flaws(pictures: torch.Tensor, changes: Sequence[Change]) -> torch.Tensor:
    """Blur each picture, then add its noise, pepper and salt.

    Args:
        pictures: (n, size, size, 3) uint8.
        changes: One for each.

    Returns:
        (n, size, size, 3) uint8.
    """
    device, (count, height, width, _) = pictures.device, pictures.shape
    if any(change.blur for change in changes):
        pictures = _blurred(pictures, [change.blur for change in changes])
    spreads = torch.tensor([change.gaussian_noise for change in changes], device=device)
    if bool((spreads > 0).any()):
        levels = _random_levels([change.key for change in changes], height * width * 3, device)
        noise = torch.from_numpy(normal_quantiles().copy()).to(device)[levels].view_as(pictures)
        noisy = pictures.float() + noise * spreads[:, None, None, None]
        pictures = noisy.clamp(0, 255).round().to(torch.uint8)
    if any(change.pepper or change.salt for change in changes):
        levels = _random_levels([change.key + 1 for change in changes], height * width, device)
        black = torch.tensor([math.ceil(LEVELS * change.pepper) for change in changes], device=device)[:, None]
        white = torch.tensor([math.ceil(LEVELS * (1 - change.salt)) for change in changes], device=device)[:, None]
        pictures = torch.where((levels >= white).view(count, height, width, 1), 255, pictures)
        pictures = torch.where((levels < black).view(count, height, width, 1), 0, pictures)
    return pictures.to(torch.uint8)


def cover(pictures: torch.Tensor, changes: Sequence[Change]) -> torch.Tensor:
    """Cover each picture's rectangles in their order; (n, size, size, 3) uint8 as given."""
    device, (count, height, width, _) = pictures.device, pictures.shape
    rows = torch.arange(height, device=device)[None, :, None]
    columns = torch.arange(width, device=device)[None, None, :]
    erased = any(rectangle.grey is None for change in changes for rectangle in change.rectangles)
    keys = [change.key + 2 for change in changes]
    random = (_random_levels(keys, height * width * 3, device) >> 8).view_as(pictures) if erased else None
    for number in range(max(len(change.rectangles) for change in changes)):
        table = torch.zeros((count, 5), dtype=torch.long)
        for row, change in zip(table, changes, strict=True):
            if number < len(change.rectangles):
                r = change.rectangles[number]
                row[:] = torch.tensor([r.top, r.bottom, r.left, r.right, -1 if r.grey is None else r.grey])
        top, bottom, left, right, grey = table.to(device).T[:, :, None, None]
        inside = ((rows >= top) & (rows < bottom) & (columns >= left) & (columns < right))[..., None]
        filling = grey[..., None] if random is None else torch.where(grey[..., None] < 0, random, grey[..., None])
        pictures = torch.where(inside, filling, pictures).to(torch.uint8)
    return pictures


def _blurred(pictures: torch.Tensor, sigmas: Sequence[float]) -> torch.Tensor:
    """Blur with kernels of three sigmas either way, as OpenCV takes for uint8; edges are repeated."""
    device, (count, height, width, channels) = pictures.device, pictures.shape
    radius = max(1, math.ceil(3 * max(sigmas)))
    spreads = torch.tensor(sigmas, device=device)[:, None]
    places = torch.arange(-radius, radius + 1, device=device)[None]
    kernels = torch.exp(-0.5 * (places / spreads.clamp(min=1e-6)) ** 2) * (places.abs() <= (3 * spreads).round())
    kernels = (kernels / kernels.sum(1, keepdim=True)).repeat_interleave(channels, 0)
    flat = pictures.permute(0, 3, 1, 2).reshape(1, count * channels, height, width).float()
    across = functional.conv2d(
        functional.pad(flat, (radius, radius, 0, 0), "replicate"), kernels[:, None, None], groups=count * channels
    )
    both = functional.conv2d(
        functional.pad(across, (0, 0, radius, radius), "replicate"), kernels[:, None, :, None], groups=count * channels
    )
    blurred = both.view(count, channels, height, width).permute(0, 2, 3, 1)
    return blurred.round().clamp(0, 255).to(torch.uint8)


def _random_levels(keys: Sequence[int], count: int, device: torch.device) -> torch.Tensor:
    """Return ``noise.random_levels`` of each key, (n, count) int64; products wrap in 32 bits as they do there."""
    places = torch.arange(count, dtype=torch.int64, device=device)[None]
    mixed = _wrap(places * STEP + torch.tensor([key & 0xFFFFFFFF for key in keys], device=device)[:, None])
    mixed = _times(mixed ^ (mixed >> 16), FIRST)
    mixed = _times(mixed ^ (mixed >> 15), SECOND)
    return (mixed ^ (mixed >> 16)) & 0xFFFF


def _wrap(numbers: torch.Tensor) -> torch.Tensor:
    return numbers & 0xFFFFFFFF


def _times(numbers: torch.Tensor, factor: int) -> torch.Tensor:
    """Multiply modulo 2**32 without leaving 63 bits: the factor's halves one after the other."""
    high, low = factor >> 16, factor & 0xFFFF
    return _wrap(numbers * low + (_wrap(numbers * high) << 16))
