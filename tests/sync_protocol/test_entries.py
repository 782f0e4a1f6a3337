"""Entries: encoded once, chained, bounded, and refused as a whole where a node may not write something."""

import hashlib
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_protocol.cells import Counter, Record, Register, Value
from sync_protocol.entries import (
    Entry,
    Extra,
    chain_next,
    chain_start,
    check_entry,
    decode_entry,
    encode_entry,
    may_node_write,
)
from sync_protocol.errors import DecodeError, EntryTooLarge, OwnershipError
from sync_protocol.limits import CELLS_PER_BATCH_MAX, ENTRY_BYTES_MAX
from tests.sync_protocol.strategies import bodies, entries

ACTOR = "0042-1"
MEMBER = "m:0042-1:1"
POINTS = f"p:{MEMBER}:main:999912"
PLAIN = Entry(1, 1, "boot", 0)


@given(entries)
def test_an_entry_decodes_to_what_was_encoded(entry: Entry) -> None:
    data = encode_entry(entry)
    assert decode_entry(data) == entry
    assert encode_entry(decode_entry(data)) == data


@given(st.binary(max_size=200))
def test_any_bytes_as_entry_raise_only_the_peers_error(data: bytes) -> None:
    with suppress(DecodeError):
        assert decode_entry(data).number >= 1


@given(entries, st.integers(0, 10_000), st.binary(min_size=1, max_size=3))
def test_a_damaged_entry_raises_only_the_peers_error(entry: Entry, at: int, damage: bytes) -> None:
    data = bytearray(encode_entry(entry))
    at %= len(data)
    data[at : at + len(damage)] = damage
    with suppress(DecodeError):
        assert decode_entry(bytes(data)).number >= 1


@pytest.mark.parametrize(
    "fields",
    [
        [0, 1, "boot", 0],
        [1, -1, "boot", 0],
        [1, 2**63, "boot", 0],
        [1, 1, "", 0],
        [1, 1, "boot", -1],
        [1, 1, "boot"],
        ["1", 1, "boot", 0],
        [1.0, 1, "boot", 0],
        [1, 1, "boot", 0, [["e", "f", 1.5, 1, "a"]]],
        [1, 1, "boot", 0, [["e", "f", [1], 1, "a"]]],
        [1, 1, "boot", 0, [["", "f", 1, 1, "a"]]],
        [1, 1, "boot", 0, [], [["p:x", "a", "made", -1]]],
        [1, 1, "boot", 0, [], [["p:x", "a", "made", 2**63]]],
        [1, 1, "boot", 0, [], [], [["a", 0, "receipt", b""]]],
        [1, 1, "boot", 0, [], [], [["a", 1, "receipt", "text"]]],
        {"number": 1},
        None,
    ],
)
def test_values_out_of_range_or_of_the_wrong_type_are_refused(fields: object) -> None:
    with pytest.raises(DecodeError):
        decode_entry(msgspec.msgpack.encode(fields))


def test_deeply_nested_bytes_are_refused() -> None:
    with pytest.raises(DecodeError):
        decode_entry(b"\x91" * 100_000)


@given(entries, st.lists(st.one_of(st.none(), st.integers(0, 9), bodies), min_size=1, max_size=3))
def test_unknown_fields_at_the_end_are_ignored(entry: Entry, later: list[object]) -> None:
    # Every field is written out, so what comes next is a field of a later version.
    fields = [*msgspec.to_builtins(entry, builtin_types=(bytes,)), *later]
    assert decode_entry(msgspec.msgpack.encode(fields)) == entry


def test_unknown_fields_at_the_end_of_cells_are_ignored() -> None:
    register = [MEMBER, "name", b"x", 1, ACTOR, "later"]
    counter = [POINTS, ACTOR, "made", 5, 5, "later"]
    record = [ACTOR, 1, "receipt", b"x", "later"]
    entry = decode_entry(msgspec.msgpack.encode([1, 1, "boot", 0, [register], [counter], [record]]))
    assert entry.registers == [Register(MEMBER, "name", b"x", 1, ACTOR)]
    assert entry.counters == [Counter(POINTS, ACTOR, "made", 5, 5)]
    assert entry.records == [Record(ACTOR, 1, "receipt", b"x")]


def test_fields_an_older_version_left_out_take_their_defaults() -> None:
    assert decode_entry(msgspec.msgpack.encode([1, 1, "boot", 0])) == PLAIN


def test_an_entry_too_large_for_a_message_is_not_encoded() -> None:
    with pytest.raises(EntryTooLarge) as refusal:
        encode_entry(Entry(1, 1, "boot", 0, records=[Record(ACTOR, 1, "receipt", bytes(ENTRY_BYTES_MAX))]))
    assert refusal.value.size_bytes > refusal.value.size_bytes_max == ENTRY_BYTES_MAX
    overhead = len(encode_entry(Entry(1, 1, "boot", 0, records=[Record(ACTOR, 1, "receipt", bytes(70_000))]))) - 70_000
    largest = ENTRY_BYTES_MAX - overhead
    fits = encode_entry(Entry(1, 1, "boot", 0, records=[Record(ACTOR, 1, "receipt", bytes(largest))]))
    assert len(fits) == ENTRY_BYTES_MAX


