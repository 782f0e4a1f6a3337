"""Sums over large tables, kept for a moment, so that many open pages cost no more than one.

One rule: sums are read anew after a second, or after ten times as long as reading them took: however large the tables
grow, at most a tenth of the time goes into it.
"""

import threading
from collections.abc import Callable
from time import monotonic
from typing import Final, NamedTuple

from hub.api.stores.repository import ReceiptSums

KEPT_S_MIN: Final = 1.0
KEPT_S_PER_READING_S: Final = 10.0


class Sums(NamedTuple):
    """What is summed up over large tables."""

    by_store: dict[str, ReceiptSums]
    members: int
    points_balance: int


class _Kept(NamedTuple):
    sums: Sums
    until_s: float


class KeptSums:
    """Sums with the moment until which they are good. One thread reads them anew; others take what is there."""

    def __init__(self, read: Callable[[], Sums], clock_s: Callable[[], float] = monotonic) -> None:
        self._read = read
        self._clock_s = clock_s
        self._kept: _Kept | None = None
        self._reading = threading.Lock()

    def get(self) -> Sums:
        """Give the sums, read anew where they are too old. Raises: whatever reading raises."""
        kept = self._kept
        if kept is not None and self._clock_s() < kept.until_s:
            return kept.sums
        if not self._reading.acquire(blocking=kept is None):
            assert kept is not None  # noqa: S101 - else the lock was waited for
            return kept.sums
        try:
            return self._read_unless_just_read()
        finally:
            self._reading.release()

    def _read_unless_just_read(self) -> Sums:
        kept = self._kept
        started_s = self._clock_s()
        if kept is not None and started_s < kept.until_s:
            return kept.sums
        sums = self._read()
        ended_s = self._clock_s()
        kept_s = max(KEPT_S_MIN, KEPT_S_PER_READING_S * (ended_s - started_s))
        self._kept = _Kept(sums, ended_s + kept_s)
        return sums
