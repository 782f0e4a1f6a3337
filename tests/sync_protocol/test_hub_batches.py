"""Judging batches: repeats, gaps, forks, bad entries, clocks ahead."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_protocol.cells import Counter, Record, Register
from sync_protocol.clock import stamp_of
from sync_protocol.entries import Entry, Extra, chain_next, chain_start, encode_entry
from sync_protocol.hub_batches import judge_batch
from sync_protocol.hub_ports import ACTIVE, HELD, ActorState
from sync_protocol.limits import STAMP_MAX
from sync_protocol.messages import Batch

ACTOR = "a-1"
MEMBER = "m:a-1:1"
POINTS = f"p:{MEMBER}:main:999912"
NEW = ActorState(ACTOR, "a", ACTIVE, 0, chain_start(ACTOR), 0)


class History(NamedTuple):
    """A log as stored, and the chain hash before each entry and after the last."""

    entries: list[bytes]
    chains: list[bytes]

    def batch(self, first: int, last: int) -> Batch:
        """Cut a batch out of the log."""
        return Batch(ACTOR, first, last, self.chains[first - 1], self.entries[first - 1 : last])

    def state(self, cursor: int, state: str = ACTIVE) -> ActorState:
        """Give the hub's state once it has the log up to a cursor."""
        return NEW._replace(cursor=cursor, chain=self.chains[cursor], state=state)


def history(entries: list[bytes]) -> History:
    """Chain entries up."""
    chains = [chain_start(ACTOR)]
    for data in entries:
        chains.append(chain_next(chains[-1], data))
    return History(entries, chains)


def sale(number: int, salt: int = 0) -> bytes:
    """Write a plain entry."""
    counter = Counter(POINTS, ACTOR, "made", 10 * number + salt, 10)
    return encode_entry(Entry(number, stamp_of(number), "boot", number, [], [counter]))


LOG = history([sale(number) for number in range(1, 9)])


def fork_at(number: int, length: int = 8) -> History:
    """Write a log that parts from LOG at an entry."""
    return history([sale(n, salt=int(n >= number)) for n in range(1, length + 1)])


cursors = st.integers(0, 8)


@given(cursors, st.integers(1, 8), st.integers(0, 7))
def test_a_batch_of_the_same_history_is_applied_from_the_cursor_on_or_is_a_gap(
    cursor: int, first: int, more: int
) -> None:
    last = min(first + more, 8)
    verdict = judge_batch(LOG.batch(first, last), LOG.state(cursor), STAMP_MAX)
    assert not verdict.fork
    assert verdict.bad is None
    if first > cursor + 1:
        assert verdict.gap
        assert verdict.state == LOG.state(cursor)
        assert verdict.accepted == []
    else:
        assert not verdict.gap
        end = max(last, cursor)
        assert [one.entry.number for one in verdict.accepted] == list(range(cursor + 1, end + 1))
        assert [one.data for one in verdict.accepted] == LOG.entries[cursor:end]
        assert (verdict.state.cursor, verdict.state.chain) == (end, LOG.chains[end])


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(0, 7)), max_size=20))
def test_any_shuffle_of_batches_applies_every_entry_once_and_in_order(cuts: list[tuple[int, int]]) -> None:
    state, applied = NEW, []
    for first, more in [*cuts, (1, 7)]:
        verdict = judge_batch(LOG.batch(first, min(first + more, 8)), state, STAMP_MAX)
        state = verdict.state
        applied += [one.entry.number for one in verdict.accepted]
    assert applied == list(range(1, 9))
    assert state.chain == LOG.chains[8]


def test_a_repeat_changes_nothing_not_even_for_a_held_actor() -> None:
    for state in (ACTIVE, HELD):
        verdict = judge_batch(LOG.batch(2, 5), LOG.state(5, state), STAMP_MAX)
        assert verdict == (LOG.state(5, state), [], [], None, "", False, "")


def test_of_an_overlapping_batch_only_the_new_part_is_applied() -> None:
    verdict = judge_batch(LOG.batch(2, 7), LOG.state(5), STAMP_MAX)
    assert [one.entry.number for one in verdict.accepted] == [6, 7]


# --- two histories ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "cursor", "parts_at"),
    [
        (5, 6, 4, 3),
        (5, 6, 4, 4),
        (3, 6, 4, 1),
        (3, 6, 4, 4),
        (1, 8, 4, 2),
        (3, 4, 4, 4),
        (1, 4, 4, 1),
        (4, 4, 4, 4),
        (1, 1, 1, 1),
    ],
)
def test_a_history_that_parts_from_the_hubs_is_a_fork(first: int, last: int, cursor: int, parts_at: int) -> None:
    batch = fork_at(parts_at).batch(first, last)
    verdict = judge_batch(batch, LOG.state(cursor), STAMP_MAX)
    assert f"up to {cursor}" in verdict.fork
    assert verdict.accepted == []
    assert verdict.state == LOG.state(cursor)


def test_a_history_that_parts_after_the_cursor_is_no_fork() -> None:
    assert not judge_batch(fork_at(5).batch(3, 6), LOG.state(4), STAMP_MAX).fork


def test_a_fork_is_seen_in_batches_of_a_held_actor_too() -> None:
    assert judge_batch(fork_at(2).batch(5, 6), LOG.state(4, HELD), STAMP_MAX).fork


