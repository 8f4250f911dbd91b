"""timm, imported without torch's compiler: loading that takes longer than torch, torchvision and timm together.

While they are imported, torchvision asks the compiler for one function, and timm has a few methods kept away from it.
Here both get forms that load the compiler when they are first called: the function then asks the real one, and the
decorator is the one by which torch does the same for itself. Assumes nothing of the compiler but these two names; asked
for any other, the stand-in loads the real module and answers with what that has. Training loads the compiler anyway.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch

_PLACE = "torch._dynamo.utils"


class _Later(ModuleType):
    """Stands for a module until something is asked of it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # inspect looks at every module's file
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def import_timm() -> None:
    """Import timm; the compiler is loaded when somebody compiles, or is left as it is where it was loaded before."""
    if "torch._dynamo" in sys.modules or "timm" in sys.modules:
        return
    with _compiler_for_later():
        importlib.import_module("timm")


@contextmanager
def _compiler_for_later() -> Iterator[None]:
    later, disable = _Later(_PLACE), torch.compiler.disable
    vars(later)["is_compile_supported"] = lambda device_type: later.__getattr__("is_compile_supported")(device_type)
    sys.modules[_PLACE] = later
    lazy: Any = torch._disable_dynamo  # type: ignore[attr-defined]
    torch.compiler.disable = lazy
    try:
        yield
    finally:
        torch.compiler.disable = disable
        if sys.modules.get(_PLACE) is later:
            del sys.modules[_PLACE]
