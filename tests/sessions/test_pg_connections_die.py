"""The database connection dies at any statement, before and after the commit: nothing is lost, doubled or told too early."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text

from hub.storage.tables import entities
from loyalty.programme import Programme, WelcomeCoupon
from tests.databases import POSTGRESQL
from tests.sessions.chain import Chain
from tests.sessions.checks import finally_all_is_well
from tests.sessions.conftest import MakeChain
from tests.sessions.till import main_points

pytestmark = pytest.mark.parametrize("fresh_database", [POSTGRESQL], indirect=True)


@contextmanager
def _killer(chain: Chain, seed: int, every: int) -> Iterator[dict[str, int]]:
    """End the backend before one statement in `every`, before one commit in ten, and right after one in ten."""
    database = chain.hub.context.database
    engine = database.writing_engine
    chance = random.Random(seed)  # noqa: S311 - repeatable
    lock = threading.Lock()
    killed = {"statement": 0, "before commit": 0, "after commit": 0, "statements": 0, "commits": 0}
    real_commit = engine.dialect.do_commit

    with database.raw_connection() as admin:

        def kill(dbapi_connection: Any, kind: str) -> None:
            pid = dbapi_connection.info.backend_pid
            with lock:
                admin.execute(f"SELECT pg_terminate_backend({pid}, 5000)")
                killed[kind] += 1

        def before(connection: Any, *_: Any) -> None:
            with lock:
                killed["statements"] += 1
                hit = chance.randrange(every) == 0
            if hit:
                kill(connection.connection.driver_connection, "statement")

        def commit(dbapi_connection: Any) -> None:
            killed["commits"] += 1
            roll = chance.randrange(8)
            if roll == 0:
                kill(dbapi_connection.driver_connection, "before commit")
            real_commit(dbapi_connection)
            if roll == 1:
                kill(dbapi_connection.driver_connection, "after commit")
                raise psycopg.OperationalError("the connection was lost while it committed")

        event.listen(engine, "before_cursor_execute", before)
        engine.dialect.do_commit = commit  # type: ignore[method-assign]
        try:
            yield killed
        finally:
            event.remove(engine, "before_cursor_execute", before)
            engine.dialect.do_commit = real_commit  # type: ignore[method-assign]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_connections_that_die_anywhere_cost_nothing(make_chain: MakeChain, workers: int, seed: int) -> None:
    chain = make_chain("a", "b", "d", workers=workers)
    chain.hub.write_programme(Programme(float_points_max=50, welcome_coupon=WelcomeCoupon(500, 0, "券", "coupon")))
    chain.connect_all()
    chance = random.Random(seed)  # noqa: S311 - repeatable
    with _killer(chain, seed, 150) as killed:
        for turn in range(12):
            for till in chain.tills.values():
                card = f"CARD-{chance.randrange(10)}"
                member = till.find(card)
                if member is None and till.node()["blind_index_key"] is not None:
                    member = till.enrol(card)
                till.sell(1_000 + turn, member=member)
                till.sweep()
                if till.session.state == "welcomed":
                    till.ask_member(f"CARD-{chance.randrange(10)}")
                    held = till.rows("SELECT entity FROM entities WHERE entity LIKE 'm:%'")
                    if held:
                        till.ask_rights(main_points(chance.choice(held)["entity"]), 5 + turn)
            chain.run(700)
        chain.run(20_000)
    print(killed)
    assert min(killed.values()) > 0
    chain.settle()
    chain.settle()
    finally_all_is_well(chain)
    coupons = [row for row in chain.hub.rows(entities) if row.kind == "c"]
    assert len({row.owner for row in coupons}) == len(coupons), "one welcome coupon a member"
    with chain.hub.context.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM marks")).scalar_one() == 0
