"""Procedural drawings of thirteen guitar models: pictures to train on with no network and no files."""

from mekiki.drawing.guitars import GUITAR_MODELS, draw_collection, draw_guitar, draw_mask

__all__ = ["GUITAR_MODELS", "draw_collection", "draw_guitar", "draw_mask"]
