"""The connection to a Ray cluster: the one that is named, or one of its own on this machine for the time.

Whoever reaches a Ray cluster's ports can run programs in it, so none is joined that was not named, and one of its own
listens at the loopback address alone, asks for a token that nobody else knows, has no dashboard and little shared
memory, and ends with the block. Ray's usage reports are switched off.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from mekiki.data.scans.crew import all_cores
from mekiki.errors import MekikiError, one_line

DEFAULTS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "600"}
"""What Ray reads from the environment: no reports to its makers; time for workers on busy machines to import torch."""
ADDRESS = "RAY_ADDRESS"
OWN_STORE_BYTES = 300 * 2**20
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Ray's own switch for machines without a firewall; it is read when Ray is imported."""
_QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}


@contextmanager
def connected(address: str | None = None) -> Iterator[None]:
    """Be connected to a cluster while the block runs; a connection that is there already is used and stays.

    Args:
        address: host:port, or "auto": the cluster that ``ray start`` began on this machine; not given: that of
            ``RAY_ADDRESS``, else a cluster of its own.

    Raises:
        MekikiError: There is no cluster at the address.
    """
    wanted = os.environ.get(ADDRESS, "local") if address is None else address
    is_own = wanted == "local"
    with environment({**DEFAULTS, **(own_environment() if is_own else {})}):
        ray = import_module("ray")
        if ray.is_initialized():
            yield
            return
        passed = {"env_vars": {name: value for name, value in os.environ.items() if name.startswith("MEKIKI_")}}
        if is_own:
            _start(ray, passed)
        else:
            _join(ray, wanted, passed)
        try:
            yield
        finally:
            ray.shutdown()


def own_environment() -> dict[str, str]:
    """Return the variables of a cluster that nobody else can reach: loopback alone, and a token of its own."""
    return {**_LOOPBACK, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables that are not set yet while the block runs."""
    new = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)


def _start(ray: Any, passed: Mapping[str, Any]) -> None:
    ray.init(
        address="local",
        num_cpus=all_cores(),
        object_store_memory=OWN_STORE_BYTES,
        include_dashboard=False,
        runtime_env=passed,
        **_QUIET,
    )


def _join(ray: Any, address: str, passed: Mapping[str, Any]) -> None:
    try:
        ray.init(address=address, runtime_env=passed, **_QUIET)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise MekikiError(
            f"there is no Ray cluster at {address}: {one_line(error, 120)}",
            f"ray start --head there, or without --address and {ADDRESS}: a cluster of its own",
        ) from None
