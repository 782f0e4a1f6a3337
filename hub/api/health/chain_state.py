"""The state of the chain as metrics, read from the database whenever the page is asked for.

One rule: at most `STORES_MAX` stores are shown one by one, those that are furthest behind; the chain's sums count all.
"""

import math
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Final

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from hub.api.health.repository import count_dead_letters
from hub.api.incidents.repository import count_incidents
from hub.api.stores.repository import StoreRow, read_stores
from hub.api.stores.service import is_dark
from hub.context import HubContext
from sync_protocol.hub_ports import StoreUnavailable

STORES_MAX: Final = 1_000


class ChainState(Collector):
    """What the hub's database tells about stores and about what was set apart. `now_ms` is the wall clock."""

    def __init__(self, context: HubContext, now_ms: Callable[[], int]) -> None:
        self._context = context
        self._now_ms = now_ms

    def collect(self) -> Iterator[Metric]:
        """Read everything in one transaction; with the database away only that is told."""
        yield InfoMetricFamily("tillsync_hub_software", "The hub's software.", {"version": version("tillsync")})
        try:
            families = self._read()
        except StoreUnavailable:
            families = []
        yield _gauge("database_up", "1 while the database answers, else 0.", bool(families))
        yield from families

    def _read(self) -> list[Metric]:
        now_ms = self._now_ms()
        with self._context.database.read() as connection:
            rows = [row for row in read_stores(connection) if row.actor is not None]
            incidents = count_incidents(connection)
            by_code = count_dead_letters(connection)
        dark_after_ms = self._context.settings.dark_after_ms
        dead_letters = GaugeMetricFamily(
            "tillsync_hub_dead_letters", "Payloads kept as dead letters, by code.", labels=["code"]
        )
        for code, count in sorted(by_code.items()):
            dead_letters.add_metric([code], count)
        return [
            _gauge("stores", "Stores that the hub knows a node of.", len(rows)),
            _gauge(
                "stores_dark",
                "Stores not heard for longer than the setting dark_after_ms.",
                sum(is_dark(row.last_contact_ms, now_ms, dark_after_ms) for row in rows),
            ),
            _gauge("entries_waiting", "Entries that stores say they have and the hub lacks.", sum(map(_lag, rows))),
            dead_letters,
            _gauge("quarantined", "Entries in quarantine that wait for staff.", incidents.quarantined),
            _gauge("alarms", "Alarms raised.", incidents.alarms),
            *_per_store(rows, now_ms),
        ]


def _per_store(rows: list[StoreRow], now_ms: int) -> list[Metric]:
    waiting = GaugeMetricFamily(
        "tillsync_hub_store_waiting_entries",
        f"Entries that a store says it has and the hub lacks, for the {STORES_MAX:,} stores furthest behind.",
        labels=["store"],
    )
    silent = GaugeMetricFamily(
        "tillsync_hub_store_contact_age_seconds",
        "Time since a store was last heard, for the same stores; +Inf: never.",
        labels=["store"],
    )
    feed = GaugeMetricFamily(
        "tillsync_hub_store_feed_lag",
        "Steps of its stream that a store has not applied, for the same stores.",
        labels=["store"],
    )
    for row in sorted(rows, key=lambda row: (-_lag(row), row.last_contact_ms or 0, row.store))[:STORES_MAX]:
        age_s = math.inf if row.last_contact_ms is None else max(now_ms - row.last_contact_ms, 0) / 1_000
        waiting.add_metric([row.store], _lag(row))
        silent.add_metric([row.store], age_s)
        feed.add_metric([row.store], max(row.feed_head - row.feed_position, 0))
    return [waiting, silent, feed]


def _lag(row: StoreRow) -> int:
    return max(row.last_entry - row.cursor, 0)


def _gauge(name: str, sentence: str, value: float) -> Metric:
    return GaugeMetricFamily(f"tillsync_hub_{name}", sentence, value)
