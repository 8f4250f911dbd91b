"""Whether a launcher (torchrun, Ray Train) started this process as one of several; known before torch is loaded."""

from __future__ import annotations

import os

NAMES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""What every launcher puts into the environment."""


def launched() -> bool:
    """Tell whether a launcher started this process as one of several."""
    return all(os.environ.get(name) for name in NAMES) and os.environ["WORLD_SIZE"] != "1"


def speaks() -> bool:
    """Tell whether this process tells a person how it went: it is alone, or the first of those that were started."""
    return not launched() or os.environ["RANK"] == "0"
