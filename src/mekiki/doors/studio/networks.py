"""Loads torch, torchvision and timm, once and by one thread.

They import each other in circles: two threads that begin at the same time find half-made modules. So whatever thread
of the studio is about to use them calls this first; pages that need no network do not wait for them.
"""

from __future__ import annotations

import importlib
import threading

_LOADING = threading.Lock()


def load_networks() -> None:
    """Load what networks need; seconds the first time, nothing after that."""
    with _LOADING:
        for name in ("torch", "torchvision", "timm"):
            importlib.import_module(name)
