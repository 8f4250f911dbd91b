"""The same service on Ray Serve: each replica is the application of ``application.py`` around a model of its own.

Ray Serve listens, shares requests out and starts and ends replicas by how many requests are under way; each replica
batches those that it gets. What stands before a request on one machine (``connections.py``: slow headers, the number of
connections) is Ray's here, and figures are those of the replica that is asked. The model is what its files hold when a
replica starts, so it is not loaded again while it is served.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from mekiki.cluster.asking import Asked
from mekiki.cluster.connecting import connected
from mekiki.config import ReplicaSettings, ServeSettings
from mekiki.doors.serving.application import make_application
from mekiki.doors.serving.gate import Gate
from mekiki.doors.serving.listening import listen
from mekiki.doors.serving.models import Models, load_served
from mekiki.doors.serving.process import log_to_stderr
from mekiki.errors import MekikiError, one_line

NAME = "mekiki"
_GRACE_SECONDS = 5.0
"""So much later than a replica itself Ray gives a request up."""


def serve_on_ray(asked: Asked, settings: ServeSettings, replicas: ReplicaSettings, token: str | None) -> None:
    """Serve by replicas on a Ray cluster until a signal says stop.

    Args:
        asked: The model, as replicas load it.
        settings: Where it listens, bounds and times.
        replicas: Which cluster, and how many replicas of how many cores.
        token: What clients must bring; None: nothing.

    Raises:
        MekikiError: The replicas cannot be started, or there is no cluster.
        SettingsError: The address is taken, or not this machine's.
    """
    with listen(settings.host, settings.port) as free:  # a clear word before Ray tries, and a port if any will do
        settings = settings.model_copy(update={"port": free.getsockname()[1]})
    with connected(replicas.address), _until_told() as stop:
        ray_serve = import_module("ray.serve")
        try:
            _deploy(ray_serve, asked, settings, replicas, token)
            name = f"[{settings.host}]" if ":" in settings.host else settings.host
            print(f"serving: http://{name}:{settings.port}", file=sys.stderr, flush=True)
            stop.wait()
        finally:
            ray_serve.shutdown()


@contextmanager
def _until_told() -> Iterator[threading.Event]:
    """Give what is set by SIGTERM or Ctrl-C while the block runs; Ray's own handlers would end the process."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _deploy(
    ray_serve: Any, asked: Asked, settings: ServeSettings, replicas: ReplicaSettings, token: str | None
) -> None:
    """Start the replicas, and listen when the first answers."""
    for name in ("ray.serve", "ray"):
        logging.getLogger(name).setLevel(logging.ERROR)
    ray_serve.start(
        proxy_location="HeadOnly",
        http_options={
            "host": settings.host,
            "port": settings.port,
            "request_timeout_s": settings.answer_seconds + settings.body_seconds + _GRACE_SECONDS,
        },
        logging_config={"enable_access_log": False, "log_level": "ERROR"},
    )
    on_gpu = asked.settings.device == "cuda"
    deployment = ray_serve.deployment(
        ray_serve.ingress(application_builder(asked, settings, token))(),
        name=NAME,
        ray_actor_options={"num_cpus": replicas.cores, "num_gpus": 1 if on_gpu else 0},
        max_ongoing_requests=settings.queue,
        graceful_shutdown_timeout_s=settings.stop_seconds,
        autoscaling_config={
            "min_replicas": replicas.least_replicas,
            "max_replicas": replicas.most_replicas,
            "target_ongoing_requests": settings.most_batch,
        },
    )
    try:
        ray_serve.run(deployment.bind(), name=NAME, route_prefix="/")
    except Exception as error:  # Ray's errors are of many kinds, which differ between its versions
        raise MekikiError(f"the replicas could not be started: {one_line(error, 300)}", "see Ray's logs") from error


def application_builder(asked: Asked, settings: ServeSettings, token: str | None) -> Callable[[], Gate]:
    """Return what a replica calls once: it loads the model and gives the application.

    Args:
        asked: The model.
        settings: Bounds and times.
        token: What clients must bring; None: nothing.
    """

    def build() -> Gate:
        log_to_stderr()
        if asked.settings.device != "cuda":
            os.environ["CUDA_VISIBLE_DEVICES"] = ""  # Ray hides them from nobody
        models = Models(
            lambda: load_served(asked.run, asked.settings, asked.weights, asked.engine), settings.most_batch
        )
        return make_application(models, settings, token, reloads=False)[0]

    return build
