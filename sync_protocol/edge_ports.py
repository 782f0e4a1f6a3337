"""What an edge session needs of its store: an interface, implemented on SQLite in the node (SPEC 4, 5).

One rule: each method is one transaction, durable when it returns.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sync_protocol.messages import EntityState, MemberKey


class EdgePosition(NamedTuple):
    """How far a node's log and feeds go."""

    actor: str
    boot: str
    last_entry: int
    last_chain: bytes
    acknowledged: int
    hub_n: int
    cursors: dict[str, int]
    fenced: str | None


class OutboxSlice(NamedTuple):
    """Consecutive stored entries, and the chain hash before the first."""

    prev: bytes
    entries: list[bytes]
    keys: list[MemberKey]


class EdgeStore(Protocol):
    """The node's durable side, as the session sees it."""

    def position(self) -> EdgePosition:
        """Read how far log and feeds go."""
        ...

    def outbox(self, first: int, size_bytes_max: int) -> OutboxSlice:
        """Read stored entries from `first` on, up to a size; at least one where there is one."""
        ...

    def note_welcome(self, hub_n: int, blind_index_key: bytes, clock_offset_ms: int) -> None:
        """Take the hub's incarnation, the key of the blind index, and how far the hub's clock is ahead of ours.

        Stamps are issued by the clock so corrected: one that is only wrong loses no registers to the drift bound.
        """
        ...

    def note_acknowledged(self, cursor: int) -> None:
        """Raise the acknowledged cursor; never lowers it."""
        ...

    def apply_feed(self, stream: str, seq: int, entities: Sequence[EntityState], now_ms: int) -> None:
        """Join the cells and move the stream's cursor, in one transaction."""
        ...

    def apply_entities(self, entities: Sequence[EntityState], now_ms: int) -> None:
        """Join the cells of an answer; no cursor moves."""
        ...

    def hand_back(self, account: str, amount_max: int, now_ms: int) -> int:
        """Hand up to `amount_max` rights to the hub by an entry of the log; return how many."""
        ...

    def fence(self, reason: str) -> None:
        """Stop selling under this name, for good."""
        ...
