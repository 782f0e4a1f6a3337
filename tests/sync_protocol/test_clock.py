"""The hybrid clock never goes back: not with the wall clock, not over restarts, not when its counter is full."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_protocol.clock import COUNTER_BITS, HybridClock, next_stamp, stamp_of, time_of_ms
from sync_protocol.limits import STAMP_MAX

times_ms = st.integers(0, 2**46)
steps = st.lists(st.one_of(st.tuples(st.just("issue"), times_ms), st.tuples(st.just("observe"), times_ms)), max_size=20)


@given(times_ms, st.integers(0, 2**COUNTER_BITS - 1))
def test_a_stamp_gives_back_its_milliseconds(time_ms: int, counter: int) -> None:
    assert time_of_ms(stamp_of(time_ms, counter)) == time_ms


@given(steps)
def test_no_stamp_is_ever_at_or_below_one_issued_or_seen(done: list[tuple[str, int]]) -> None:
    clock, greatest = HybridClock(), 0
    for verb, time_ms in done:
        if verb == "observe":
            clock.observe(stamp_of(time_ms, 7))
            greatest = max(greatest, stamp_of(time_ms, 7))
        else:
            stamp = clock.issue(time_ms)
            assert stamp > greatest
            assert stamp >= stamp_of(time_ms)
            greatest = stamp


@given(steps, times_ms)
def test_a_restart_with_the_stored_high_mark_goes_on_above_it(done: list[tuple[str, int]], after_ms: int) -> None:
    clock = HybridClock()
    for verb, time_ms in done:
        if verb == "observe":
            clock.observe(stamp_of(time_ms))
        else:
            clock.issue(time_ms)
    assert HybridClock(clock.high).issue(after_ms) > clock.high


def test_a_clock_set_back_goes_on_counting_from_the_high_mark() -> None:
    clock = HybridClock()
    high = clock.issue(1_000_000)
    assert [clock.issue(5) for _ in range(3)] == [high + 1, high + 2, high + 3]


def test_a_full_counter_carries_into_the_milliseconds() -> None:
    full = stamp_of(1_000, 2**COUNTER_BITS - 1)
    stamp = next_stamp(full, 1_000)
    assert stamp == stamp_of(1_001, 0)
    assert stamp > full


def test_a_time_before_1970_counts_as_its_beginning() -> None:
    assert next_stamp(0, -5) == 1


def test_seeing_an_older_stamp_changes_nothing() -> None:
    clock = HybridClock(stamp_of(1_000))
    clock.observe(stamp_of(999))
    assert clock.high == stamp_of(1_000)


def test_a_stamp_beyond_63_bits_is_refused_and_not_issued() -> None:
    clock = HybridClock(STAMP_MAX)
    with pytest.raises(OverflowError):
        clock.issue(0)
    assert clock.high == STAMP_MAX
