"""No list and no redirect reaches an address that is not public: by number, by spelling, by name, or by rebinding."""

import ipaddress
import shutil
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import httpcore2
import pytest
from hypothesis import given
from hypothesis import strategies as some

from mekiki.config import CollectSettings
from mekiki.data.collecting.addresses import why_not_public
from mekiki.data.collecting.collecting import collect
from mekiki.progress import Silent
from mekiki.records.collected import CollectedPhoto
from tests.data.made_server import redirect, serving

NASTY = {
    "0.0.0.0": "unspecified",
    "0.1.2.3": "unspecified",
    "10.1.2.3": "private",
    "100.64.0.1": "carrier-grade NAT",
    "100.100.100.200": "cloud metadata",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "168.63.129.16": "cloud metadata",
    "169.254.0.1": "link-local",
    "169.254.169.254": "cloud metadata",
    "169.254.170.2": "cloud metadata",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.1": "reserved",
    "192.0.0.192": "cloud metadata",
    "192.0.2.1": "documentation",
    "192.88.99.1": "reserved",
    "192.168.1.1": "private",
    "198.19.255.255": "benchmarking",
    "203.0.113.9": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "::": "unspecified",
    "::1": "loopback",
    "::127.0.0.1": "reserved",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:10.0.0.1": "private",
    "::ffff:169.254.169.254": "cloud metadata",
    "::ffff:0:127.0.0.1": "reserved",
    "64:ff9b::7f00:1": "loopback",
    "64:ff9b::a9fe:a9fe": "cloud metadata",
    "64:ff9b:1::1": "reserved",
    "100::1": "reserved",
    "2001::1": "Teredo tunnel",
    "2001:10::1": "reserved",
    "2001:db8::1": "documentation",
    "2002:7f00:1::1": "6to4 tunnel",
    "2002:808:808::1": "6to4 tunnel",
    "3fff::1": "documentation",
    "4000::1": "reserved",
    "5f00::1": "reserved",
    "fc00::1": "private",
    "fd00:ec2::254": "cloud metadata",
    "fd12:3456::1": "private",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "::1%1": "loopback",
    "fec0::1": "private",
    "ff02::1": "multicast",
}
PUBLIC = (
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
    "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "223.255.255.255", "2606:4700::1111", "2a00:1450::1",
    "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808",
)  # fmt: skip


@pytest.mark.parametrize(("address", "kind"), NASTY.items())
def test_an_address_that_is_not_public_is_known_by_its_kind(address: str, kind: str) -> None:
    assert why_not_public(address) == kind


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_let_through(address: str) -> None:
    assert why_not_public(address) == ""


