"""Reads web addresses: what a list or a redirect gives becomes one that may be asked, or a reason why not.

Only spelling is judged here, by the parser of the HTTP client itself, so that check and use cannot differ. Which
machine stands behind a name is judged when connecting.
"""

from __future__ import annotations

from urllib.parse import unquote

import httpx2

from mekiki.data.collecting.trouble import refused

LONGEST = 8000
SCHEMES = ("http", "https")
WEB_PORTS = (80, 443)
FIRST_FREE_PORT = 1024


def parse_link(text: str, base: httpx2.URL | None = None) -> httpx2.URL:
    """Read one web address.

    Args:
        text: As it was written; spaces and letters outside ASCII are encoded.
        base: The address that redirects here; ``text`` may be relative to it.

    Returns:
        The address without its fragment.

    Raises:
        Trouble: It is no address, neither http nor https, holds a user name or password, or a port below 1024 that is
            not 80 or 443; a redirect from https to http.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise refused(f"the address has {len(text):,} characters; the limit is {LONGEST:,}")
    try:
        url = httpx2.URL(text) if base is None else base.join(text)
        url = url.copy_with(fragment=None)
    except (httpx2.InvalidURL, ValueError, UnicodeError) as error:
        raise refused(f"the address cannot be read ({error})") from None
    _check(url, to="" if base is None else " it redirects to")
    if base is not None and (base.scheme, url.scheme) == ("https", "http"):
        raise refused(f"it redirects from https to the unprotected {url}")
    return url


def _check(url: httpx2.URL, to: str) -> None:
    if url.scheme not in SCHEMES:
        shown = f"{url.scheme}:…" if url.scheme else repr(str(url)[:80])
        raise refused(f"the address{to} is neither http nor https ({shown})")
    if not url.host:
        raise refused(f"the address{to} names no host")
    if url.userinfo:
        raise refused(f"the address{to} holds a user name or password")
    port = url.port
    if port is not None and port not in WEB_PORTS and not FIRST_FREE_PORT <= port <= 65535:
        raise refused(f"the address{to} has port {port}; expected 80, 443 or one from 1024 to 65535")


def last_name(url: httpx2.URL) -> str:
    """Return the last part of an address's path, decoded, without its ending; "" if there is none."""
    name = unquote(url.path.rstrip("/").rpartition("/")[2], errors="replace")
    stem, dot, ending = name.rpartition(".")
    return stem if dot and stem and len(ending) <= 5 else name


def origin(url: httpx2.URL) -> str:
    """Return scheme, host and port: what one robots.txt speaks for."""
    return str(url.copy_with(path="/", query=None, fragment=None))
