"""The connection to a Ray cluster: the one that is named, the one of this machine, or one of its own for the time.

A cluster of its own listens at this machine's loopback address alone, has no dashboard and little shared memory, and
ends with the block. Ray's usage reports are switched off.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from mekiki.data.scans.crew import all_cores
from mekiki.errors import MekikiError, one_line

DEFAULTS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "600"}
"""What Ray reads from the environment: no reports to its makers; time for workers on busy machines to import torch."""
OWN_STORE_BYTES = 300 * 2**20
_QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}


@contextmanager
def connected(address: str | None = None) -> Iterator[None]:
    """Be connected to a cluster while the block runs; a connection that is there already is used and stays.

    Args:
        address: host:port; not given: that of ``RAY_ADDRESS``, else of this machine's cluster, else one of its own.

    Raises:
        MekikiError: There is no cluster at the address.
    """
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    ray = import_module("ray")
    if ray.is_initialized():
        yield
        return
    own = {name: value for name, value in os.environ.items() if name.startswith("MEKIKI_")}
    wanted = os.environ.get("RAY_ADDRESS") if address is None else address
    _connect(ray, wanted, {"env_vars": own})
    try:
        yield
    finally:
        ray.shutdown()


def _connect(ray: Any, wanted: str | None, environment: Mapping[str, Any]) -> None:
    if wanted != "local":
        try:
            ray.init(address=wanted or "auto", runtime_env=environment, **_QUIET)
            return
        except (ConnectionError, RuntimeError, ValueError) as error:
            if wanted:
                raise MekikiError(
                    f"there is no Ray cluster at {wanted}: {one_line(error, 120)}", "ray start --head, or leave it out"
                ) from None
    ray.init(
        address="local",
        num_cpus=all_cores(),
        object_store_memory=OWN_STORE_BYTES,
        include_dashboard=False,
        _node_ip_address="127.0.0.1",
        runtime_env=environment,
        **_QUIET,
    )
