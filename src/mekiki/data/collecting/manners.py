"""Whose turn it is: how many requests go to one host at once, and how long apart they begin.

A host that is busy (429, 503 with Retry-After) is left alone for as long as it asks. One that asks for longer than the
limit, or that was silent or busy many times in a row, is given up for this run: what is left of its photos fails at
once and is tried again next time. Hosts are told apart by name; redirects take turns at the host that they lead to.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from mekiki.config import CollectSettings
from mekiki.data.collecting.trouble import Trouble

SILENCES_UNTIL_GIVEN_UP = 8
BUSY_UNTIL_GIVEN_UP = 20


class _Place:
    """What is remembered of one host. Times are those of the event loop, seconds."""

    def __init__(self, settings: CollectSettings) -> None:
        self.connections = anyio.Semaphore(settings.per_host)
        self.gate = anyio.Lock()
        self.delay = settings.delay
        self.free_at = 0.0
        self.silences = 0
        self.busy = 0
        self.given_up = ""


class Manners:
    """Gives turns. Lives as long as one run, inside one event loop.

    Args:
        settings: How polite to be.
    """

    def __init__(self, settings: CollectSettings) -> None:
        self._settings = settings
        self._places: dict[str, _Place] = {}
        self._everywhere = anyio.Semaphore(settings.connections)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait until a request to this host may begin; the block is the request.

        Args:
            host: The name in the address.

        Raises:
            Trouble: The host was given up.
        """
        place = self._place(host)
        async with place.connections:
            async with place.gate:
                await self._wait(place)
                await self._everywhere.acquire()
                place.free_at = max(place.free_at, anyio.current_time() + place.delay)
            try:
                yield
            finally:
                self._everywhere.release()

    async def _wait(self, place: _Place) -> None:
        while True:
            if place.given_up:
                raise Trouble("failed", place.given_up)
            seconds = place.free_at - anyio.current_time()
            if seconds <= 0:
                return
            await anyio.sleep(seconds)

    def slow_down(self, host: str, seconds: float) -> None:
        """Begin requests to this host at least this far apart, seconds; the longest wait of the settings bounds it."""
        place = self._place(host)
        place.delay = max(place.delay, min(seconds, self._settings.longest_wait))

    def leave_alone(self, host: str, seconds: float) -> None:
        """Begin no request to this busy host for this many seconds.

        It is given up if that is more than the longest wait, or if it was busy many times and nothing came between.
        """
        place = self._place(host)
        place.busy += 1
        if place.busy >= BUSY_UNTIL_GIVEN_UP and not place.given_up:
            place.given_up = f"{host} was given up: busy {place.busy} times in a row"
        if seconds > self._settings.longest_wait:
            limit = f"the limit is {self._settings.longest_wait:g}"
            place.given_up = f"{host} asks to come back in {seconds:g} seconds; {limit}"
        else:
            place.free_at = max(place.free_at, anyio.current_time() + seconds)

    def is_at_work(self, host: str) -> None:
        """Note that a host is not busy."""
        self._place(host).busy = 0

    def note(self, host: str, *, answered: bool) -> None:
        """Note whether a host answered, in whatever way; give it up after several silences in a row."""
        place = self._place(host)
        place.silences = 0 if answered else place.silences + 1
        if place.silences >= SILENCES_UNTIL_GIVEN_UP and not place.given_up:
            place.given_up = f"{host} was given up: no answer {place.silences} times in a row"

    def _place(self, host: str) -> _Place:
        return self._places.setdefault(host.rstrip(".").lower(), _Place(self._settings))
