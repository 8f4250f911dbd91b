"""Reads files behind addresses: web addresses and object stores, and lists what lies in a folder of a store.

The network is asked only for addresses that the user's list names. Web addresses go the way of ``collecting/``: the
address that was checked is the one that is connected to, redirects are checked again, robots.txt is obeyed. Object
stores are read by fsspec with the credentials of the environment. Bytes and time are bounded; what goes wrong with one
file is a ``PictureError`` whose message is a predicate. Nothing is decoded here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any, Self

from mekiki.config import ClusterSettings, CollectSettings
from mekiki.data.collecting.asking import Answer
from mekiki.data.collecting.fetching import Fetcher
from mekiki.data.collecting.trouble import Trouble
from mekiki.data.folders import is_address
from mekiki.errors import DataError, PictureError, SettingsError, one_line

WEB = ("http", "https")
PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs"}
"""Object stores, and the package that fsspec needs for each."""
PLAIN = ("file", "memory")
"""Further file systems of fsspec that can be named; all others could be made to run programs or to unpack archives."""
_MEGABYTE = 1_000_000


def is_web(place: str) -> bool:
    """Tell a web address from all else."""
    return _scheme(place) in WEB


def check_address(address: str) -> None:
    """Refuse an address of a kind that cannot be read here.

    Args:
        address: For example "s3://bucket/photos/".

    Raises:
        SettingsError: It is of an unknown kind, or the package that reads it is not installed.
    """
    scheme = _scheme(address)
    if scheme in WEB:
        return
    if scheme not in PACKAGES and scheme not in PLAIN:
        known = ", ".join(f"{name}://" for name in (*WEB, *PACKAGES, *PLAIN))
        raise SettingsError(f"{address}: {scheme}:// is no kind of address that can be read", f"known: {known}")
    for package in ("fsspec", PACKAGES.get(scheme, "fsspec")):
        if find_spec(package) is None:
            raise SettingsError(f"{address}: {scheme}:// needs the package {package}", f"pip install {package}")


def list_store(address: str) -> Iterator[str]:
    """Yield the addresses of all files below a folder of an object store, in the order of their names.

    Args:
        address: The folder.

    Raises:
        DataError: It cannot be listed.
    """
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(address)
        found = sorted(system.find(path))
    except Exception as error:  # the stores' packages have no common base
        raise DataError(
            f"{address} cannot be listed: {one_line(error, 160)}", "check the name, and who may read"
        ) from None
    yield from (system.unstrip_protocol(name) for name in found)


class Remote:
    """Reads files behind addresses, from several threads; to be used in a ``with`` block.

    Args:
        settings: Bounds of bytes and time, and whether private addresses may be asked.
        threads: How many will read at once.
    """

    def __init__(self, settings: ClusterSettings, threads: int = 1) -> None:
        self._settings = settings
        self._threads = max(1, threads)
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._fetching: tuple[Any, Fetcher] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()

    def read(self, address: str) -> bytes:
        """Return the bytes behind an address.

        Args:
            address: http, https, or that of an object store.

        Raises:
            PictureError: They cannot be had; the message is the reason, without the address.
        """
        return self._from_web(address) if is_web(address) else self._from_store(address)

    def _from_web(self, address: str) -> bytes:
        portal, fetcher = self._web()
        try:
            content: bytes = portal.call(fetcher.fetch, address, _content)
        except Trouble as trouble:
            raise PictureError(f"cannot be fetched: {trouble.reason}") from None
        return content

    def _web(self) -> tuple[Any, Fetcher]:
        """Return the event loop that asks, and what is asked there; both begin with the first web address."""
        from anyio.from_thread import start_blocking_portal

        with self._lock:
            if self._fetching is None:
                portal = self._stack.enter_context(start_blocking_portal())
                self._fetching = portal, portal.call(self._fetcher)
            return self._fetching

    async def _fetcher(self) -> Fetcher:
        settings = self._settings
        return Fetcher(
            CollectSettings(
                connections=min(64, self._threads),
                per_host=min(8, self._threads),
                delay=0.0,
                file_seconds=settings.file_seconds,
                max_megabytes=settings.file_megabytes,
                allow_private=settings.allow_private,
                robots=settings.robots,
            )
        )

    def _from_store(self, address: str) -> bytes:
        limit = int(self._settings.file_megabytes * _MEGABYTE)
        try:
            check_address(address)
            content = _fetch(address, limit + 1, self._settings.file_seconds)
        except SettingsError as error:
            raise PictureError(f"cannot be fetched: {error.message}") from None
        except FileNotFoundError:
            raise PictureError("does not exist") from None
        except TimeoutError:
            raise PictureError(f"cannot be fetched: not done within {self._settings.file_seconds:g} seconds") from None
        except Exception as error:  # the stores' packages have no common base
            raise PictureError(f"cannot be fetched: {one_line(error, 120)}") from None
        if len(content) > limit:
            raise PictureError(f"cannot be fetched: the limit is {self._settings.file_megabytes:g} MB")
        return content


def _scheme(address: str) -> str:
    return address.partition("://")[0].lower() if is_address(address) else ""


async def _content(answer: Answer) -> bytes:
    return answer.content


def _fetch(address: str, most: int, seconds: float) -> bytes:
    """Return at most so many bytes of a file of an object store."""
    import fsspec
    from fsspec.asyn import AsyncFileSystem, sync

    system, path = fsspec.core.url_to_fs(address)
    if isinstance(system, AsyncFileSystem):
        content: bytes = sync(system.loop, system._cat_file, path, 0, most, timeout=seconds)
        return content
    with system.open(path, "rb") as file:
        read: bytes = file.read(most)
    return read
