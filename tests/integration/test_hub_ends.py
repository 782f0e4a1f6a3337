"""Starts and ends of the hub's processes: whatever runs, wherever its database and broker are."""

import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulators.demo.processes import free_port
from simulators.servers.postgres import temporary_cluster
from tests.integration.conftest import eventually
from tests.integration.service import Service

NOT_AVAILABLE = "not available, trying again"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts processes of one hub; whatever still runs is killed at the end."""
    services: list[Service] = []

    def run(role: str, *options: str) -> Service:
        port = free_port()
        web = (f"--http-port={port}",) if role in {"all", "api"} else ()
        arguments = ("hub.cli", role, f"--directory={tmp_path / 'hub'}", *web, *options)
        services.append(Service(tmp_path / f"{role}.log", f"http://127.0.0.1:{port}", *arguments))
        return services[-1]

    yield run
    for service in services:
        service.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_all_in_one_ends_with_callers_connected(number: signal.Signals, start: Callable[..., Service]) -> None:
    hub = start("all", "--embedded-broker-port=0")
    kept = hub.wait_ready()
    port = int(hub.address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as idle:
        assert hub.end(number) == 0
        assert idle.recv(1) == b""
    kept.close()
    assert [message for message in hub.messages() if message in {"started", "stopping", "stopped"}] == [
        "started", "stopping", "stopped",
    ]  # fmt: skip
    assert not [line for line in hub.logged() if line["level"] == "ERROR"]
    started = next(line for line in hub.logged() if line["message"] == "started")
    assert {"version", "pid", "address", "broker", "database", "schema", "role"} <= set(started)


@pytest.mark.parametrize("role", ["worker", "jobs"])
def test_processes_that_run_apart_end_and_show_their_metrics(role: str, start: Callable[..., Service]) -> None:
    port = free_port()
    broker = (f"--broker=mqtt://127.0.0.1:{free_port()}",) if role == "worker" else ()
    service = start(role, f"--metrics-port={port}", *broker)
    eventually(lambda: "started" in service.messages(), f"the {role} starts")
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert b"tillsync_hub_broker_connected 0.0" in answer
    assert service.end() == 0
    assert service.messages()[-1] == "stopped"


def test_a_hub_whose_database_is_away_waits_says_why_and_ends_when_told(start: Callable[..., Service]) -> None:
    address = f"127.0.0.1:{free_port()}"
    hub = start("api", f"--database=postgresql+psycopg://tillsync:hunter2@{address}/tillsync")
    eventually(lambda: hub.messages().count(NOT_AVAILABLE) >= 2, "attempts are told")
    waits = [line for line in hub.logged() if line["message"] == NOT_AVAILABLE]
    assert [line["attempt"] for line in waits[:2]] == [1, 2]
    assert "refused" in waits[0]["cause"]
    assert hub.end() == 0
    assert "hunter2" not in hub.log_text()
    assert "started" not in hub.messages()


@pytest.mark.slow
def test_a_hub_outlives_its_database_at_the_start_and_in_the_middle(start: Callable[..., Service]) -> None:
    with temporary_cluster(free_port()) as cluster:
        cluster.stop()
        hub = start("all", f"--database={cluster.url()}", "--embedded-broker-port=0")
        eventually(lambda: NOT_AVAILABLE in hub.messages(), "the hub waits for its database")
        cluster.start()
        client = hub.wait_ready()
        assert client.call("POST", "/api/stores", {"store": "a", "name": "A"}).ok

        cluster.kill()
        eventually(lambda: client.call("GET", "/readyz").status == 503, "the hub is not ready without its database")
        assert client.call("GET", "/healthz").status == 200
        refused = client.call("POST", "/api/stores", {"store": "b", "name": "B"})
        assert (refused.status, refused.code) == (503, "unavailable")

        cluster.start()
        eventually(lambda: client.call("GET", "/readyz").ok, "the hub is ready again")
        assert [store["store"] for store in client.get("/api/stores")["stores"]] == ["a"]
        assert client.call("POST", "/api/stores", {"store": "b", "name": "B"}).ok
        assert hub.end() == 0
        client.close()
