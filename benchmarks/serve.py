"""``mekiki serve`` under load, beside the bare model, a plain FastAPI handler and LitServe.

    python benchmarks/serve.py RUN PHOTOS                              # about 10 minutes on 2 cores
    python benchmarks/serve.py RUN PHOTOS --turns 1 --ways bare mekiki # a quick look
    python benchmarks/serve.py RUN PHOTOS --turns 0 --minutes 10       # memory at overload

All ways have the same model, photos (JPEG files of PHOTOS, in memory), preparation, answers and number of torch
threads. They are started once, and take turns; who is not measured is stopped by a signal. The clients are one process
on the same cores (``serve_load.py``), as the services' other clients would not be; what they take is in the table. Each
answer is compared with the known one for its photo. In a turn:

bare       full batches of 16 without a service: with decoding, and of ready squares (``serve_bare.py``)
mekiki     ``mekiki serve`` with its defaults; --clients ask, each again as soon as it is answered. Who is refused comes
           again after a quarter of a second, four times as soon as it is told to
plain      FastAPI, one picture after the other (``serve_plain.py``); ``plain:threads`` in FastAPI's threads
litserve   LitServe with batches of 16, and 5 ms to gather them (``serve_litserve.py``)
half       mekiki again, asked at half of the rate that it has just reached, by the clock and at random times
twice      likewise at twice that rate: most must be refused, and those who are not must not wait much longer

Medians over the turns, in brackets the lowest and the highest; ratios are taken within each turn. ``processor`` is
what the service took for each answered picture, in ms of one core: the figure that other work on the machine blurs
least. Needs Linux, and what ``benchmarks/requirements.txt`` lists for it.
"""

import argparse
import asyncio
import json
import os
import random
import shlex
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from serve_load import Heard, Photo, closed, open_loop, photo_of
from serve_processes import Process, busy_seconds, free_port
from serve_table import memory_lines, table

import mekiki
from mekiki.config import EvaluateSettings

WAYS = ("bare", "mekiki", "plain", "plain:threads", "litserve")
BATCH = 16
WARM_SECONDS = 2.0


@dataclass
class Measured:
    """Figures by way, one in each turn.

    Attributes:
        rate: Right answers a second.
        processor: Of the way's processes, ms for each right answer.
        waits: Seconds of each right answer, by turn.
        heard: The other figures of each turn.
        others: Cores that were busy with anything else, by turn.
    """

    rate: dict[str, list[float]] = field(default_factory=dict)
    processor: dict[str, list[float]] = field(default_factory=dict)
    waits: dict[str, list[list[float]]] = field(default_factory=dict)
    heard: dict[str, list[dict[str, float | list[str]]]] = field(default_factory=dict)
    others: dict[str, list[float]] = field(default_factory=dict)
    memory: list[float] = field(default_factory=list)

    def add(self, way: str, rate: float, processor: float, others: float) -> None:
        for where, value in ((self.rate, rate), (self.processor, processor), (self.others, others)):
            where.setdefault(way, []).append(value)

    def hear(self, way: str, heard: Heard, offered: float) -> None:
        self.waits.setdefault(way, []).append(heard.answered)
        late = statistics.quantiles(heard.late, n=100)[98] if len(heard.late) > 1 else 0.0
        facts = {
            "offered": offered, "asked": heard.asked, "refused": len(heard.refused), "wrong": heard.wrong,
            "strange": heard.strange, "late": late, "generator": heard.processor / max(heard.asked, 1) * 1000,
        }  # fmt: skip
        self.heard.setdefault(way, []).append(facts)


