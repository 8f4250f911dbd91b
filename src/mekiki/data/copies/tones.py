"""Compares the brightness and the colours of two aligned pictures, and forgives what a slight recolouring does.

Between copies brightness may differ by a gain and an offset, colours by a gain and a turn of the hue, each within
limits. Watermarks must not spoil the fit, so places that do not fit lose weight in it, but they count in the
difference. Where one picture has no colour at all, brightness alone is compared, and must agree without a gain.
"""

from __future__ import annotations

import numpy as np

from mekiki.data.copies.hashing import CHROMA_SIDE

COLOUR_SHARE = 1.0

_GAINS = (0.65, 1.5)
_HUE_TURN = 0.3
_GREY_BELOW = 4.0
_CONTENT = 40.0
_MISFIT = 12.0
_FAITH = 100.0


def tone_difference(
    first: np.ndarray, second: np.ndarray, first_colour: np.ndarray, second_colour: np.ndarray, inside: np.ndarray
) -> np.ndarray:
    """Return how much the tones of aligned pictures differ.

    Args:
        first: float32 (N, 64, 64), brightness.
        second: float32 (N, 64, 64).
        first_colour: complex64 (N, 16, 16), Cr + i Cb; 0 is grey.
        second_colour: complex64 (N, 16, 16).
        inside: bool (N, 64, 64), the places that count.

    Returns:
        float32 (N,), levels of 255: the mean difference at the places that stand out from the most common tone.
    """
    one, other = _coarse(first), _coarse(second)
    kept = _coarse(inside) > 0.99
    first_hues, second_hues = first_colour.reshape(len(one), -1), second_colour.reshape(len(one), -1)
    weights = np.maximum(_standing_out(one, first_hues, kept), _standing_out(other, second_hues, kept))
    weights = (np.minimum(weights / _CONTENT, 1) + 0.02) * kept
    total = np.maximum(weights.sum(axis=1), 1e-6)
    light = _light_residual(one, other, weights)
    colour = _colour_residual(first_hues, second_hues, weights)
    one_grey, other_grey = _is_grey(first_hues, kept), _is_grey(second_hues, kept)
    colour[one_grey | other_grey] = 0
    colour[~_away_from_edges(kept)] = 0
    greyed = one_grey != other_grey
    light[greyed] = np.abs(other - one)[greyed]
    difference = np.hypot(light, COLOUR_SHARE * colour)
    return np.asarray((weights * difference).sum(axis=1) / total, np.float32)


def _coarse(values: np.ndarray) -> np.ndarray:
    """Average (N, 64, 64) to (N, 256)."""
    count, side = len(values), values.shape[1] // CHROMA_SIDE
    blocks = values.reshape(count, CHROMA_SIDE, side, CHROMA_SIDE, side)
    return np.asarray(blocks.mean(axis=(2, 4), dtype=np.float32).reshape(count, -1))


def _standing_out(light: np.ndarray, colour: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return how far each place is from the picture's median tone, levels."""
    squares = np.zeros_like(light)
    for values in (light, colour.real, colour.imag):
        hidden = np.where(kept, values, np.inf)
        count = np.maximum(kept.sum(axis=1), 1)
        median = np.take_along_axis(np.sort(hidden, axis=1), ((count - 1) // 2)[:, None], axis=1)
        squares += (values - np.where(np.isfinite(median), median, 0)) ** 2
    return np.asarray(np.sqrt(squares))


def _light_residual(one: np.ndarray, other: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return what a gain and an offset cannot explain, levels."""
    trust = np.ones_like(one)
    residual = other - one
    for _ in range(4):
        share = weights * trust
        total = np.maximum(share.sum(axis=1, keepdims=True), 1e-6)
        mean, other_mean = ((share * values).sum(axis=1, keepdims=True) / total for values in (one, other))
        spread = (share * (one - mean) ** 2).sum(axis=1, keepdims=True) / total
        common = (share * (one - mean) * (other - other_mean)).sum(axis=1, keepdims=True) / total
        gain = np.clip((common + _FAITH) / (spread + _FAITH), *_GAINS)
        residual = other - other_mean - gain * (one - mean)
        trust = 1 / (1 + (residual / _MISFIT) ** 2)
    return np.asarray(np.abs(residual))


def _colour_residual(one: np.ndarray, other: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return what a gain of the saturation and a turn of the hue cannot explain, levels."""
    trust = np.ones_like(weights)
    residual = np.abs(other - one)
    faith = _FAITH * 0.2 * np.maximum(weights.sum(axis=1), 1e-6)
    for _ in range(3):
        share = weights * trust
        fitted = ((share * np.conj(one) * other).sum(axis=1) + faith) / ((share * np.abs(one) ** 2).sum(axis=1) + faith)
        turn = np.clip(np.angle(fitted), -_HUE_TURN, _HUE_TURN)
        change = np.clip(np.abs(fitted), *_GAINS) * np.exp(1j * turn)
        residual = np.abs(other - change[:, None] * one)
        trust = 1 / (1 + (residual / _MISFIT) ** 2)
    return np.asarray(residual)


def _away_from_edges(kept: np.ndarray) -> np.ndarray:
    """Leave the outermost places out: the coarse colours there are mixed with those of a border."""
    grid = np.pad(kept.reshape(-1, CHROMA_SIDE, CHROMA_SIDE), ((0, 0), (1, 1), (1, 1)))
    inner = grid[:, 1:-1, 1:-1] & grid[:, :-2, 1:-1] & grid[:, 2:, 1:-1] & grid[:, 1:-1, :-2] & grid[:, 1:-1, 2:]
    return np.asarray(inner.reshape(kept.shape))


def _is_grey(colour: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Tell which pictures have no colour anywhere."""
    return np.asarray(np.max(np.abs(colour) * kept, axis=1, initial=0) < _GREY_BELOW)
