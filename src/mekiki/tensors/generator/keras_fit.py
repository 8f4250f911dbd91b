"""Lets Keras' own ``fit`` take the iterators: it asks for its ``PyDataset`` by type, not by what it can do.

Where Keras was imported, the iterators are made as that, too; where it was not, nothing here imports it.
"""

from __future__ import annotations

import sys
from typing import TypeVar

Iterators = TypeVar("Iterators")


def for_keras(iterator: type[Iterators]) -> type[Iterators]:
    """Return an iterator's class, or a class that is also Keras' ``PyDataset`` if Keras is loaded."""
    dataset = getattr(getattr(sys.modules.get("keras"), "utils", None), "PyDataset", None)
    if dataset is None:
        return iterator
    return type(
        iterator.__name__, (iterator, dataset), {"__module__": iterator.__module__, "__doc__": iterator.__doc__}
    )