class Bench:
    """The options, the photos with their answers, and the processes."""

    def __init__(self, options: argparse.Namespace, place: Path, stack: ExitStack) -> None:
        self.options, self.place, self.stack = options, place, stack
        self.measured = Measured()
        self.contents = load_photos(options.photos, options.count, place / "photos")
        classifier = mekiki.load(options.run, EvaluateSettings(device="cpu", views=options.views))
        self.classes = len(classifier.card.classes)
        self.about = f"{classifier.card.backbone}, {classifier.card.preprocessing.image_size} px, {classifier.views}"
        chances = classifier.predict_proba(self.contents)
        names = [str(name) for name in classifier.classes_]
        self.wanted = [dict(zip(names, map(float, row), strict=True)) for row in chances]
        self.processes: dict[str, Process] = {}

    def start(self) -> None:
        ways = ["mekiki"] if self.options.turns == 0 else self.options.ways
        for way in ways:
            port = 0 if way == "bare" else free_port()
            environment = {"OMP_NUM_THREADS": str(self.options.threads), "HF_HUB_OFFLINE": "1"}
            process = Process(way, self._command(way, port), self.place / f"{way}.log", environment, port)
            self.stack.callback(process.end)
            process.signal(signal.SIGSTOP)
            self.processes[way] = process
            print(f"  {way} is ready", file=sys.stderr, flush=True)

    def _command(self, way: str, port: int) -> list[str]:
        options = self.options
        run, threads = str(options.run), str(options.threads)
        if way == "mekiki":
            own = ["--port", str(port), "--views", options.views, "--device", "cpu", "--workers", threads]
            return [sys.executable, "-m", "mekiki", "serve", run, *own, *shlex.split(options.serve)]
        script = str(Path(__file__).with_name(f"serve_{way.partition(':')[0]}.py"))
        if way == "bare":
            return [sys.executable, script, run, str(self.place / "photos"), options.views, str(BATCH), threads]
        last = {"litserve": [threads], "plain:threads": ["threads"]}.get(way, [])
        return [sys.executable, script, run, str(port), options.views, *last]

    def photos(self, port: int) -> list[Photo]:
        return [
            photo_of(content, wanted, self.classes, port)
            for content, wanted in zip(self.contents, self.wanted, strict=True)
        ]

    @contextmanager
    def watched(self, way: str, process: Process, generator: Heard | None = None) -> Iterator[list[float]]:
        """Measure what the processes take; the caller puts in rate, pictures and the generator's seconds."""
        busy, own, began = busy_seconds(), process.processor_seconds(), time.perf_counter()
        found: list[float] = []
        yield found
        rate, pictures, generator_seconds = found
        took = process.processor_seconds() - own
        others = (busy_seconds() - busy - took - generator_seconds) / (time.perf_counter() - began)
        self.measured.add(way, rate, took / max(pictures, 1) * 1000, others)


