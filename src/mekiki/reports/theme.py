"""The colours of pages and figures, light and dark; nothing is drawn here.

Blue stands for what is true, vermilion for what was predicted wrongly; the pair holds for colour-blind eyes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """Colours, as "#rrggbb".

    Attributes:
        paper: Behind the figure.
        ink: Text.
        muted: Lesser text.
        line: Grids and frames.
        true: What is true, and right answers.
        predicted: What was predicted, and mistakes.
        other: Neither.
    """

    paper: str
    ink: str
    muted: str
    line: str
    true: str
    predicted: str
    other: str


LIGHT = Theme("#ffffff", "#1d2025", "#5c626c", "#e4e3df", "#24549c", "#cb3a2a", "#b4b8bf")
DARK = Theme("#1c1f25", "#eae8e3", "#a5aab3", "#343841", "#82b1ee", "#ff8674", "#5f6570")
