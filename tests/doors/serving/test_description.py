"""What the service answers is what its OpenAPI file says, whatever is asked that the file allows or forbids."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.doors.serving.asking import grey, photo
from tests.doors.serving.running import Running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
TOKEN = "a-token-of-sixteen-or-more"
OPERATIONS = [
    ("/predict", "post"), ("/explain", "post"), ("/admin/reload", "post"), ("/model", "get"), ("/health", "get"),
    ("/ready", "get"), ("/metrics", "get"),
]  # fmt: skip
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
)


@pytest.fixture(scope="module")
def service(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    token = tmp_path_factory.mktemp("description") / "token"
    token.write_text(TOKEN)
    options = ("--body-seconds", "5", "--patience", "1000", "--token-file", str(token))
    running = Running(run, token.with_name("log"), *options)
    yield running
    running.process.kill()
    running.process.wait(30)


@pytest.fixture(scope="module")
def described(service: Running) -> Any:
    """The service's own description, as schemathesis reads it; imported only here, because that takes seconds."""
    schemathesis = pytest.importorskip("schemathesis")
    import requests
    from hypothesis import strategies as st

    pictures = st.one_of(st.sampled_from([grey(9), photo(1), photo(2)[:300], b"GIF89a"]), st.binary(max_size=300))
    for kind in ("image/*", "application/octet-stream"):
        schemathesis.openapi.media_type(kind, pictures)
    found = requests.get(f"http://127.0.0.1:{service.port}/openapi.json", headers=bearer(TOKEN), timeout=60).json()
    return schemathesis.openapi.from_dict(found)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def ask_as_described(described: Any, service: Running, path: str, method: str, examples: int) -> set[int]:
    """Ask for what the description allows and what it forbids, hold each answer against it; return the statuses."""
    import schemathesis

    operation, came = described[path][method], set[int]()
    allowed = operation.as_strategy()
    forbidden = operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
    checks = [getattr(schemathesis.checks, name) for name in CHECKS]

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), database=None)
    @given(case=allowed | forbidden)
    def hold(case: Any) -> None:
        where = f"http://127.0.0.1:{service.port}"
        came.add(case.call_and_validate(where, headers=bearer(TOKEN), checks=checks, timeout=60).status_code)

    hold()
    return came


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_each_route_answers_what_the_description_says(described: Any, service: Running, path: str, method: str) -> None:
    came = ask_as_described(described, service, path, method, 25)
    assert 200 in came or path == "/explain"
    assert 422 in came or path not in ("/predict", "/explain")


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_each_route_answers_what_it_says_to_hundreds(described: Any, service: Running, path: str, method: str) -> None:
    assert 200 in ask_as_described(described, service, path, method, 400)


def test_every_route_is_described_and_asked(described: Any) -> None:
    assert {(path, method) for path in described for method in described[path]} == set(OPERATIONS)


def without_422(described: dict[str, Any]) -> None:
    del described["paths"]["/predict"]["post"]["responses"]["422"]


def with_other_words(described: dict[str, Any]) -> None:
    described["components"]["schemas"]["Fault"]["required"] = ["error", "hint", "reason"]


def without_the_type_of_figures(described: dict[str, Any]) -> None:
    good = described["paths"]["/metrics"]["get"]["responses"]["200"]
    good["content"] = {"application/json": good["content"].pop("text/plain")}


@pytest.mark.parametrize(
    ("plant", "path", "method", "fault"),
    [
        (without_422, "/predict", "post", "Undocumented status code"),
        (with_other_words, "/predict", "post", "Response violates schema"),
        (without_the_type_of_figures, "/metrics", "get", "Undocumented Content-Type"),
    ],
)
def test_a_lie_in_the_description_is_found(
    described: Any, service: Running, plant: Callable[[dict[str, Any]], None], path: str, method: str, fault: str
) -> None:
    import schemathesis

    changed = copy.deepcopy(described.raw_schema)
    plant(changed)
    with pytest.raises(BaseExceptionGroup, match=fault):
        ask_as_described(schemathesis.openapi.from_dict(changed), service, path, method, 25)