def _is_special(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return (
        not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified
    ) and address not in ipaddress.ip_network("64:ff9b::/96")


@given(some.one_of(some.ip_addresses(v=4), some.ip_addresses(v=6)))
def test_nothing_passes_that_the_standard_library_calls_special(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if _is_special(address) and not str(address).startswith("::ffff:"):
        assert why_not_public(str(address))


@given(some.ip_addresses(v=4))
def test_an_ipv4_address_inside_ipv6_is_judged_like_itself(address: ipaddress.IPv4Address) -> None:
    for inside in (0xFFFF << 32, 0x0064FF9B << 96):
        assert why_not_public(str(ipaddress.IPv6Address(inside | int(address)))) == why_not_public(str(address))


@pytest.fixture(autouse=True)
def no_way_out(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Even where the guard fails, these tests connect to this machine only; the list is what else was tried."""
    plain = httpcore2.AnyIOBackend.connect_tcp
    others: list[str] = []

    async def connect(backend: Any, host: str, port: int, *more: Any, **options: Any) -> Any:
        if host in ("127.0.0.1", "::1", "0.0.0.0", "::ffff:127.0.0.1", "::ffff:7f00:1"):
            return await plain(backend, host, port, *more, **options)
        others.append(host)
        raise httpcore2.ConnectError("these tests stay at home")

    monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", connect)
    return others


def one(tmp_path: Path, url: str, **settings: Any) -> CollectedPhoto:
    (tmp_path / "list.csv").write_text(f'url,label\n"{url}",SG\n', encoding="utf-8")
    quick = {"delay": 0, "backoff": 0.01, "retries": 1, "connect_seconds": 1, **settings}
    return collect(tmp_path / "list.csv", tmp_path / "out", CollectSettings(**quick), Silent()).records[0]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "LOCALHOST.", "127.1", "2130706433", "0x7f.1", "0x7f000001", "0", "127。0。0。1",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]",
    ],
)  # fmt: skip
def test_no_spelling_of_this_machine_reaches_it(tmp_path: Path, host: str) -> None:
    with serving() as server:
        record = one(tmp_path, server.url("/photo/1.jpg", host))
        unknown = "looked up" in record.reason or "there is no host" in record.reason
        assert "not on the public internet" in record.reason or (unknown and host == "LOCALHOST.")
        assert not server.requests


def test_the_same_address_is_reached_if_it_is_allowed(tmp_path: Path) -> None:
    with serving() as server:
        assert one(tmp_path, server.url("/photo/1.jpg", "2130706433"), allow_private=True).status == "ok"


def test_the_reason_names_host_address_and_kind(tmp_path: Path) -> None:
    assert one(tmp_path, "http://127.0.0.1/a.jpg").reason == (
        "127.0.0.1 is a loopback address, not on the public internet"
    )
    assert one(tmp_path, "http://0x7f.1/a.jpg").reason == (
        "0x7f.1 is the loopback address 127.0.0.1, not on the public internet"
    )


@pytest.mark.parametrize("address", ["169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.169.254]"])
def test_cloud_metadata_is_never_asked_also_where_private_is_allowed(
    tmp_path: Path, address: str, no_way_out: list[str]
) -> None:
    assert "cloud metadata" in one(tmp_path, f"http://{address}/latest/", allow_private=True).reason
    with serving() as server:
        server.routes["/away"] = redirect(f"http://{address}/latest/")
        record = one(tmp_path, server.url("/away"), allow_private=True)
        assert (record.status, "cloud metadata" in record.reason) == ("refused", True)
    assert not no_way_out


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.org/a.jpg", "the address is neither http nor https (ftp:…)"),
        ("file:///etc/passwd", "the address is neither http nor https (file:…)"),
        ("javascript:alert(1)", "the address is neither http nor https (javascript:…)"),
        ("www.example.org/a.jpg", "the address is neither http nor https ('www.example.org/a.jpg')"),
        ("http:///a.jpg", "the address names no host"),
        ("http://me:secret@example.org/a.jpg", "the address holds a user name or password"),
        ("http://good.org\\@127.0.0.1/", "the address holds a user name or password"),
        ("http://example.org:25/a.jpg", "the address has port 25; expected 80, 443 or one from 1024 to 65535"),
        ("http://example.org:0/a.jpg", "the address has port 0; expected 80, 443 or one from 1024 to 65535"),
        ("http://example.org:99999/a.jpg", "the address has port 99999; expected 80, 443 or one from 1024 to 65535"),
        ("http://[::1/a.jpg", "the address cannot be read"),
        ("http://0177.0.0.1/a.jpg", "the address cannot be read"),
        ("http://ⓛocalhost/a.jpg", "the address cannot be read"),
        ("http://example.org/" + "a" * 8000, "the address has 8,019 characters; the limit is 8,000"),
        ("http://" + "a" * 300 + ".org/", "is no host name"),
        ("http://a..b/", "is no host name"),
    ],
)
def test_an_address_that_cannot_be_asked_says_why(tmp_path: Path, url: str, reason: str) -> None:
    record = one(tmp_path, url)
    assert record.status == "refused"
    assert reason in record.reason


def test_a_host_that_does_not_exist_fails_for_now(tmp_path: Path) -> None:
    record = one(tmp_path, "http://no-such-host.invalid/a.jpg", robots=False)
    assert record.status == "failed"
    assert "no-such-host.invalid" in record.reason


class Resolver:
    """A name server that gives each question for ``photos.test`` another answer."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int, *more: Any, **options: Any) -> list[Any]:
        addresses = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]


def test_a_name_that_changes_its_answer_gains_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_way_out: list[str]
) -> None:
    """First the check sees a public address; the connection must go there, and not to what a second question says."""
    resolver = Resolver(["93.184.215.14"], ["127.0.0.1"])
    with serving() as server:
        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        record = one(tmp_path, server.url("/photo/1.jpg", "photos.test"), robots=False, retries=0)
        assert (record.status, no_way_out, resolver.asked) == ("failed", ["93.184.215.14"], 1)
        record = one(tmp_path, server.url("/photo/1.jpg", "photos.test"), robots=False, retries=0)
        assert (record.status, no_way_out) == ("refused", ["93.184.215.14"])
        assert not server.requests


def test_one_private_address_among_public_ones_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        monkeypatch.setattr(socket, "getaddrinfo", Resolver(["93.184.215.14", "127.0.0.1"]))
        record = one(tmp_path, server.url("/photo/1.jpg", "photos.test"))
        assert record.reason == "photos.test is the loopback address 127.0.0.1, not on the public internet"
        assert not server.requests


def test_a_redirect_to_a_private_address_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first host counts as public here: its answers pretend to, and its connections are led to the test server."""
    plain = httpcore2.AnyIOBackend.connect_tcp

    async def connect(backend: Any, host: str, port: int, *more: Any, **options: Any) -> Any:
        return await plain(backend, "127.0.0.1" if host == "93.184.215.14" else host, port, *more, **options)

    real = socket.getaddrinfo
    public = Resolver(["93.184.215.14"])

    def look_up(host: str, port: int, *more: Any, **options: Any) -> Any:
        return public(host, port) if host == "photos.test" else real(host, port, *more, **options)

    with serving() as server, serving() as inside:
        server.routes["/there"] = redirect(inside.url("/photo/1.jpg", "localhost"))
        server.routes["/home"] = redirect("/photo/2.jpg")
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", connect)
        assert one(tmp_path, server.url("/home", "photos.test")).status == "ok"
        record = one(tmp_path, server.url("/there", "photos.test"))
        assert record.status == "refused"
        assert "loopback" in record.reason
        assert not inside.requests


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"])
def test_no_proxy_of_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with serving() as server, serving() as proxy:
        monkeypatch.setenv(name, proxy.url(""))
        assert one(tmp_path, server.url("/photo/1.jpg"), allow_private=True).status == "ok"
        assert not proxy.requests


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for localhost."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    command = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run(
        [openssl, *command.split(), "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder,
        capture_output=True,
        check=True,
    )
    return folder / "cert.pem", folder / "key.pem"


def test_certificates_are_always_checked(
    tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with serving(lambda plain: context.wrap_socket(plain, server_side=True)) as server:
        link = server.url("/photo/1.jpg", "localhost", "https")
        record = one(tmp_path, link, allow_private=True, robots=False)
        assert record.status == "failed"
        assert record.reason == "its certificate is not trusted (self-signed certificate)"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        assert one(tmp_path, link, allow_private=True).status == "ok"
        other_name = one(tmp_path, server.url("/photo/2.jpg", scheme="https"), allow_private=True, robots=False)
        assert "certificate is not trusted" in other_name.reason
        server.routes["/down"] = redirect(f"http://localhost:{server.port}/photo/1.jpg")
        downgraded = one(tmp_path, server.url("/down", "localhost", "https"), allow_private=True)
        assert downgraded.status == "refused"
        assert "it redirects from https to the unprotected http://localhost" in downgraded.reason