def load_photos(folder: Path, count: int, place: Path) -> list[bytes]:
    """Return photos spread over a folder; copies of them lie in ``place``."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    if not found:
        raise SystemExit(f"{folder} holds no JPEG files")
    count = min(count, len(found))
    contents = [found[number * len(found) // count].read_bytes() for number in range(count)]
    random.Random(0).shuffle(contents)
    place.mkdir()
    for number, content in enumerate(contents):
        (place / f"{number:04}.jpg").write_bytes(content)
    return contents


def measure_bare(bench: Bench) -> None:
    process = bench.processes["bare"]
    with process.awake():
        for what in ("decoding", "network"):
            process.ask(f"{what} {WARM_SECONDS}")
            with bench.watched(f"bare, {what}", process) as found:
                done, seconds = process.ask(f"{what} {bench.options.seconds}")
                found += [done / seconds, done, 0.0]


def measure_closed(bench: Bench, way: str) -> None:
    process, options = bench.processes[way], bench.options
    photos = bench.photos(process.port)
    with process.awake():
        asyncio.run(closed(process.port, photos, options.clients, WARM_SECONDS))
        with bench.watched(way, process) as found:
            heard = asyncio.run(closed(process.port, photos, options.clients, options.seconds))
            found += [heard.rate, len(heard.answered), heard.processor]
        bench.measured.hear(way, heard, heard.asked / heard.seconds)


def measure_open(bench: Bench, turn: int) -> None:
    """Ask mekiki by the clock at half and at twice the rate that it has just reached."""
    process, options = bench.processes["mekiki"], bench.options
    photos, capacity = bench.photos(process.port), bench.measured.rate["mekiki"][-1]
    for way, times in (("half", 0.5), ("twice", 2.0)):
        with process.awake():
            asyncio.run(open_loop(process.port, photos, times * capacity, WARM_SECONDS, turn + 1000))
            with bench.watched(way, process) as found:
                heard = asyncio.run(open_loop(process.port, photos, times * capacity, 2 * options.seconds, turn))
                found += [heard.rate, len(heard.answered), heard.processor]
            bench.measured.hear(way, heard, times * capacity)


def measure_memory(bench: Bench) -> None:
    """Overload mekiki for a long time, and look at its memory each second."""
    process, measured = bench.processes["mekiki"], bench.measured
    photos = bench.photos(process.port)

    async def overload() -> Heard:
        first = await closed(process.port, photos, bench.options.clients, 2 * WARM_SECONDS)
        rate, seconds = 2 * max(first.rate, 1.0), 60.0 * bench.options.minutes
        asking = asyncio.create_task(open_loop(process.port, photos, rate, seconds, 0))
        while not asking.done():
            measured.memory.append(process.megabytes())
            await asyncio.wait({asking}, timeout=1.0)
        measured.hear("long", asking.result(), rate)
        return asking.result()

    with process.awake(), bench.watched("long", process) as found:
        heard = asyncio.run(overload())
        found += [heard.rate, len(heard.answered), heard.processor]


def measure(bench: Bench) -> None:
    ways = list(bench.processes)
    for turn in range(bench.options.turns):
        for way in ways[turn % len(ways) :] + ways[: turn % len(ways)]:
            if way == "bare":
                measure_bare(bench)
            else:
                measure_closed(bench, way)
            if way == "mekiki" and not bench.options.closed_only:
                measure_open(bench, turn)
        rates = {way: round(rates[-1], 1) for way, rates in bench.measured.rate.items()}
        print(f"  turn {turn + 1}: {rates}", file=sys.stderr, flush=True)
    if bench.options.minutes:
        measure_memory(bench)


def parse(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("run", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--turns", type=int, default=5, help="0: only --minutes")
    parser.add_argument("--seconds", type=float, default=8.0, help="of one measurement; twice as long by the clock")
    parser.add_argument("--clients", type=int, default=16, help="that ask at once")
    parser.add_argument("--count", type=int, default=64, help="photos, at most")
    parser.add_argument("--threads", type=int, default=cores, help="of torch, and that prepare, in every way")
    parser.add_argument("--views", choices=("auto", "plain"), default="auto", help="auto: the run's own")
    parser.add_argument("--minutes", type=float, default=0.0, help="look at mekiki's memory at overload for so long")
    parser.add_argument("--closed-only", action="store_true", help="leave out half and twice")
    parser.add_argument("--serve", default="", metavar="OPTIONS", help="more options of mekiki serve, in one word")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was measured")
    options = parser.parse_args(given)
    if options.turns and "mekiki" not in options.ways:
        parser.error("mekiki must be among the ways")
    return options


def main() -> None:
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that no process is left running
    with tempfile.TemporaryDirectory(prefix="mekiki-serve-") as name, ExitStack() as stack:
        bench = Bench(options, Path(name), stack)
        bench.start()
        measure(bench)
        measured = bench.measured
        if options.json is not None:
            options.json.write_text(json.dumps(vars(measured)), encoding="utf-8")
        print(f"{bench.about}; {options.threads} threads, {len(bench.contents)} photos, {options.clients} clients")
        if options.turns:
            print(f"{options.turns} turns of {options.seconds:g} s\n\n{table(measured)}")
        if options.minutes:
            print(memory_lines(measured.memory, measured.heard["long"][0], len(measured.waits["long"][0])))


if __name__ == "__main__":
    main()
