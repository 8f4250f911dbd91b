"""How fast mekiki trains beside other tools, on the same photos, weights, threads and cores.

    python benchmarks/training.py PHOTOS --weights FOLDER --peers PYTHON                        # some hours on 2 cores
    python benchmarks/training.py PHOTOS --weights FOLDER --peers PYTHON --only throughput --networks mobilenetv1_100
    python benchmarks/training.py PHOTOS --weights FOLDER --peers PYTHON --only accuracy --tools mekiki keras

Three parts; ``--only`` takes some of them, ``--tools`` and ``--networks`` some of what they compare.

throughput  images a second through the whole pipeline: JPEG files read, changed, and a step of all layers taken, in
            batches of 32 at 224 pixels. ResNet50 has random weights, which changes no speed. Each tool is started anew
            in each round, its first steps are not counted, and it is ended after so many steps; so nothing but the
            steps counts, and the tools take turns. Medians over the rounds; ratios are taken within each round.
share       mekiki's step on a batch in memory, with and without the loader beside it: what the data pipeline costs,
            and which share of the machine's measured matrix peak the step reaches.
accuracy    seconds from the start of the process, imports included, to the end of the first epoch with 80 and with 90 %
            of the validation photos right: MobileNet V1 with its ImageNet weights, a leak-safe split of 200 and 50
            photos a class, each tool by its own best-known recipe, ended at 90 % or after ``--limit-minutes``.

What each tool does is at the head of ``training_own.py``, ``training_keras.py`` and ``training_peers.py``. PYTHON is an
interpreter that has what ``benchmarks/requirements.txt`` lists for this file; ``--python fastai=PYTHON`` gives one tool
its own. FOLDER holds a timm folder of MobileNet V1. The cores are those that the caller leaves (``taskset``).
"""

import argparse
import json
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from training_job import Job, Told, tell
from training_share import Share

import mekiki
from mekiki.config import SplitSettings
from mekiki.records.split import SplitRow

THROUGHPUT = (
    "mekiki",
    "mekiki:trained-norms",
    "mekiki:compiled",
    "keras",
    "fastai",
    "timm",
    "timm:channels-last",
    "trainer",
)
ACCURACY = ("mekiki", "mekiki:short", "mekiki:quick", "keras", "fastai", "timm:channels-last", "trainer")
NETWORKS = ("mobilenetv1_100", "resnet50")
WITH_WEIGHTS = "mobilenetv1_100"
PARTS = ("throughput", "share", "accuracy")
SCRIPTS = {"mekiki": "training_own.py", "keras": "training_keras.py"}
TORCH_PEERS = ("fastai", "timm", "timm:channels-last", "trainer")
GOALS = (0.8, 0.9)
SPARE_STEPS = 2
LONGEST_ROUND = 1800.0


