"""Hybrid logical clock: 48 bits of milliseconds, 16 bits of counter (SPEC 3).

One rule: a clock never issues a stamp at or below one it has issued or seen. The wall clock comes in as an argument;
the high mark is stored by whoever owns the clock, so that the rule survives restarts.

Source: Kulkarni et al., "Logical Physical Clocks" (2014).
"""

from sync_protocol.limits import STAMP_MAX

COUNTER_BITS = 16


def stamp_of(time_ms: int, counter: int = 0) -> int:
    """Pack milliseconds since 1970 and a counter into a stamp."""
    return (time_ms << COUNTER_BITS) | counter


def time_of_ms(stamp: int) -> int:
    """Read the milliseconds off a stamp."""
    return stamp >> COUNTER_BITS


def next_stamp(high: int, now_ms: int) -> int:
    """Give the least stamp above `high` that is not before `now_ms`.

    A full counter carries into the milliseconds, so order holds whatever the rate. Raises: OverflowError past 63 bits.
    """
    stamp = max(stamp_of(max(now_ms, 0)), high + 1)
    if stamp > STAMP_MAX:
        raise OverflowError(f"stamp {stamp} beyond 63 bits: the clock is wrong by millennia")
    return stamp


class HybridClock:
    """A clock with its high mark."""

    def __init__(self, high: int = 0) -> None:
        self.high = high

    def issue(self, now_ms: int) -> int:
        """Issue the next stamp, above all issued and seen."""
        self.high = next_stamp(self.high, now_ms)
        return self.high

    def observe(self, stamp: int) -> None:
        """Take note of a stamp seen from a peer."""
        self.high = max(self.high, stamp)
