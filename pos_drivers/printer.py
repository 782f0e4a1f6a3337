"""A receipt printer and the drawer on its connector, with one owner: states, the lock, and when to reopen the port.

A job is sent once. If it fails the caller gets a typed error and decides, because printing again what is half on
paper is not the driver's to choose; the sale goes on in any case. Only a port that turns out to be dead *before*
the first byte is opened again on the spot.

States, in UnifiedPOS words; the exclusive open of the port is claim and enable in one::

    CLOSED ── open() ──> OPENED <── the port fails ── ENABLED
       ^                    └── open(), or the next job ──^
       └────────────────────────── close() ───────────────┘

Source: UnifiedPOS, POSPrinter and CashDrawer; ESC/POS drawers hang on the printer.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Self

from pos_drivers.errors import DeviceBusyError, DeviceClosedError, DeviceError
from pos_drivers.escpos import encode_drawer_pulse
from pos_drivers.ports import Port, PortOpener, PortSettings, open_port
from pos_drivers.printout import DrawerPulse

LOCK_WAIT_MS = 10_000

_SYSTEM_CHANCE: Callable[[], float] = random.SystemRandom().random


class PrinterState(Enum):
    """CLOSED: nobody owns it. OPENED: owned, but the port is not held. ENABLED: the port is held, jobs can be sent."""

    CLOSED = "closed"
    OPENED = "opened"
    ENABLED = "enabled"


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a failed port is left alone: doubling from ``first_ms`` to ``longest_ms``, less up to a half by chance.

    ``longest_ms`` is short, because somebody stands before the till and has just changed the paper.
    """

    first_ms: int = 250
    longest_ms: int = 5_000

    def wait_ms(self, failures: int, chance: float) -> int:
        """Return the wait after so many failures in a row (from 1), where ``chance`` is 0 up to 1."""
        whole_ms = min(self.longest_ms, self.first_ms << min(failures - 1, 20))
        return whole_ms - int(whole_ms / 2 * chance)


class POSPrinter:
    """One printer at one port. May be called from any thread; jobs go out one after the other, never mixed.

    ``monotonic_s`` and ``chance`` (0 up to 1) are clock and jitter of the back-off; tests and simulations give
    their own.
    """

    def __init__(
        self,
        url: str,
        settings: PortSettings | None = None,
        *,
        backoff: Backoff | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = _SYSTEM_CHANCE,
        opener: PortOpener = open_port,
        lock_wait_ms: int = LOCK_WAIT_MS,
    ) -> None:
        self.url = url
        self._settings = settings or PortSettings()
        self._backoff = backoff or Backoff()
        self._monotonic_s = monotonic_s
        self._chance = chance
        self._opener = opener
        self._lock_wait_ms = lock_wait_ms
        self._lock = threading.Lock()
        self._owned = False
        self._port: Port | None = None
        self._failures = 0
        self._next_try_s = 0.0
        self._last_error: DeviceError | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def state(self) -> PrinterState:
        """The state at this moment; ENABLED is known to be true only as of the last job."""
        if not self._owned:
            return PrinterState.CLOSED
        return PrinterState.OPENED if self._port is None else PrinterState.ENABLED

    def open(self) -> None:
        """Own the printer and open its port at once, back-off or not; nothing happens if the port is held already.

        After an error the printer stays OPENED, so that a later job finds a printer which was plugged in since.

        Raises: DeviceError, as ``open_port``.
        """
        with self._sole_use():
            self._owned = True
            if self._port is None:
                self._open_port()

    def close(self) -> None:
        """Give the port back, after the job that is under way; closing twice does nothing."""
        with self._lock:
            self._owned = False
            self._failures = 0
            self._last_error = None
            if self._port is not None:
                self._port.close()
                self._port = None

    def print_bytes(self, data: bytes) -> None:
        """Send one encoded job, opening the port first where it is not held.

        Returning means that the device's interface took everything, not that it is on paper.

        Raises: DeviceClosedError before ``open()``; DeviceBusyError while another job takes too long; the error of
        the last attempt, with ``retry_after_ms``, while the port is left alone after a failure; and DeviceError
        from the port, whose ``sent_bytes_max`` tells whether a part may be on paper.
        """
        with self._sole_use():
            port = self._usable_port()
            try:
                port.write(data)
            except DeviceError as error:
                self._drop_port(error)
                raise
            self._failures = 0

    def pulse_drawer(self, pulse: DrawerPulse | None = None) -> None:
        """Open the cash drawer, by default with 50 ms on pin 2. Raises: as ``print_bytes``."""
        self.print_bytes(encode_drawer_pulse(pulse or DrawerPulse()))

    @contextmanager
    def _sole_use(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=self._lock_wait_ms / 1000):
            raise DeviceBusyError(
                f"The printer at {self.url} is still busy with another job.",
                "Wait until it has printed, then try again.",
                port_url=self.url,
            )
        try:
            yield
        finally:
            self._lock.release()

    def _usable_port(self) -> Port:
        if not self._owned:
            raise DeviceClosedError(
                f"The printer at {self.url} is closed.", "Open it before printing.", port_url=self.url
            )
        if self._port is not None:
            try:
                self._port.read_available()
            except DeviceError:  # it went between two jobs; nothing of this one was sent
                self._port.close(discard_output=True)
                self._port = None
                return self._open_port()
            return self._port
        wait_ms = int((self._next_try_s - self._monotonic_s()) * 1000)
        if self._last_error is not None and wait_ms > 0:
            raise _repeated(self._last_error, wait_ms) from self._last_error
        return self._open_port()

    def _open_port(self) -> Port:
        try:
            self._port = self._opener(self.url, self._settings)
        except DeviceError as error:
            self._drop_port(error)
            raise
        return self._port

    def _drop_port(self, error: DeviceError) -> None:
        """Close the port and leave it alone for a while; whatever of the job the system still holds is dropped."""
        if self._port is not None:
            self._port.close(discard_output=True)
            self._port = None
        self._failures += 1
        self._next_try_s = self._monotonic_s() + self._backoff.wait_ms(self._failures, self._chance()) / 1000
        self._last_error = error


def _repeated(error: DeviceError, retry_after_ms: int) -> DeviceError:
    """Return the same complaint for a job of which nothing was sent."""
    return type(error)(error.cause, error.next_step, port_url=error.port_url, retry_after_ms=retry_after_ms)
