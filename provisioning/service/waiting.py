"""Waiting for what may be away: a database, a broker.

One rule: never for ever without a word. Each attempt that fails is logged with its cause; waits grow up to a bound and
differ by chance, so that what comes back is not asked by everyone in the same moment.
"""

import logging
import random
from collections.abc import Callable
from typing import Final, TypeVar

from provisioning.service.stopping import Stopping

log = logging.getLogger(__name__)

Result = TypeVar("Result")

FIRST_S: Final = 0.5
LONGEST_S: Final = 15.0
JITTER_MIN: Final = 0.5
"""The least part of a wait that is taken; the rest is up to chance."""


class Backoff:
    """Waits that double up to a bound, each cut short by chance to between half and all of it."""

    def __init__(self, first_s: float = FIRST_S, longest_s: float = LONGEST_S) -> None:
        self._next_s = first_s
        self._longest_s = longest_s

    def next_s(self) -> float:
        """Give the next wait, in seconds."""
        wait_s = self._next_s
        self._next_s = min(self._next_s * 2, self._longest_s)
        return wait_s * random.uniform(JITTER_MIN, 1.0)  # noqa: S311 - spreads load, guards nothing


def when_available(
    attempt: Callable[[], Result],
    away: type[Exception] | tuple[type[Exception], ...],
    stopping: Stopping,
    *,
    what: str,
    backoff: Backoff | None = None,
) -> Result | None:
    """Attempt until it succeeds; None when the process is told to end before.

    `away` are the errors that say "not now"; their words are logged as the cause, so they must be free of personal data
    and passwords. Any other error is raised.
    """
    waits = backoff or Backoff()
    attempts = 0
    while not stopping.is_told():
        attempts += 1
        try:
            result = attempt()
        except away as error:
            wait_s = waits.next_s()
            fields = {"what": what, "cause": str(error), "attempt": attempts, "wait_s": round(wait_s, 1)}
            log.warning("not available, trying again", extra=fields)
            stopping.wait(wait_s)
        else:
            if attempts > 1:
                log.info("available again", extra={"what": what, "attempt": attempts})
            return result
    return None
