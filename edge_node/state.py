"""The state of a node as metrics, read off whenever the page is asked for.

One rule: reads only, each by an index or of one row; nobody waits for it.
"""

import contextlib
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from edge_node.clock import SystemClock
from edge_node.printing import PrintDesk
from edge_node.storage.cells import node_row
from edge_node.storage.database import NodeDatabase
from edge_node.sync.agent import SyncAgent

RECENT_PRINT_JOBS: Final = 1_000


class NodeState(Collector):
    """What is read off a node each time the page is asked for."""

    def __init__(
        self, database: NodeDatabase, agent: SyncAgent, desk: PrintDesk, clock: SystemClock, software: str
    ) -> None:
        self._database = database
        self._agent = agent
        self._desk = desk
        self._clock = clock
        self._software = software

    def collect(self) -> Iterator[Metric]:
        """Read everything off; each value stands for itself, all together for about one moment."""
        row = node_row(self._database.reader())
        about = {"actor": row["actor"], "store": row["store"], "software": self._software}
        yield InfoMetricFamily("tillsync_edge_node", "Which node this is, and its software.", about)
        yield _gauge("outbox_entries", "Entries that wait for the hub.", row["last_entry"] - row["acknowledged"])
        yield _gauge("last_entry", "Number of the last entry of this node's log.", row["last_entry"])
        yield _gauge(
            "acknowledged_entry", "Number of the last entry that the hub has acknowledged.", row["acknowledged"]
        )
        yield self._feed_cursors()
        yield _gauge("broker_connected", "1 while the broker accepts this node, else 0.", self._agent.is_connected())
        yield _gauge(
            "hub_online", "1 while the hub has been heard within three heartbeats, else 0.", self._agent.is_online()
        )
        contact_ms = self._agent.last_contact_ms or row["last_contact_ms"]
        age_s = math.inf if contact_ms is None else max(self._clock.now_ms() - contact_ms, 0) / 1_000
        yield _gauge("hub_contact_age_seconds", "Time since the hub was last heard; +Inf: never.", age_s)
        yield _gauge("fenced", "1 once this node's name must not sell any more, else 0.", row["fenced"] is not None)
        yield CounterMetricFamily(
            "tillsync_edge_receipts", "Receipts issued under this node's name.", row["last_receipt"]
        )
        yield from self._printing()
        yield from self._disk()

    def _feed_cursors(self) -> Metric:
        family = GaugeMetricFamily(
            "tillsync_edge_feed_cursor",
            "How far each stream of the hub was applied, by stream (two).",
            labels=["stream"],
        )
        for row in self._database.reader().execute("SELECT stream, cursor FROM feeds"):
            family.add_metric([row["stream"]], row["cursor"])
        return family

    def _printing(self) -> Iterator[Metric]:
        reader = self._database.reader()
        waiting = reader.execute("SELECT count(*) FROM print_jobs WHERE state IN ('queued', 'started')").fetchone()[0]
        failed = reader.execute(
            "SELECT count(*) FROM print_jobs WHERE state = 'failed' AND job > (SELECT max(job) FROM print_jobs) - ?",
            (RECENT_PRINT_JOBS,),
        ).fetchone()[0]
        yield _gauge(
            "printer_fault",
            "1 while the receipt printer does not print, else 0.",
            self._desk.status().message is not None,
        )
        yield _gauge("print_jobs_waiting", "Print jobs not yet on paper.", waiting)
        yield _gauge("print_jobs_failed", "Print jobs that failed, among the latest 1,000.", failed)

    def _disk(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "tillsync_edge_database_bytes", "Size of the database's files, by file (main, wal).", labels=["file"]
        )
        for name, path in (("main", self._database.path), ("wal", Path(f"{self._database.path}-wal"))):
            with contextlib.suppress(OSError):
                family.add_metric([name], path.stat().st_size)
        yield family
        free_bytes = shutil.disk_usage(self._database.path.parent).free
        yield _gauge("disk_free_bytes", "Free space where the database stands.", free_bytes)


def _gauge(name: str, sentence: str, value: float) -> Metric:
    return GaugeMetricFamily(f"tillsync_edge_{name}", sentence, value)