def test_a_batch_whose_prev_is_made_up_is_a_fork() -> None:
    batch = Batch(ACTOR, 5, 5, bytes(32), [sale(5)])
    assert judge_batch(batch, LOG.state(4), STAMP_MAX).fork


@pytest.mark.parametrize(
    "batch",
    [
        Batch(ACTOR, 1, 2, chain_start(ACTOR), [sale(1)]),
        Batch(ACTOR, 1, 1, chain_start(ACTOR), [sale(1), sale(2)]),
        Batch(ACTOR, 1, 1, chain_start(ACTOR), []),
        Batch(ACTOR, 2, 1, chain_start(ACTOR), []),
    ],
)
def test_a_batch_whose_numbers_do_not_fit_its_entries_applies_nothing(batch: Batch) -> None:
    verdict = judge_batch(batch, NEW, STAMP_MAX)
    assert verdict.gap
    assert verdict.accepted == []
    assert verdict.state == NEW


# --- bad entries ------------------------------------------------------------------------------------------------------

BAD_ENTRIES = {
    "no entry at all": b"\xc1",
    "another's number": sale(9),
    "another's name": encode_entry(Entry(3, 1, "boot", 0, [], [Counter(POINTS, "b-1", "made", 1)])),
    "the hub's slot": encode_entry(Entry(3, 1, "boot", 0, [], [Counter(POINTS, ACTOR, "void", 1)])),
    "another's coupon": encode_entry(Entry(3, 1, "boot", 0, [], [Counter("c:hub-1:1", ACTOR, "made", 1)])),
    "the hub's field": encode_entry(Entry(3, 1, "boot", 0, [Register("i:1", "price_minor", 1, 1, ACTOR)])),
    "another's record": encode_entry(Entry(3, 1, "boot", 0, records=[Record("b-1", 1, "receipt", b"")])),
    "an unknown part": encode_entry(Entry(3, 1, "boot", 0, extras=[Extra("later", False, b"")])),
}


@pytest.mark.parametrize("data", BAD_ENTRIES.values(), ids=BAD_ENTRIES)
def test_a_bad_entry_goes_to_quarantine_and_what_is_before_it_is_accepted(data: bytes) -> None:
    log = history([sale(1), sale(2), data, sale(4)])
    verdict = judge_batch(log.batch(1, 4), NEW, STAMP_MAX)
    assert verdict.bad is not None
    assert (verdict.bad.number, verdict.bad.data) == (3, data)
    assert verdict.bad.reason
    assert [one.entry.number for one in verdict.accepted] == [1, 2]
    assert verdict.state == log.state(3, HELD)._replace(high_stamp=stamp_of(2))


def test_batches_of_a_held_actor_wait() -> None:
    verdict = judge_batch(LOG.batch(5, 6), LOG.state(4, HELD), STAMP_MAX)
    assert verdict.held
    assert verdict.accepted == []
    assert verdict.state == LOG.state(4, HELD)


def test_a_single_entry_is_refused_for_a_reason_given_from_outside() -> None:
    batch = Batch(ACTOR, 5, 5, b"", [sale(5)])
    verdict = judge_batch(batch, LOG.state(4), STAMP_MAX, check_prev=False, refuse_with="the database said no")
    assert verdict.bad is not None
    assert verdict.bad.reason == "the database said no"
    assert (verdict.state.cursor, verdict.state.state) == (5, HELD)


# --- clocks ahead -----------------------------------------------------------------------------------------------------

BOUND = stamp_of(1_000)


def ahead(number: int, stamp: int) -> bytes:
    """Write an entry with a register, a counter and a record under one stamp."""
    return encode_entry(
        Entry(
            number=number,
            stamp=stamp,
            boot="boot",
            monotonic_ms=0,
            registers=[Register(MEMBER, "tag:x", 1, stamp, ACTOR)],
            counters=[Counter(POINTS, ACTOR, "made", number, 1)],
            records=[Record(ACTOR, number, "receipt", b"x")],
        )
    )


def test_registers_of_a_clock_ahead_are_skipped_and_counters_and_records_kept() -> None:
    log = history([ahead(1, BOUND), ahead(2, BOUND + 1), ahead(3, BOUND - 1)])
    verdict = judge_batch(log.batch(1, 3), NEW, BOUND)
    assert [(one.number, one.register.stamp) for one in verdict.skipped] == [(2, BOUND + 1)]
    assert [len(one.entry.registers) for one in verdict.accepted] == [1, 0, 1]
    assert all(len(one.entry.counters) == len(one.entry.records) == 1 for one in verdict.accepted)
    assert verdict.state.cursor == 3
    assert verdict.state.chain == log.chains[3]
    assert verdict.state.state == ACTIVE


def test_the_bytes_of_an_entry_with_skipped_registers_are_kept_as_they_came() -> None:
    log = history([ahead(1, BOUND + 1)])
    (one,) = judge_batch(log.batch(1, 1), NEW, BOUND).accepted
    assert one.data == log.entries[0]


def test_only_stamps_within_the_bound_raise_the_high_mark() -> None:
    log = history([ahead(1, BOUND - 5), ahead(2, STAMP_MAX)])
    assert judge_batch(log.batch(1, 2), NEW, BOUND).state.high_stamp == BOUND - 5
