"""Networks whose weights are not drawn, because they are only tried out or a file is about to fill them.

Drawing takes longer than all the rest of building a network. What is left out are the random numbers; zeros, ones and
tables of positions are there. Assumes that nobody reads the weights before they are filled: they hold whatever was in
memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor
from torch.nn import init
from torch.overrides import TorchFunctionMode

_DRAWING = {
    Tensor.normal_, Tensor.uniform_, Tensor.erfinv_, init.normal_, init.uniform_, init.trunc_normal_, init.orthogonal_,
    init.kaiming_normal_, init.kaiming_uniform_, init.xavier_normal_, init.xavier_uniform_,
}  # fmt: skip


class _Undrawn(TorchFunctionMode):
    """Leaves tensors as they are that random numbers would be written into."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in _DRAWING:
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))


@contextmanager
def undrawn() -> Iterator[None]:
    """Leave the weights of networks that are built inside as they come from memory."""
    with _Undrawn():
        yield
