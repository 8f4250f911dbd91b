"""The colour changes of a batch, with torch: channel shift, brightness, and RandAugment's steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torchvision.transforms.v2 import functional as vision

from mekiki.tensors.augmentation.change import Change, Operation

_STEPS: dict[str, Callable[[torch.Tensor, float], torch.Tensor]] = {
    "Brightness": vision.adjust_brightness,
    "Color": vision.adjust_saturation,
    "Contrast": vision.adjust_contrast,
    "Sharpness": vision.adjust_sharpness,
    "Posterize": lambda picture, bits: vision.posterize(picture, int(bits)),
    "Solarize": lambda picture, level: vision.solarize(picture, round(level)),
    "AutoContrast": lambda picture, _: vision.autocontrast(picture),
    "Equalize": lambda picture, _: vision.equalize(picture),
}


def tint(pictures: torch.Tensor, changes: Sequence[Change]) -> torch.Tensor:
    """Change the colours of each picture.

    Args:
        pictures: (n, size, size, 3) uint8.
        changes: One for each.

    Returns:
        (n, size, size, 3) uint8.
    """
    shifts, gains = ([getattr(change, name) for change in changes] for name in ("channel_shift", "brightness"))
    if any(shifts):
        flat = pictures.flatten(1).float()
        least, most = flat.amin(1, keepdim=True), flat.amax(1, keepdim=True)
        shifted = (flat + torch.tensor(shifts, device=flat.device)[:, None]).clamp(least, most)
        pictures = shifted.round().to(torch.uint8).view_as(pictures)
    if any(gain != 1 for gain in gains):
        factors = torch.tensor(gains, device=pictures.device)[:, None, None, None]
        pictures = (pictures.float() * factors).round().clamp(0, 255).to(torch.uint8)
    if any(change.operations for change in changes):
        pictures = torch.stack(
            [_steps(picture, change.operations) for picture, change in zip(pictures, changes, strict=True)]
        )
    return pictures


def _steps(picture: torch.Tensor, operations: Sequence[Operation]) -> torch.Tensor:
    channels_first = picture.permute(2, 0, 1)
    for operation in operations:
        channels_first = _STEPS[operation.name](channels_first, operation.strength)
    return channels_first.permute(1, 2, 0)
