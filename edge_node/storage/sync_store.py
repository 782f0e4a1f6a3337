"""The durable side of the edge session: `EdgeStore` of the kernel on the node's database.

One rule: each method is one transaction of the writer, at the priority of synchronisation, so that a sale always goes
between two of them.
"""

import sqlite3
from collections.abc import Sequence

import msgspec

from edge_node.clock import SystemClock
from edge_node.personal import KeyRing
from edge_node.storage.cells import apply_counters, apply_registers, node_row, own_slots
from edge_node.storage.database import SYNC, NodeDatabase
from edge_node.storage.log import Raise, append
from sync_protocol.accounts import TO_HUB, rights
from sync_protocol.edge_ports import EdgePosition, OutboxSlice
from sync_protocol.messages import EntityState, MemberKey

_keys_decoder = msgspec.msgpack.Decoder(list[MemberKey])


class SqliteEdgeStore:
    """See `sync_protocol.edge_ports.EdgeStore`."""

    def __init__(self, database: NodeDatabase, keys: KeyRing, clock: SystemClock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock

    def position(self) -> EdgePosition:
        """See `EdgeStore.position`."""
        reader = self._database.reader()
        node = node_row(reader)
        cursors = {row["stream"]: row["cursor"] for row in reader.execute("SELECT stream, cursor FROM feeds")}
        return EdgePosition(
            actor=node["actor"],
            boot=self._clock.read().boot,
            last_entry=node["last_entry"],
            last_chain=node["last_chain"],
            acknowledged=node["acknowledged"],
            hub_n=node["hub_n"],
            cursors=cursors,
            fenced=node["fenced"],
        )

    def outbox(self, first: int, size_bytes_max: int) -> OutboxSlice:
        """See `EdgeStore.outbox`."""
        rows = self._database.reader().execute(
            "SELECT number, data, prev, keys FROM outbox WHERE number >= ? ORDER BY number", (first,)
        )
        prev, size_bytes = b"", 0
        entries: list[bytes] = []
        keys: list[MemberKey] = []
        for row in rows:
            size_bytes += len(row["data"]) + len(row["keys"] or b"")
            if entries and size_bytes > size_bytes_max:
                break
            if row["number"] != first + len(entries):
                break  # older entries were pruned after their retention: the session never asks below the hub's cursor
            prev = prev or row["prev"]
            entries.append(row["data"])
            keys += _keys_decoder.decode(row["keys"]) if row["keys"] else []
        rows.close()
        return OutboxSlice(prev, entries, keys)

    def note_welcome(self, hub_n: int, blind_index_key: bytes, clock_offset_ms: int) -> None:
        """See `EdgeStore.note_welcome`."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE node SET hub_n = ?, blind_index_key = ?, clock_offset_ms = ?",
                (hub_n, blind_index_key, clock_offset_ms),
            )

        self._database.write(work, SYNC)

    def note_acknowledged(self, cursor: int) -> None:
        """See `EdgeStore.note_acknowledged`. Member keys leave the outbox once they are at the hub."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE node SET acknowledged = max(acknowledged, ?), last_contact_ms = ?",
                (cursor, self._clock.now_ms()),
            )
            connection.execute("UPDATE outbox SET keys = NULL WHERE number <= ? AND keys IS NOT NULL", (cursor,))

        self._database.write(work, SYNC, durable=False)  # if lost, the hub says it again

    def apply_feed(self, stream: str, seq: int, entities: Sequence[EntityState], now_ms: int) -> None:
        """See `EdgeStore.apply_feed`."""

        def work(connection: sqlite3.Connection) -> None:
            self._join(connection, entities)
            connection.execute(
                "INSERT INTO feeds (stream, cursor) VALUES (?, ?) "
                "ON CONFLICT (stream) DO UPDATE SET cursor = max(cursor, excluded.cursor)",
                (stream, seq),
            )
            connection.execute("UPDATE node SET last_contact_ms = ?", (now_ms,))

        self._database.write(work, SYNC, durable=False)  # if lost, cells and cursor are lost together

    def apply_entities(self, entities: Sequence[EntityState], now_ms: int) -> None:
        """See `EdgeStore.apply_entities`."""

        def work(connection: sqlite3.Connection) -> None:
            self._join(connection, entities)
            connection.execute("UPDATE node SET last_contact_ms = ?", (now_ms,))

        self._database.write(work, SYNC, durable=False)  # if lost, cells and cursor are lost together

    def hand_back(self, account: str, amount_max: int, now_ms: int) -> int:
        """See `EdgeStore.hand_back`."""
        del now_ms

        def work(connection: sqlite3.Connection) -> int:
            amount = min(rights(own_slots(connection, account, self._database.actor)), amount_max)
            if amount > 0:
                append(connection, self._clock.read(), counters=[Raise(account, TO_HUB, amount)])
            return max(amount, 0)

        return self._database.write(work, SYNC)

    def fence(self, reason: str) -> None:
        """See `EdgeStore.fence`."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE node SET fenced = coalesce(fenced, ?)", (reason,))

        self._database.write(work, SYNC)

    def keep_dead_letter(self, code: str, reason: str, payload: bytes) -> None:
        """Keep a payload of the hub that did not open, with its reason."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO dead_letters (at_ms, code, reason, payload) VALUES (?, ?, ?, ?)",
                (self._clock.now_ms(), code, reason, payload),
            )

        self._database.write(work, SYNC)

    def _join(self, connection: sqlite3.Connection, entities: Sequence[EntityState]) -> None:
        high_stamp = 0
        for state in entities:
            apply_registers(connection, state.registers)
            apply_counters(connection, state.counters)
            if state.key is not None:
                self._keys.put(connection, state.entity, state.key)
            if state.whole:
                connection.execute("UPDATE entities SET whole = 1 WHERE entity = ? AND whole = 0", (state.entity,))
            high_stamp = max([high_stamp, *(register.stamp for register in state.registers)])
        # Never issue a stamp below one that was seen (SPEC 3.2).
        connection.execute("UPDATE node SET high_stamp = max(high_stamp, ?)", (high_stamp,))
