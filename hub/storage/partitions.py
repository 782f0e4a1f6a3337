"""Stretches of partitions: what one worker works on.

One rule: 1,024 partitions for ever; a store's never changes (SPEC 8.1).
"""

from typing import NamedTuple

from sync_protocol.limits import PARTITION_COUNT


class Partitions(NamedTuple):
    """A stretch of partitions, both ends within it."""

    first: int = 0
    last: int = PARTITION_COUNT - 1

    @property
    def are_all(self) -> bool:
        """Tell whether nothing is left for others."""
        return self == Partitions()

    def hold(self, partition: int) -> bool:
        """Tell whether a partition is in the stretch."""
        return self.first <= partition <= self.last

    def __str__(self) -> str:
        """Write `0-1023`."""
        return f"{self.first}-{self.last}"


def parse_partitions(text_given: str) -> Partitions:
    """Read `A-B`, or `A` alone. Raises: ValueError saying what is expected."""
    first, dash, last = text_given.partition("-")
    expected = f"partitions are written A-B, from 0 to {PARTITION_COUNT - 1}, not {text_given[:40]!r}"
    if not all(part.isascii() and part.isdigit() for part in ((first, last) if dash else (first,))):
        raise ValueError(expected)
    found = Partitions(int(first), int(last if dash else first))
    if not 0 <= found.first <= found.last < PARTITION_COUNT:
        raise ValueError(expected)
    return found
