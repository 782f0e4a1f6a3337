"""Two transactions at the same time on PostgreSQL: the second waits for the first, and sees what it did.

One rule: nothing is left to luck. The first stays open until the database itself says that the second waits for it.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, select

from hub.api.stores.repository import create_store
from hub.context import HubContext
from hub.storage.cells import join_in_counters, join_in_registers, unpack
from hub.storage.kernel_store import SqlHubStore
from hub.storage.tables import entities, heads
from sync_protocol.cells import Counter, Register
from sync_protocol.entries import Entry
from sync_protocol.hub_ports import Accepted
from sync_protocol.messages import MemberKey, WantRights
from tests.databases import somebody_waits
from tests.integration.conftest import eventually

ACCOUNT = "p:m:a-1:1:main:999912"
BLIND = "ab" * 16


@pytest.fixture
def context(postgres_context: HubContext) -> HubContext:
    return postgres_context


@pytest.fixture
def store(context: HubContext) -> SqlHubStore:
    with context.database.write() as connection:
        for name in ("a", "b"):
            create_store(connection, 1, name, name, 0)
    return SqlHubStore(context.database, context.keys)


def _second_waits_for_first(
    context: HubContext, first: Callable[[Connection], None], second: Callable[[], None]
) -> None:
    """Run `first` in a transaction that ends once `second`, in another thread, waits for it."""
    with ThreadPoolExecutor(1) as pool:
        with context.database.write() as connection:
            first(connection)
            waiting: Future[None] = pool.submit(second)
            eventually(lambda: somebody_waits(context.database) or waiting.done(), "the second waits for a lock")
            assert not waiting.done(), waiting.exception() or "the second did not wait for the first"
        waiting.result()


def test_two_who_write_one_new_entity_lose_nothing_of_each_other(context: HubContext) -> None:
    def write(connection: Connection, field: str) -> None:
        join_in_registers(connection, [Register("s:new", field, field, 1, "hub-1")])

    def second() -> None:
        with context.database.write() as connection:
            write(connection, "second")

    _second_waits_for_first(context, lambda connection: write(connection, "first"), second)
    with context.database.read() as connection:
        fields = unpack(connection.execute(select(entities.c.fields).where(entities.c.entity == "s:new")).scalar_one())
    assert set(fields) == {"first", "second"}


def test_one_card_enrolled_in_two_stores_at_the_same_time_becomes_one_person(
    context: HubContext, store: SqlHubStore
) -> None:
    def enrolled(name: str) -> Accepted:
        register = Register(f"m:{name}-1:1", f"link:card:{BLIND}", True, 1, f"{name}-1")
        return Accepted(f"{name}-1", Entry(1, 1, "boot", 0, [register], [], []), b"")

    first_is_done, second_waits = threading.Event(), threading.Event()

    def first() -> None:
        with store.transaction() as transaction:
            transaction.merge([enrolled("a")], [MemberKey("m:a-1:1", bytes(32))], 0)
            first_is_done.set()
            assert second_waits.wait(20)

    def second() -> None:
        assert first_is_done.wait(20)
        with store.transaction() as transaction:
            transaction.merge([enrolled("b")], [MemberKey("m:b-1:1", bytes(32))], 0)

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(first), pool.submit(second)]
        eventually(lambda: somebody_waits(context.database) or both[1].done(), "the second waits for a lock")
        waited = not both[1].done()
        second_waits.set()
        for one in both:
            one.result()
    assert waited
    with context.database.read() as connection:
        aliases = {row.entity: row.alias_of for row in connection.execute(select(entities)) if row.kind == "m"}
    assert aliases == {"m:a-1:1": None, "m:b-1:1": "m:a-1:1"}


def test_free_rights_are_granted_once_though_two_ask_at_the_same_time(context: HubContext, store: SqlHubStore) -> None:
    with context.database.write() as connection:
        join_in_counters(connection, [Counter(ACCOUNT, "hub-1", "made", 100)])
    granted: list[int] = []

    def ask(actor: str) -> None:
        with store.transaction() as transaction:
            granted.append(80 - transaction.grant(actor, WantRights(ACCOUNT, 80, 0, 0, 0), 0).short)

    first_open, second_waits = threading.Event(), threading.Event()

    def first() -> None:
        with store.transaction() as transaction:
            granted.append(80 - transaction.grant("a-1", WantRights(ACCOUNT, 80, 0, 0, 0), 0).short)
            first_open.set()
            assert second_waits.wait(20)

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first)
        assert first_open.wait(20)
        two = pool.submit(ask, "b-1")
        eventually(lambda: somebody_waits(context.database) or two.done(), "the second waits for a lock")
        second_waits.set()
        one.result()
        two.result()
    assert granted == [80, 20]
    with context.database.read() as connection:
        assert connection.execute(select(heads.c.free)).scalar_one() == 0


def test_two_who_wait_for_each_other_both_come_through(context: HubContext) -> None:
    met = threading.Barrier(2, timeout=20)
    runs: list[str] = []

    def step(connection: Connection, order: tuple[str, str]) -> None:
        runs.append(order[0])
        join_in_registers(connection, [Register(order[0], "name", f"first of {order}", len(runs), "hub-1")])
        if len(runs) <= 2:
            met.wait()  # both hold one row now, and want the other's
        join_in_registers(connection, [Register(order[1], "name", f"second of {order}", len(runs), "hub-1")])

    with context.database.write() as connection:
        join_in_registers(connection, [Register(name, "name", "", 0, "hub-1") for name in ("s:x", "s:y")])
    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(context.database.transact, lambda connection: step(connection, ("s:x", "s:y"))),
            pool.submit(context.database.transact, lambda connection: step(connection, ("s:y", "s:x"))),
        ]
        for one in both:
            one.result()
    assert len(runs) == 3, "one of the two was run again"
