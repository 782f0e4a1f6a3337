"""Cutting a step of a stream into feeds that fit one message each (SPEC 5).

One rule: feeds of one step follow one another without a gap; an entity is never torn in two.
"""

import msgspec

from sync_protocol.hub_ports import StreamStep
from sync_protocol.limits import FEED_CHUNK_BYTES_MAX
from sync_protocol.messages import EntityState, Feed


def cut(hub_n: int, step: StreamStep, states: list[EntityState]) -> list[Feed]:
    """Cut a step into feeds, one at least; `states` are those of its entities, in their order."""
    feeds: list[Feed] = []
    previous, done = step.previous, 0
    for part in _split_by_size(states) or [[]]:
        done += len(part)
        seq = step.numbers[done - 1] if done < len(states) else step.seq
        feeds.append(Feed(hub_n, step.stream, previous, seq, part))
        previous = seq
    return feeds


def _split_by_size(states: list[EntityState]) -> list[list[EntityState]]:
    """Split entity states so that each part's plain size stays within a message."""
    parts: list[list[EntityState]] = []
    size_bytes = 0
    for state in states:
        state_bytes = len(msgspec.msgpack.encode(state))
        if not parts or size_bytes + state_bytes > FEED_CHUNK_BYTES_MAX:
            parts.append([])
            size_bytes = 0
        parts[-1].append(state)
        size_bytes += state_bytes
    return parts
