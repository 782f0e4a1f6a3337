"""Judging one batch against the hub's cursor (SPEC 4.2 to 4.5): pure, no store.

One rule: the running hash is checked on every batch, new ones and repeats alike, so that two histories under one name
cannot pass for one.
"""

from typing import NamedTuple

from sync_protocol.entries import Entry, chain_next, check_entry, decode_entry
from sync_protocol.errors import PeerError
from sync_protocol.hub_ports import HELD, Accepted, ActorState, SkippedRegister
from sync_protocol.limits import CELLS_PER_BATCH_MAX
from sync_protocol.messages import Batch


class BadEntry(NamedTuple):
    """The one entry of a batch that cannot be applied."""

    number: int
    data: bytes
    reason: str


class BatchVerdict(NamedTuple):
    """What to do with a batch: the actor's new state, what to merge, and what was wrong."""

    state: ActorState
    accepted: list[Accepted]
    skipped: list[SkippedRegister]
    bad: BadEntry | None = None
    gap: str = ""
    held: bool = False
    fork: str = ""


def judge_batch(
    batch: Batch,
    state: ActorState,
    stamp_max: int,
    *,
    check_prev: bool = True,
    refuse_with: str | None = None,
) -> BatchVerdict:
    """Judge a batch.

    `stamp_max` is the greatest stamp a register may carry. `refuse_with` sends the (single) entry to quarantine for
    that reason. `check_prev=False` serves retrying a batch entry by entry, after its chain was checked as a whole.
    """
    nothing = BatchVerdict(state, [], [])
    if batch.last != batch.first + len(batch.entries) - 1 or not batch.entries:
        return nothing._replace(gap=f"entries {batch.first} to {batch.last} do not number {len(batch.entries)}")
    if batch.first > state.cursor + 1:
        return nothing._replace(gap=f"entries start at {batch.first}, the hub has {state.cursor}")
    if check_prev and (fork := _fork_in(batch, state)):
        return nothing._replace(fork=fork)
    if batch.last <= state.cursor:
        return nothing
    if state.state == HELD:
        return nothing._replace(held=True)
    return _accept(batch, state, stamp_max, refuse_with)


def _fork_in(batch: Batch, state: ActorState) -> str:
    """Compare the batch's history with the hub's where they meet; name the difference, or nothing."""
    if batch.last < state.cursor:
        return ""  # lies wholly behind the hub's hash: nothing to compare, nothing to apply
    chain = batch.prev
    for data in batch.entries[: state.cursor - batch.first + 1]:
        chain = chain_next(chain, data)
    if chain != state.chain:
        return f"entries {batch.first} to {batch.last} do not continue the history the hub has up to {state.cursor}"
    return ""


def _accept(batch: Batch, state: ActorState, stamp_max: int, refuse_with: str | None) -> BatchVerdict:
    accepted: list[Accepted] = []
    skipped: list[SkippedRegister] = []
    cells_count = 0
    for data in batch.entries[state.cursor + 1 - batch.first :]:
        number = state.cursor + 1
        state = state._replace(cursor=number, chain=chain_next(state.chain, data))
        try:
            entry = decode_entry(data)
            check_entry(entry, batch.actor, number)
            reason = refuse_with
        except PeerError as error:
            reason = str(error)
        else:
            cells_count += len(entry.registers) + len(entry.counters) + len(entry.records)
            if cells_count > CELLS_PER_BATCH_MAX:
                reason = f"batch has more than {CELLS_PER_BATCH_MAX} cells"
        if reason is not None:
            return BatchVerdict(state._replace(state=HELD), accepted, skipped, BadEntry(number, data, reason))
        entry, ahead = _without_ahead(entry, stamp_max)
        skipped += ahead
        accepted.append(Accepted(batch.actor, entry, data))
        # Only stamps that were accepted raise the mark: a clock far ahead must not drag the bound along.
        stamps = [register.stamp for register in entry.registers]
        stamps += [entry.stamp] if entry.stamp <= stamp_max else []
        state = state._replace(high_stamp=max([state.high_stamp, *stamps]))
    return BatchVerdict(state, accepted, skipped)


def _without_ahead(entry: Entry, stamp_max: int) -> tuple[Entry, list[SkippedRegister]]:
    """Take registers of a clock too far ahead out of an entry; counters and records merge all the same (SPEC 3.5)."""
    ahead = [register for register in entry.registers if register.stamp > stamp_max]
    if not ahead:
        return entry, []
    kept = Entry(
        entry.number,
        entry.stamp,
        entry.boot,
        entry.monotonic_ms,
        [register for register in entry.registers if register.stamp <= stamp_max],
        entry.counters,
        entry.records,
        entry.offset_ms,
        entry.extras,
    )
    return kept, [SkippedRegister(entry.number, register) for register in ahead]
