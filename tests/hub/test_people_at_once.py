"""Two workers join people on PostgreSQL at the same time: the outcome is one that some order of the two could have."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from hub.api.stores.repository import create_store
from hub.context import HubContext
from hub.storage.kernel_store import SqlHubStore, SqlHubTransaction
from hub.storage.people import find_members, people_of, roots_of
from hub.storage.tables import interest
from sync_protocol.cells import Register
from sync_protocol.entries import Entry
from sync_protocol.hub_ports import Accepted
from sync_protocol.messages import MemberKey
from tests.databases import somebody_waits
from tests.integration.conftest import eventually

ONE, TWO = "ab" * 16, "cd" * 16
A, B, C = "m:a-1:1", "m:b-1:1", "m:c-1:1"


@pytest.fixture
def context(postgres_context: HubContext) -> HubContext:
    return postgres_context


@pytest.fixture
def store(context: HubContext) -> SqlHubStore:
    with context.database.write() as connection:
        for name in ("a", "b", "c", "d"):
            create_store(connection, 1, name, name, 0)
    return SqlHubStore(context.database, context.keys)


def _link(member: str, *blinds: str, stamp: int = 1, held: bool = True) -> Callable[[SqlHubTransaction], None]:
    name = member.split(":")[1]
    registers = [Register(member, f"link:card:{blind}", True, stamp, name) for blind in blinds]
    if held:
        registers.append(Register(member, f"held:{name[:1]}", True, stamp, name))

    def work(transaction: SqlHubTransaction) -> None:
        entry = Entry(stamp, stamp, "boot", 0, registers, [], [])
        transaction.merge([Accepted(name, entry, b"")], [MemberKey(member, bytes(32))], 0)

    return work


def _run(store: SqlHubStore, work: Callable[[SqlHubTransaction], None]) -> None:
    with store.transaction() as transaction:
        work(transaction)


def _at_once(
    context: HubContext,
    store: SqlHubStore,
    first: Callable[[SqlHubTransaction], None],
    second: Callable[[SqlHubTransaction], None],
) -> None:
    """Begin `first`, run `second` beside it as far as it comes, then end `first`."""
    done, go_on = threading.Event(), threading.Event()

    def open_first() -> None:
        with store.transaction() as transaction:
            first(transaction)
            done.set()
            assert go_on.wait(20)

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(open_first)
        assert done.wait(20), one.exception(0)
        two = pool.submit(_run, store, second)
        eventually(lambda: somebody_waits(context.database) or two.done(), "the second waits or is through")
        go_on.set()
        one.result()
        two.result()


def _people(context: HubContext) -> list[list[str]]:
    with context.database.read() as connection:
        roots = roots_of(connection, [A, B, C])
        return sorted(sorted(ids) for ids in people_of(connection, sorted(set(roots.values()))).values())


@pytest.mark.parametrize("at_once", [False, True])
def test_three_ids_that_two_workers_join_by_two_identities_are_one_person(
    context: HubContext, store: SqlHubStore, at_once: bool
) -> None:
    _run(store, _link(A))
    _run(store, _link(B, ONE, TWO))
    joins_a, enrols_c = _link(A, ONE, stamp=2), _link(C, TWO)
    if at_once:
        _at_once(context, store, joins_a, enrols_c)
    else:
        _run(store, joins_a)
        _run(store, enrols_c)
    assert _people(context) == [[A, B, C]]
    with context.database.read() as connection:
        assert sorted(find_members(connection, "card", ONE)) == [A, B, C]


@pytest.mark.parametrize("at_once", [False, True])
def test_a_join_is_not_undone_by_another_at_the_same_time(
    context: HubContext, store: SqlHubStore, at_once: bool
) -> None:
    _run(store, _link(A))
    _run(store, _link(B))
    _run(store, _link(C, ONE, TWO))
    joins_a, joins_b = _link(A, ONE, stamp=2), _link(B, TWO, stamp=2)
    if at_once:
        _at_once(context, store, joins_a, joins_b)
    else:
        _run(store, joins_a)
        _run(store, joins_b)
    assert _people(context) == [[A, B, C]]


@pytest.mark.parametrize("at_once", [False, True])
def test_a_store_that_finds_a_person_while_another_id_is_joined_comes_to_hold_both_ids(
    context: HubContext, store: SqlHubStore, at_once: bool
) -> None:
    _run(store, _link(A, ONE))

    def find(transaction: SqlHubTransaction) -> None:
        transaction.hold("d", transaction.find_members("card", ONE))

    enrols_b = _link(B, ONE)
    if at_once:
        _at_once(context, store, enrols_b, find)
    else:
        _run(store, enrols_b)
        _run(store, find)
    with context.database.read() as connection:
        held = connection.execute(select(interest.c.entity).where(interest.c.store == "d")).scalars().all()
    assert sorted(held) == [A, B]
