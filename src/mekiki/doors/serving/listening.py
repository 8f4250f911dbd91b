"""The socket that the service will answer at.

It is taken before torch is loaded, so that a port that is not to be had is told at once.
"""

from __future__ import annotations

import socket
import sys

from mekiki.errors import SettingsError


def listen(host: str, port: int) -> socket.socket:
    """Return a socket with an address of its own; nobody can connect to it yet.

    Args:
        host: Address to listen at.
        port: 0: any that is free.

    Raises:
        SettingsError: It is taken, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would share a port that is taken
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise SettingsError(
            f"cannot listen at {host}, port {port}: {reason}", "--port with another one, or --host"
        ) from None
    return listener
