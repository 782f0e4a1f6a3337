"""Hub processes on PostgreSQL and Mosquitto: failover, stalls, orderly ends, wrong databases."""

import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from simulators.demo.processes import free_port
from simulators.servers.postgres import PostgresCluster
from simulators.servers.server import BrokerServer
from tests.databases import as_admin, fresh_on
from tests.integration.conftest import eventually
from tests.integration.service import Service, has_said, hub_processes


@pytest.fixture
def database(cluster: PostgresCluster) -> Iterator[str]:
    with fresh_on(cluster) as fresh:
        yield fresh()


@pytest.fixture
def start(tmp_path: Path, mosquitto: BrokerServer, database: str) -> Iterator[Callable[..., Service]]:
    with hub_processes(tmp_path, mosquitto.address, database) as start:
        yield start


def _rows(cluster: PostgresCluster, url: str, statement: str) -> list[object]:
    return as_admin(cluster, statement, database=str(make_url(url).database))


def test_a_worker_works_on_after_its_database_was_read_only_for_a_while(
    start: Callable[..., Service], cluster: PostgresCluster, database: str
) -> None:
    name = make_url(database).database
    worker = start("worker")
    eventually(lambda: has_said(worker, "connected to the broker"), "the worker works")
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - a name of ours
    as_admin(cluster, f"ALTER DATABASE {name} SET default_transaction_read_only = on", end)
    eventually(lambda: has_said(worker, "the database is not available, trying again"), "it notices")
    as_admin(cluster, f"ALTER DATABASE {name} SET default_transaction_read_only = off", end)
    before = _rows(cluster, database, "SELECT max(until_ms) FROM leases")
    eventually(lambda: _rows(cluster, database, "SELECT max(until_ms) FROM leases") > before, "it renews its lease")
    assert worker.end() == 0


def test_a_worker_that_lost_its_partitions_leaves_the_broker_to_who_has_them(start: Callable[..., Service]) -> None:
    stalled = start("worker", "--lease-ms=2000")
    eventually(lambda: has_said(stalled, "connected to the broker"), "the first works")
    stalled.process.send_signal(signal.SIGSTOP)
    follower = start("worker", "--lease-ms=2000")
    eventually(lambda: has_said(follower, "connected to the broker"), "the follower works", 40)
    stalled.process.send_signal(signal.SIGCONT)
    eventually(lambda: has_said(stalled, "partitions are held by another process", 8), "the first goes on waiting")
    told = [(line["message"], line.get("cause")) for line in follower.logged()]
    assert follower.messages().count("lost the broker, trying again") <= 1, told


def test_a_worker_that_is_told_to_end_gives_its_partitions_back(
    start: Callable[..., Service], cluster: PostgresCluster, database: str
) -> None:
    left = []
    for _ in range(4):
        worker = start("worker")
        eventually(partial(has_said, worker, "connected to the broker"), "the worker works")
        assert worker.end() == 0
        left.append((_rows(cluster, database, "SELECT holder FROM leases"), worker.messages()[-4:]))
    assert [rows for rows, _ in left] == [[]] * 4, left


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_all_texts_is_refused(
    start: Callable[..., Service], cluster: PostgresCluster, encoding: str
) -> None:
    name = f"hub_in_{encoding.lower()}"
    as_admin(
        cluster,
        f"DROP DATABASE IF EXISTS {name}",
        f"CREATE DATABASE {name} OWNER tillsync TEMPLATE template0 ENCODING '{encoding}' "
        "LOCALE 'C' LOCALE_PROVIDER libc",
    )
    try:
        worker = start("worker", url=cluster.url(name))
        eventually(
            lambda: worker.process.poll() is not None or has_said(worker, "started"), "it refuses, or begins to work"
        )
        assert worker.process.poll() == 1, "it works on a database that cannot hold Chinese"
        assert "UTF8" in worker.log_text()
    finally:
        cluster.drop_database(name)


@pytest.mark.parametrize("wrong", ["database", "role"])
def test_a_wrong_url_is_refused_by_name(start: Callable[..., Service], cluster: PostgresCluster, wrong: str) -> None:
    url = cluster.url("no_such_database") if wrong == "database" else cluster.url().replace("tillsync@", "nobody@")
    worker = start("worker", url=url)
    eventually(lambda: worker.process.poll() is not None, "it refuses", 8)
    assert worker.process.poll() == 1


def test_a_role_that_may_not_make_tables_is_told_so(start: Callable[..., Service], cluster: PostgresCluster) -> None:
    # PostgreSQL 15: only the owner of a database may create in its schema "public".
    as_admin(cluster, "DROP DATABASE IF EXISTS of_another", "CREATE DATABASE of_another TEMPLATE template0")
    try:
        worker = start("worker", url=cluster.url("of_another"))
        eventually(lambda: worker.process.poll() is not None, "it refuses", 8)
        assert worker.process.poll() == 1
        assert "permission denied" in worker.log_text()
    finally:
        cluster.drop_database("of_another")


def test_the_same_command_given_twice_names_the_hub_that_runs(start: Callable[..., Service]) -> None:
    port = f"--http-port={free_port()}"
    first = start("all", port)
    eventually(lambda: has_said(first, "started"), "the first runs")
    second = start("all", port)
    assert second.process.wait(20) == 1
    assert f"process {first.process.pid}" in second.log_text(), second.log_text()
