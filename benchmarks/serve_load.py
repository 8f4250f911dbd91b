"""Clients of a service, cheap in processor time: they share the cores with what they measure.

One asyncio loop, bare sockets that stay open, requests that were made before; a request costs the generator 0.1 to
0.2 ms. ``closed`` clients ask again as soon as they are answered: what the service can do. ``open`` arrivals come by a
clock, at random times, however late the answers are: what clients feel. A time is counted from when a request was
due, so a late generator cannot hide a late service. Each answer is compared with the known one for its photo.
"""

import asyncio
import json
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

BOUNDARY = "photo-of-a-benchmark"
NEAR = 1e-4
"""How far a probability may be from the known one: sums in float32 differ with the size of a batch."""
PAUSE_SECONDS = 0.25
"""How soon a refused client of ``closed`` comes again; sooner than it is told to, so that the service stays busy."""
LOST_SECONDS = 40.0
MOST_CONNECTIONS = 800


@dataclass(frozen=True)
class Photo:
    """A picture as it is sent, and what must be said of it: class and probability, the most probable first."""

    request: bytes
    wanted: dict[str, float]
    seen: set[bytes] = field(default_factory=set)
    """Bodies that were found right."""


@dataclass
class Reply:
    status: int
    head: bytes
    body: bytes


@dataclass
class Heard:
    """What came of the requests of one measurement.

    Attributes:
        seconds: Of the measurement.
        answered: Right answers: seconds from when each was due.
        refused: Proper 429s: likewise.
        wrong: Answers of another photo or with other numbers.
        strange: Other statuses, 429 without Retry-After, and connections that broke.
        late: Seconds by which each request was sent after it was due.
        processor: Seconds of processor time that the generator took.
    """

    seconds: float = 0.0
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    wrong: int = 0
    strange: list[str] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    processor: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.answered) / self.seconds

    @property
    def asked(self) -> int:
        return len(self.answered) + len(self.refused) + self.wrong + len(self.strange)

    def note(self, photo: Photo, reply: Reply, seconds: float) -> None:
        if reply.status == 429 and b"retry-after: " in reply.head:
            self.refused.append(seconds)
        elif reply.status != 200:
            self.strange.append(f"{reply.status} {reply.body[:100]!r}")
        elif reply.body in photo.seen or is_right(reply.body, photo.wanted):
            photo.seen.add(reply.body)
            self.answered.append(seconds)
        else:
            self.wrong += 1


def photo_of(content: bytes, wanted: dict[str, float], top: int, port: int) -> Photo:
    """Return a photo with its request, as a browser's form would send it."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; filename="photo.jpg"\r\n'
    body = f"{head}Content-Type: image/jpeg\r\n\r\n".encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    lines = [
        f"POST /predict?top={top} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        f"Content-Length: {len(body)}",
    ]
    return Photo("\r\n".join(lines).encode() + b"\r\n\r\n" + body, wanted)


def is_right(body: bytes, wanted: dict[str, float]) -> bool:
    (said,) = json.loads(body)["predictions"]
    found = dict(said["top"])
    near = found.keys() == wanted.keys() and all(abs(found[name] - wanted[name]) < NEAR for name in wanted)
    return near and wanted[said["label"]] > max(wanted.values()) - NEAR


class Connection(asyncio.Protocol):
    """A socket that stays open; one request at a time."""

    def __init__(self) -> None:
        self._came = bytearray()
        self._answer: asyncio.Future[Reply] | None = None
        self.usable = True

    @classmethod
    async def to(cls, port: int) -> "Connection":
        return (await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port))[1]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    async def ask(self, request: bytes) -> Reply:
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._came += data
        end = self._came.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._came[: end + 2]).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if len(self._came) >= end + 4 + length and self._answer is not None and not self._answer.done():
            self.usable = b"connection: close" not in head
            body = bytes(self._came[end + 4 : end + 4 + length])
            del self._came[: end + 4 + length]
            self._answer.set_result(Reply(int(head[9:12]), head, body))

    def connection_lost(self, error: Exception | None) -> None:
        self.usable = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the connection was closed before the answer"))


async def closed(port: int, photos: Sequence[Photo], clients: int, seconds: float) -> Heard:
    """Ask with so many clients at once, each again as soon as it is answered."""
    heard, places = Heard(), [await Connection.to(port) for _ in range(clients)]
    processor, began = time.process_time(), time.perf_counter()
    end = began + seconds

    async def client(number: int) -> None:
        place, turn = places[number], number
        while (now := time.perf_counter()) < end:
            photo, turn = photos[turn % len(photos)], turn + clients
            try:
                if not place.usable:
                    place = places[number] = await Connection.to(port)
                reply = await asyncio.wait_for(place.ask(photo.request), LOST_SECONDS)
            except (OSError, TimeoutError) as error:
                heard.strange.append(repr(error))
                continue
            if (done := time.perf_counter()) <= end:
                heard.note(photo, reply, done - now)
            if reply.status == 429:
                await asyncio.sleep(PAUSE_SECONDS)

    await asyncio.gather(*map(client, range(clients)))
    heard.seconds, heard.processor = seconds, time.process_time() - processor
    for place in places:
        place.transport.close()
    return heard


async def open_loop(port: int, photos: Sequence[Photo], rate: float, seconds: float, seed: int) -> Heard:
    """Ask ``rate`` times a second on average, at random times, and wait for every answer."""
    heard, free, asked = Heard(seconds=seconds), list[Connection](), set[asyncio.Task[None]]()
    chance, count = random.Random(seed), 0
    processor, due = time.process_time(), time.perf_counter()
    end = due + seconds
    while (due := due + chance.expovariate(rate)) < end:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        if len(asked) >= MOST_CONNECTIONS:
            heard.strange.append("too many requests are unanswered")
            continue
        task = asyncio.create_task(_ask_once(port, photos[count % len(photos)], due, free, heard))
        asked.add(task)
        task.add_done_callback(asked.discard)
        count += 1
    if asked:
        await asyncio.wait(asked)
    heard.processor = time.process_time() - processor
    for place in free:
        place.transport.close()
    return heard


async def _ask_once(port: int, photo: Photo, due: float, free: list[Connection], heard: Heard) -> None:
    place = None
    try:
        while free and (place is None or not place.usable):
            place = free.pop()
        if place is None or not place.usable:
            place = await Connection.to(port)
        heard.late.append(time.perf_counter() - due)
        reply = await asyncio.wait_for(place.ask(photo.request), LOST_SECONDS)
    except (OSError, TimeoutError) as error:
        heard.strange.append(repr(error))
        if place is not None:
            with suppress(OSError):
                place.transport.close()
        return
    heard.note(photo, reply, time.perf_counter() - due)
    free.append(place)
