"""Looks at files by workers, for a scan: what ``data/scans/looking.py`` sees of each, without a model."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import pyarrow as pa

from mekiki.cluster.parts import Job, Row
from mekiki.cluster.work import NOT_NAMED, Columns, Doing, Work
from mekiki.config import ClusterSettings
from mekiki.data.folders import is_address
from mekiki.data.pictures import PILLOW_SILENCE, read_steady
from mekiki.data.remote import Remote
from mekiki.data.scans.looking import look_at
from mekiki.data.scans.looks import Look
from mekiki.data.scans.stamps import Stamp, stamp_of
from mekiki.tensors.ahead import prepared_ahead

_GROUP = 32


@dataclass(frozen=True)
class LookWork(Work):
    """What a scan sees of each file.

    Attributes:
        max_megapixels: A picture with more pixels is not decoded, in millions.
        cluster: Bounds of what is fetched from addresses.
        threads: Of each worker.
    """

    max_megapixels: float
    cluster: ClusterSettings
    threads: int = 2

    def begin(self, stack: ExitStack) -> Doing:
        remote = stack.enter_context(Remote(self.cluster, self.threads))

        def read(place: str) -> tuple[bytes, Stamp | None]:
            return (remote.read(place), None) if is_address(place) else read_steady(place)

        def look(row: Row) -> bytes:
            place = row.listed.place
            seen = look_at(place, self.max_megapixels, read) if place else Look(error=NOT_NAMED)
            return seen.to_bytes()

        def do(rows: Sequence[Row]) -> Columns:
            groups = [rows[start : start + _GROUP] for start in range(0, len(rows), _GROUP)]
            with PILLOW_SILENCE:
                looks = [seen for _, some in prepared_ahead(groups, look, self.threads) for seen in some]
            return {"look": pa.array(looks, pa.binary())}

        return do


def looks_of(job: Job, max_megapixels: float) -> Iterator[Look]:
    """Yield what ``LookWork`` wrote, in the order of the list; a file that changed since is looked at again here.

    Args:
        job: The parts.
        max_megapixels: As for the work.
    """
    for part in range(job.parts):
        rows, table = job.read_list(part), job.read(part, ["look"])
        for row, content in zip(rows, table["look"].to_pylist(), strict=True):
            look, place = Look.from_bytes(content), row.listed.place
            yield look if is_address(place) or _still_true(place, look) else look_at(place, max_megapixels)


def _still_true(place: str, look: Look) -> bool:
    try:
        return look.stamp == stamp_of(os.stat(place))  # noqa: PTH116  a Path for each costs more
    except OSError:
        return look.stamp is None and not look.sha256
