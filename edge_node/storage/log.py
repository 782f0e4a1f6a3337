"""The node's log: every change it makes is one entry, written in the transaction that makes the change.

One rule: rights are checked here, in that same transaction, for every spend and every handing over (SPEC 2.2). There is
no other way to write a counter of this node.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from edge_node.clock import Instant
from edge_node.errors import NodeFenced
from edge_node.storage.cells import apply_counters, apply_records, apply_registers, node_row, own_slots
from sync_protocol.accounts import MADE, TO_HUB, USED, require_rights
from sync_protocol.cells import Counter, Record, Register, Value
from sync_protocol.clock import next_stamp
from sync_protocol.entries import Entry, chain_next, encode_entry
from sync_protocol.messages import MemberKey

_keys_encoder = msgspec.msgpack.Encoder()


class Write(NamedTuple):
    """One register to write."""

    entity: str
    field: str
    value: Value


class Raise(NamedTuple):
    """One slot of this node's to raise by an increment above zero."""

    account: str
    slot: str
    increment: int


class Body(NamedTuple):
    """One record to keep."""

    kind: str
    body: bytes


class Appended(NamedTuple):
    """Where an entry came to stand."""

    entry: int
    first_record: int


def append(
    connection: sqlite3.Connection,
    at: Instant,
    *,
    registers: Sequence[Write] = (),
    counters: Sequence[Raise] = (),
    records: Sequence[Body] = (),
    keys: Sequence[MemberKey] = (),
) -> Appended:
    """Write one entry and its cells, inside the caller's transaction.

    Raises: NodeFenced, InsufficientRights, EntryTooLarge; the caller's transaction then rolls back as a whole.
    """
    node = node_row(connection)
    if node["fenced"]:
        raise NodeFenced(node["fenced"])
    actor: str = node["actor"]
    stamp = next_stamp(node["high_stamp"], at.wall_ms + node["clock_offset_ms"])
    number: int = node["last_entry"] + 1
    register_cells = [Register(write.entity, write.field, write.value, stamp, actor) for write in registers]
    counter_cells = [_raised(connection, actor, step) for step in counters]
    record_cells = [Record(actor, node["last_record"] + n, *body) for n, body in enumerate(records, start=1)]
    data = encode_entry(Entry(number, stamp, at.boot, at.monotonic_ms, register_cells, counter_cells, record_cells))
    apply_registers(connection, register_cells)
    apply_records(connection, record_cells)
    connection.execute(
        "INSERT INTO outbox (number, data, prev, keys, written_ms) VALUES (?, ?, ?, ?, ?)",
        (number, data, node["last_chain"], _keys_encoder.encode(keys) if keys else None, at.wall_ms),
    )
    connection.execute(
        "UPDATE node SET last_entry = ?, last_chain = ?, last_record = last_record + ?, high_stamp = ?",
        (number, chain_next(node["last_chain"], data), len(records), stamp),
    )
    return Appended(number, node["last_record"] + 1)


def _raised(connection: sqlite3.Connection, actor: str, step: Raise) -> Counter:
    """Raise one slot in the table at once, so that two raises of one slot in one entry add up."""
    if step.increment <= 0:
        raise ValueError(f"{step.account}: a slot is raised by more than zero, not by {step.increment}")
    slots = own_slots(connection, step.account, actor)
    if step.slot in {USED, TO_HUB}:
        require_rights(step.account, slots, step.increment)
    present = {MADE: slots.made, USED: slots.used, TO_HUB: slots.to_hub}[step.slot]
    cell = Counter(step.account, actor, step.slot, present + step.increment, step.increment)
    apply_counters(connection, [cell])
    return cell
