"""Opening the hub's database: what is refused by name, what is waited for, and what is the same on both kinds."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text

from hub.errors import DatabaseNotOurs, DatabaseTooNew, DatabaseUrlUnusable
from hub.storage.database import HubDatabase, sqlite_url
from hub.storage.sets import among, insert_new, upsert, upsert_greatest
from hub.storage.tables import counters, entities, marks, meta, metadata
from simulators.demo.processes import free_port
from simulators.servers.postgres import FOR_TESTS, PostgresCluster
from sync_protocol.hub_ports import StoreUnavailable
from tests.databases import FreshDatabase, fresh_on

SECRET = "correct-horse"  # noqa: S105 - looked for in messages, opens nothing


@pytest.fixture
def url(tmp_path: Path, fresh_database: FreshDatabase) -> str:
    return fresh_database() or sqlite_url(tmp_path / "hub.db")


@pytest.fixture
def database(url: str) -> Iterator[HubDatabase]:
    database = HubDatabase(url)
    database.migrate()
    yield database
    database.close()


def test_the_migrations_make_exactly_the_tables_that_the_program_uses(database: HubDatabase) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(database: HubDatabase) -> None:
    with database.write() as connection:
        connection.execute(insert(meta).values(key="kept", number=7))
    database.migrate()
    with database.read() as connection:
        assert connection.execute(select(meta.c.number).where(meta.c.key == "kept")).scalar_one() == 7


def test_a_database_of_a_newer_program_is_refused_by_name(database: HubDatabase) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew, match=r"newer Tillsync.*9999.*Install the newer version"):
        database.migrate()


def test_a_database_of_somebody_else_is_refused_by_name(database: HubDatabase) -> None:
    with database.write() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    with pytest.raises(DatabaseNotOurs, match=r"actors.*--database"):
        database.migrate()


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("nonsense", "cannot be read as a URL"),
        (f"oracle://me:{SECRET}@host/db", "'oracle' is no kind of database"),
        (f"postgresql+psycopg2://me:{SECRET}@host/db", "'postgresql\\+psycopg2' is no kind of database"),
        (f"postgresql+psycopg://me:{SECRET}@host:port/db", "cannot be read as a URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_told_without_its_password(url: str, cause: str) -> None:
    with pytest.raises(DatabaseUrlUnusable, match=rf"{cause}.*Write sqlite:///PATH or postgresql\+psycopg://") as told:
        HubDatabase(url)
    assert SECRET not in str(told.value)


def test_a_server_that_is_away_is_unavailable_and_its_password_is_not_told() -> None:
    database = HubDatabase(f"postgresql://me:{SECRET}@127.0.0.1:{free_port()}/db")
    with pytest.raises(StoreUnavailable, match="refused") as told:
        database.migrate()
    database.close()
    assert SECRET not in str(told.value)
    assert SECRET not in database.name


def test_several_processes_may_migrate_one_new_database_at_once(cluster: PostgresCluster) -> None:
    url = cluster.create_database("migrated_at_once")
    code = "import sys; from hub.storage.database import HubDatabase; HubDatabase(sys.argv[1]).migrate()"
    processes = [subprocess.Popen([sys.executable, "-c", code, url], stderr=subprocess.PIPE) for _ in range(3)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
    cluster.drop_database("migrated_at_once")


def test_several_processes_may_make_one_new_key_store_at_once(tmp_path: Path, cluster: PostgresCluster) -> None:
    keys = cluster.create_database("keys_at_once")
    code = (
        "import sys; from pathlib import Path; from hub.context import open_context; "
        "from hub.settings import HubSettings; "
        "context = open_context(HubSettings(directory=Path(sys.argv[1]), keystore=sys.argv[2])); "
        "print(context.keys.blind_index_key().hex())"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), keys], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    found = set()
    for process in processes:
        told, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
        found.add(told)
    assert len(found) == 1
    cluster.drop_database("keys_at_once")


def test_commits_are_durable_though_the_server_is_tuned_otherwise(cluster: PostgresCluster) -> None:
    assert FOR_TESTS["synchronous_commit"] == "off"
    with fresh_on(cluster) as fresh:
        database = HubDatabase(fresh())
        with database.write() as connection:
            assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
        database.close()


def test_a_server_that_comes_back_is_worked_with_again(cluster: PostgresCluster) -> None:
    with fresh_on(cluster) as fresh:
        database = HubDatabase(fresh())

        def count(connection: Connection) -> int:
            upsert(connection, meta, [{"key": "count", "number": 1}])
            return int(connection.execute(select(meta.c.number)).scalar_one())

        assert database.transact(count) == 1
        cluster.kill()
        with pytest.raises(StoreUnavailable):
            database.transact(count)
        cluster.start()
        assert database.transact(count) == 1
        database.close()


def test_text_keys_are_in_the_order_of_their_bytes(database: HubDatabase) -> None:
    names = ["m:a-1:10", "m:a-1:9", "m:B", "m:a", "m:~", "m:a-1", "m:é"]
    with database.write() as connection:
        insert_new(connection, entities, [{"entity": name, "kind": "m", "fields": b""} for name in names])
        found = list(connection.execute(select(entities.c.entity).order_by(entities.c.entity)).scalars())
        after = list(connection.execute(select(entities.c.entity).where(entities.c.entity > "m:a-1:10")).scalars())
    assert found == sorted(names, key=str.encode)
    assert set(after) == {"m:a-1:9", "m:~", "m:é"}


AWKWARD = ["plain", 'quo"te', "back\\slash", "{brace,comma}", "NULL", "", "新会员", "per%cent", "semi;colon'"]


def test_any_number_of_awkward_keys_is_looked_up_at_once(database: HubDatabase) -> None:
    many = [f"k{number}" for number in range(3_000)] + AWKWARD
    with database.write() as connection:
        insert_new(connection, meta, [{"key": key, "number": place} for place, key in enumerate(many)])
        insert_new(connection, meta, [{"key": AWKWARD[0], "number": -1}])
        found = {
            row.key: row.number for row in connection.execute(select(meta).where(among(meta.c.key, [*many, "none"])))
        }
        assert connection.execute(select(meta).where(among(meta.c.key, []))).all() == []
        ids = connection.execute(select(meta.c.key).where(among(meta.c.number, [0, 2**40]))).scalars().all()
    assert found == {key: place for place, key in enumerate(many)}
    assert ids == ["k0"]


def test_rows_are_replaced_or_joined_by_their_maximum(database: HubDatabase) -> None:
    key = {"account": "x:1", "node": "a-1", "hub_n": 1}
    with database.write() as connection:
        upsert_greatest(connection, counters, "made", [{**key, "owner": None, "made": 2**62}])
        upsert_greatest(connection, counters, "made", [{**key, "owner": None, "made": 5}])
        upsert_greatest(connection, counters, "used", [{**key, "owner": None, "used": 3}])
        row = connection.execute(select(counters)).one()
        upsert(connection, meta, [{"key": "k", "number": 1}])
        upsert(connection, meta, [{"key": "k", "number": 0}])
        number = connection.execute(select(meta.c.number).where(meta.c.key == "k")).scalar_one()
        assert connection.execute(select(marks)).all() == []
    assert (row.made, row.used) == (2**62, 3)
    assert number == 0
