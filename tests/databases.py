"""A fresh database for a hub, on SQLite or on a PostgreSQL cluster of the test run's own.

One rule: the cluster is made once a run, in a temporary folder, and ends with it; every hub gets an empty database.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy import text

from hub.storage.database import HubDatabase
from simulators.demo.processes import free_port
from simulators.servers.postgres import ADMIN, FOR_TESTS, PostgresCluster, temporary_cluster

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
KINDS: Final = (SQLITE, POSTGRESQL)
_TEMPLATE: Final = "migrated"

FreshDatabase = Callable[[], str]
"""Gives the URL of an empty database, migrated already; the empty string stands for SQLite in the hub's directory."""


@contextmanager
def running_cluster() -> Iterator[PostgresCluster]:
    """Run a cluster that holds a migrated, empty database to copy."""
    with temporary_cluster(free_port(), FOR_TESTS) as cluster:
        template = HubDatabase(cluster.create_database(_TEMPLATE))
        template.migrate()
        template.close()
        yield cluster


@contextmanager
def fresh_on(cluster: PostgresCluster) -> Iterator[FreshDatabase]:
    """Give a maker of empty databases in a cluster; they are dropped at the end."""
    made: list[str] = []

    def make() -> str:
        made.append(f"hub_{next(_numbers)}")
        return cluster.create_database(made[-1], _TEMPLATE)

    yield make
    for name in made:
        cluster.drop_database(name)


_numbers = itertools.count(1)


def somebody_waits(database: HubDatabase) -> bool:
    """Ask PostgreSQL whether anybody waits for a lock in this database."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with database.read() as connection:
        return bool(connection.execute(query).scalar_one())


def as_admin(cluster: PostgresCluster, *statements: str, database: str = ADMIN) -> list[object]:
    """Run statements as the cluster's administrator; return the rows of the last one."""
    with psycopg.connect(
        host=cluster.address.host,
        port=cluster.address.port,
        user=ADMIN,
        dbname=database,
        passfile=str(cluster.passfile),
        autocommit=True,
    ) as connection:
        found: list[object] = []
        for statement in statements:
            cursor = connection.execute(statement)
            found = list(cursor.fetchall()) if cursor.description else []
        return found
