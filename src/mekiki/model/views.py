"""Views: the forms in which one prepared picture is shown to the network, whose logits are averaged into one answer.

All of them are made from the one picture that training would see, by torch, so a portable graph can hold them too.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import interpolate

from mekiki.config import ViewsName
from mekiki.errors import SettingsError
from mekiki.model.classifier import PhotoClassifier
from mekiki.model.registry import pretrained_facts

ENLARGEMENT = 1.25
ENLARGED_VIEWS = slice(2, None)
"""Which of the view ``sizes`` are the larger ones."""
COARSE_STEP, FINE_STEP = 32, 8
"""Pixels: sizes are multiples of this, from ``COARSE_STEP`` · 4 on and below it; most networks divide by 32."""


def views_of(x: Tensor, views: ViewsName) -> list[Tensor]:
    """Return a batch in each of its views.

    Args:
        x: (n, 3, size, size), normalised.
        views: plain (as it is), mirror (and its mirror image), or sizes (both, and both enlarged by about a quarter).

    Returns:
        Tensors (n, 3, side, side), the plain one first; gradients pass through.
    """
    if views == "plain":
        return [x]
    if views == "mirror":
        return [x, x.flip(3)]
    side = enlarged(x.shape[-1])
    larger = interpolate(x, size=(side, side), mode="bilinear", antialias=True)
    return [x, x.flip(3), larger, larger.flip(3)]


def enlarged(size: int) -> int:
    """Return the larger size of the view ``sizes``, pixels: 160 for 128, 192 for 160, 288 for 224."""
    step = COARSE_STEP if size >= 4 * COARSE_STEP else FINE_STEP
    return max(round(size * ENLARGEMENT / step) * step, size + FINE_STEP)


def mean_logits(model: PhotoClassifier, x: Tensor, views: ViewsName) -> Tensor:
    """Return the mean of the logits over the views, (n, 3, size, size) → (n, classes)."""
    return answer_of(model, x, views)[0]


def answer_of(model: PhotoClassifier, x: Tensor, views: ViewsName) -> tuple[Tensor, Tensor]:
    """Return the mean of the logits over the views, and the pooled features of the plain one.

    Args:
        model: The network.
        x: (n, 3, size, size), normalised.
        views: In which forms it looks.

    Returns:
        (n, classes) and (n, features).
    """
    plain, *others = views_of(x, views)
    total, pooled = model.logits_and_pooled(plain)
    for view in others:
        total = total + model(view)
    return total / (1 + len(others)), pooled


def takes_one_size(backbone: str, reads_places: bool) -> str:
    """Return what is built for one size of pictures, in words; empty if nothing is.

    Args:
        backbone: A name that timm knows.
        reads_places: Whether the head reads each place of the map, as the flatten heads do.
    """
    if reads_places:
        return "a flatten head"
    return backbone if pretrained_facts(backbone).fixed_input_size else ""


def check_views(views: ViewsName, one_size: str) -> None:
    """Refuse views that the network cannot take.

    Args:
        views: What was asked for.
        one_size: What ``takes_one_size`` gave.

    Raises:
        SettingsError: ``sizes`` for a network that is built for one size.
    """
    if views == "sizes" and one_size:
        raise SettingsError(f"views sizes: {one_size} takes pictures of one size only", "--views mirror")
