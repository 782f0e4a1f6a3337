"""A receipt printer that is not there: an ESC/POS interpreter behind a pseudo-terminal, to be opened by its path.

What was printed can be waited for, read as text and looked at as a picture, which is drawn when it is asked for. Its
troubles can be had at will: unplugged, also in the middle of a job, and *held*, as by an empty roll: data is no
longer taken, until the sender's buffers are full and its write times out.

The simulator keeps the terminal's own end open, so that a driver may come and go without hanging it up.
"""

import contextlib
import os
import select
import threading
import tty
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TextIO

from simulators.devices.escpos_events import DrawerOpened, Event, PaperCut
from simulators.devices.escpos_interpreter import Encoding, EscPosInterpreter
from simulators.devices.receipt_font import find_font
from simulators.devices.receipt_picture import draw_receipt, encode_png, place_receipt
from simulators.devices.receipt_text import transcribe

CUT_LINE = "- - - - - - - - cut - - - - - - - -"
EVENTS_MAX = 100_000
RECEIPTS_MAX = 10_000
PICTURES_MAX = 100
RECEIPT_EVENTS_MAX = 10_000
READ_BYTES_MAX = 4096


class PrintedReceipt(NamedTuple):
    """One receipt that was cut off: the how-manieth of its printer, its text, and what happened since the last cut."""

    number: int
    text: str
    events: tuple[Event, ...]
    columns: int

    @property
    def drawer_openings(self) -> int:
        """How often the drawer was opened before the cut."""
        return sum(isinstance(event, DrawerOpened) for event in self.events)

    def png(self) -> bytes:
        """Draw the receipt. Raises: NoReceiptFont."""
        return encode_png(draw_receipt(place_receipt(self.events, self.columns)), self.text, self.events)


