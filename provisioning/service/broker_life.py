"""Saying in the log how the line to the broker is.

One rule: each change is told once. While the broker is away, each new cause is told once, too, and the attempts between
at debug level only: an outage of a month is a few lines.
"""

import logging
import sys
from typing import Final

from provisioning.broker_address import BrokerAddress

log = logging.getLogger(__name__)

_CAUSES_MAX: Final = 20


class BrokerLife:
    """The line to one broker, as its network thread sees it."""

    def __init__(self, address: BrokerAddress) -> None:
        self._broker = str(address)
        self._causes: set[str] = set()
        self._was_connected = False
        self.is_connected = False

    def connected(self) -> None:
        """Tell that the broker accepts us."""
        message = "reconnected to the broker" if self._was_connected else "connected to the broker"
        self.is_connected = self._was_connected = True
        self._causes.clear()
        log.info(message, extra={"broker": self._broker})

    def away(self, cause: str) -> None:
        """Tell that the broker is gone, cannot be reached or does not accept us."""
        level = logging.DEBUG
        if cause not in self._causes and len(self._causes) < _CAUSES_MAX:
            self._causes.add(cause)
            level = logging.WARNING
        message = "lost the broker, trying again" if self.is_connected else "no broker, trying again"
        self.is_connected = False
        log.log(level, message, extra={"broker": self._broker, "reason": cause})

    def failed(self) -> None:
        """Tell that connecting failed; called while the error is being handled, whose words name the system's cause."""
        error = sys.exception()
        self.away(str(error) if isinstance(error, OSError) else "the connection could not be made")

    def left(self) -> None:
        """Tell that we left the broker ourselves."""
        self.is_connected = False
        log.info("left the broker", extra={"broker": self._broker})
