"""The node's database file: one writer thread fed by a queue, readers beside it (WAL).

One rule: all writes go through the one writer, each as one durable transaction (`synchronous=FULL`); sales go before
synchronisation. SQLite's writer is one thread, so nothing ever waits for a lock.
"""

import contextlib
import itertools
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final, TypeVar

from sqlite_utils import Database

from edge_node.errors import DatabaseRefused, StorageUnavailable
from edge_node.storage.faults import told, told_at_start
from edge_node.storage.schema import known_steps, migrations
from sync_protocol.entries import chain_start
from sync_protocol.names import split_actor

log = logging.getLogger(__name__)

Result = TypeVar("Result")

SALE: Final = 0
SYNC: Final = 1
CHORE: Final = 2

_STOP: Final = 9
_SQLITE_CACHE_KIB: Final = 16_384
_BUSY_S: Final = 10.0
_BUSY_AT_START_S: Final = 1.0


def connect(path: Path, *, read_only: bool = False, busy_s: float = _BUSY_S) -> sqlite3.Connection:
    """Open the database with the settings every connection of a node has.

    `busy_s` is how long a lock of another program is waited for.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=busy_s)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{_SQLITE_CACHE_KIB}")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    return connection


def prepare(path: Path, actor: str) -> None:
    """Create or migrate the database of a node.

    Raises: ValueError when the file belongs to another actor; DatabaseRefused when it is no node's, damaged, or newer
    than this program; StorageUnavailable when it cannot be written right now.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        _prepare(path, actor)
    except sqlite3.Error as error:
        raise told_at_start(error, str(path)) from error


def _prepare(path: Path, actor: str) -> None:
    connection = connect(path, busy_s=_BUSY_AT_START_S)
    try:
        check_schema(connection, str(path))
        # Whether the file can be written is found out now, not by the first sale.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
        migrations.apply(Database(connection))
        row = connection.execute("SELECT actor FROM node").fetchone()
        if row is None:
            store = split_actor(actor).store
            connection.execute(
                "INSERT INTO node (id, store, actor, last_chain) VALUES (1, ?, ?, ?)",
                (store, actor, chain_start(actor)),
            )
        elif row["actor"] != actor:
            raise ValueError(f"{path} belongs to {row['actor']}, not to {actor}: name another directory")
    finally:
        connection.close()


def check_schema(connection: sqlite3.Connection, path: str) -> None:
    """Check that a database is empty, or a node's of this version or an older one. Raises: DatabaseRefused."""
    opened = Database(connection)
    applied = [step.name for step in migrations.applied(opened)]
    if not applied and opened.table_names():
        raise DatabaseRefused(f"{path} is no database of a Tillsync node: name another directory")
    known = known_steps()
    newer = [name for name in applied if name not in known]
    if newer:
        raise DatabaseRefused(
            f"{path} was written by a newer Tillsync (schema {newer[-1]}; this program knows up to {known[-1]}): "
            "install the version that wrote it, or a later one. Nothing was changed."
        )


class NodeDatabase:
    """The opened database: `write` through the writer thread, `read` on a connection of the calling thread.

    `on_commit` gets the seconds that each durable transaction of the till took, from its hand-over; `on_fault` the
    reason of each transaction that the surroundings prevented. Both are called outside of transactions.
    """

    def __init__(
        self,
        path: Path,
        actor: str,
        *,
        on_commit: Callable[[float], None] = lambda _seconds: None,
        on_fault: Callable[[str], None] = lambda _reason: None,
    ) -> None:
        prepare(path, actor)
        self._on_commit = on_commit
        self._on_fault = on_fault
        self.fault: StorageUnavailable | None = None
        self.path = path
        self.actor = actor
        self.store = split_actor(actor).store
        self._queue: queue.PriorityQueue[tuple[int, int, Callable[[sqlite3.Connection], None] | None]]
        self._queue = queue.PriorityQueue()
        self._order = itertools.count()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._writer = connect(path)
        self._is_durable = True
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    def submit(
        self, work: Callable[[sqlite3.Connection], Result], priority: int = SALE, *, durable: bool = True
    ) -> "Future[Result]":
        """Queue `work` as one transaction; the future is done once it is committed, or holds what `work` raised.

        `durable=False` is for what may be lost with the power because it would only be learnt again: such a commit
        waits for no disk. The next durable one makes it durable, too, so order is kept.
        """
        future: Future[Result] = Future()
        asked_s = time.perf_counter()

        def step(connection: sqlite3.Connection) -> None:
            if not future.set_running_or_notify_cancel():
                return  # whoever asked is gone, and nothing was begun
            try:
                self._set_durable(connection, durable=durable)
                result = _in_transaction(connection, work)
            except BaseException as error:  # noqa: BLE001 - belongs to whoever asked, not to the writer
                future.set_exception(self._noted(told(error)))
            else:
                self._recovered()
                future.set_result(result)
                if durable and priority == SALE:
                    self._on_commit(time.perf_counter() - asked_s)

        self._queue.put((priority, next(self._order), step))
        return future

    def write(
        self, work: Callable[[sqlite3.Connection], Result], priority: int = SALE, *, durable: bool = True
    ) -> Result:
        """Run `work` as one transaction and wait for it; see `submit`."""
        return self.submit(work, priority, durable=durable).result()

    def reader(self) -> sqlite3.Connection:
        """Give the calling thread's own read-only connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect(self.path, read_only=True)
            self._local.connection = connection
            self._readers.append(connection)
        return connection

    def close(self) -> None:
        """Finish what is queued, then close all connections; the last one moves the write-ahead log into the file."""
        self._queue.put((_STOP, next(self._order), None))
        self._thread.join()
        for connection in self._readers:
            connection.close()
        self._writer.close()

    def _recovered(self) -> None:
        if self.fault is not None:
            self.fault = None
            log.info("the node can store again")

    def _noted(self, error: BaseException) -> BaseException:
        """Remember a fault of the surroundings until the next transaction that succeeds."""
        if isinstance(error, StorageUnavailable):
            if self.fault is None:
                log.warning("the node cannot store anything", extra={"reason": error.fields["reason_code"]})
            self.fault = error
            self._on_fault(str(error.fields["reason_code"]))
        return error

    def _set_durable(self, connection: sqlite3.Connection, *, durable: bool) -> None:
        if durable != self._is_durable:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._is_durable = durable

    def _run(self) -> None:
        while True:
            _, _, step = self._queue.get()
            if step is None:
                return
            step(self._writer)


def _in_transaction(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], Result]) -> Result:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("ROLLBACK")
        raise
    return result
