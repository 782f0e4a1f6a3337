"""The node's clocks: wall time, time since boot, and the name of the boot.

One rule: these are read here and passed on as values; the rules and the kernel never ask for the time themselves.
"""

import time
import uuid
from pathlib import Path
from typing import NamedTuple

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Instant(NamedTuple):
    """One reading of all clocks."""

    wall_ms: int
    monotonic_ms: int
    boot: str


class SystemClock:
    """Reads the machine's clocks."""

    def __init__(self) -> None:
        self._boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else uuid.uuid4().hex

    def read(self) -> Instant:
        """Read all clocks at once."""
        return Instant(time.time_ns() // 1_000_000, time.monotonic_ns() // 1_000_000, self._boot)

    def monotonic_ms(self) -> float:
        """Read the time since boot with fractions, for measuring."""
        return time.monotonic_ns() / 1_000_000

    def now_ms(self) -> int:
        """Read the wall clock, milliseconds since 1970."""
        return time.time_ns() // 1_000_000
