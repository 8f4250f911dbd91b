"""Where a verb about a catalogue computes: here, or on a Ray cluster. Nothing of Ray is imported for the former."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mekiki.cluster.engines import check_cluster, is_on_cluster
from mekiki.config import ClusterSettings
from mekiki.progress import Progress

if TYPE_CHECKING:
    from mekiki.verbs.sharing import SharedCatalogue


@contextmanager
def on_engine(
    engine: str, out: str | Path | None, cluster: ClusterSettings | None, progress: Progress
) -> Iterator[SharedCatalogue | None]:
    """Give what asks a cluster about a catalogue's photos; None: they are asked about here.

    Args:
        engine: "local" or "ray".
        out: What the verb writes; with ray it has to.
        cluster: With ray: where it runs.
        progress: Where to report to.

    Raises:
        SettingsError: There is no such engine, something that it needs is missing, or ``out`` is.
    """
    if not is_on_cluster(engine):
        yield None
        return
    check_cluster()
    from mekiki.verbs.sharing import SharedCatalogue

    with SharedCatalogue(out, cluster, progress) as shared:
        yield shared
