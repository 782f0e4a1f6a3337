"""One store's node, put together: database, sync agent, selling, printing, jobs.

One rule: wiring only; every part gets what it needs as an argument.
"""

import contextlib
import sqlite3
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler

from edge_node.baskets import Baskets
from edge_node.clock import SystemClock
from edge_node.errors import StorageUnavailable
from edge_node.metrics import NodeMetrics
from edge_node.personal import KeyRing
from edge_node.printing import PrintDesk
from edge_node.receipts.design import load_design
from edge_node.selling import Selling
from edge_node.state import NodeState
from edge_node.storage.cells import node_row
from edge_node.storage.database import CHORE, NodeDatabase
from edge_node.storage.sync_store import SqliteEdgeStore
from edge_node.sweeping import prune_outbox, sweep
from edge_node.sync.agent import SyncAgent
from loyalty.baskets import MILLI, Bounds
from provisioning.broker_address import parse_broker
from provisioning.node_file import NodeFile
from provisioning.service.stopping import stop_within
from sync_protocol.names import actor_id

DATABASE_NAME: Final = "node.db"
SOFTWARE: Final = f"tillsync/{version('tillsync')}"
SWEEP_S: Final = 2
PRUNE_S: Final = 3_600
JOBS_STOP_S: Final = 0.3
PRINTER_STOP_S: Final = 0.3
RECORDED_BOUNDS: Final = Bounds(quantity_milli_max=10**9, lines_max=2_000, line_minor_max=10**12)
"""Replays keep what was recorded: fuel in thousandths of a gallon, 74,215 pieces, invoices of a thousand lines."""


class Node:
    """Everything of one node; `start` and `stop` it."""

    def __init__(self, file: NodeFile, directory: Path) -> None:
        self.file = file
        design = load_design(file.receipt_template, file.receipt_logo, columns=file.printer_columns)
        self.clock = SystemClock()
        self.metrics = NodeMetrics()
        self.database = NodeDatabase(
            directory / DATABASE_NAME,
            actor_id(file.store, file.incarnation),
            on_commit=self.metrics.commit_seconds.observe,
            on_fault=lambda reason: self.metrics.write_faults.labels(reason).inc(),
        )
        self.keys = KeyRing(directory / "storage.key")
        self.bounds = Bounds(file.quantity_max * MILLI, file.lines_max, file.line_minor_max)
        self.store = SqliteEdgeStore(self.database, self.keys, self.clock)
        self.agent = SyncAgent(
            self.store,
            self.clock,
            parse_broker(file.broker),
            heartbeat_ms=file.heartbeat_ms,
            software=SOFTWARE,
            metrics=self.metrics,
        )
        self.desk = PrintDesk(
            self.database,
            self.keys,
            self.clock,
            port_url=file.printer,
            columns=file.printer_columns,
            name=file.store_name or file.store,
            timezone=file.timezone,
            design=design,
        )
        self.selling = Selling(
            self.database,
            self.keys,
            self.clock,
            self.agent,
            Baskets(self.bounds, RECORDED_BOUNDS if file.recorded_sales else None),
            timezone=file.timezone,
            prints=self.desk.prints,
            metrics=self.metrics,
        )
        self.metrics.registry.register(NodeState(self.database, self.agent, self.desk, self.clock, SOFTWARE))
        self._scheduler = BackgroundScheduler(timezone="UTC")

    def start(self) -> None:
        """Start all threads and jobs. Raises: StorageUnavailable; nothing is left running then."""
        try:
            self.desk.start()
        except StorageUnavailable:
            self.database.close()
            raise
        self.agent.start()
        for job, every_s in ((self.sweep, SWEEP_S), (self.prune, PRUNE_S)):
            self._scheduler.add_job(_unless_faulty(job), "interval", seconds=every_s, max_instances=1, coalesce=True)
        self._scheduler.start()

    def stop(self) -> None:
        """Stop all threads, each with a bound, and close the database. What is unsent waits in the outbox."""
        stop_within(JOBS_STOP_S, "jobs", self._scheduler.shutdown)
        self.agent.stop()
        stop_within(PRINTER_STOP_S, "print desk", self.desk.stop)
        self.database.close()

    def business_day(self) -> str:
        """Give the store's business day (yyyymmdd) by its own time zone."""
        return datetime.fromtimestamp(self.clock.now_ms() / 1000, ZoneInfo(self.file.timezone)).strftime("%Y%m%d")

    def sweep(self) -> None:
        """Hand rights above the float to the hub, while it is in reach."""
        if not self.agent.is_online():
            return

        def work(connection: sqlite3.Connection) -> tuple[int, int]:
            before = int(node_row(connection)["last_entry"])
            return before, sweep(connection, self.clock.read())

        before, last_entry = self.database.write(work, CHORE)
        if last_entry > before:
            self.agent.grew(last_entry)

    def prune(self) -> None:
        """Forget old acknowledged entries."""
        now_ms = self.clock.now_ms()

        def work(connection: sqlite3.Connection) -> int:
            return prune_outbox(connection, now_ms)

        self.database.write(work, CHORE)


def _unless_faulty(job: Callable[[], None]) -> Callable[[], None]:
    """Make a job that leaves a fault of the disk to its next run: the database has told it already."""

    def run() -> None:
        with contextlib.suppress(StorageUnavailable):
            job()

    return run
