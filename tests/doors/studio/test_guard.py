"""Another site cannot drive the studio, look into it or take its place; what comes in is bounded."""

import asyncio
from typing import Any

import pytest

pytest.importorskip("nicegui", reason="the studio needs nicegui: pip install '.[studio]'")

from mekiki.doors.addresses import is_loopback
from mekiki.doors.studio.guard import Guard

MOST = 1000
OWN = "127.0.0.1:8765"


class Inside:
    """What is guarded: reads the whole body and answers; remembers what reached it."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self.bytes = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.reached.append(scope["path"])
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        more = True
        while more:
            message = await receive()
            self.bytes += len(message.get("body", b""))
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"inside"})


def ask(
    guard: Guard,
    method: str = "GET",
    path: str = "/",
    query: str = "",
    kind: str = "http",
    parts: tuple[bytes, ...] = (b"",),
    **headers: str,
) -> tuple[int, dict[str, str], bytes]:
    """Ask once; return status, headers and body. A refused WebSocket is its close code."""
    given = {"host": OWN, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": kind, "method": method, "path": path, "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
    }  # fmt: skip
    waiting = [
        {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
        for number, part in enumerate(parts)
    ]
    if kind == "websocket":
        waiting = [{"type": "websocket.connect"}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(guard(scope, receive, send))
    first = sent[0]
    if first["type"].startswith("websocket"):
        return (101 if first["type"] == "websocket.accept" else first["code"]), {}, b""
    said = {name.decode(): value.decode() for name, value in first["headers"]}
    return first["status"], said, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture
def inside() -> Inside:
    return Inside()


@pytest.fixture
def guard(inside: Inside) -> Guard:
    return Guard(inside, None, MOST)


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "[::1]:8765", "LOCALHOST:1"])
def test_its_own_addresses_are_answered(guard: Guard, host: str) -> None:
    assert ask(guard, host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8765", "", "localhost.evil:8765", "[", "a@b"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_name_that_was_bent_to_this_machine_is_not_answered(
    guard: Guard, inside: Inside, host: str, kind: str
) -> None:
    status, _, body = ask(guard, host=host, kind=kind)
    assert status == (421 if kind == "http" else 1008)
    assert not inside.reached
    assert kind == "websocket" or b"not the studio's address" in body


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8765", "x"]
)
@pytest.mark.parametrize(("kind", "method"), [("http", "POST"), ("http", "GET"), ("websocket", "GET")])
def test_a_page_of_another_origin_may_not_use_it(
    guard: Guard, inside: Inside, origin: str, kind: str, method: str
) -> None:
    assert ask(guard, method, kind=kind, origin=origin)[0] in (403, 1008)
    assert not inside.reached


def test_its_own_page_may_post_and_open_a_socket(guard: Guard, inside: Inside) -> None:
    assert ask(guard, "POST", "/upload", origin=f"http://{OWN}")[0] == 200
    assert ask(guard, kind="websocket", origin=f"http://{OWN}")[0] == 101
    assert inside.reached == ["/upload", "/"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_what_changes_something_must_say_where_it_comes_from(guard: Guard, inside: Inside, method: str) -> None:
    status, _, body = ask(guard, method)
    assert status == 403
    assert b"only the studio's own pages" in body
    assert not inside.reached
    assert ask(guard, kind="websocket")[0] == 1008


def test_another_site_may_link_to_it_but_not_embed_it(guard: Guard) -> None:
    assert ask(guard, sec_fetch_site="cross-site", sec_fetch_mode="no-cors")[0] == 403
    assert ask(guard, sec_fetch_site="same-site", sec_fetch_mode="cors")[0] == 403
    assert ask(guard, sec_fetch_site="cross-site", sec_fetch_mode="navigate")[0] == 200
    assert "frame-ancestors 'self'" in ask(guard)[1]["content-security-policy"]


def test_every_answer_forbids_other_hosts(guard: Guard) -> None:
    said = ask(guard)[1]
    assert "default-src 'self'" in said["content-security-policy"]
    assert "http:" not in said["content-security-policy"]
    assert said["x-content-type-options"] == "nosniff"
    assert said["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("length", ["1001", "99999999999999999999", "-5", "many", "1e3"])
def test_a_length_beyond_the_bound_is_refused_unread(guard: Guard, inside: Inside, length: str) -> None:
    status, _, body = ask(guard, "POST", origin=f"http://{OWN}", content_length=length)
    assert (status, inside.bytes) == (413, 0)
    assert b"refused" in body


def test_a_body_that_grows_beyond_the_bound_is_cut_off(guard: Guard, inside: Inside) -> None:
    """A length that was not told, or was a lie, is counted while it comes in."""
    status, _, _ = ask(guard, "POST", origin=f"http://{OWN}", parts=(b"x" * 400,) * 5)
    assert status == 413
    assert inside.bytes <= MOST
    assert ask(guard, "POST", origin=f"http://{OWN}", parts=(b"x" * 500, b"y" * 500))[0] == 200


def test_with_a_token_nothing_is_answered_without_it(inside: Inside) -> None:
    guard = Guard(inside, "secret", MOST)
    for given in ({}, {"cookie": "mekiki_token=wrong"}, {"cookie": "mekiki_token="}, {"cookie": "=;;\x01"}):
        assert ask(guard, host="box.lan:8765", **given)[0] == 401
    assert ask(guard, query="token=wrong")[0] == 401
    assert ask(guard, kind="websocket", origin=f"http://{OWN}")[0] == 1008
    assert not inside.reached


def test_the_token_goes_into_a_cookie_and_out_of_the_address(inside: Inside) -> None:
    guard = Guard(inside, "secret", MOST)
    status, said, _ = ask(guard, path="/train", query="run=%2Fa+b&token=secret", host="box.lan:8765")
    assert (status, said["location"]) == (303, "/train?run=%2Fa+b")
    assert "HttpOnly" in said["set-cookie"]
    assert "SameSite=Strict" in said["set-cookie"]
    cookie = said["set-cookie"].partition(";")[0]
    assert ask(guard, host="box.lan:8765", cookie=f"other=1; {cookie}")[0] == 200
    assert ask(guard, "POST", host="box.lan:8765", cookie=cookie, origin="http://evil.example")[0] == 403


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example", "\\\\evil.example"])
def test_the_welcome_leads_nowhere_else(inside: Inside, path: str) -> None:
    location = ask(Guard(inside, "secret", MOST), path=path, query="token=secret")[1]["location"]
    assert location.startswith("/")
    assert location[1] not in "/\\"


def test_loopback_addresses_need_no_token() -> None:
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.0.0.5", "localhost", "::1"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "192.168.0.2", "127.evil.example", ""))
