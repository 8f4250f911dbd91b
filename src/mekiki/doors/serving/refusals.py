"""How the service says no: a status, and one line of JSON with what happened and what helps.

What is said here goes to strangers: no path of this machine, no trace, no text of an error that was not made for them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response

RETRY = "Retry-After"


class Refusal(Exception):
    """An answer that is none.

    Args:
        status: Of HTTP, 400 to 503.
        message: What happened, with the value; one line.
        hint: What the client can do; may be empty.
        headers: To send along.
    """

    def __init__(self, status: int, message: str, hint: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.hint = hint
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """Return it as a response."""
        return Response(error_line(self.message, self.hint), self.status, self.headers, "application/json")


def error_line(message: str, hint: str) -> bytes:
    """Return the body of a refusal: one line of JSON, in ASCII, so that no client's text breaks a log."""
    return json.dumps({"error": message, "hint": hint}).encode() + b"\n"


def busy(message: str, seconds: float) -> Refusal:
    """Return the refusal of a request for which there is no room now.

    Args:
        message: Of what there is too much.
        seconds: When to come again.
    """
    wait = max(1, round(seconds + 0.5))
    return Refusal(429, message, f"come again in {wait} s, or with fewer requests at a time", {RETRY: str(wait)})
