"""The model without any service, in full batches: what a service cannot pass. Called by ``serve.py``.

    python serve_bare.py RUN PHOTOS VIEWS BATCH THREADS

The photos' bytes are in memory. For each line ``decoding SECONDS`` or ``network SECONDS`` on stdin it works so long and
says how many pictures it answered about, and in how many seconds. ``decoding``: from bytes to the answer as a service
would send it, prepared by threads a little ahead. ``network``: ready squares to logits and answers.
"""

import json
import sys
import time
from itertools import cycle, islice
from pathlib import Path

import numpy as np

import mekiki
from mekiki.config import EvaluateSettings
from mekiki.progress import Silent


def main() -> None:
    run, photos, views, batch, threads = sys.argv[1:]
    size = int(batch)
    settings = EvaluateSettings(device="cpu", views=views, batch_size=size, workers=int(threads), max_megapixels=50)
    classifier = mekiki.load(run, settings)
    contents = [path.read_bytes() for path in sorted(Path(photos).iterdir())]
    many = list(islice(cycle(contents), 100_000))
    squares = np.stack([classifier.prepare(content) for content in many[:size]])
    classifier.ask(squares)
    print("ready", flush=True)
    for line in sys.stdin:
        what, seconds = line.split()
        done, began = 0, time.perf_counter()
        now, end = began, began + float(seconds)
        if what == "network":
            while now < end:
                done += len(classifier.ask(squares))
                now = time.perf_counter()
        else:
            for _, answer in classifier.answers(many, Silent()):
                json.dumps(classifier.say("", answer, 5).as_json())
                done += 1
                if (now := time.perf_counter()) >= end:
                    break
        print(json.dumps([done, now - began]), flush=True)


if __name__ == "__main__":
    main()