class SimulatedPrinter:
    """A printer to be used in a ``with`` block; ``path`` is what a driver opens.

    ``transcript`` is a file to which the text of each receipt is appended before it appears in ``receipts``;
    ``on_receipt`` is called with it from the printer's thread. ``unplug_after_bytes`` pulls the cable when so many
    bytes have come. ``events``, ``receipts`` and ``printed`` keep the newest 100 000, 10 000 and 100.
    """

    def __init__(
        self,
        *,
        encoding: Encoding = "gb18030",
        columns: int = 48,
        transcript: Path | None = None,
        on_receipt: Callable[[PrintedReceipt], None] | None = None,
        unplug_after_bytes: int | None = None,
    ) -> None:
        self._interpreter = EscPosInterpreter(encoding=encoding, columns=columns)
        self._columns = columns
        self._transcript_path = transcript
        self._transcript: TextIO | None = None
        self._on_receipt = on_receipt
        self._bytes_left = unplug_after_bytes
        self._changed = threading.Condition()
        self._events: deque[Event] = deque(maxlen=EVENTS_MAX)
        self._receipts: deque[str] = deque(maxlen=RECEIPTS_MAX)
        self._printed: deque[PrintedReceipt] = deque(maxlen=PICTURES_MAX)
        self._receipt_count = 0
        self._drawer_openings = 0
        self._since_cut: list[Event] = []
        self._held = False
        self._plugged = False
        self._path = ""
        self._ours = self._theirs = self._wake_read = self._wake_write = -1
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._transcript_path is not None:
            self._transcript = self._transcript_path.open("a", encoding="utf-8")
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self._wake_read, self._wake_write = os.pipe()
        self._path = os.ttyname(self._theirs)
        self._plugged = True
        self._thread = threading.Thread(target=self._run, name=f"printer {self._path}", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()
        with self._changed:
            os.close(self._wake_read)
            os.close(self._wake_write)
            self._wake_read = self._wake_write = -1
        if self._transcript is not None:
            self._transcript.close()

    @property
    def path(self) -> str:
        """The device path, such as /dev/pts/3; stays the same after unplugging."""
        return self._path

    @property
    def receipts(self) -> list[str]:
        """The text of each receipt that was cut off, oldest first; what was printed since is not in it."""
        with self._changed:
            return list(self._receipts)

    @property
    def printed(self) -> list[PrintedReceipt]:
        """The newest receipts with all that is needed to draw them, oldest first."""
        with self._changed:
            return list(self._printed)

    @property
    def events(self) -> list[Event]:
        """Everything that happened, in order."""
        with self._changed:
            return list(self._events)

    @property
    def drawer_openings(self) -> int:
        """How often a pulse opened the drawer."""
        with self._changed:
            return self._drawer_openings

    @property
    def plugged(self) -> bool:
        """Whether a driver can reach the printer."""
        with self._changed:
            return self._plugged

    def wait_for(self, predicate: Callable[["SimulatedPrinter"], object], timeout_s: float = 5.0) -> bool:
        """Wait until the predicate is true of this printer; return whether it became so in time."""
        with self._changed:
            return bool(self._changed.wait_for(lambda: predicate(self), timeout_s))

    def hold(self) -> None:
        """Stop taking data, as without paper; a read that has begun is finished."""
        self._set_held(True)

    def release(self) -> None:
        """Take data again, beginning with what has piled up."""
        self._set_held(False)

    def unplug(self) -> None:
        """Pull the cable: the terminal hangs up and its path is gone. Doing it twice changes nothing."""
        with self._changed:
            self._plugged = False
            self._changed.notify_all()
        self._wake()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _set_held(self, held: bool) -> None:
        with self._changed:
            self._held = held
        self._wake()

    def _wake(self) -> None:
        with self._changed:
            if self._wake_write >= 0:
                os.write(self._wake_write, b"!")

    def _run(self) -> None:
        try:
            while data := self._read():
                self._handle(data)
        finally:
            with self._changed:
                self._plugged = False
                os.close(self._ours)
                os.close(self._theirs)
                self._changed.notify_all()

    def _read(self) -> bytes:
        """Return the next bytes; empty when the cable has been pulled."""
        while True:
            with self._changed:
                if not self._plugged or self._bytes_left == 0:
                    return b""
                held = self._held
            poll = select.poll()
            poll.register(self._wake_read, select.POLLIN)
            if not held:
                poll.register(self._ours, select.POLLIN)
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._wake_read in ready:
                os.read(self._wake_read, READ_BYTES_MAX)
            elif self._ours in ready:
                data = os.read(self._ours, min(READ_BYTES_MAX, self._bytes_left or READ_BYTES_MAX))
                if self._bytes_left is not None:
                    self._bytes_left -= len(data)
                return data

    def _handle(self, data: bytes) -> None:
        for event in self._interpreter.feed(data):
            receipt = self._note(event)
            if receipt is not None:
                self._deliver(receipt)
            with self._changed:
                self._events.append(event)
                if receipt is not None:
                    self._receipts.append(receipt.text)
                    self._printed.append(receipt)
                if isinstance(event, DrawerOpened):
                    self._drawer_openings += 1
                self._changed.notify_all()

    def _note(self, event: Event) -> PrintedReceipt | None:
        """Put the event on the paper and return the receipt if it ends one."""
        if len(self._since_cut) < RECEIPT_EVENTS_MAX or isinstance(event, PaperCut):
            self._since_cut.append(event)
        if not isinstance(event, PaperCut):
            return None
        events = tuple(self._since_cut)
        self._since_cut.clear()
        self._receipt_count += 1
        return PrintedReceipt(self._receipt_count, transcribe(events, self._columns), events, self._columns)

    def _deliver(self, receipt: PrintedReceipt) -> None:
        if self._transcript is not None:
            self._transcript.write(f"{receipt.text}\n{CUT_LINE}\n")
            self._transcript.flush()
        if self._on_receipt is not None:
            self._on_receipt(receipt)


def run_printer(
    path_link: Path | None,
    transcript: Path | None,
    pictures: Path | None = None,
    *,
    columns: int = 48,
    encoding: Encoding = "gb18030",
) -> None:
    """Run a printer until Ctrl-C, showing its receipts on standard output.

    ``path_link`` becomes a symbolic link to the terminal, so that a node's settings can name it beforehand; a link
    that stands there is replaced, and the link goes when the printer does. ``pictures`` is a folder for the receipts
    as PNG, numbered on from those that are in it.

    Raises: FileExistsError where ``path_link`` is something other than a link; NoReceiptFont where there is nothing
    to draw characters with.
    """
    first_number = 0
    if pictures is not None:
        find_font()
        pictures.mkdir(parents=True, exist_ok=True)
        first_number = max((int(path.stem) for path in pictures.glob("*.png") if path.stem.isdecimal()), default=0)

    def show(receipt: PrintedReceipt) -> None:
        print(f"{receipt.text}\n{CUT_LINE}", flush=True)
        if pictures is not None:
            path = pictures / f"{first_number + receipt.number:04d}.png"
            path.write_bytes(receipt.png())
            print(f"written: {path}", flush=True)

    with SimulatedPrinter(encoding=encoding, columns=columns, transcript=transcript, on_receipt=show) as printer:
        if path_link is not None:
            _point(path_link, printer.path)
        try:
            with contextlib.suppress(KeyboardInterrupt):
                print(f"Receipt printer at {path_link or printer.path}; Ctrl-C ends it.", flush=True)
                threading.Event().wait()
        finally:
            if path_link is not None and path_link.is_symlink() and str(path_link.readlink()) == printer.path:
                path_link.unlink()


def _point(link: Path, target: str) -> None:
    """Make ``link`` point to the target in one step, whatever link stood there."""
    if link.exists() and not link.is_symlink():
        raise FileExistsError(f"{link} exists and is not a link: name another place for the printer")
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
