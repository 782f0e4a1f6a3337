"""What a bench part reports."""

import time
from collections.abc import Callable
from typing import Final, NamedTuple

ROUNDS: Final = 5


class Metric(NamedTuple):
    """One figure. `ratio` is value by baseline, both taken in this run; None where there is no baseline."""

    value: float
    unit: str
    baseline: float | None = None
    baseline_name: str = ""

    @property
    def ratio(self) -> float | None:
        """Give value by baseline."""
        return self.value / self.baseline if self.baseline else None


Part = dict[str, Metric]


def best_us(work: Callable[[], object], times: int) -> float:
    """Measure microseconds a call: the best of some rounds, which disturbs least."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(times):
            work()
        best = min(best, (time.perf_counter() - started) / times)
    return best * 1_000_000


def percentile(values: list[float], percent: int) -> float:
    """Give a percentile of measured values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
