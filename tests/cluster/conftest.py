"""A Ray cluster of several raylets on this machine, for tests of work that is shared out."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mekiki.cluster.connecting import DEFAULTS, environment, own_environment

collect_ignore_glob = [] if find_spec("ray") and find_spec("pyarrow") else ["test_*.py"]
"""Without the packages of the extra ``cluster`` there is no cluster; that its absence is said is tested in verbs."""

STORE_BYTES = 80 * 2**20


@contextmanager
def raylets(machines: int) -> Iterator[Any]:
    """A head without room for workers and some machines with one core each, at loopback alone; this process joins it."""
    with environment({**DEFAULTS, **own_environment()}):
        import ray
        from ray.cluster_utils import Cluster

        shape = {"object_store_memory": STORE_BYTES}
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **shape})
        try:
            cluster.machines = [cluster.add_node(num_cpus=1, **shape) for _ in range(machines)]
            ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
            yield cluster
        finally:
            ray.shutdown()
            cluster.shutdown()


def wait_for(done: Callable[[], Any], seconds: float = 400.0) -> Any:
    """Return the first thing that is there."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = done()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come in time")


def parts_in(folder: Path) -> list[Path]:
    return sorted((folder / "parts").glob("part-*.parquet"))
