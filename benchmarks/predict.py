"""How fast mekiki answers about a folder of photos beside other tools, from the command to the written file.

    python benchmarks/predict.py PHOTOS --weights FOLDER --peers PYTHON                  # about an hour on 2 cores
    python benchmarks/predict.py PHOTOS --weights FOLDER --peers PYTHON --count 200 --rounds 1 --tools mekiki timm

MobileNet V1 at 224 pixels, batches of 32, float32. Each tool is a fresh process on the same JPEG files and cores; it
loads its saved model, asks about 1 photo, a quarter of ``--count`` and all of them, and writes a CSV file with an
answer for each photo, which is checked. Each answers once unmeasured; then they take turns, round by round. Medians
over the rounds, in brackets the lowest and the highest; ratios are taken within each round, against the best peer of
that column. What is measured:

start-up     seconds of the whole process for 1 photo
end to end   photos / seconds of the whole process
marginal     (photos - 1) / (seconds - seconds for 1 photo): what a further photo costs
memory       peak of the process and all that it started (Linux' PSS, looked at four times a second, at least what the
             kernel noted of the largest process), for a quarter of the photos and for all; the ratio shows growth
limits       photos a second of decoding alone with Pillow on all cores, and of the network alone on ready tensors

``mekiki`` looks at each picture once, as the peers do (``--views plain``). After a colon, parted by ``+``: ``views``
are the run's own (a picture and its mirror image: twice the work), any other word is an ``--engine``
(``mekiki:onnx+views``). What the peers do is at the head of ``predict_peers.py`` and ``predict_keras.py``; their
backbone has the same weights, their head is random with as many classes. A tool that fails is reported and left out.

PYTHON is an interpreter that has what ``benchmarks/requirements.txt`` lists for ``training.py``. FOLDER holds a timm
folder of MobileNet V1. RUN is a run of that network at 224 pixels; without it a small one is made: a head on 16 photos
of each class. Where PHOTOS has fewer than ``--count``, some are there twice, by another name; the output says so.

Expected: on one core of an Intel Xeon at 2.5 GHz a photo of 299x299 pixels costs mekiki 26 ms of processor time: 21 the
folded network (27 unfolded), 1.4 decoding, 1.7 making it square, 0.7 normalising, 1.0 the score for "unknown".
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from predict_job import PHOTOS, Cost, Job, cost_of
from predict_table import Measured, limits, table

from mekiki.records.card import ModelCard, read_card
from mekiki.records.run import RunFolder

TOOLS = (
    "mekiki",
    "mekiki:views",
    "mekiki:onnx",
    "mekiki:openvino",
    "timm",
    "timm:channels-last",
    "fastai",
    "keras",
    "keras:dataset",
    "transformers",
    "transformers:workers",
)
NETWORK = "mobilenetv1_100"
SIZE = 224
FEW_OF_A_CLASS = (16, 6)
ENDINGS = (".jpg", ".jpeg")
ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}


@dataclass(frozen=True)
class Bench:
    """The options, and what was made for them."""

    options: argparse.Namespace
    place: Path
    run: Path
    card: ModelCard
    measured: Measured

    def folder(self, count: int) -> Path:
        return self.place / str(count)

    def job(self, tool: str, step: str, count: int, out: Path) -> Job:
        model = self.place / "models" / tool.partition(":")[0]
        model.mkdir(parents=True, exist_ok=True)
        options = self.options
        settings = (options.batch, options.workers)
        weights = str(weights_in(options.weights))
        return Job(
            tool, step, weights, len(self.card.classes), str(self.folder(count)), str(model), str(out), *settings
        )

    def command(self, tool: str, step: str, count: int, out: Path) -> list[str]:
        name, _, way = tool.partition(":")
        if name == "mekiki":
            return self._own_command(way, count, out)
        script = "predict_keras.py" if name == "keras" else "predict_peers.py"
        job = self.job(tool, step, count, out)
        return [self.options.peers, str(Path(__file__).with_name(script)), json.dumps(asdict(job))]

    def _own_command(self, way: str, count: int, out: Path) -> list[str]:
        words = [word for word in way.split("+") if word]
        command = [sys.executable, "-m", "mekiki", "predict", str(self.run), str(self.folder(count) / PHOTOS)]
        command += ["--format", "csv", "--out", str(out), "--batch-size", str(self.options.batch)]
        command += ["--workers", str(self.options.workers)]
        command += [] if "views" in words else ["--views", "plain"]
        return command + [each for word in words if word != "views" for each in ("--engine", word)]


def weights_in(folder: Path) -> Path:
    return (folder / NETWORK if (folder / NETWORK).is_dir() else folder).resolve()


def evenly(some: Sequence[Path], count: int) -> list[Path]:
    """Return so many of them, spread over all; some more than once if there are too few."""
    return [some[number * len(some) // count] for number in range(count)]


def lay_out(photos: Path, place: Path, counts: Sequence[int]) -> int:
    """Link so many photos into ``COUNT/photos`` without classes; return how many different ones there are."""
    found = sorted(path.resolve() for path in photos.rglob("*") if path.suffix.lower() in ENDINGS)
    if not found:
        raise SystemExit(f"{photos} holds no JPEG files")
    for count in counts:
        folder = place / str(count) / PHOTOS
        folder.mkdir(parents=True)
        for number, path in enumerate(evenly(found, count)):
            (folder / f"{number:06}.jpg").symlink_to(path)
            path.read_bytes()  # into the system's cache, for all tools alike
    return min(len(found), max(counts))


def make_run(options: argparse.Namespace, place: Path) -> Path:
    """Train a head on a few photos of each class: what it answers matters little here."""
    train, val = FEW_OF_A_CLASS
    folders = [folder for folder in sorted(options.photos.iterdir()) if folder.is_dir()]
    if len(folders) < 2:
        raise SystemExit(f"{options.photos} has no class folders to train a head on; give --run RUN")
    for folder in folders:
        few = place / "few" / folder.name
        few.mkdir(parents=True)
        some = sorted(path.resolve() for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
        for path in some[: 2 * (train + val)]:
            (few / path.name).symlink_to(path)
    run = place / "run"
    command = [sys.executable, "-m", "mekiki", "train", str(place / "few"), "--out", str(run), "--recipe", "quick"]
    command += ["--backbone", NETWORK, "--weights", str(weights_in(options.weights)), "--image-size", str(SIZE)]
    command += ["--train", str(train), "--val", str(val), "--test", "0"]
    print(f"making a run: a head on {train} photos of each class", file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"mekiki train failed:\n{done.stderr[-2000:]}\ngive --run RUN")
    return run


def save_models(bench: Bench) -> None:
    """Let each peer write the model that it will load; a peer that cannot is out."""
    for name in dict.fromkeys(tool.partition(":")[0] for tool in bench.options.tools):
        if name == "mekiki":
            continue
        cost = cost_of(bench.command(name, "save", bench.measured.counts[-1], bench.place / "none"), ENVIRONMENT)
        bench.measured.versions[name] = cost.said.strip().splitlines()[-1] if cost.said.strip() else ""
        if cost.trouble:
            for tool in bench.options.tools:
                if tool.partition(":")[0] == name:
                    give_up(bench, tool, cost.trouble)


def give_up(bench: Bench, tool: str, trouble: str) -> None:
    lines = [line.strip(" │") for line in trouble.splitlines() if line.strip(" │╭╮╰╯─")]
    bench.measured.failed[tool] = " / ".join(lines[-3:])[-300:]
    bench.measured.costs.pop(tool, None)
    print(f"  {tool} failed and is left out:\n{trouble[-1500:]}", file=sys.stderr, flush=True)


def ask(bench: Bench, tool: str, count: int) -> Cost:
    """Run one tool once and check that it answered about each photo."""
    out = bench.place / "answers.csv"
    out.unlink(missing_ok=True)
    cost = cost_of(bench.command(tool, "predict", count, out), ENVIRONMENT)
    lines = len(out.read_text(encoding="utf-8").splitlines()) - 1 if out.is_file() else 0
    if cost.trouble or lines == count:
        return cost
    return Cost(cost.seconds, cost.megabytes, f"answered about {lines} of {count} photos")


def warm_up(bench: Bench) -> None:
    """Let each tool answer once without being measured, so that the system has read its libraries."""
    for tool in bench.options.tools:
        if tool not in bench.measured.failed and (cost := ask(bench, tool, bench.measured.counts[0])).trouble:
            give_up(bench, tool, cost.trouble)


def measure_round(bench: Bench, number: int) -> None:
    for tool in bench.options.tools:
        for count in bench.measured.counts:
            if tool in bench.measured.failed:
                break
            cost = ask(bench, tool, count)
            if cost.trouble:
                give_up(bench, tool, cost.trouble)
                break
            bench.measured.costs.setdefault(tool, {}).setdefault(count, []).append(cost)
            what = f"{count} photos in {cost.seconds:.1f} s, {cost.megabytes:,.0f} MB"
            print(f"  round {number + 1}: {tool}, {what}", file=sys.stderr, flush=True)
    for name, place in (("decoding", bench.folder(bench.measured.counts[-1]) / PHOTOS), ("network", bench.run)):
        script = str(Path(__file__).with_name("predict_limits.py"))
        cost = cost_of([sys.executable, script, name, str(place), str(bench.options.batch)], ENVIRONMENT)
        if cost.trouble:
            raise SystemExit(f"the limit {name} could not be measured:\n{cost.trouble}")
        for limit, speed in json.loads(cost.said.splitlines()[-1]).items():
            bench.measured.limits.setdefault(limit, []).append(speed)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--weights", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--peers", default="", metavar="PYTHON", help="an interpreter that has the other tools")
    parser.add_argument("--run", type=Path, metavar="RUN", help="predict with this run; not given: a small one is made")
    parser.add_argument("--tools", nargs="+", default=list(TOOLS), help=f"some of {', '.join(TOOLS)}")
    parser.add_argument("--count", type=int, default=2000, help="photos, at least 8")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--workers", type=int, default=2, help="that prepare photos, in every tool")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was measured")
    options = parser.parse_args()
    if options.count < 8:
        parser.error("--count must be at least 8")
    if not options.peers:
        options.tools = [tool for tool in options.tools if tool.startswith("mekiki")]
    return options


def show(bench: Bench) -> None:
    options, card, measured = bench.options, bench.card, bench.measured
    print(
        f"\n{NETWORK}, {SIZE} px, batches of {options.batch}, {options.workers} workers, {len(card.classes)} classes; "
        f"{measured.counts[-1]:,} photos ({measured.different:,} different ones), {options.rounds} rounds; "
        f"the run's own views: {card.views}"
    )
    print("; ".join(version for version in measured.versions.values() if version))
    print(f"\n{table(measured)}\n\n{limits(measured)}")


def main() -> None:
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that no tool is left running
    counts = (1, options.count // 4, options.count)
    with tempfile.TemporaryDirectory(prefix="mekiki-predict-") as name:
        place = Path(name)
        measured = Measured(counts, lay_out(options.photos, place, counts))
        run = (options.run or make_run(options, place)).resolve()
        card = read_card(RunFolder(run).card)
        if (card.backbone, card.preprocessing.image_size) != (NETWORK, SIZE):
            raise SystemExit(f"{run} is {card.backbone} at {card.preprocessing.image_size} px, not {NETWORK} at {SIZE}")
        bench = Bench(options, place, run, card, measured)
        save_models(bench)
        warm_up(bench)
        for number in range(options.rounds):
            measure_round(bench, number)
            if options.json is not None:
                options.json.write_text(json.dumps(asdict(measured), indent=1), encoding="utf-8")
        show(bench)


if __name__ == "__main__":
    main()
