"""Part `hub`: how fast one worker takes in a backlog, on PostgreSQL and on SQLite, both with every commit on the disk.

The baseline is SQLite in the same run. What costs most is named by its share of the time: the database's statements one
by one, the commits, and everything else, which is the hub's own decoding, checking and putting together.
"""

import gc
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import event, func, select

from hub.context import HubContext, open_context
from hub.settings import HubSettings
from hub.storage.tables import dead_letters, quarantine, receipts
from simulators.bench.backlog import Backlog, play, record, set_up_hub
from simulators.bench.metrics import Metric, Part
from simulators.demo.processes import free_port
from simulators.servers.postgres import temporary_cluster

STORES: Final = 20
MEMBERS_PER_STORE: Final = 150
RECEIPTS_PER_STORE: Final = 500
BATCHES_AT_A_TIME: Final = 40
"""What has gathered for one commit: two batches of each store, of up to 100 KiB each."""

COSTS_NAMED: Final = 5
ROUNDS: Final = 3
_STATEMENT: Final = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM|SELECT .*?FROM) ([a-z_]+)", re.DOTALL)


class Run(NamedTuple):
    """What one run took, in seconds: until all was committed and acknowledged, then until it was fed; and its costs."""

    merged_s: float
    fed_s: float
    costs_s: dict[str, float]


def measure() -> Part:
    """Measure the part; of each figure the best of some rounds, which disturbs least."""
    with tempfile.TemporaryDirectory(prefix="tillsync-bench-") as name:
        directory = Path(name)
        backlog = record(
            directory / "recorded",
            stores=STORES,
            members_per_store=MEMBERS_PER_STORE,
            receipts_per_store=RECEIPTS_PER_STORE,
        )
        with temporary_cluster(free_port()) as cluster:
            sqlite, postgresql = [], []
            for turn in range(ROUNDS):
                sqlite.append(_run(directory / f"sqlite-{turn}", "", backlog))
                database = cluster.create_database(f"turn_{turn}")
                postgresql.append(_run(directory / f"postgresql-{turn}", database, backlog))
    return _figures(backlog, min(sqlite, key=_merged_s), min(postgresql, key=_merged_s))


def _merged_s(run: Run) -> float:
    return run.merged_s


def _figures(backlog: Backlog, sqlite: Run, postgresql: Run) -> Part:
    count = backlog.receipts
    found = {
        "postgresql_receipts_per_s": Metric(count / postgresql.merged_s, "/s", count / sqlite.merged_s, "SQLite"),
        "postgresql_fed_receipts_per_s": Metric(
            count / (postgresql.merged_s + postgresql.fed_s), "/s", count / (sqlite.merged_s + sqlite.fed_s), "SQLite"
        ),
        "entry_bytes": Metric(backlog.entry_bytes / count, "bytes"),
    }
    for name, run in (("postgresql", postgresql), ("sqlite", sqlite)):
        dearest = sorted(run.costs_s, key=lambda cost: -run.costs_s[cost])[:COSTS_NAMED]
        for cost in dearest:
            found[f"{name}_share_{cost}"] = Metric(100 * run.costs_s[cost] / run.merged_s, "%")
    return found


def _run(directory: Path, url: str, backlog: Backlog) -> Run:
    context = open_context(HubSettings(directory=directory, database=url))
    try:
        return _take_in(context, backlog)
    finally:
        context.close()


def _take_in(context: HubContext, backlog: Backlog) -> Run:
    """Play a backlog to a hub, and see that it is all there."""
    session = set_up_hub(context, backlog.stores)
    for group in backlog.prologue:
        play(session, group)
        session.payloads_to_send()
    now_ms = backlog.prologue[-1].now_ms + 1_000
    gc.collect()
    gc.freeze()
    with _timed_statements(context) as costs_s:
        started = time.perf_counter()
        for place in range(0, len(backlog.batches), BATCHES_AT_A_TIME):
            for actor, payload in backlog.batches[place : place + BATCHES_AT_A_TIME]:
                session.receive(actor, "up", payload)
            session.commit(now_ms)
        merged_s = time.perf_counter() - started
    costs_s["own_work"] = merged_s - sum(costs_s.values())
    started = time.perf_counter()
    while session.work(now_ms):
        pass
    fed_s = time.perf_counter() - started
    gc.unfreeze()
    with context.database.read() as connection:
        kept = connection.execute(select(func.count()).select_from(receipts)).scalar_one()
        wrong = [connection.execute(select(table).limit(1)).first() for table in (dead_letters, quarantine)]
    if kept != backlog.receipts or any(wrong):
        raise RuntimeError(f"{kept} of {backlog.receipts} receipts arrived; first that was refused: {wrong}")
    return Run(merged_s, fed_s, dict(costs_s))


@contextmanager
def _timed_statements(context: HubContext) -> Iterator[defaultdict[str, float]]:
    """Sum up what the database's statements and commits take, by verb and table."""
    costs_s: defaultdict[str, float] = defaultdict(float)
    begun: list[float] = []

    def before(*_: Any) -> None:
        begun.append(time.perf_counter())

    def after(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        costs_s[_cost_name(statement)] += time.perf_counter() - begun.pop()

    def committing(*_: Any) -> None:
        begun.append(time.perf_counter())

    def given_back(*_: Any) -> None:
        if begun:
            costs_s["commit"] += time.perf_counter() - begun.pop()

    engine = context.database.writing_engine
    listeners: list[tuple[Any, str, Any]] = [
        (engine, "before_cursor_execute", before),
        (engine, "after_cursor_execute", after),
        (engine, "commit", committing),
        (engine, "checkin", given_back),
    ]
    for target, name, listener in listeners:
        event.listen(target, name, listener)
    try:
        yield costs_s
    finally:
        for target, name, listener in listeners:
            event.remove(target, name, listener)


def _cost_name(statement: str) -> str:
    found = _STATEMENT.search(statement)
    if found is None:
        return "other"
    return f"{found[1].split()[0].lower()}_{found[2]}"
