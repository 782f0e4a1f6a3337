"""Outbox entries and the chain over them (SPEC 4).

One rule: an entry is encoded once; those bytes are stored, sent and hashed, and never encoded again.
"""

import hashlib
import re
from typing import Annotated

import msgspec

from sync_protocol.accounts import check_node_counter
from sync_protocol.cells import Counter, Name, Number, Record, Register, Stamp
from sync_protocol.errors import DecodeError, EntryTooLarge, OwnershipError
from sync_protocol.limits import CELLS_PER_BATCH_MAX, ENTRY_BYTES_MAX
from sync_protocol.names import is_entity, is_link, split_actor


class Extra(msgspec.Struct, frozen=True, array_like=True):
    """A part that a later version of the protocol may add. Unknown ones are kept; they pass only if skippable."""

    tag: Name
    skippable: bool
    body: bytes


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One atomic entry of a node's outbox.

    `boot` names the run of the machine's clock, `monotonic_ms` is measured within it; true time is found from them once
    an entry carries `offset_ms`, the difference to the hub's clock in that boot (SPEC 3.4).
    """

    number: Number
    stamp: Stamp
    boot: Name
    monotonic_ms: Annotated[int, msgspec.Meta(ge=0)]
    registers: list[Register] = []
    counters: list[Counter] = []
    records: list[Record] = []
    offset_ms: int | None = None
    extras: list[Extra] = []


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Entry)


def encode_entry(entry: Entry) -> bytes:
    """Encode an entry, once for all. Raises: EntryTooLarge."""
    data = _encoder.encode(entry)
    if len(data) > ENTRY_BYTES_MAX:
        raise EntryTooLarge(len(data), ENTRY_BYTES_MAX)
    return data


def decode_entry(data: bytes) -> Entry:
    """Decode an entry's bytes. Raises: DecodeError."""
    try:
        entry = _decoder.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DecodeError(f"entry: {error}") from error
    if len(entry.registers) + len(entry.counters) + len(entry.records) > CELLS_PER_BATCH_MAX:
        raise DecodeError(f"entry: more than {CELLS_PER_BATCH_MAX} cells")
    return entry


def chain_start(actor: str) -> bytes:
    """Give the chain hash before an actor's first entry."""
    return hashlib.sha256(b"tillsync/1/" + actor.encode()).digest()


def chain_next(previous: bytes, entry: bytes) -> bytes:
    """Give the chain hash after one more entry."""
    return hashlib.sha256(previous + entry).digest()


_NODE_FIELDS = frozenset({"phone", "card", "name", "home_store", "enrolled_at_ms"})
_NODE_FIELD = re.compile(r"(consent|tag|note):[\x21-\x7e]{1,100}")


def may_node_write(register: Register, actor: str) -> bool:
    """Tell whether node `actor` may write this register (SPEC 1.4).

    Nodes write members' personal fields, links, consents, tags, notes, and their own store's holding. Catalogue,
    programme, coupons, tiers, aliases and all else belong to the hub.
    """
    if not register.entity.startswith("m:") or not is_entity(register.entity):
        return False
    if register.field.startswith("held:"):
        return register.field == f"held:{split_actor(actor).store}"
    if register.field.startswith("link:"):
        return is_link(register.field)
    return register.field in _NODE_FIELDS or _NODE_FIELD.fullmatch(register.field) is not None


def check_entry(entry: Entry, actor: str, expected_number: int) -> None:
    """Refuse an entry that `actor` may not write, as a whole. Raises: OwnershipError, DecodeError."""
    if entry.number != expected_number:
        raise DecodeError(f"entry says it is number {entry.number}, its place is {expected_number}")
    for register in entry.registers:
        if register.actor != actor:
            raise OwnershipError(f"register {register.entity} {register.field} is in the name of {register.actor}")
        if not may_node_write(register, actor):
            raise OwnershipError(f"register {register.entity} {register.field} is not for nodes to write")
    for counter in entry.counters:
        check_node_counter(counter, actor)
    for record in entry.records:
        if record.actor != actor:
            raise OwnershipError(f"record {record.number} is in the name of {record.actor}")
    for extra in entry.extras:
        if not extra.skippable:
            raise DecodeError(f"entry has a part {extra.tag!r} that this version does not know and may not skip")
