"""The line between stores and headquarters, as bad as a test wants it: it loses, repeats, delays and so reorders.

One rule: everything follows from the seed and the virtual clock, so that a failing run replays to the same failure.
"""

import heapq
import random
from typing import NamedTuple

from edge_node.clock import Instant, SystemClock

START_MS = 1_767_225_600_000
"""1 January 2026, 00:00 UTC."""

TRAVEL_MS = 10
"""What a payload needs on a good line; all times are multiples of it."""


class VirtualClock(SystemClock):
    """A clock that stands still until the test moves it on."""

    def __init__(self) -> None:
        self.time_ms = START_MS
        self.boot = "boot-1"

    def read(self) -> Instant:
        return Instant(self.time_ms, self.time_ms - START_MS, self.boot)

    def monotonic_ms(self) -> float:
        return float(self.time_ms - START_MS)

    def now_ms(self) -> int:
        return self.time_ms


class Line(NamedTuple):
    """How badly payloads travel: shares lost and sent twice, and the longest delay beyond the usual."""

    lost: float = 0.0
    doubled: float = 0.0
    delay_ms_max: int = 0


GOOD = Line()
ROUGH = Line(lost=0.15, doubled=0.2, delay_ms_max=1_500)


class Parcel(NamedTuple):
    """One payload under way. `to_hub` tells the direction, `actor` the node's end of the line."""

    to_hub: bool
    actor: str
    channel: str
    payload: bytes


class Channel:
    """All payloads under way, in the order in which they will arrive."""

    def __init__(self, seed: int = 0) -> None:
        self.line = GOOD
        self.sent_count = 0
        self._chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._under_way: list[tuple[int, int, Parcel]] = []

    def send(self, parcel: Parcel, now_ms: int) -> None:
        """Send a payload: it arrives never, once or twice."""
        self.sent_count += 1
        copies = 2 if self._chance.random() < self.line.doubled else 1
        for _ in range(copies):
            if self._chance.random() >= self.line.lost:
                delay_ms = self._chance.randrange(0, self.line.delay_ms_max + 1, TRAVEL_MS)
                place = (now_ms + TRAVEL_MS + delay_ms, self._chance.getrandbits(48) if delay_ms else self.sent_count)
                heapq.heappush(self._under_way, (*place, parcel))

    def next_ms(self) -> int | None:
        """Give the time at which the next payload arrives."""
        return self._under_way[0][0] if self._under_way else None

    def arrived(self, now_ms: int) -> list[Parcel]:
        """Take what has arrived."""
        parcels = []
        while self._under_way and self._under_way[0][0] <= now_ms:
            parcels.append(heapq.heappop(self._under_way)[2])
        return parcels

    def lose_all(self) -> None:
        """Lose everything that is under way."""
        self._under_way.clear()
