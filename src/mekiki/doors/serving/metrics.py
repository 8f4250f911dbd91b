"""What the service counts, for Prometheus. Labels come from lists of our own, so no client can make new series."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_PICTURES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The service's figures.

    Attributes:
        requests: Answered requests by route and status; 499 is a client that left.
        seconds: From a request's first line to the end of its answer, by route.
        pictures: Pictures by outcome: "answered" or "unreadable".
        batch: Pictures in a batch.
        batch_seconds: Seconds that the model took for a batch.
        reloads: By result: "new" or "kept".
        malformed: Connections cut off before there was a request: "malformed", "slow" or "too_many".
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.requests = self._counter("requests", "Requests by route and status", "route", "status")
        self.seconds = self._histogram("request_seconds", "Seconds a request took", _SECONDS, "route")
        self.pictures = self._counter("pictures", "Pictures by outcome", "outcome")
        self.batch = self._histogram("batch_pictures", "Pictures in a batch", _PICTURES)
        self.batch_seconds = self._histogram("batch_seconds", "Seconds a batch took", _SECONDS)
        self.reloads = self._counter("reloads", "Attempts to load a new model by result", "result")
        self.malformed = self._counter("cut_off", "Connections cut off without a request, by reason", "reason")

    def watch(self, name: str, words: str, read: Callable[[], float]) -> None:
        """Add a figure that is read when it is asked for.

        Args:
            name: Without "mekiki_".
            words: What it is.
            read: Returns it.
        """
        Gauge(f"mekiki_{name}", words, registry=self._registry).set_function(read)

    def text(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return generate_latest(self._registry)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"mekiki_{name}", words, labels, registry=self._registry)

    def _histogram(self, name: str, words: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"mekiki_{name}", words, labels, buckets=buckets, registry=self._registry)
