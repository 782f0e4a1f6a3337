"""The three shapes of state and their joins (SPEC 1).

One rule: each join is commutative, associative and idempotent, so that delivery may repeat, reorder and batch at will.
Everything that crosses the network is one of these; there is no fourth.
"""

import hashlib
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from sync_protocol.limits import COUNTER_MAX, STAMP_MAX

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=160)]
Amount = Annotated[int, msgspec.Meta(ge=0, le=COUNTER_MAX)]
Stamp = Annotated[int, msgspec.Meta(ge=0, le=STAMP_MAX)]
Number = Annotated[int, msgspec.Meta(ge=1, le=COUNTER_MAX)]
VALUE_BYTES_MAX = 65_536

if TYPE_CHECKING:
    Value = str | int | bool | bytes | None
else:
    Value = Any  # a union of str and bytes is beyond msgspec; `Register` checks the value itself


class Register(msgspec.Struct, frozen=True, array_like=True):
    """One field of one entity, last writer wins by (stamp, actor, value bytes).

    Documents travel as bytes (UTF-8 JSON); floats never merge.
    """

    entity: Name
    field: Name
    value: Value
    stamp: Stamp
    actor: Name

    def __post_init__(self) -> None:
        """Refuse values that do not merge: floats, nested ones, text or bytes beyond the bound."""
        value: object = self.value
        if value is not None and not isinstance(value, str | int | bytes):
            raise TypeError(f"a register holds text, bytes, an integer, a truth value or nothing, not {type(value)}")
        if isinstance(value, str | bytes) and len(value) > VALUE_BYTES_MAX:
            raise ValueError(f"a register's value has at most {VALUE_BYTES_MAX} characters or bytes")
        if isinstance(value, int) and not -COUNTER_MAX <= value <= COUNTER_MAX:
            raise ValueError("a register's integer has at most 63 bits")


class Counter(msgspec.Struct, frozen=True, array_like=True):
    """One slot of one actor on one account; it only grows.

    Slots: `made`, `used`, `to:<actor or hub>`, `take:<actor>`, `void`. `increment` is what this entry added (0 where
    the cell comes by feed): it serves carrying over to a new incarnation, never the join.
    """

    account: Name
    actor: Name
    slot: Name
    value: Amount
    increment: Amount = 0


class Record(msgspec.Struct, frozen=True, array_like=True):
    """An immutable body of a kind (`receipt`, `interaction`, `claim` …), numbered without gaps by its actor."""

    actor: Name
    number: Number
    kind: Name
    body: bytes


def value_bytes(value: Value) -> bytes:
    """Encode a register's value for the tie-break."""
    return msgspec.msgpack.encode(value)


def register_order(cell: Register) -> tuple[int, str, bytes]:
    """Give the order by which registers are joined."""
    return (cell.stamp, cell.actor, value_bytes(cell.value))


def join_registers(a: Register, b: Register) -> Register:
    """Join two states of one register: the greatest (stamp, actor, value bytes)."""
    return max(a, b, key=register_order)


def join_counters(a: int, b: int) -> int:
    """Join two states of one counter slot: the maximum."""
    return max(a, b)


def body_hash(kind: str, body: bytes) -> bytes:
    """Give the hash by which differing bodies of one record are told apart."""
    return hashlib.sha256(kind.encode() + b"\x00" + body).digest()


def join_records(a: frozenset[Record], b: frozenset[Record]) -> frozenset[Record]:
    """Join what is known under one record number: the union. More than one body is an alarm."""
    return a | b


def shown_record(bodies: frozenset[Record]) -> Record:
    """Choose the body to show: the one with the smallest hash."""
    return min(bodies, key=lambda record: body_hash(record.kind, record.body))
