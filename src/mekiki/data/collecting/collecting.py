"""A run of ``mekiki collect``: list → downloads, host by host → class folders and ``collected.csv``.

Downloads run in an event loop of their own thread, so that it works from a script, a notebook and a server alike. The
record is written every few seconds and when the run ends, also by Ctrl-C: what is done stays usable, and half files do
not exist, because bytes are kept in memory (at most ``connections`` times ``max_megabytes``) until they are proved.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, wait
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.to_thread
from anyio.from_thread import start_blocking_portal

from mekiki.config import CollectSettings
from mekiki.data.collecting.asking import Answer
from mekiki.data.collecting.fetching import Fetcher
from mekiki.data.collecting.links import parse_link
from mekiki.data.collecting.listing import folder_of, read_list
from mekiki.data.collecting.resuming import resume
from mekiki.data.collecting.storing import Shelf, picture_ending
from mekiki.data.collecting.trouble import Trouble
from mekiki.errors import SettingsError
from mekiki.progress import Progress, Task
from mekiki.records.collected import Collected, CollectedPhoto, read_collected, write_collected

WRITE_EVERY_SECONDS = 2.0
LISTEN_EVERY_SECONDS = 0.2


def collect(links: Path, out: Path, settings: CollectSettings, progress: Progress) -> Collected:
    """Download the photos of a list; see ``verbs.collect`` for arguments and errors."""
    wanted = read_list(links)
    if out.exists() and not out.is_dir():
        raise SettingsError(f"cannot collect into {out}: it is a file", "name a folder")
    _check_places(out, wanted)
    records, former, todo = resume(out, wanted, read_collected(out))
    run = _Run(out, settings, records, former)
    kept = sum(record.status == "ok" for record in records)
    if kept:
        progress.say(f"{kept:,} of {len(records):,} photos are there already")
    try:
        if todo:
            with progress.task("collecting", len(todo)) as task:
                _in_own_loop(run, todo, task)
    finally:
        run.write()
    fetched = sum(record.status == "ok" for record in run.records) - kept
    return Collected(out, (*run.records, *former), fetched=fetched, kept=kept)


def _check_places(out: Path, wanted: Sequence[CollectedPhoto]) -> None:
    """Refuse before anything is asked what a download would fail on: a file where a class folder belongs."""
    for label in dict.fromkeys(record.label for record in wanted if record.label):
        folder = out / folder_of(label)
        if folder.exists() and not folder.is_dir():
            raise SettingsError(f"cannot collect {label!r} into {folder}: it is a file", "move it away")


def _in_own_loop(run: _Run, todo: Sequence[int], task: Task) -> None:
    """Run the downloads; Ctrl-C is heard on every system, and ends them at once."""
    with start_blocking_portal() as portal:
        future: Future[None] = portal.start_task_soon(run.download, todo, task)
        while not wait([future], timeout=LISTEN_EVERY_SECONDS).done:
            pass
        future.result()


class _Run:
    """The state of one run: the records, as they become known."""

    def __init__(
        self, out: Path, settings: CollectSettings, records: list[CollectedPhoto], former: list[CollectedPhoto]
    ) -> None:
        self.records = records
        self._out = out
        self._settings = settings
        self._former = former
        self._shelf = Shelf(out, [record for record in (*records, *former) if record.status == "ok"])
        self._write_at = time.monotonic() + WRITE_EVERY_SECONDS

    async def download(self, todo: Sequence[int], task: Task) -> None:
        """Work through some lines: each host in the order of the list, hosts beside each other."""
        self._fetcher = Fetcher(self._settings)
        self._decoders = anyio.CapacityLimiter(os.cpu_count() or 1)
        try:
            async with anyio.create_task_group() as group:
                for waiting in self._by_host(todo):
                    for _ in range(min(self._settings.per_host, len(waiting))):
                        group.start_soon(self._work_through, waiting, task)
        except ExceptionGroup as several:  # such as a full disk: one error in one line, as everywhere
            raise several.exceptions[0] from None

    def _by_host(self, todo: Sequence[int]) -> list[deque[list[int]]]:
        """Return, host by host, the lines of each address: one address is asked for once."""
        same_link: dict[str, list[int]] = {}
        for number in todo:
            same_link.setdefault(self.records[number].url, []).append(number)
        hosts: dict[str, deque[list[int]]] = {}
        for link, numbers in same_link.items():
            try:
                host = parse_link(link).host
            except Trouble:
                host = ""
            hosts.setdefault(host, deque()).append(numbers)
        return list(hosts.values())

    async def _work_through(self, waiting: deque[list[int]], task: Task) -> None:
        while waiting:
            numbers = waiting.popleft()
            await self._get(numbers)
            task.advance(len(numbers))
            if time.monotonic() >= self._write_at:
                self.write()

    async def _get(self, numbers: list[int]) -> None:
        """Download one address and finish the records of its lines."""
        try:
            answer, ending = await self._fetcher.fetch(self.records[numbers[0]].url, self._prove)
        except Trouble as trouble:
            for number in numbers:
                self.records[number] = replace(self.records[number], status=trouble.status, reason=trouble.reason)
            return
        for number in numbers:
            self.records[number] = self._shelf.add(self.records[number], answer, ending)

    async def _prove(self, answer: Answer) -> tuple[Answer, str]:
        """Decode an answer beside the event loop, on no more processors than there are."""
        limit = self._settings.max_megapixels
        return answer, await anyio.to_thread.run_sync(picture_ending, answer, limit, limiter=self._decoders)

    def write(self) -> None:
        """Write the record as it stands; seldom enough that a long one costs little."""
        began = time.monotonic()
        write_collected(self._out, [*self.records, *self._former])
        ended = time.monotonic()
        self._write_at = ended + max(WRITE_EVERY_SECONDS, 20 * (ended - began))
