"""Fetches one address: redirects, robots.txt at every hop, and further tries where they may help.

What a status code means for a row is decided here. Each hop is a request of its own: parsed, checked and in turn at its
host. Where a redirect leads back to an address of the same chain it ends at once.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

import anyio
import httpx2

from mekiki.config import CollectSettings
from mekiki.data.collecting.asking import Answer, Asker, seconds_until
from mekiki.data.collecting.links import parse_link
from mekiki.data.collecting.manners import Manners
from mekiki.data.collecting.robots import LONGEST_ROBOTS_FILE, Robots
from mekiki.data.collecting.trouble import Trouble, refused
from mekiki.seeds import stream

REDIRECTS = frozenset({301, 302, 303, 307, 308})
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504, *range(520, 600)})

Check = Callable[[httpx2.URL], Awaitable[None]]
Kept = TypeVar("Kept")
Receive = Callable[[Answer], Awaitable[Kept]]


class Fetcher:
    """Gets the bytes behind an address. Lives as long as one run, inside one event loop.

    Args:
        settings: Limits and manners.
    """

    def __init__(self, settings: CollectSettings) -> None:
        self._settings = settings
        self._manners = Manners(settings)
        self._asker = Asker(settings, self._manners)
        self._robots = Robots(self._fetch_robots, self._manners)

    async def fetch(self, text: str, receive: Receive[Kept]) -> Kept:
        """Get one address.

        Args:
            text: The address as the list gives it.
            receive: Makes something of the answer of the last hop, its status 200; may raise ``Trouble``. The turn
                lasts until it is done, so that no more bodies are in memory than connections are allowed.

        Returns:
            What ``receive`` made of it.

        Raises:
            Trouble: There is no photo to be had from it.
        """
        check = self._robots.check if self._settings.robots else _allow
        return await self._fetch(parse_link(text), check, receive, None)

    async def _fetch_robots(self, url: httpx2.URL) -> Answer:
        return await self._fetch(url, _allow, _as_it_is, LONGEST_ROBOTS_FILE)

    async def _fetch(self, url: httpx2.URL, check: Check, receive: Receive[Kept], cut_at: int | None) -> Kept:
        tries = 0
        while True:
            try:
                return await self._follow(url, check, receive, cut_at)
            except Trouble as trouble:
                if not trouble.again or tries >= self._settings.retries:
                    raise
            varied = 0.5 + stream(self._settings.seed, "collect", str(url), tries).random()
            await anyio.sleep(self._settings.backoff * 2**tries * varied)
            tries += 1

    async def _follow(self, url: httpx2.URL, check: Check, receive: Receive[Kept], cut_at: int | None) -> Kept:
        seen = [url]
        while True:
            await check(url)
            async with self._manners.turn(url.host):
                answer = await self._asker.ask(url, cut_at=cut_at)
                if answer.status not in REDIRECTS or "location" not in answer.headers:
                    self._judge(answer)
                    return await receive(answer)
            url = parse_link(answer.headers["location"], url)
            if url in seen:
                raise refused("it redirects in a circle")
            if len(seen) > self._settings.redirects:
                raise refused(f"it redirects more than {self._settings.redirects} times")
            seen.append(url)

    def _judge(self, answer: Answer) -> None:
        """Raise the trouble that a status other than 200 means."""
        status = answer.status
        if status not in BUSY:
            self._manners.is_at_work(answer.url.host)
        if status == 200:
            return
        words = f"the server says {status} {_phrase(status)}".rstrip()
        if status in BUSY:
            wait = seconds_until(answer.headers.get("retry-after", ""), time.time())
            self._manners.leave_alone(answer.url.host, wait)
        if status in BUSY or status >= 500:
            raise Trouble("failed", words, again=status in BUSY)
        raise Trouble("missing", words)


async def _allow(url: httpx2.URL) -> None:
    """Allow every address."""


async def _as_it_is(answer: Answer) -> Answer:
    return answer


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
