"""How many heat maps a second: mekiki's Grad-CAM beside pytorch-grad-cam's and Captum's, and beside plain prediction.

    python benchmarks/explain.py --peers PYTHON               # about five minutes on one core

Networks with random weights and 11 classes, pictures of 224 pixels that are normalised already, in batches. Each way
ends with maps of the pictures' size in memory. Every library is a process of its own with ``--threads`` threads, and
they take turns, round by round, so that a busy moment falls on all. Medians over the rounds, in brackets the slowest
and the fastest; ratios are taken within each round. What each does:

pytorch-grad-cam   forward with hooks, backward through the whole network; the class is given
captum             LayerGradCam: forward with hooks, gradients at the layer only; the class is given
mekiki             forward without a graph, then the head alone forward and backward; it finds the class itself, and
                   keeps pictures and weights in channels_last order, and in bfloat16 where the machine has it
prediction         mekiki's logits of the same batch, without a map

PYTHON is an interpreter with what ``benchmarks/requirements.txt`` lists for this file; without it mekiki runs alone.
"""

import argparse
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import torch

from mekiki.config import EvaluateSettings, ExplainSettings, ModelSettings
from mekiki.evaluation.classifier import Classifier
from mekiki.explanation.maps import as_heat, explain_batch
from mekiki.model.classifier import build_classifier
from mekiki.records.card import ModelCard

SIZE = 224
BACKBONES = ("resnet50", "mobilenetv1_100")
PEERS = ("pytorch-grad-cam", "captum")


class Peer:
    """A process that waits for its turn."""

    def __init__(self, python: str, name: str, backbone: str, batch: int, threads: int) -> None:
        script = str(Path(__file__).with_name("explain_peers.py"))
        given = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
        self.process = subprocess.Popen(
            [python, script, name, backbone, str(batch), str(SIZE)],
            env={**os.environ, **given},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.version = self._answer()

    def __call__(self) -> float:
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return float(self._answer())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()

    def _answer(self) -> str | float:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"a peer stopped:\n{self.process.stderr.read()[-2000:]}")
        return json.loads(line)


def make_classifier(backbone: str, precision: str) -> Classifier:
    settings = ModelSettings(backbone=backbone, weights="none", image_size=SIZE)
    classes = [f"class {number}" for number in range(11)]
    model, preprocessing, _ = build_classifier(settings, classes, seed=0)
    card = ModelCard(backbone=backbone, head="gap", classes=classes, preprocessing=preprocessing)
    return Classifier(model, card, EvaluateSettings(precision=precision))


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure(backbone: str, options: argparse.Namespace) -> None:
    classifier, how = make_classifier(backbone, options.precision), ExplainSettings()
    x = torch.randn(options.batch, 3, SIZE, SIZE).to(classifier.machine.device, memory_format=torch.channels_last)

    def maps() -> list:
        return [cv2.resize(as_heat(signed), (SIZE, SIZE)) for signed in explain_batch(classifier, x, how).signed]

    def predict() -> object:
        with torch.inference_mode():
            return classifier.logits_of_input(x).cpu()

    peers = {
        name: Peer(options.peers, name, backbone, options.batch, options.threads)
        for name in (PEERS if options.peers else ())
    }
    ways = {**peers, "mekiki": lambda: timed(maps), "prediction": lambda: timed(predict)}
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(options.rounds + 1):
        for name, way in ways.items():
            seconds = way()
            if number:  # the first is to warm up
                speeds[name].append(options.batch / seconds)
    versions = ", ".join(f"{name} {peer.version}" for name, peer in peers.items())
    print(
        f"\n{backbone}, {SIZE} px, batches of {options.batch}, {classifier.machine.describe()}, {versions}", flush=True
    )
    for name, found in speeds.items():
        ratio = statistics.median(own / other for own, other in zip(speeds["mekiki"], found, strict=True))
        middle = statistics.median(found)
        print(
            f"  {name:18} {middle:7.1f} /s  ({min(found):.1f} to {max(found):.1f})   mekiki is {ratio:.2f} times that"
        )
    for peer in peers.values():
        peer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", metavar="PYTHON", help="an interpreter that has the other libraries")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--precision", default="auto", choices=("auto", "float32", "bfloat16"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    for backbone in BACKBONES:
        measure(backbone, options)


if __name__ == "__main__":
    main()
