"""Telling other processes of the hub that something was marked for them.

One rule: a hint and nothing more. Whoever misses it, or has a database that cannot tell, looks twice a second anyway.

It is sent in a transaction of its own after the one that marked: a transaction that notifies holds a lock of the whole
cluster until it is on the disk, and would make all others wait in line (PostgreSQL, src/backend/commands/async.c).
"""

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Final

import psycopg
from sqlalchemy import text

from hub.storage.database import HubDatabase
from sync_protocol.hub_ports import StoreUnavailable

log = logging.getLogger(__name__)

CHANNEL: Final = "tillsync_marks"
_LISTEN_S: Final = 0.2
_RETRY_S: Final = 2.0
_NOTIFY: Final = text(f"NOTIFY {CHANNEL}")


def notify(database: HubDatabase) -> None:
    """Tell all listening processes; nothing where the database cannot, or is out of reach right now."""
    if database.is_sqlite:
        return
    with contextlib.suppress(StoreUnavailable), database.write() as connection:
        connection.execute(_NOTIFY)


class Listener:
    """Calls back when another process notified; a thread of its own, connecting again by itself."""

    def __init__(self, database: HubDatabase, on_notified: Callable[[], None]) -> None:
        self._database = database
        self._on_notified = on_notified
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wakeups", daemon=True)

    def start(self) -> None:
        """Begin to listen; nothing where the database cannot notify."""
        if not self._database.is_sqlite:
            self._thread.start()

    def stop(self) -> None:
        """Stop listening; the thread ends by itself within a moment."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with self._database.raw_connection() as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._on_notified()  # what was marked before we listened
                    self._listen(connection)
            except (psycopg.Error, StoreUnavailable) as error:
                log.info("cannot listen for marks, trying again", extra={"cause": " ".join(str(error).split())})
                self._stopped.wait(_RETRY_S)

    def _listen(self, connection: "psycopg.Connection[tuple[object, ...]]") -> None:
        while not self._stopped.is_set():
            for _ in connection.notifies(timeout=_LISTEN_S, stop_after=1):
                self._on_notified()
