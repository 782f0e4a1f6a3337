"""The hub for these tests: its real databases and session, and what staff would look at.

One rule: nothing gets into its tables but through the session and the queries of its own API.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Table, select

from hub.api.incidents import repository as incidents
from hub.api.programme.repository import write_programme
from hub.api.stores.repository import create_store
from hub.context import open_context
from hub.settings import HubSettings
from hub.storage.cells import SLOT_COLUMNS, unpack
from hub.storage.feeds import mark
from hub.storage.kernel_store import SqlHubStore, SqlHubTransaction
from hub.storage.own_writes import write_registers
from hub.storage.tables import actors, counters, dead_letters, entities, heads, interest
from loyalty.programme import Programme
from sync_protocol.accounts import Slots, rights
from sync_protocol.cells import Value
from sync_protocol.envelope import plain_hub_envelope
from sync_protocol.hub_ports import HubStore
from sync_protocol.hub_session import HubSession
from sync_protocol.names import is_hub
from tests.sessions.channel import VirtualClock
from tests.sessions.split_hub import SplitHub


class Faulty:
    """A real store whose next transactions fail at their end, as if the database had refused the commit."""

    def __init__(self, store: SqlHubStore) -> None:
        self.hub_n = store.hub_n
        self.blind_index_key = store.blind_index_key
        self.failures: list[Exception] = []
        self._store = store

    @contextmanager
    def transaction(self) -> Iterator[SqlHubTransaction]:
        """Open a transaction; fail instead of committing while failures are planned."""
        with self._store.transaction() as transaction:
            yield transaction
            if self.failures:
                raise self.failures.pop(0)

    def high_stamp(self) -> int:
        """Read the greatest stamp accepted so far."""
        return self._store.high_stamp()


class Headquarters:
    """The hub's session over its databases."""

    def __init__(self, directory: Path, clock: VirtualClock, database: str = "", workers: int = 1) -> None:
        self.clock = clock
        self._workers = workers
        self.context = open_context(HubSettings(directory=directory, database=database))
        self.store = Faulty(SqlHubStore(self.context.database, self.context.keys, self.context.hub_n))
        self.start()

    def start(self) -> None:
        """Start the hub's workers anew: what they had only in memory is gone."""
        store: HubStore = self.store
        self.session: HubSession | SplitHub = HubSession(store, plain_hub_envelope())
        if self._workers > 1:
            self.session = SplitHub(self.context, self._workers)

    def close(self) -> None:
        """Close all databases."""
        self.context.database.close()
        self.context.keys.close()

    # --- what staff do --------------------------------------------------------------------------------------------

    def create_store(self, store: str) -> None:
        """Create a store's slot."""
        with self.context.database.write() as connection:
            assert create_store(connection, self.context.hub_n, store, f"Store {store}", self.clock.now_ms())
        self.session.marks_waiting = True

    def write_programme(self, programme: Programme) -> None:
        """Write the chain's programme."""
        with self.context.database.write() as connection:
            write_programme(connection, self.context.hub_n, programme, self.clock.now_ms())
        self.session.marks_waiting = True

    def write_registers(self, writes: Mapping[str, Mapping[str, Value]]) -> None:
        """Write fields of entities in the hub's name, and mark them."""
        with self.context.database.write() as connection:
            mark(connection, write_registers(connection, self.context.hub_n, writes, self.clock.now_ms()))
        self.session.marks_waiting = True

    def settle(self, actor: str, number: int) -> None:
        """Settle an entry in quarantine."""
        with self.context.database.write() as connection:
            incidents.settle(connection, actor, number, "looked at", self.clock.now_ms())

    # --- looking --------------------------------------------------------------------------------------------------

    def rows(self, table: Table, *where: ColumnElement[bool]) -> list[Any]:
        """Read rows of a table."""
        with self.context.database.read() as connection:
            return list(connection.execute(select(table).where(*where)).all())

    def actor(self, actor: str) -> Any:
        """Read the row of one node."""
        (row,) = self.rows(actors, actors.c.actor == actor)
        return row

    def letters(self) -> list[tuple[str, str]]:
        """List dead letters as (actor, code), oldest first."""
        rows = sorted(self.rows(dead_letters), key=lambda row: int(row.id))
        return [(row.actor, row.code) for row in rows]

    def accounts(self) -> dict[str, dict[str, Slots]]:
        """Read all accounts: the slots of every node, summed over the hub's incarnations."""
        found: defaultdict[str, dict[str, Slots]] = defaultdict(dict)
        for row in self.rows(counters):
            slots = Slots(*(getattr(row, name) for name in SLOT_COLUMNS))
            known = found[row.account].get(row.node, Slots())
            found[row.account][row.node] = Slots(*(a + b for a, b in zip(known, slots, strict=True)))
        return dict(found)

    def rights(self, account: str, actor: str) -> int:
        """Compute a node's rights as the hub knows them."""
        return rights(self.accounts()[account].get(actor, Slots()))

    def free(self, account: str) -> int:
        """Read an account's free rights."""
        (row,) = self.rows(heads, heads.c.account == account)
        return int(row.free)

    def fields(self, entity: str) -> dict[str, tuple[Value, int, str]]:
        """Read an entity's packed fields; empty where it is not known."""
        rows = self.rows(entities, entities.c.entity == entity)
        return unpack(rows[0].fields) if rows else {}

    def holdings(self) -> dict[str, set[str]]:
        """Tell which entities each store holds."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for row in self.rows(interest):
            found[row.store].add(row.entity)
        return dict(found)


def split_rows(rows: dict[str, Slots]) -> tuple[list[Slots], dict[str, Slots]]:
    """Part an account's rows into the hub's and the nodes'."""
    own = [slots for name, slots in rows.items() if is_hub(name)]
    return own, {name: slots for name, slots in rows.items() if not is_hub(name)}
