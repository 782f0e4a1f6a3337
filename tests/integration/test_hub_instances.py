"""Several processes of one hub: which may run side by side, who is refused, and how a worker that stalled gives way."""

import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from simulators.servers.server import BrokerServer
from tests.databases import POSTGRESQL, FreshDatabase
from tests.integration.conftest import eventually
from tests.integration.service import Service, has_said, hub_processes

REFUSED = 1


@pytest.fixture
def start(tmp_path: Path, mosquitto: BrokerServer, fresh_database: FreshDatabase) -> Iterator[Callable[..., Service]]:
    with hub_processes(tmp_path, mosquitto.address, fresh_database()) as start:
        yield start


def test_a_second_hub_on_one_database_refuses_and_says_who_holds_it(start: Callable[..., Service]) -> None:
    first = start("all")
    first.wait_ready().close()
    second = start("all")
    assert second.process.wait(20) == REFUSED
    assert f"process {first.process.pid}" in second.log_text()
    assert "Stop it first" in second.log_text()
    assert first.end() == 0
    third = start("all")
    third.wait_ready().close()
    assert third.end() == 0


def test_a_hub_that_was_killed_is_started_again_without_waiting_for_its_lease(start: Callable[..., Service]) -> None:
    first = start("worker")
    eventually(lambda: has_said(first, "partitions taken"), "the first works")
    first.process.kill()
    first.process.wait()
    second = start("worker")
    eventually(lambda: has_said(second, "partitions taken"), "the second works")
    assert "waiting for a lease to run out" not in second.messages()


def test_workers_with_partitions_of_their_own_run_side_by_side(start: Callable[..., Service]) -> None:
    lower, upper = start("worker", "--partitions=0-511"), start("worker", "--partitions=512-1023")
    for worker in (lower, upper):
        eventually(partial(has_said, worker, "connected to the broker"), "the worker works")
    overlapping = start("worker", "--partitions=500-600")
    assert overlapping.process.wait(20) == REFUSED
    assert "--partitions" in overlapping.log_text()
    assert (lower.end(), upper.end()) == (0, 0)


@pytest.mark.parametrize("fresh_database", [POSTGRESQL], indirect=True)  # SQLite: its lock ends with the process alone
def test_a_worker_that_stalled_beyond_its_lease_gives_way(start: Callable[..., Service]) -> None:
    stalled = start("worker", "--lease-ms=2000")
    eventually(lambda: has_said(stalled, "connected to the broker"), "the first works")
    stalled.process.send_signal(signal.SIGSTOP)
    follower = start("worker", "--lease-ms=2000")
    eventually(lambda: has_said(follower, "partitions taken"), "the lease ran out and was taken over", 40)
    stalled.process.send_signal(signal.SIGCONT)
    eventually(lambda: has_said(stalled, "partitions lost"), "the first notices")
    eventually(lambda: has_said(stalled, "partitions are held by another process"), "the first waits")
    assert follower.end() == 0
    eventually(lambda: stalled.messages().count("partitions taken") == 2, "the first takes them again")
    assert stalled.end() == 0
