"""The database ends transactions at any point: nothing is lost, doubled or told too early.

Connections die before any statement, before the commit and just after it; deadlocks are called out in the middle.
"""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from hub.storage.tables import entities, marks
from loyalty.programme import Programme, WelcomeCoupon
from tests.databases import POSTGRESQL
from tests.sessions.chain import Chain
from tests.sessions.checks import finally_all_is_well
from tests.sessions.conftest import MakeChain
from tests.sessions.till import main_points

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("fresh_database", [POSTGRESQL], indirect=True)]

FAULTS_OF_A_KIND_MAX = 15
"""Then the hub is left in peace: a large transaction would never come to its end."""

CALLED_OUT = "DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$"


@contextmanager
def _faults(chain: Chain, seed: int, statements_between: int, commits_between: int) -> Iterator[dict[str, int]]:
    """Make transactions fail by chance for as long as the block lasts; count how."""
    database = chain.hub.context.database
    engine = database.writing_engine
    chance = random.Random(seed)  # noqa: S311 - repeatable
    lock = threading.Lock()
    done = {"died at a statement": 0, "deadlock": 0, "died before the commit": 0, "died after the commit": 0}
    real_commit = engine.dialect.do_commit

    with database.raw_connection() as admin:

        def hit(kind: str, one_in: int) -> bool:
            with lock:
                is_hit = done[kind] < FAULTS_OF_A_KIND_MAX and chance.randrange(one_in) == 0
                done[kind] += is_hit
            return is_hit

        def kill(connection: Any) -> None:
            with lock:
                admin.execute(f"SELECT pg_terminate_backend({connection.info.backend_pid}, 5000)")

        def before(connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
            if hit("died at a statement", statements_between):
                kill(connection.connection.driver_connection)
            if hit("deadlock", statements_between):
                return CALLED_OUT, {}
            return statement, parameters

        def commit(connection: Any) -> None:
            if hit("died before the commit", commits_between):
                kill(connection.driver_connection)
            real_commit(connection)
            if hit("died after the commit", commits_between):
                kill(connection.driver_connection)
                raise psycopg.OperationalError("the connection was lost while it committed")

        event.listen(engine, "before_cursor_execute", before, retval=True)
        engine.dialect.do_commit = commit  # type: ignore[method-assign,assignment]
        try:
            yield done
        finally:
            event.remove(engine, "before_cursor_execute", before)
            engine.dialect.do_commit = real_commit  # type: ignore[method-assign]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("seed", [1, 2])
def test_transactions_that_fail_anywhere_cost_nothing(make_chain: MakeChain, workers: int, seed: int) -> None:
    chain = make_chain("a", "b", "d", workers=workers)
    chain.hub.write_programme(Programme(float_points_max=50, welcome_coupon=WelcomeCoupon(500, 0, "券", "coupon")))
    chain.connect_all()
    chance = random.Random(seed)  # noqa: S311 - repeatable
    with _faults(chain, seed, 400, 4) as done:
        for turn in range(12):
            for till in chain.tills.values():
                card = f"CARD-{chance.randrange(10)}"
                member = till.find(card) or till.enrol(card)
                till.sell(1_000 + turn, member=member)
                till.sweep()
                till.ask_member(f"CARD-{chance.randrange(10)}")
                held = till.rows("SELECT entity FROM entities WHERE entity LIKE 'm:%'")
                till.ask_rights(main_points(chance.choice(held)["entity"]), 5 + turn)
            chain.run(700)
        chain.run(20_000)
    assert min(done.values()) > 0, done
    chain.settle()
    finally_all_is_well(chain)
    owners = [row.owner for row in chain.hub.rows(entities, entities.c.kind == "c")]
    assert len(set(owners)) == len(owners), "one welcome coupon a member"
    assert chain.hub.rows(marks) == []
