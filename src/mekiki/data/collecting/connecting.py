"""Opens connections to checked addresses only: name → addresses → check → connect to exactly the one that was checked.

A name is looked up once per connection and never again, so a name server that changes its answer between the check
and the connection (DNS rebinding) gains nothing. Every hop of a redirect comes through here, and so do odd spellings
such as ``http://2130706433/``, because what the system's resolver makes of them is what is judged. TLS still checks
the certificate against the name. No proxy of the environment is used: behind one, nobody could know what is reached.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterable

import anyio
import anyio.to_thread
import httpcore2

from mekiki.data.collecting.addresses import METADATA, why_not_public
from mekiki.data.collecting.trouble import Trouble, refused


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """The network as httpcore sees it, without the addresses that must not be asked.

    Args:
        allow_private: Whether private, loopback and other addresses that are not public may be asked.
    """

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._plain = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Look the host up, check each of its addresses, and connect to the first that answers.

        Raises:
            Trouble: There is no such host, or one of its addresses is not public.
            httpcore2.ConnectError: None of them takes the connection.
            httpcore2.ConnectTimeout: The time was up first.
        """
        ends = anyio.current_time() + (60.0 if timeout is None else timeout)
        with anyio.CancelScope(deadline=ends):
            addresses = await look_up(host, port)
            check_addresses(host, addresses, self._allow_private)
            return await self._first_that_answers(addresses, port, ends, local_address, socket_options)
        raise httpcore2.ConnectTimeout

    async def _first_that_answers(
        self,
        addresses: list[str],
        port: int,
        ends: float,
        local_address: str | None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None,
    ) -> httpcore2.AsyncNetworkStream:
        failure: Exception = httpcore2.ConnectError("it has no address")
        for number, address in enumerate(addresses):
            share = (ends - anyio.current_time()) / (len(addresses) - number)
            try:
                return await self._plain.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await anyio.sleep(seconds)


async def look_up(host: str, port: int) -> list[str]:
    """Ask the system for a host's numeric addresses.

    Raises:
        Trouble: There is no such host, or its name cannot be looked up now.
    """
    try:
        found = await anyio.to_thread.run_sync(
            lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), abandon_on_cancel=True
        )
    except socket.gaierror as error:
        for_now = error.errno == socket.EAI_AGAIN
        reason = f"the name {host} cannot be looked up now" if for_now else f"there is no host {host}"
        raise Trouble("failed", reason, again=for_now, unreachable=True) from None
    except (UnicodeError, OSError, ValueError):
        raise refused(f"{host!r} is no host name") from None
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


def check_addresses(host: str, addresses: list[str], allow_private: bool) -> None:
    """Refuse a host if any of its addresses must not be asked.

    Args:
        host: Its name, for the message.
        addresses: Numeric.
        allow_private: Whether only those of cloud metadata are refused.

    Raises:
        Trouble: It has one; the reason names the host, the address and its kind.
    """
    for address in addresses:
        kind = why_not_public(address)
        if kind == METADATA or (kind and not allow_private):
            named = f"{host} is the {kind} address {address}" if host != address else f"{host} is a {kind} address"
            raise refused(f"{named}, not on the public internet")


def in_words(error: httpcore2.ConnectError) -> str:
    """Say why a connection could not be made: the system's words, or those of the certificate check."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({seen.verify_message})"
        if isinstance(seen, ssl.SSLError):
            return f"no TLS connection ({(seen.reason or str(seen)).replace('_', ' ').lower()})"
        if isinstance(seen, OSError) and seen.errno:
            return f"cannot connect ({os.strerror(seen.errno).lower()})"
        seen = seen.__cause__ or seen.__context__
    return f"cannot connect ({error})" if str(error) else "cannot connect"
