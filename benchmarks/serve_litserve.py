"""LitServe with the same model, and its batching. Called by ``serve.py``.

    python serve_litserve.py RUN PORT VIEWS THREADS

One worker process that asks about up to 16 pictures at once and waits 5 ms for them, as ``mekiki serve`` does; the
pictures of a batch are prepared by as many threads as there are cores (LitServe by itself would prepare one after the
other). ``fast_queue`` (ZeroMQ) is on, its access log off. Its worker is given the same number of torch threads.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import litserve
import numpy as np
from starlette.requests import Request

import mekiki
from mekiki.config import EvaluateSettings
from mekiki.tensors.ahead import single_threaded_opencv

BATCH = 16
WINDOW_SECONDS = 0.005


class Photos(litserve.LitAPI):
    """What LitServe asks for."""

    def __init__(self, run: str, views: str, threads: int) -> None:
        super().__init__(max_batch_size=BATCH, batch_timeout=WINDOW_SECONDS, api_path="/predict")
        self.told = (run, views, threads)

    def setup(self, device: str) -> None:
        run, views, threads = self.told
        self.classifier = mekiki.load(run, EvaluateSettings(device="cpu", views=views))
        self.classes = len(self.classifier.card.classes)
        self.single = single_threaded_opencv()
        self.single.__enter__()
        self.threads = ThreadPoolExecutor(threads)
        self.classifier.ask(np.stack([self.classifier.prepare(np.zeros((300, 300, 3), np.uint8))] * BATCH))

    def decode_request(self, request: Request) -> bytes:
        return request["photo"].file.read()

    def batch(self, inputs: list[bytes]) -> np.ndarray:
        return np.stack(list(self.threads.map(self.classifier.prepare, inputs)))

    def predict(self, x: np.ndarray) -> list[Any]:
        return self.classifier.ask(x)

    def unbatch(self, output: list[Any]) -> list[Any]:
        return output

    def encode_response(self, output: Any) -> dict[str, Any]:
        return {"predictions": [self.classifier.say("", output, self.classes).as_json()]}


if __name__ == "__main__":
    run, port, views, threads = sys.argv[1:]
    os.environ["MKL_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = threads
    server = litserve.LitServer(Photos(run, views, int(threads)), accelerator="cpu", timeout=60, fast_queue=True)
    server.run(host="127.0.0.1", port=int(port), generate_client_file=False, access_log=False, log_level="warning")
