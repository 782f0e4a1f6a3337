"""The node's database file: one writer thread fed by a queue, readers beside it (WAL).

One rule: all writes go through the one writer, each as one durable transaction (`synchronous=FULL`); sales go before
synchronisation. SQLite's writer is one thread, so nothing ever waits for a lock.
"""

import contextlib
import itertools
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final, TypeVar

from sqlite_utils import Database

from edge_node.storage.schema import migrations
from sync_protocol.entries import chain_start
from sync_protocol.names import split_actor

Result = TypeVar("Result")

SALE: Final = 0
SYNC: Final = 1
CHORE: Final = 2

_STOP: Final = 9
_SQLITE_CACHE_KIB: Final = 16_384


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open the database with the settings every connection of a node has."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{_SQLITE_CACHE_KIB}")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    return connection


def prepare(path: Path, actor: str) -> None:
    """Create or migrate the database of a node. Raises: ValueError when the file belongs to another actor."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = connect(path)
    try:
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


class NodeDatabase:
    """The opened database: `write` through the writer thread, `read` on a connection of the calling thread."""

    def __init__(self, path: Path, actor: str) -> None:
        prepare(path, actor)
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

        def step(connection: sqlite3.Connection) -> None:
            try:
                self._set_durable(connection, durable=durable)
                result = _in_transaction(connection, work)
            except BaseException as error:  # noqa: BLE001 - belongs to whoever asked, not to the writer
                future.set_exception(error)
            else:
                future.set_result(result)

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
        """Finish what is queued, then close all connections."""
        self._queue.put((_STOP, next(self._order), None))
        self._thread.join()
        self._writer.close()
        for connection in self._readers:
            connection.close()

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
