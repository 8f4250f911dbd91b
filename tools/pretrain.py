"""Make mekiki-tiny, the weights inside the package, again from nothing: a small network learns to tell formulas apart.

    python tools/pretrain.py --out tiny

It draws pictures of 1,000 classes, each a formula (``pretraining/``), teaches the network to tell them apart, and
writes what is kept without the classifier: ``OUT/model.safetensors`` in float16 and ``OUT/config.json``. No photo is
used. A run that was stopped goes on from ``OUT/state.pt``. The rate is held, then falls to nothing over the last
quarter of the pictures.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import safetensors.torch
import timm
import torch
from pretraining.scenes import Scenes
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

import mekiki.model.registry  # noqa: F401  (adds nin_small to timm's zoo)
from mekiki.seeds import torch_seed

MEAN, STD = 0.5, 0.25
FALLING = 0.25
WARMUP_STEPS = 200
KEPT = 0.999
SAVED_EVERY_SECONDS = 300
REPORTED_EVERY = 100


class Drawn(Dataset[tuple[Tensor, int]]):
    """The pictures by their number, as levels in NHWC order."""

    def __init__(self, scenes: Scenes, first: int, last: int, side: int) -> None:
        self.scenes, self.first, self.last, self.side = scenes, first, last, side

    def __len__(self) -> int:
        return self.last - self.first

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        levels, label = self.scenes.picture(self.first + index, self.side)
        return torch.from_numpy(levels), label


def prepared(levels: Tensor) -> Tensor:
    """Turn levels (n, side, side, 3) into what the network sees."""
    return (levels.permute(0, 3, 1, 2).float() / 255 - MEAN) / STD


def rate_at(done: int, arguments: argparse.Namespace) -> float:
    """Return the learning rate after so many pictures."""
    warm = min(1.0, (done / arguments.batch + 1) / WARMUP_STEPS)
    left = (arguments.pictures - done) / (arguments.pictures * FALLING)
    return float(arguments.rate * min(warm, 1.0, max(left, 0.0)))


def train(arguments: argparse.Namespace) -> nn.Module:
    """Train, saving the state now and then, and return the mean of the last weights."""
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(torch_seed(arguments.seed, "pretrain"))
    scenes = Scenes(arguments.seed, *arguments.classes)
    network = timm.create_model(arguments.backbone, num_classes=scenes.classes).to(memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(KEPT), use_buffers=True
    )
    matrices = [value for value in network.parameters() if value.ndim > 1]
    vectors = [value for value in network.parameters() if value.ndim < 2]
    groups = [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=arguments.rate)
    place = arguments.out / "state.pt"
    done = 0
    if place.exists():
        state = torch.load(place, weights_only=True)
        network.load_state_dict(state["network"])
        mean.load_state_dict(state["mean"])
        optimiser.load_state_dict(state["optimiser"])
        done = state["done"]
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
    saved = began = time.monotonic()
    first, losses, right = done, [], []
    network.train()
    for levels, labels in batches(scenes, done, arguments):
        for group in optimiser.param_groups:
            group["lr"] = rate_at(done, arguments)
        with torch.autocast("cpu", torch.bfloat16):
            answers = network(prepared(levels).contiguous(memory_format=torch.channels_last))
        loss = loss_of(answers.float(), labels)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        mean.update_parameters(network)
        done += len(labels)
        losses.append(float(loss.detach()))
        right.append(float((answers.argmax(1) == labels).float().mean()))
        if len(losses) == REPORTED_EVERY:
            speed = (done - first) / (time.monotonic() - began)
            print(
                f"{done:9d} pictures  loss {sum(losses) / len(losses):.3f}  right {sum(right) / len(right):.3f}  "
                f"{speed:.0f}/s  {time.strftime('%H:%M:%S')}",
                flush=True,
            )
            losses, right = [], []
        if time.monotonic() - saved > SAVED_EVERY_SECONDS or done >= arguments.pictures:
            states = {"network": network.state_dict(), "mean": mean.state_dict(), "optimiser": optimiser.state_dict()}
            torch.save({**states, "done": done}, arguments.out / "state.part")
            (arguments.out / "state.part").replace(place)
            write(mean.module, arguments, done)
            saved = time.monotonic()
    return mean.module


def batches(scenes: Scenes, done: int, arguments: argparse.Namespace) -> Iterator[tuple[Tensor, Tensor]]:
    """Give what is still to be learnt, drawn by other processes meanwhile."""
    drawn = Drawn(scenes, done, arguments.pictures, arguments.side)
    yield from DataLoader(
        drawn, arguments.batch, num_workers=arguments.drawers, prefetch_factor=8, worker_init_fn=_alone, drop_last=True
    )


def _alone(_: int) -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def write(network: nn.Module, arguments: argparse.Namespace, done: int) -> None:
    """Write the network without its classifier as timm's ``local-dir`` folder."""
    left_out = network.pretrained_cfg["classifier"] if hasattr(network, "pretrained_cfg") else "classifier"
    state = {
        name: value.to(torch.float16 if value.is_floating_point() else value.dtype).contiguous()
        for name, value in network.state_dict().items()
        if not name.startswith(f"{left_out}.") and not name.endswith("num_batches_tracked")
    }
    safetensors.torch.save_file(state, arguments.out / "model.safetensors")
    facts = {
        "architecture": arguments.backbone,
        "num_classes": 0,
        "pretrained_cfg": {"mean": [MEAN] * 3, "std": [STD] * 3, "input_size": [3, arguments.side, arguments.side]},
        "made": {"by": "tools/pretrain.py", "pictures": done, "seed": arguments.seed, "classes": arguments.classes},
    }
    (arguments.out / "config.json").write_text(json.dumps(facts, indent=1) + "\n")


def main() -> None:
    """Read the command line and make the weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--backbone", default="nin_small")
    parser.add_argument(
        "--classes", type=int, nargs=3, default=[600, 200, 200], metavar=("THINGS", "FRACTALS", "TEXTURES")
    )
    parser.add_argument("--pictures", type=int, default=1_000_000)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--drawers", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    train(arguments)
    print(f"{time.monotonic() - began:.0f} s; {arguments.out / 'model.safetensors'}")


if __name__ == "__main__":
    main()