def test_more_cells_than_a_batch_may_hold_are_refused() -> None:
    counter = [POINTS, "a", "made", 1]
    with pytest.raises(DecodeError, match=str(CELLS_PER_BATCH_MAX)):
        decode_entry(msgspec.msgpack.encode([1, 1, "boot", 0, [], [counter] * (CELLS_PER_BATCH_MAX + 1)]))


# --- the chain --------------------------------------------------------------------------------------------------------


def test_the_chain_starts_and_goes_on_as_the_specification_says() -> None:
    start = hashlib.sha256(b"tillsync/1/0042-1").digest()
    assert chain_start(ACTOR) == start
    assert chain_next(start, b"first") == hashlib.sha256(start + b"first").digest()


def test_the_chain_is_pinned() -> None:
    chain = chain_start(ACTOR)
    for data in (b"first", b"second"):
        chain = chain_next(chain, data)
    assert chain.hex() == "ab14446cee6ffab85a7186e0ef9011216e5668204ba87d535c6abf6e1a558346"


@given(st.lists(bodies, min_size=2, max_size=5, unique=True))
def test_a_chain_tells_orders_and_histories_apart(found: list[bytes]) -> None:
    forward = backward = chain_start(ACTOR)
    for data, other in zip(found, reversed(found), strict=True):
        forward, backward = chain_next(forward, data), chain_next(backward, other)
    assert forward != backward


# --- what a node may write --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "field",
    [
        "phone",
        "card",
        "name",
        "home_store",
        "enrolled_at_ms",
        "link:card:00ff",
        "consent:membership:0042",
        "tag:vip",
        "note:1",
        "held:0042",
    ],
)
def test_a_node_writes_fields_of_members(field: str) -> None:
    assert may_node_write(Register(MEMBER, field, 1, 1, ACTOR), ACTOR)


@pytest.mark.parametrize(
    ("entity", "field"),
    [
        (MEMBER, "alias_of"),
        (MEMBER, "tier"),
        (MEMBER, "held:0043"),
        (MEMBER, "held:"),
        (MEMBER, "link:"),
        (MEMBER, "link:card"),
        (MEMBER, "link:card:"),
        (MEMBER, "document"),
        (MEMBER, "member"),
        ("i:123", "price_minor"),
        ("programme:main", "document"),
        ("c:0042-1:1", "member"),
        ("s:0042", "name"),
        ("members", "name"),
    ],
)
def test_a_node_writes_nothing_that_belongs_to_the_hub(entity: str, field: str) -> None:
    register = Register(entity, field, 1, 1, ACTOR)
    assert not may_node_write(register, ACTOR)
    with pytest.raises(OwnershipError):
        check_entry(Entry(1, 1, "boot", 0, registers=[register]), ACTOR, 1)


def _entry(*, register_by: str = ACTOR, counter_by: str = ACTOR, record_by: str = ACTOR, value: Value = "x") -> Entry:
    return Entry(
        number=1,
        stamp=1,
        boot="boot",
        monotonic_ms=0,
        registers=[Register(MEMBER, "name", value, 1, register_by)],
        counters=[Counter(POINTS, counter_by, "made", 5, 5)],
        records=[Record(record_by, 1, "receipt", b"x")],
    )


def test_an_entry_in_the_actors_own_name_passes() -> None:
    check_entry(_entry(), ACTOR, 1)


@pytest.mark.parametrize(
    "entry", [_entry(register_by="0043-1"), _entry(counter_by="0042-2"), _entry(record_by="hub-1")]
)
def test_an_entry_with_one_cell_in_anothers_name_is_refused_as_a_whole(entry: Entry) -> None:
    with pytest.raises(OwnershipError):
        check_entry(entry, ACTOR, 1)


@pytest.mark.parametrize("expected", [2, 0])
def test_an_entry_out_of_its_place_is_refused(expected: int) -> None:
    with pytest.raises(DecodeError, match="its place is"):
        check_entry(PLAIN, ACTOR, expected)


def test_a_part_of_a_later_version_passes_if_it_may_be_skipped() -> None:
    check_entry(Entry(1, 1, "boot", 0, extras=[Extra("later", True, b"x")]), ACTOR, 1)


def test_a_part_of_a_later_version_that_may_not_be_skipped_is_refused_by_name() -> None:
    with pytest.raises(DecodeError, match="later"):
        check_entry(Entry(1, 1, "boot", 0, extras=[Extra("later", False, b"x")]), ACTOR, 1)
