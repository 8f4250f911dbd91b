"""What no tool can pass: decoding alone, and the network alone, photos a second; a process of ``predict.py``.

    python benchmarks/predict_limits.py decoding FOLDER BATCH
    python benchmarks/predict_limits.py network RUN BATCH

decoding   Pillow, each file opened and decoded in full to RGB, by as many threads or processes as there are cores,
           whichever is faster
network    the run's network with torch on one batch of ready tensors in channels_last order, on all cores: as it was
           trained, and with its batch norms folded into the convolutions, as mekiki asks it
"""

import json
import os
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

SECONDS = 4.0


def decode_some(paths: list[str]) -> int:
    from PIL import Image

    for path in paths:
        with Image.open(path) as image:
            image.convert("RGB")
    return len(paths)


def decoding(folder: str, batch: int) -> dict[str, float]:
    paths = sorted(str(path) for path in Path(folder).iterdir())
    chunks = [paths[start : start + batch] for start in range(0, len(paths), batch)]

    def speed(pool: Executor) -> float:
        list(pool.map(decode_some, chunks[:4]))
        began = time.perf_counter()
        return sum(pool.map(decode_some, chunks)) / (time.perf_counter() - began)

    cores = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(cores) as threads, ProcessPoolExecutor(cores) as processes:
        return {"decoding": max(speed(threads), speed(processes))}


def network(run: str, batch: int) -> dict[str, float]:
    import torch

    import mekiki
    from mekiki.config import EvaluateSettings

    classifier = mekiki.load(run, EvaluateSettings(device="cpu"))
    size = classifier.card.preprocessing.image_size
    pictures = torch.randn(batch, 3, size, size).contiguous(memory_format=torch.channels_last)

    def speed(asked: torch.nn.Module) -> float:
        with torch.inference_mode():
            for _ in range(2):
                asked(pictures)
            began, done = time.perf_counter(), 0
            while time.perf_counter() < began + SECONDS:
                asked(pictures)
                done += batch
            return done / (time.perf_counter() - began)

    return {"network": speed(classifier.model), "network folded": speed(classifier.network)}


def main() -> None:
    what, place, batch = sys.argv[1:]
    print(json.dumps({"decoding": decoding, "network": network}[what](place, int(batch))))


if __name__ == "__main__":
    main()
