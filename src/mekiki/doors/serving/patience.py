"""Waits for an answer as long as its client is there, and no longer than it may take."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from mekiki.doors.serving.refusals import RETRY, Refusal

Result = TypeVar("Result")


async def while_there(receive: Receive, work: Coroutine[Any, Any, Result], seconds: float) -> Result:
    """Return what some work gives; it is given up when the client leaves, or when it takes too long.

    Args:
        receive: Of a request whose body was read.
        work: What the client waits for.
        seconds: It may take.

    Raises:
        ClientDisconnect: The client left.
        Refusal: It took too long.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait({working, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        if leaving.done():
            raise ClientDisconnect
        raise Refusal(503, f"there was no answer within {seconds:g} s", "come again later", {RETRY: "5"})
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
