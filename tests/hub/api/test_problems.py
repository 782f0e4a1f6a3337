"""Every refusal is a problem document; every answer carries the headers that browsers need."""

import json
import logging
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import httpx
import pytest
from sqlalchemy import Engine, NullPool, create_engine, event

from hub.api.guards import BODY_BYTES_MAX, BULK_BODY_BYTES_MAX
from hub.api.stores import repository
from tests.hub.api.conftest import Hub

JSON = {"Content-Type": "application/json"}


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, object] = response.json()
    assert problem["type"] == f"urn:tillsync:problem:{code}"
    assert problem["code"] == code
    assert problem["status"] == status
    assert {"title", "detail", "next_step"} <= set(problem)
    return problem


def test_health_tells_who_answers(hub: Hub) -> None:
    assert hub.get("/api/health") == {"ok": True, "hub_n": 1, "version": hub.api.version}


@pytest.mark.parametrize("path", ["/nothing", "/api/nothing", "/static/nothing.js", "/static/%2e%2e/context.py"])
def test_an_unknown_path_is_a_problem(hub: Hub, path: str) -> None:
    assert_problem(hub.http.get(path), 404, "no-such-path")


def test_a_wrong_method_is_a_problem_that_names_the_right_ones(hub: Hub) -> None:
    response = hub.http.delete("/api/programme")
    assert_problem(response, 405, "method-not-allowed")
    assert "GET" in response.headers["allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b'{"store": "a", "name": "\x00"}',
        b'{"store":' + b"9" * 5_000 + b"}",
        b"[" * 200_000,
    ],
)
def test_a_malformed_body_is_a_problem(hub: Hub, body: bytes) -> None:
    response = hub.http.post("/api/stores", content=body, headers=JSON)
    assert response.status_code in {400, 422}
    assert_problem(response, response.status_code, "malformed-json" if response.status_code == 400 else "invalid")


@pytest.mark.parametrize(
    "body", ['{"store": "a", "name": "\\ud800"}', '{"store": "\\ud800", "name": "a"}', "[]", "null", '{"store": NaN}']
)
def test_json_that_is_no_store_is_a_problem(hub: Hub, body: str) -> None:
    response = hub.http.post("/api/stores", content=body.encode(), headers=JSON)
    assert_problem(response, 422, "invalid")


def test_what_was_sent_is_not_repeated_in_the_problem(hub: Hub) -> None:
    response = hub.http.post("/api/stores", json={"store": "SECRET" * 1_000, "name": 1})
    assert "SECRET" not in response.text


def test_many_errors_are_cut_short(hub: Hub) -> None:
    response = hub.http.post("/api/catalogue/items", json={"items": [{}] * 1_000})
    problem = assert_problem(response, 422, "invalid")
    assert isinstance(problem["errors"], list)
    assert len(problem["errors"]) == 50


def test_a_body_larger_than_declared_allowed_is_refused(hub: Hub) -> None:
    response = hub.http.post("/api/stores", content=b" " * (BODY_BYTES_MAX + 1), headers=JSON)
    assert_problem(response, 413, "too-large")
    assert hub.get("/api/health")["ok"]


