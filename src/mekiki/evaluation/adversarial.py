"""The worst change of a picture within a few grey levels, found by the model's own gradient: FGSM and PGD.

Steps are whole levels of 255 in pixel space, through the normaliser and all views, so every picture that comes out
could be saved as a file. The gradient is that of log((1 - p) / p) of the true class: it points as that of the papers'
cross entropy does, and does not vanish where the model is quite sure, so that sureness is not taken for strength.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mekiki.evaluation.classifier import Classifier

STEP_SHARE = 2.5


@dataclass(frozen=True)
class _Seen:
    """What the model makes of pictures: their log((1 - p) / p) of the true class, and which way it rises."""

    odds: Tensor
    wrong: Tensor
    uphill: Tensor


def fgsm(
    classifier: Classifier, pictures: NDArray[np.uint8], labels: NDArray[np.int64], levels: Sequence[int]
) -> list[NDArray[np.uint8]]:
    """Move every pixel by a set number of levels, each in the direction that makes the true class less probable.

    Args:
        classifier: The model.
        pictures: (n, size, size, 3).
        labels: (n,) true class numbers.
        levels: How far, each 1..255.

    Returns:
        For each of the levels (n, size, size, 3).

    Source: Goodfellow et al., "Explaining and Harnessing Adversarial Examples", ICLR 2015, section 4.
    """
    clean, classes = _on_device(classifier, pictures, labels)
    direction = _look(classifier, clean, classes).uphill.sign()
    return [_as_pictures((clean + level * direction).clamp(0, 255)) for level in levels]


def pgd(
    classifier: Classifier,
    pictures: NDArray[np.uint8],
    labels: NDArray[np.int64],
    levels: Sequence[int],
    steps: int,
) -> list[NDArray[np.uint8]]:
    """Go uphill in several steps and stay within a set number of levels of each pixel.

    It begins where FGSM ends, moves by 2.5 · level / steps each time (rounded, at least 1), keeps the worst picture
    that it met, and stops at one that is not recognised. What was found within fewer levels is kept for more. So it
    is never milder than FGSM, nor than itself with less room; there is no random start, and no random number.

    Args:
        classifier: The model.
        pictures: (n, size, size, 3).
        labels: (n,) true class numbers.
        levels: How far, rising, each 1..255.
        steps: Gradients per level.

    Returns:
        For each of the levels (n, size, size, 3).

    Source: Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", ICLR 2018, section 2.1.
    """
    clean, classes = _on_device(classifier, pictures, labels)
    first = _look(classifier, clean, classes)
    worst, odds, wrong = clean.clone(), first.odds.clone(), first.wrong.clone()
    found = []
    for level in levels:
        active = torch.nonzero(~wrong).flatten()
        at = _within(clean[active] + level * first.uphill[active].sign(), clean[active], level)
        stride = max(1, round(STEP_SHARE * level / steps))
        for _ in range(steps):
            if len(active) == 0:
                break
            seen = _look(classifier, at, classes[active])
            worse = seen.wrong | (seen.odds > odds[active])
            worst[active[worse]], odds[active[worse]] = at[worse], seen.odds[worse]
            wrong[active] = seen.wrong
            active, at, uphill = active[~seen.wrong], at[~seen.wrong], seen.uphill[~seen.wrong]
            at = _within(at + stride * uphill.sign(), clean[active], level)
        found.append(_as_pictures(worst))
    return found


def _on_device(classifier: Classifier, pictures: NDArray[np.uint8], labels: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    device = classifier.machine.device
    return torch.from_numpy(pictures).to(device).float(), torch.from_numpy(labels).to(device)


def _look(classifier: Classifier, pictures: Tensor, labels: Tensor) -> _Seen:
    """Judge pictures (n, size, size, 3) of whole levels, and find which way each pixel speaks against its label."""
    pictures = pictures.detach().requires_grad_()
    logits = classifier.logits_of_input(classifier.normaliser(pictures))
    true = torch.nn.functional.one_hot(labels, logits.shape[1]).bool()
    odds = logits.masked_fill(true, -torch.inf).logsumexp(dim=1) - logits[true]
    (uphill,) = torch.autograd.grad(odds.sum(), pictures)
    return _Seen(odds.detach(), logits.detach().argmax(dim=1) != labels, uphill)


def _within(pictures: Tensor, clean: Tensor, level: int) -> Tensor:
    return torch.minimum(torch.maximum(pictures, clean - level), clean + level).clamp(0, 255)


def _as_pictures(pictures: Tensor) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = pictures.to(torch.uint8).cpu().numpy()
    return found
