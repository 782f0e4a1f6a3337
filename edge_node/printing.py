"""The print desk: one thread that takes queued jobs to the receipt printer.

One rule: a printer that fails never blocks a sale. The job stays, the till says what is wrong, and after mending the
paper the cashier presses *Reprint*. The drawer opens only for a job, and a job exists only once its sale is durable.
"""

import logging
import sqlite3
import threading
from typing import Final, NamedTuple

from edge_node.catalogue import read_programme
from edge_node.clock import SystemClock
from edge_node.errors import NotIntroduced, UnknownMember
from edge_node.members import view
from edge_node.personal import KeyRing
from edge_node.receipt_layout import Letterhead, ReceiptExtras, lay_out_receipt
from edge_node.sales import read_receipt
from edge_node.storage.database import CHORE, NodeDatabase
from loyalty.programme import Currency
from loyalty.receipts import Receipt
from pos_drivers import DeviceError, Element, POSPrinter, encode

log = logging.getLogger(__name__)

DRAWER_WITHIN_MS: Final = 10_000
"""A drawer opens for the customer at the till, never for one who left while the printer was away."""

PRINTED_WITHIN_MS: Final = 10_000
"""How old a job may be to be printed by itself after a start: less than any machine needs to come back with power."""

_LOOK_AGAIN_S: Final = 2.0


class PrinterStatus(NamedTuple):
    """What the till page shows of the printer."""

    configured: bool
    state: str
    message: str | None


class PrintDesk:
    """Prints what sales have queued, in order."""

    def __init__(
        self,
        database: NodeDatabase,
        keys: KeyRing,
        clock: SystemClock,
        *,
        port_url: str | None,
        columns: int,
        name: str,
        timezone: str,
    ) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._printer = POSPrinter(port_url) if port_url else None
        self._columns = columns
        self._name = name
        self._timezone = timezone
        self._work = threading.Event()
        self._stopping = False
        self._message: str | None = None
        self._thread = threading.Thread(target=self._run, name="print-desk", daemon=True)

    @property
    def prints(self) -> bool:
        """Tell whether a printer is configured at all."""
        return self._printer is not None

    def start(self) -> None:
        """Take up what a crash left over, then print as jobs come.

        A job that had been started may be on paper already, and after a power cut so may any: they are not printed
        again by themselves, never twice. A job of just now belongs to a customer who is still waiting.
        """
        fresh_ms = self._clock.now_ms() - PRINTED_WITHIN_MS

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE print_jobs SET state = 'failed', reason = 'interrupted; reprint if the paper is missing' "
                "WHERE state = 'started' OR (state = 'queued' AND queued_ms < ?)",
                (fresh_ms,),
            )

        self._database.write(work, CHORE)
        if self._printer is not None:
            self._thread.start()

    def stop(self) -> None:
        """End the thread after the job at hand."""
        self._stopping = True
        self._work.set()
        if self._printer is not None:
            self._thread.join()
            self._printer.close()

    def notify(self) -> None:
        """Tell that a job was queued."""
        self._work.set()

    def status(self) -> PrinterStatus:
        """Read how the printer is."""
        if self._printer is None:
            return PrinterStatus(configured=False, state="none", message=None)
        return PrinterStatus(configured=True, state="fault" if self._message else "ready", message=self._message)

    def document(self, receipt: Receipt, *, copy: bool = False) -> list[Element]:
        """Lay a receipt out with what this node knows of its member."""
        reader = self._database.reader()
        extras = ReceiptExtras(copy=copy)
        if receipt.member is not None:
            try:
                member = view(reader, self._keys, receipt.member)
            except UnknownMember:
                pass
            else:
                extras = ReceiptExtras(member.phone_masked or member.card_masked, member.balance_points, copy)
        try:
            currency = read_programme(reader).currency
        except NotIntroduced:
            currency = Currency()
        return lay_out_receipt(receipt, Letterhead(self._name, self._timezone, currency), extras)

    def reprint(self, number: str) -> None:
        """Queue a copy of a receipt, marked as such. Raises: UnknownReceipt."""
        read_receipt(self._database.reader(), number)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO print_jobs (receipt, copy, drawer, state, queued_ms) VALUES (?, 1, 0, 'queued', ?)",
                (number, self._clock.now_ms()),
            )

        self._database.write(work, CHORE)
        self.notify()

    def _run(self) -> None:
        if self._printer is not None:
            try:
                self._printer.open()
            except DeviceError as error:  # stays opened: a printer plugged in later is found by the next job
                self._message = str(error)
        while not self._stopping:
            self._work.wait(_LOOK_AGAIN_S)
            self._work.clear()
            while self._print_next():
                pass

    def _print_next(self) -> bool:
        row = (
            self._database.reader()
            .execute("SELECT * FROM print_jobs WHERE state = 'queued' ORDER BY job LIMIT 1")
            .fetchone()
        )
        if row is None or self._printer is None or self._stopping:
            return False
        receipt = read_receipt(self._database.reader(), row["receipt"])
        data = encode(self.document(receipt, copy=bool(row["copy"])), columns=self._columns)
        self._set_state(row["job"], "started", None)
        try:
            if row["drawer"] and self._clock.now_ms() - row["queued_ms"] <= DRAWER_WITHIN_MS:
                self._printer.pulse_drawer()
            self._printer.print_bytes(data)
        except DeviceError as error:
            self._message = str(error)
            untouched = error.retryable and not error.sent_bytes_max
            log.warning("receipt %s is not printed: %s", receipt.receipt, error)
            self._set_state(row["job"], "queued" if untouched else "failed", str(error))
            return False
        self._message = None
        self._set_state(row["job"], "done", None)
        return True

    def _set_state(self, job: int, state: str, reason: str | None) -> None:
        # Outlives a killed process; a power cut may lose it, and then the job is too old to be printed by itself.
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE print_jobs SET state = ?, reason = ? WHERE job = ?", (state, reason, job))

        self._database.write(work, CHORE, durable=False)