def test_a_body_of_undeclared_size_is_refused_once_too_large(hub: Hub) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"items": ['
        for _ in range(BULK_BODY_BYTES_MAX // 65_536 + 1):
            yield b" " * 65_536

    response = hub.http.post("/api/catalogue/items", content=pieces(), headers=JSON)
    assert_problem(response, 413, "too-large")
    assert hub.get("/api/health")["ok"]


def test_the_bulk_catalogue_may_be_larger(hub: Hub) -> None:
    body = json.dumps({"items": [{"code": "a", "price_minor": 1, "tax_bp": 0}]}) + " " * BODY_BYTES_MAX
    assert hub.http.post("/api/catalogue/items", content=body.encode(), headers=JSON).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_write_that_is_no_json_is_refused(hub: Hub, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    for method, path in (("POST", "/api/stores"), ("PUT", "/api/programme"), ("POST", "/api/quarantine/a-1/1/settle")):
        response = hub.http.request(method, path, content=b'{"store": "a", "name": "a"}', headers=headers)
        assert_problem(response, 415, "not-json")
    assert hub.get("/api/stores") == {"stores": []}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "[::2]", "127.0.0.1.evil.example", "[::1]x"])
def test_a_foreign_host_name_is_refused(hub: Hub, host: str) -> None:
    assert_problem(hub.http.get("/api/health", headers={"Host": host}), 400, "unknown-host")


@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST:1", "[::1]", "[::1]:8000", "testserver"])
def test_the_loopback_names_are_served(hub: Hub, host: str) -> None:
    assert hub.http.get("/api/health", headers={"Host": host}).status_code == 200


def _impatient_engine(hub: Hub) -> Engine:
    """Make an engine that does not wait for locks, so that the test need not either."""
    engine = create_engine(hub.context.settings.database_url(), poolclass=NullPool, connect_args={"timeout": 0})
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    event.listen(engine, "connect", lambda connection, _record: setattr(connection, "isolation_level", None))
    return engine


def test_a_locked_database_is_told_as_unavailable(
    make_hub: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub(database="")
    with closing(sqlite3.connect(hub.context.settings.directory / "hub.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(hub.context.database, "_writer", _impatient_engine(hub))
        response = hub.http.post("/api/stores", json={"store": "a", "name": "a"})
    problem = assert_problem(response, 503, "unavailable")
    assert response.headers["retry-after"] == "1"
    assert "locked" in str(problem["detail"])


def test_an_unexpected_error_tells_nothing_of_its_inside_and_is_logged_once(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError("inside of the hub")

    monkeypatch.setattr(repository, "read_stores", broken)
    with caplog.at_level(logging.WARNING):
        response = hub.http.get("/api/stores")
    assert_problem(response, 500, "unexpected")
    assert "inside" not in response.text.replace("Something went wrong inside the hub", "")
    logged = [record for record in caplog.records if record.exc_info]
    assert [record.name for record in logged] == ["hub.api.problems"]
    assert response.headers["x-content-type-options"] == "nosniff"


def test_answers_of_the_api_are_neither_kept_nor_framed(hub: Hub) -> None:
    for path in ("/api/health", "/api/nothing"):
        headers = hub.http.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"


def test_the_description_names_every_path_problems_and_the_limits_of_this_version(hub: Hub) -> None:
    described = hub.get("/openapi.json")
    assert described["info"]["title"] == "Tillsync hub"
    assert "loopback interface only" in described["info"]["description"]
    assert "Staff login" in described["info"]["description"]
    assert {
        "/api/health",
        "/api/stores",
        "/api/stores/{store}",
        "/api/members",
        "/api/members/{member}",
        "/api/receipts",
        "/api/receipts/{receipt}",
        "/api/receipt-refs",
        "/api/balances",
        "/api/export/members.csv",
        "/api/export/stores.csv",
        "/api/programme",
        "/api/catalogue/items",
        "/api/dead-letters",
        "/api/quarantine",
        "/api/quarantine/{actor}/{number}/settle",
        "/api/alarms",
        "/api/live",
        "/api/live/lag",
    } == set(described["paths"])
    for path in described["paths"].values():
        for operation in path.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            assert "422" not in operation["responses"]
    named = set(described["components"]["schemas"])
    assert {"Problem", "FieldError", "ProgrammeDocument"} <= named
    assert not {"HTTPValidationError", "ValidationError"} & named


def test_the_docs_may_load_their_parts_and_pages_may_not(hub: Hub) -> None:
    docs = hub.http.get("/docs")
    assert docs.status_code == 200
    assert "https:" not in docs.headers["content-security-policy"]
    parts = re.findall(r'(?:src|href)="(/[^"]+)"', docs.text)
    assert len(parts) >= 3
    assert [part for part in parts if hub.http.get(part).status_code != 200] == []
    page = hub.http.get("/")
    assert page.headers["content-security-policy"].startswith("default-src 'self'; ")
    assert "unsafe" not in page.headers["content-security-policy"]
