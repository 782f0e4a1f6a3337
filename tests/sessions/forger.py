"""A node that writes whatever a test wants, good or bad, numbered and chained as a real log is.

One rule: it speaks through the hub's front door only.
"""

from collections.abc import Sequence

from sync_protocol.cells import Counter, Record, Register
from sync_protocol.clock import stamp_of
from sync_protocol.entries import Entry, chain_next, chain_start, encode_entry
from sync_protocol.envelope import plain_node_envelope
from sync_protocol.messages import Batch, FromNode, MemberKey
from tests.sessions.channel import START_MS


class Forger:
    """A log written by hand."""

    def __init__(self, actor: str) -> None:
        self.actor = actor
        self.number = 0
        self.sent = self.chain = chain_start(actor)
        self._waiting: list[bytes] = []

    def append(
        self,
        *,
        registers: Sequence[tuple[str, str, str | int | bytes]] = (),
        counters: Sequence[tuple[str, str, int]] = (),
        records: Sequence[Record] = (),
        time_ms: int = START_MS,
    ) -> "Forger":
        """Append one entry, all cells in this node's own name."""
        stamp = stamp_of(time_ms, self.number + 1)
        written = [Register(entity, name, value, stamp, self.actor) for entity, name, value in registers]
        counted = [Counter(account, self.actor, slot, value) for account, slot, value in counters]
        entry = Entry(self.number + 1, stamp, "boot-1", 0, written, counted, list(records))
        return self.append_raw(encode_entry(entry))

    def append_raw(self, data: bytes) -> "Forger":
        """Append bytes, whatever they are."""
        self.number += 1
        self._waiting.append(data)
        self.chain = chain_next(self.chain, data)
        return self

    def batch(self, keys: Sequence[MemberKey] = ()) -> bytes:
        """Give everything not sent yet as one batch."""
        first = self.number - len(self._waiting) + 1
        batch = Batch(self.actor, first, self.number, self.sent, self._waiting, list(keys))
        self._waiting, self.sent = [], self.chain
        return sealed(batch)


def sealed(message: FromNode) -> bytes:
    """Close a message of a node."""
    return plain_node_envelope().seal(message)