@dataclass(frozen=True)
class Bench:
    """The options, and where the photos lie."""

    options: argparse.Namespace
    place: Path
    rows: Sequence[SplitRow]

    def python(self, tool: str) -> str:
        name = tool.partition(":")[0]
        given = dict(each.split("=", 1) for each in self.options.python)
        return given.get(name) or (sys.executable if name == "mekiki" else self.options.peers)

    def has(self, tool: str) -> bool:
        chosen = self.options.tools
        return bool(self.python(tool)) and (not chosen or tool in chosen or tool.partition(":")[0] in chosen)

    def job(self, tool: str, kind: str, network: str, photos: Path) -> Job:
        place = Path(tempfile.mkdtemp(prefix="tool-", dir=self.place))
        options = self.options
        weights = str(weights_in(options.weights)) if network == WITH_WEIGHTS else ""
        size = options.size if kind == "accuracy" else 224
        settings = (size, options.batch, options.peer_epochs, options.peer_rate, options.threads, options.workers)
        return Job(tool, kind, network, weights, str(photos), str(place), *settings)

    def photos(self, name: str, train: Sequence[SplitRow], val: Sequence[SplitRow]) -> Path:
        """Copy photos into ``train/CLASS`` and ``val/CLASS``."""
        for part, rows in (("train", train), ("val", val)):
            for number, row in enumerate(rows):
                folder = self.place / name / part / row.label
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy(self.options.photos / row.path, folder / f"{number:05}{Path(row.path).suffix}")
        return self.place / name

    def told(self, job: Job, limit: float) -> Iterator[Told]:
        cache = {"MEKIKI_CACHE": str(Path(job.place, "cache")), "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
        script = SCRIPTS.get(job.tool.partition(":")[0], "training_peers.py")
        return tell(self.python(job.tool), script, job, cache, limit)


def weights_in(folder: Path) -> Path:
    return (folder / WITH_WEIGHTS if (folder / WITH_WEIGHTS).is_dir() else folder).resolve()


def evenly(rows: Sequence[SplitRow], count: int) -> list[SplitRow]:
    """Return so many photos, as many of each class as can be."""
    by_class: dict[str, list[SplitRow]] = {}
    for row in rows:
        by_class.setdefault(row.label, []).append(row)
    turns = [(turn, row) for some in by_class.values() for turn, row in enumerate(some)]
    return [row for _, row in sorted(turns, key=lambda each: each[0])[:count]]


def of_part(rows: Sequence[SplitRow], part: str) -> list[SplitRow]:
    return [row for row in rows if row.part == part]


def few_photos(bench: Bench) -> Path:
    """Return a folder of just the photos that the steps need, so that an epoch has little more than them."""
    options = bench.options
    needed = (options.warmup + options.steps + SPARE_STEPS) * options.batch
    train, val = of_part(bench.rows, "train"), of_part(bench.rows, "val")
    if len(train) < needed:
        raise SystemExit(f"{needed} training photos are needed for so many steps, and there are {len(train)}")
    return bench.photos("few", evenly(train, needed), evenly(val, len({row.label for row in val})))


def speeds_of(bench: Bench, tool: str, network: str, photos: Path) -> tuple[list[float], str]:
    """Return images a second of a tool, of mekiki in its first and in its second epoch; and its version."""
    options = bench.options
    wanted = 2 if tool.startswith("mekiki") else 1
    steps = options.warmup + options.steps
    job = bench.job(tool, "throughput", network, photos)
    with closing(bench.told(job, LONGEST_ROUND)) as marks:
        for told in marks:
            epochs = [each for each in told.steps if each]
            if told.trouble:
                print(told.trouble, file=sys.stderr)
            if len(epochs) == wanted and len(epochs[-1]) >= steps:
                break
    shutil.rmtree(job.place, ignore_errors=True)
    whole = [each for each in epochs if len(each) >= steps]
    images = options.steps * options.batch
    return [images / (each[steps - 1] - each[options.warmup - 1]) for each in whole], told.version


def measure_throughput(bench: Bench, network: str, photos: Path) -> dict[str, list[float]]:
    tools = [tool for tool in THROUGHPUT if bench.has(tool)]
    found: dict[str, list[float]] = {}
    versions: dict[str, str] = {}
    for number in range(bench.options.rounds):
        for tool in tools:
            speeds, versions[tool] = speeds_of(bench, tool, network, photos)
            names = [f"{tool}, first epoch", tool] if tool.startswith("mekiki") else [tool]
            for name, speed in zip(names, speeds, strict=False):
                found.setdefault(name, []).append(speed)
            line = ", ".join(f"{speed:.1f}" for speed in speeds) or "failed"
            print(f"  round {number + 1}: {network}, {tool}: {line} images/s", file=sys.stderr, flush=True)
    whole = {name: speeds for name, speeds in found.items() if len(speeds) == bench.options.rounds}
    show_throughput(bench.options, network, whole, versions)
    return found


def ratio(some: Sequence[float], others: Sequence[float]) -> float:
    return statistics.median(one / other for one, other in zip(some, others, strict=True))


def show_throughput(
    options: argparse.Namespace, network: str, found: dict[str, list[float]], versions: dict[str, str]
) -> None:
    print(
        f"\nthroughput: {network}, 224 px, batches of {options.batch}, {options.threads} threads, {options.workers} "
        f"workers; {options.rounds} rounds of {options.steps} steps after {options.warmup}"
    )
    for name, speeds in found.items():
        text = f"  {name:34} {statistics.median(speeds):7.1f} images/s  ({min(speeds):.1f} to {max(speeds):.1f})"
        text += f"  {ratio(speeds, found['keras']):5.2f} x keras" if "keras" in found else ""
        print(f"{text}  {versions.get(name, '')}")
    torch_peers = {name: found[name] for name in TORCH_PEERS if name in found}
    best = max(torch_peers, key=lambda name: statistics.median(torch_peers[name]), default=None)
    for name in ("mekiki", "mekiki:trained-norms", "mekiki:compiled"):
        if best is not None and name in found:
            print(f"  {name} is {ratio(found[name], found[best]):.2f} x the best torch peer ({best})")
    sys.stdout.flush()


def measure_share(bench: Bench, network: str, photos: Path) -> Share:
    job = bench.job("mekiki", "throughput", network, photos)
    script = str(Path(__file__).with_name("training_share.py"))
    command = ["env", f"MEKIKI_CACHE={job.place}/cache", f"OMP_NUM_THREADS={job.threads}", sys.executable, script]
    run = subprocess.run(
        [*command, json.dumps(asdict(job)), str(bench.options.rounds)], stdout=subprocess.PIPE, text=True, check=True
    )
    share = Share(**json.loads(run.stdout.strip().splitlines()[-1]))
    shutil.rmtree(job.place, ignore_errors=True)
    print(f"\nshare: {network}, 224 px, {bench.options.threads} threads\n{share.describe()}", flush=True)
    return share


def measure_accuracy(bench: Bench, photos: Path) -> dict[str, Told]:
    options = bench.options
    extra = [tool for tool in options.tools if tool.startswith("mekiki:") and tool not in ACCURACY]
    tools = [tool for tool in (*ACCURACY, *extra) if bench.has(tool)]
    counts = " and ".join(f"{len(of_part(bench.rows, part)):,} {part}" for part in ("train", "val"))
    print(
        f"\naccuracy: {WITH_WEIGHTS}, {counts} photos, {options.threads} threads, at most {options.limit_minutes:g} min"
    )
    found: dict[str, Told] = {}
    for tool in tools:
        job = bench.job(tool, "accuracy", WITH_WEIGHTS, photos)
        with closing(bench.told(job, 60 * options.limit_minutes)) as marks:
            for told in marks:
                if told.looks and told.looks[-1][1] >= GOALS[-1] and not options.to_the_end:
                    break
        shutil.rmtree(job.place, ignore_errors=True)
        found[tool] = told
        print(f"  {tool:20} {describe_course(told)}", flush=True)
    return found


def seconds_to(told: Told, goal: float) -> float | None:
    return next((seconds for seconds, accuracy in told.looks if accuracy >= goal), None)


def describe_course(told: Told) -> str:
    if told.trouble:
        return f"failed: {told.trouble.strip().splitlines()[-1]}"
    words = []
    for goal in GOALS:
        seconds = seconds_to(told, goal)
        words.append(f"{goal:.0%} {'not reached' if seconds is None else f'after {seconds:.0f} s'}")
    best = max((accuracy for _, accuracy in told.looks), default=0.0)
    return f"{', '.join(words)}; best {best:.1%} in {len(told.looks)} looks and {told.seconds:.0f} s  {told.version}"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--weights", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--peers", default="", metavar="PYTHON", help="an interpreter that has the other tools")
    parser.add_argument("--python", action="append", default=[], metavar="TOOL=PYTHON", help="another for one tool")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--tools", nargs="+", default=[], help="such as mekiki keras timm:channels-last mekiki:quick")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    parser.add_argument("--threads", type=int, default=2, help="for computing, in every tool")
    parser.add_argument("--workers", type=int, default=2, help="that prepare pictures, in every tool")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--warmup", type=int, default=3, help="steps that are not counted, at least 1")
    parser.add_argument("--steps", type=int, default=12, help="steps that are counted, in each round")
    parser.add_argument("--per-class", type=int, nargs=2, default=(200, 50), metavar=("TRAIN", "VAL"))
    parser.add_argument(
        "--size", type=int, default=224, help="pixels, for the other tools' accuracy; mekiki's recipes have theirs"
    )
    parser.add_argument(
        "--peer-epochs", type=int, default=6, help="of fastai, timm and trainer: their schedules end there"
    )
    parser.add_argument("--peer-rate", type=float, default=5e-4, help="learning rate of timm and trainer (AdamW)")
    parser.add_argument("--limit-minutes", type=float, default=15.0, help="for each tool's accuracy")
    parser.add_argument("--to-the-end", action="store_true", help="do not end a tool when it reaches 90 %%")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was measured")
    return parser.parse_args()


def main() -> None:
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that no tool is left running
    measured: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="mekiki-training-") as place:
        train, val = options.per_class
        settings = SplitSettings(train=train, val=val, test=0)
        bench = Bench(options, Path(place), mekiki.split(options.photos, settings=settings).rows)
        few = few_photos(bench) if {"throughput", "share"} & set(options.only) else Path()
        for network in options.networks:
            if "throughput" in options.only:
                keep(measured, f"throughput {network}", measure_throughput(bench, network, few), options.json)
            if "share" in options.only:
                keep(measured, f"share {network}", asdict(measure_share(bench, network, few)), options.json)
        if "accuracy" in options.only:
            photos = bench.photos("all", of_part(bench.rows, "train"), of_part(bench.rows, "val"))
            found = measure_accuracy(bench, photos)
            keep(measured, "accuracy", {name: asdict(told) for name, told in found.items()}, options.json)


def keep(measured: dict[str, object], name: str, found: object, path: Path | None) -> None:
    """Add what a part found, and write all so far."""
    measured[name] = found
    if path is not None:
        path.write_text(json.dumps(measured, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
