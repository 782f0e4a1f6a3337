"""What a hub session needs of its store: an interface, implemented on SQLAlchemy at the hub (SPEC 4, 5).

One rule: everything within one `transaction()` becomes durable together or not at all. A store may raise anything when
a transaction cannot be applied; the session then tries smaller pieces.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from sync_protocol.cells import Counter, Register
from sync_protocol.entries import Entry
from sync_protocol.messages import EntityState, MemberKey, WantRights

ACTIVE = "active"
HELD = "held"
FENCED = "fenced"


class ActorState(NamedTuple):
    """Where the hub stands with one node."""

    actor: str
    store: str
    state: str
    cursor: int
    chain: bytes
    high_stamp: int


class Accepted(NamedTuple):
    """An entry that was found good and goes into the merge."""

    actor: str
    entry: Entry
    data: bytes


class StreamStep(NamedTuple):
    """A stretch of a stream after `previous`, up to `seq`: entities with the numbers of their latest changes."""

    stream: str
    previous: int
    seq: int
    entities: list[str]
    numbers: list[int]
    more: bool = False


class Expansion(NamedTuple):
    """What marks came to, and whether more of them may be waiting."""

    steps: list[StreamStep]
    more: bool


class StoreUnavailable(Exception):
    """The database cannot be worked with right now (locked, out of reach, full): nothing is wrong with the input."""


class StoreConflict(StoreUnavailable):
    """Another transaction stood in the way (a deadlock, a serialisation failure): the same may succeed now."""


class Granted(NamedTuple):
    """What a grant came to: the hub's cell towards the node, and how much is still short of the target."""

    cell: Counter | None
    short: int


class HubTransaction(Protocol):
    """One open transaction."""

    def lock_actors(self, actors: Sequence[str]) -> dict[str, ActorState]:
        """Read and lock the rows of these actors, in key order; unknown ones are missing from the answer."""
        ...

    def save_actor(self, actor: ActorState) -> None:
        """Write an actor's cursor, chain and state, in the transaction of the cells (never after it)."""
        ...

    def merge(self, accepted: Sequence[Accepted], keys: Sequence[MemberKey], now_ms: int) -> None:
        """Join all cells of these entries and mark what changed."""
        ...

    def note_contact(self, actor: str, now_ms: int, last_entry: int | None, cursors: dict[str, int] | None) -> None:
        """Remember that the actor was heard, and how far it says it is."""
        ...

    def note_offline(self, actor: str, now_ms: int) -> None:
        """Remember that the broker says the actor is gone: a hint."""
        ...

    def note_feed(self, actor: str, stream: str, seq: int) -> None:
        """Remember how far the actor has applied a stream."""
        ...

    def quarantine(self, actor: str, number: int, data: bytes, reason: str, now_ms: int) -> None:
        """Keep an entry that cannot be applied, with its reason."""
        ...

    def dead_letter(self, actor: str, channel: str, payload: bytes, code: str, reason: str, now_ms: int) -> None:
        """Keep a payload that cannot be opened or accepted, with its reason."""
        ...

    def heads(self, stores: Sequence[str]) -> dict[str, dict[str, int]]:
        """Read the ends of the streams of each of these stores, the chain stream included."""
        ...

    def find_members(self, kind: str, blind: str) -> list[str]:
        """Find the entities of one person by blind index, aliases included."""
        ...

    def hold(self, store: str, entities: Sequence[str]) -> None:
        """Record a store's interest; what is newly held is marked for that store's stream."""
        ...

    def owner_of(self, account: str) -> str | None:
        """Tell which entity an account belongs to; None for an account the hub does not know."""
        ...

    def grant(self, actor: str, want: WantRights, now_ms: int) -> Granted:
        """Raise an actor's rights towards a target out of the hub's free rights, the head row locked."""
        ...

    def rights_elsewhere(self, account: str, actor: str) -> list[tuple[str, int]]:
        """List other live actors that hold rights on an account, most first."""
        ...

    def expand_marks(self, limit: int) -> Expansion:
        """Turn marks into numbers of streams, in order; no steps when nothing is marked."""
        ...

    def readers(self, stores: Sequence[str]) -> dict[str, str]:
        """Name the active node of each of these stores; a store without one is missing from the answer."""
        ...

    def changed_after(self, stream: str, after: int, limit: int) -> StreamStep:
        """Read what changed in a stream after a number, at most `limit` entities."""
        ...

    def entity_states(self, entities: Sequence[str], now_ms: int) -> list[EntityState]:
        """Read entities whole, one state for each asked, in that order."""
        ...


class HubStore(Protocol):
    """The hub's durable side, as the session sees it."""

    hub_n: int
    blind_index_key: bytes

    def transaction(self) -> AbstractContextManager[HubTransaction]:
        """Open a transaction: committed when the block ends well, rolled back when it raises."""
        ...

    def high_stamp(self) -> int:
        """Read the greatest stamp accepted so far."""
        ...


class SkippedRegister(NamedTuple):
    """A register from a clock too far ahead (SPEC 3.5)."""

    number: int
    register: Register
