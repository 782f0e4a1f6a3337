"""The laws of the three joins, and what a cell may hold."""

from functools import reduce
from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_protocol.cells import (
    VALUE_BYTES_MAX,
    Record,
    Register,
    Value,
    body_hash,
    join_counters,
    join_records,
    join_registers,
    shown_record,
    value_bytes,
)
from sync_protocol.limits import COUNTER_MAX
from tests.sync_protocol.strategies import counts, records, values


@st.composite
def states(draw: st.DrawFn) -> Register:
    """Draw a state of one register, so that ties of stamp and actor are common."""
    stamp, actor = draw(st.integers(0, 2)), draw(st.sampled_from(["a-1", "b-1", "hub-1"]))
    return Register("m:a-1:1", "name", draw(values), stamp, actor)


sets_of_records = st.frozensets(records, max_size=4)


def same(a: Register, b: Register) -> bool:
    """Tell whether two registers are the same to the byte: to Python True equals 1, to the join it does not."""
    return msgspec.msgpack.encode(a) == msgspec.msgpack.encode(b)


@given(states(), states())
def test_joining_registers_is_commutative(a: Register, b: Register) -> None:
    assert same(join_registers(a, b), join_registers(b, a))


@given(states(), states(), states())
def test_joining_registers_is_associative(a: Register, b: Register, c: Register) -> None:
    assert same(join_registers(a, join_registers(b, c)), join_registers(join_registers(a, b), c))


@given(states(), states())
def test_joining_registers_is_idempotent(a: Register, b: Register) -> None:
    assert same(join_registers(a, a), a)
    joined = join_registers(a, b)
    assert same(join_registers(joined, b), joined)
    assert same(join_registers(joined, a), joined)


@given(states(), states())
def test_the_greater_stamp_wins_whatever_the_value(a: Register, b: Register) -> None:
    if a.stamp < b.stamp:
        assert same(join_registers(a, b), b)


def test_between_equal_stamps_the_greater_actor_wins() -> None:
    a, b = Register("e", "f", "zzz", 5, "a-1"), Register("e", "f", "aaa", 5, "b-1")
    assert join_registers(a, b) == b


def test_between_equal_stamps_and_actors_the_greater_bytes_win_across_types() -> None:
    mixed: tuple[Value, ...] = (None, True, False, 0, 7, -1, 300, "", "a", "b", b"", b"a", b"\xff")
    ascending = sorted(mixed, key=value_bytes)
    cells = [Register("e", "f", value, 1, "a-1") for value in ascending]
    assert len({value_bytes(value) for value in mixed}) == len(mixed)
    for place, cell in enumerate(cells):
        for other in cells[: place + 1]:
            assert same(join_registers(cell, other), cell)
            assert same(join_registers(other, cell), cell)


@pytest.mark.parametrize("value", [1.5, float("nan"), ["a"], {"a": 1}, ("a",)])
def test_a_register_refuses_floats_and_nested_values(value: object) -> None:
    with pytest.raises(TypeError):
        Register("e", "f", value, 1, "a-1")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["x" * (VALUE_BYTES_MAX + 1), bytes(VALUE_BYTES_MAX + 1), 2**63, -(2**63)])
def test_a_register_refuses_what_is_too_large(value: Value) -> None:
    with pytest.raises(ValueError):
        Register("e", "f", value, 1, "a-1")


@pytest.mark.parametrize("value", ["x" * VALUE_BYTES_MAX, bytes(VALUE_BYTES_MAX), COUNTER_MAX, -COUNTER_MAX])
def test_a_register_takes_what_is_just_within_its_bounds(value: Value) -> None:
    cell = Register("e", "f", value, 1, "a-1")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(cell), type=Register) == cell


@given(counts, counts, counts)
def test_joining_counters_is_a_maximum_and_obeys_the_laws(a: int, b: int, c: int) -> None:
    assert join_counters(a, b) == join_counters(b, a)
    assert join_counters(a, join_counters(b, c)) == join_counters(join_counters(a, b), c)
    assert join_counters(a, a) == a
    assert join_counters(a, b) >= a


@given(sets_of_records, sets_of_records, sets_of_records)
def test_joining_records_is_a_union_and_obeys_the_laws(
    a: frozenset[Record], b: frozenset[Record], c: frozenset[Record]
) -> None:
    assert join_records(a, b) == join_records(b, a)
    assert join_records(a, join_records(b, c)) == join_records(join_records(a, b), c)
    assert join_records(a, a) == a
    assert join_records(a, b) >= a


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=4, unique=True))
def test_of_several_bodies_the_one_with_the_smaller_hash_is_shown_whatever_the_order(found: list[bytes]) -> None:
    known = [frozenset({Record("a-1", 1, "receipt", body)}) for body in found]
    smallest = min(found, key=lambda body: body_hash("receipt", body))
    for order in permutations(known):
        joined = reduce(join_records, order)
        assert len(joined) == len(found)
        assert shown_record(joined).body == smallest


def test_the_kind_is_part_of_a_bodys_hash() -> None:
    assert body_hash("receipt", b"x") != body_hash("claim", b"x")
