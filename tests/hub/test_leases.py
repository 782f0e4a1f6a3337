"""Leases of partitions: one worker at a time, whoever dies, stalls or comes back."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from hub.context import HubContext, open_context
from hub.errors import PartitionsHeld
from hub.settings import HubSettings
from hub.storage.feeds import mark
from hub.storage.kernel_store import SqlHubStore
from hub.storage.leases import LEASE_MS, Holder, Lease, LeaseLost, Leases, this_process
from hub.storage.partitions import Partitions, parse_partitions
from hub.storage.tables import leases, marks
from simulators.servers.postgres import PostgresCluster
from sync_protocol.hub_ports import StoreUnavailable
from tests.databases import FreshDatabase, fresh_on

LOWER, UPPER = Partitions(0, 511), Partitions(512, 1023)
ELSEWHERE = Holder("tillsync-hub worker on a far machine, process 1", "far", 1, 1)


@pytest.fixture
def context(tmp_path: Path, fresh_database: FreshDatabase) -> Iterator[HubContext]:
    context = open_context(HubSettings(directory=tmp_path, database=fresh_database()))
    yield context
    context.close()


def _let_run_out(context: HubContext) -> None:
    with context.database.write() as connection:
        connection.execute(update(leases).values(until_ms=leases.c.until_ms - 2 * LEASE_MS))


def test_a_second_worker_is_refused_and_told_who_is_there(context: HubContext) -> None:
    Leases(context.database, ELSEWHERE).take(Partitions())
    with pytest.raises(PartitionsHeld, match=r"far machine, process 1.*partitions 0-1023.*Stop it first"):
        Leases(context.database, this_process("worker")).take(Partitions(5, 5))


def test_workers_with_partitions_of_their_own_work_side_by_side(context: HubContext) -> None:
    lower = Leases(context.database, ELSEWHERE).take(LOWER)
    upper = Leases(context.database, this_process("worker")).take(UPPER)
    assert lower.epoch < upper.epoch


def test_what_was_given_back_can_be_taken_at_once(context: HubContext) -> None:
    first = Leases(context.database, ELSEWHERE)
    lease = first.take(Partitions())
    first.give_back(lease)
    assert Leases(context.database, this_process("worker")).take(Partitions()).epoch > lease.epoch


def test_a_lease_that_ran_out_is_taken_over_and_its_holder_can_write_nothing_any_more(context: HubContext) -> None:
    stalled = Leases(context.database, ELSEWHERE)
    old = stalled.take(Partitions())
    _let_run_out(context)
    Leases(context.database, this_process("worker")).take(Partitions())
    with pytest.raises(LeaseLost), SqlHubStore(context.database, context.keys, 1, old).transaction() as transaction:
        transaction.dead_letter("a-1", "up", b"", "x", "must not be kept", 0)
    with pytest.raises(LeaseLost):
        stalled.renew(old)


def test_a_lease_from_before_the_clock_was_set_back_is_taken_over(context: HubContext) -> None:
    Leases(context.database, ELSEWHERE).take(Partitions())
    with context.database.write() as connection:
        connection.execute(update(leases).values(until_ms=leases.c.until_ms + 86_400_000))
    assert Leases(context.database, this_process("worker")).take(Partitions()).epoch > 1


def test_a_lease_that_is_renewed_does_not_run_out(context: HubContext) -> None:
    holder = Leases(context.database, ELSEWHERE)
    lease = holder.take(Partitions())
    _let_run_out(context)
    holder.renew(lease)
    with pytest.raises(PartitionsHeld):
        Leases(context.database, this_process("worker")).take(Partitions())


def test_the_lease_of_a_process_that_was_killed_here_is_taken_at_once(context: HubContext) -> None:
    code = (
        "import sys; from hub.storage.database import HubDatabase; from hub.storage.leases import *; "
        "from hub.storage.partitions import Partitions; "
        "Leases(HubDatabase(sys.argv[1]), this_process('worker')).take(Partitions()); print('taken', flush=True); "
        "sys.stdin.read()"
    )
    url = context.settings.database_url()
    other = subprocess.Popen([sys.executable, "-c", code, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"taken\n"
        with pytest.raises(PartitionsHeld, match=f"process {other.pid}"):
            Leases(context.database, this_process("worker")).take(Partitions())
        other.kill()
        other.wait()
    assert isinstance(Leases(context.database, this_process("worker")).take(Partitions()), Lease)


def test_marks_for_other_partitions_are_left_to_their_worker(context: HubContext) -> None:
    lower = SqlHubStore(context.database, context.keys, 1, Leases(context.database, ELSEWHERE).take(LOWER))
    upper = SqlHubStore(context.database, context.keys, 1, Leases(context.database, this_process("worker")).take(UPPER))
    with upper.transaction() as transaction:  # store a is in the upper half, store d in the lower
        transaction.hold("a", ["m:a-1:1"])
        transaction.hold("d", ["m:a-1:1"])
    with context.database.write() as connection:
        mark(connection, ["m:a-1:1", "i:tea"])
    with upper.transaction() as transaction:
        assert [step.stream for step in transaction.expand_marks(100).steps] == ["store/a"]
    assert upper.others_have_marks
    with upper.transaction() as transaction:
        assert transaction.expand_marks(100).steps == []
    with lower.transaction() as transaction:
        assert [step.stream for step in transaction.expand_marks(100).steps] == ["chain", "store/d"]
    assert not lower.others_have_marks
    with context.database.read() as connection:
        assert connection.execute(select(marks)).all() == []


@pytest.mark.parametrize(("text", "expected"), [("0-1023", Partitions()), ("7", Partitions(7, 7)), ("3-4", (3, 4))])
def test_partitions_are_read(text: str, expected: Partitions) -> None:
    assert parse_partitions(text) == expected


@pytest.mark.parametrize("text", ["", "-", "5-4", "0-1024", "a-b", "1-2-3", "-1"])
def test_partitions_out_of_form_are_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match="from 0 to 1023"):
        parse_partitions(text)


def _stall_while_another_takes_over(context: HubContext, lease: Lease) -> None:
    with context.database.write() as stalled:
        stalled.execute(text("SET idle_in_transaction_session_timeout = 200"))
        lease.check(stalled)
        # Waits for the row that the stalled transaction holds, until the database itself ends that one.
        Leases(context.database, this_process("worker")).take(Partitions())
        stalled.execute(text("SELECT 1"))


def test_a_transaction_that_stalls_gives_its_locks_up(tmp_path: Path, cluster: PostgresCluster) -> None:
    with fresh_on(cluster) as fresh:
        context = open_context(HubSettings(directory=tmp_path, database=fresh()))
        lease = Leases(context.database, ELSEWHERE).take(Partitions())
        _let_run_out(context)
        with pytest.raises(StoreUnavailable):
            _stall_while_another_takes_over(context, lease)
        with context.database.read() as connection:
            setting = connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()
        context.close()
    assert setting == "8s"
    assert LEASE_MS > 8_000
