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
from edge_node.errors import NotIntroduced, StorageUnavailable, UnknownMember
from edge_node.members import coupon_view, view
from edge_node.personal import KeyRing
from edge_node.receipts.design import ReceiptDesign, load_design
from edge_node.receipts.values import Letterhead, MemberExtras, ReceiptExtras
from edge_node.sales import read_receipt
from edge_node.storage.cells import node_row, unpack
from edge_node.storage.database import CHORE, NodeDatabase
from loyalty.points import usable
from loyalty.programme import Currency
from loyalty.receipts import Receipt
from pos_drivers import DeviceError, Element, POSPrinter, encode
from sync_protocol.names import NEVER_EXPIRES, points_expiry

log = logging.getLogger(__name__)

DRAWER_WITHIN_MS: Final = 10_000
"""A drawer opens for the customer at the till, never for one who left while the printer was away."""

PRINTED_WITHIN_MS: Final = 10_000
"""How old a job may be to be printed by itself after a start: less than any machine needs to come back with power."""

BALANCE_OF_THE_SALE_MS: Final = 600_000
"""How long after an online sale its balance counts as known at that time; later, as of the last contact."""

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
        design: ReceiptDesign | None = None,
    ) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._printer = POSPrinter(port_url) if port_url else None
        self._columns = columns
        self._name = name
        self._timezone = timezone
        self._design = design or load_design()
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
        """Lay a receipt out with what this node knows of its member and coupons."""
        reader = self._database.reader()
        extras = ReceiptExtras(self._member(reader, receipt, copy=copy), copy, _coupon_names(reader, receipt))
        try:
            currency = read_programme(reader).currency
        except NotIntroduced:
            currency = Currency()
        return self._design.lay_out(receipt, Letterhead(self._name, self._timezone, currency), extras)

    def _member(self, reader: sqlite3.Connection, receipt: Receipt, *, copy: bool) -> MemberExtras:
        if receipt.member is None:
            return MemberExtras()
        try:
            member = view(reader, self._keys, receipt.member)
        except UnknownMember:
            return MemberExtras()
        is_of_the_sale = self._clock.now_ms() - receipt.business_time_ms <= BALANCE_OF_THE_SALE_MS
        if receipt.offline or copy or not is_of_the_sale:
            as_of_ms: int | None = node_row(reader)["last_contact_ms"]
        else:
            as_of_ms = receipt.business_time_ms
        alive = [held for held in usable(member.points, receipt.business_day) if held.balance > 0]
        month = points_expiry(alive[0].account) if alive else NEVER_EXPIRES
        expiring = (
            0 if month == NEVER_EXPIRES else sum(held.balance for held in alive if points_expiry(held.account) == month)
        )
        return MemberExtras(member.phone_masked or member.card_masked, member.balance_points, as_of_ms, expiring, month)

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
            try:
                while self._print_next():
                    pass
            except StorageUnavailable as error:
                # The job's state could not be written: the thread must live on, or nothing is ever printed again.
                log.warning("print jobs wait: the node's storage is unavailable", extra={"cause": error.detail})

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
            log.warning("a receipt is not printed", extra={"receipt": receipt.receipt, "cause": str(error)})
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


def _coupon_names(reader: sqlite3.Connection, receipt: Receipt) -> dict[str, str]:
    """Read the titles of the coupons that were used, as far as they are held here."""
    names = {}
    actor: str = node_row(reader)["actor"]
    for used in receipt.coupons:
        row = reader.execute("SELECT fields FROM entities WHERE entity = ?", (used.coupon,)).fetchone()
        if row is not None:
            coupon = coupon_view(reader, used.coupon, unpack(row["fields"]), actor)
            names[used.coupon] = coupon.title_zh or coupon.title_en
    return names
