"""What robots.txt allows: fetched once per origin, through the same guarded network, and obeyed.

As RFC 9309 has it: a file that is not there (4xx) allows all; a host whose file cannot be had (5xx, 429, no answer)
allows nothing for now. A Crawl-delay slows us down. Wildcards and the longest match are the work of ``protego``, from
0.7 on: before, rules with many wildcards took it forever.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import httpx2
from protego import Protego

from mekiki.data.collecting.asking import ROBOT, Answer
from mekiki.data.collecting.links import origin
from mekiki.data.collecting.manners import Manners
from mekiki.data.collecting.trouble import Trouble, refused

LONGEST_ROBOTS_FILE = 512 * 1024
"""Bytes that are read of it; RFC 9309 asks for at least 500 KiB."""

Fetch = Callable[[httpx2.URL], Awaitable[Answer]]


class Robots:
    """The rules of each origin that was asked. Lives as long as one run.

    Args:
        fetch: Gets a robots.txt, with retries and redirects.
        manners: Learns a Crawl-delay.
    """

    def __init__(self, fetch: Fetch, manners: Manners) -> None:
        self._fetch = fetch
        self._manners = manners
        self._rules: dict[str, Protego | Trouble] = {}
        self._locks: dict[str, anyio.Lock] = {}

    async def check(self, url: httpx2.URL) -> None:
        """Return if the address may be asked.

        Raises:
            Trouble: Its robots.txt forbids it, or cannot be had.
        """
        where = origin(url)
        async with self._locks.setdefault(where, anyio.Lock()):
            if where not in self._rules:
                self._rules[where] = await self._learn(url)
        rules = self._rules[where]
        if isinstance(rules, Trouble):
            raise Trouble(rules.status, rules.reason)
        if not rules.can_fetch(str(url), ROBOT):
            raise refused(f"robots.txt of {url.host} forbids it")

    async def _learn(self, url: httpx2.URL) -> Protego | Trouble:
        try:
            answer = await self._fetch(url.copy_with(path="/robots.txt", query=None, fragment=None))
        except Trouble as trouble:
            if trouble.status != "failed":
                return Protego.parse("")
            return Trouble("failed", f"robots.txt of {url.host} cannot be had: {trouble.reason}")
        rules = Protego.parse(answer.content.decode("utf-8", "replace").removeprefix("\ufeff"))
        self._manners.slow_down(url.host, rules.crawl_delay(ROBOT) or 0.0)
        return rules
