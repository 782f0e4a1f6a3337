"""The worker's bounds on PostgreSQL: what it keeps while the database is away, and whose connections it needs."""

import contextlib
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import select

import hub.sync.worker as worker_module
from hub.api.stores.repository import create_store
from hub.context import HubContext, open_context
from hub.errors import HubCannotStart
from hub.settings import HubSettings
from hub.storage.feeds import mark
from hub.storage.leases import Leases, this_process
from hub.storage.partitions import Partitions
from hub.storage.tables import marks
from hub.sync.worker import INBOX_MAX, SyncWorker
from provisioning.broker_address import parse_broker
from simulators.demo.processes import free_port
from simulators.servers.postgres import PostgresCluster
from sync_protocol.envelope import plain_node_envelope
from sync_protocol.hub_ports import StoreUnavailable
from sync_protocol.hub_session import GROUP_MESSAGES_MAX, HubSession
from sync_protocol.messages import Heartbeat
from sync_protocol.names import node_topic
from tests.databases import as_admin
from tests.integration.conftest import eventually


@pytest.fixture
def context(postgres_context: HubContext) -> HubContext:
    return postgres_context


def test_what_waits_for_a_database_that_is_away_is_bounded(
    context: HubContext, cluster: PostgresCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions: list[HubSession] = []

    class Watched(HubSession):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)  # type: ignore[arg-type]
            sessions.append(self)

    monkeypatch.setattr(worker_module, "HubSession", Watched)
    monkeypatch.setattr(worker_module, "UNAVAILABLE_WAIT_S", 0.01)
    worker = SyncWorker(context)
    worker.take()
    worker.start(parse_broker(f"mqtt://127.0.0.1:{free_port()}"))
    name = context.database.name.rpartition("/")[2].partition("?")[0]
    try:
        eventually(lambda: sessions, "the worker works")
        as_admin(
            cluster,
            f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",  # noqa: S608 - ours
        )
        for _ in range(INBOX_MAX // 4):
            worker._offer("tillsync/1/0603/up/store1-1", bytes(26))
        before = _times_away(context)
        eventually(lambda: _times_away(context) >= before + 10, "it tries again and again")
        assert sessions[-1].waiting_count <= GROUP_MESSAGES_MAX
    finally:
        worker.ask_to_stop()
        as_admin(cluster, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        worker.stop()


def _times_away(context: HubContext) -> float:
    return context.metrics.registry.get_sample_value("tillsync_hub_database_errors_total", {"part": "worker"}) or 0.0


def test_readers_of_the_api_do_not_keep_the_worker_from_its_lease(context: HubContext) -> None:
    leases = Leases(context.database, this_process("worker"))
    lease = leases.take(Partitions())
    with ExitStack() as slow_requests:
        for _ in range(15):
            slow_requests.enter_context(context.database.read())
        with ThreadPoolExecutor(1) as pool:
            working = pool.submit(leases.renew, lease)
            done, _ = wait([working], timeout=context.settings.lease_ms / 1000)
            slow_requests.close()
    assert done, "the lease ran out while the worker waited for one of its own process's connections"


def test_two_processes_with_different_keys_do_not_share_a_database(tmp_path: Path, context: HubContext) -> None:
    with contextlib.ExitStack() as opened:
        try:
            other = open_context(HubSettings(directory=tmp_path / "other", database=context.settings.database))
        except HubCannotStart:
            return
        opened.callback(other.close)
        keys = {other.keys.blind_index_key(), context.keys.blind_index_key()}
    assert len(keys) == 1, "one card has two blind indexes in one database: one person becomes two"


def test_marks_of_others_are_looked_at_though_heartbeats_never_pause(context: HubContext) -> None:
    with context.database.write() as connection:
        create_store(connection, 1, "store1", "one", 0)
    worker = SyncWorker(context)
    worker.take()
    worker.start(parse_broker(f"mqtt://127.0.0.1:{free_port()}"))
    try:
        eventually(lambda: not _marks(context), "what stood there is fed")
        with context.database.write() as connection:  # another process marks, and ends before it tells
            mark(connection, ["i:tea"])
        heartbeat = plain_node_envelope().seal(Heartbeat("store1-1", 0, {}, 0))

        def is_fed_while_somebody_talks() -> bool:
            worker._offer(node_topic("up", "store1-1"), heartbeat)
            return not _marks(context)

        eventually(is_fed_while_somebody_talks, "marks are looked at though nobody is silent", 6)
    finally:
        worker.stop()


def _marks(context: HubContext) -> int:
    with context.database.read() as connection:
        return len(connection.execute(select(marks)).all())


def test_stores_are_acknowledged_though_feeding_fails(context: HubContext, monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[str] = []

    class Link:
        start = stop = staticmethod(lambda: None)

        def publish(self, _topic: str, payload: bytes) -> None:
            published.append(type(plain_node_envelope().open(payload)).__name__)

    def no_keys(_members: object) -> dict[str, bytes]:
        raise StoreUnavailable("the key store is away")

    monkeypatch.setattr(worker_module, "worker_link", lambda *_, **__: Link())
    with context.database.write() as connection:
        create_store(connection, 1, "store1", "one", 0)  # marks, so that there is something to feed
    monkeypatch.setattr(context.keys, "member_keys", no_keys)
    worker = SyncWorker(context)
    worker.take()
    worker.start(parse_broker(f"mqtt://127.0.0.1:{free_port()}"))
    try:
        worker._offer(node_topic("up", "store1-1"), plain_node_envelope().seal(Heartbeat("store1-1", 0, {}, 0)))
        eventually(lambda: published, "what is committed is acknowledged", 5)
    finally:
        worker.stop()
