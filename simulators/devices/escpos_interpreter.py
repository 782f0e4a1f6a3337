"""Read ESC/POS as a Chinese receipt printer does: bytes in, events out, one byte at a time, and never an exception.

Pure: no port, no thread, no clock. It shares no code with the driver's encoder, so that both can be wrong only
separately. Commands it knows but which change nothing worth seeing (line spacing, code tables, status requests)
are consumed silently; a command it does not know becomes ``Unknown`` with its bytes, and what follows is read as
text, as a printer would.

Source: Epson ESC/POS Command Reference; lengths in ``_FIXED_LENGTHS`` count the whole command.
"""

import codecs
from dataclasses import dataclass
from enum import Enum
from typing import Literal

Encoding = Literal["gb18030", "gbk"]

ESC, FS, GS, DLE = 0x1B, 0x1C, 0x1D, 0x10
HT, LF, CR, DEL = 0x09, 0x0A, 0x0D, 0x7F
TAB_COLUMNS = 8


class Align(Enum):
    """Justification, n of ESC a."""

    LEFT = 0
    CENTRE = 1
    RIGHT = 2


@dataclass(frozen=True, slots=True)
class Initialised:
    """ESC @: styles are back at their defaults, an unfinished line is lost."""


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A line on paper. ``wrapped`` means that the paper was full before the line feed came."""

    text: str
    align: Align = Align.LEFT
    bold: bool = False
    double: bool = False
    wrapped: bool = False


@dataclass(frozen=True, slots=True)
class PaperFed:
    """ESC d: so many empty lines."""

    lines: int


@dataclass(frozen=True, slots=True)
class QrPrinted:
    """A QR code on paper; ``level`` is 48 to 51 for L, M, Q, H."""

    data: bytes
    module_dots: int
    level: int


@dataclass(frozen=True, slots=True)
class ImagePrinted:
    """GS v 0: a raster image, of which only the size is kept."""

    width_bytes: int
    height_dots: int


@dataclass(frozen=True, slots=True)
class PaperCut:
    """GS V: the end of a receipt, after ``feed_dots`` of paper."""

    partial: bool
    feed_dots: int = 0


@dataclass(frozen=True, slots=True)
class DrawerOpened:
    """ESC p or DLE DC4: a pulse on drawer pin 2 or 5."""

    pin: int
    on_ms: int
    off_ms: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """Bytes no command begins with, kept as they came."""

    data: bytes


Event = Initialised | PrintedLine | PaperFed | QrPrinted | ImagePrinted | PaperCut | DrawerOpened | Unknown

_FIXED_LENGTHS: dict[bytes, int] = {
    **dict.fromkeys((b"\x1b@", b"\x1b2", b"\x1c&", b"\x1c."), 2),
    **dict.fromkeys((bytes([ESC, last]) for last in b"!-3adEGJMRSTVrt{"), 3),
    **dict.fromkeys((bytes([FS, last]) for last in b"!-W"), 3),
    **dict.fromkeys((bytes([GS, last]) for last in b"!BHIafhrw"), 3),
    **dict.fromkeys((bytes([DLE, 0x04]), bytes([DLE, 0x05])), 3),
    **dict.fromkeys((b"\x1b$", b"\x1b\\", b"\x1dL", b"\x1dW"), 4),
    **dict.fromkeys((b"\x1bp", bytes([DLE, 0x14])), 5),
}
_ALIGNMENTS = {n: Align(n % 48) for n in (0, 1, 2, 48, 49, 50)}
_GS_V_WITH_FEED = frozenset(b"ABabgh")
_GS_V_PLAIN = frozenset(b"\x00\x0101")
_GS_V_PARTIAL = frozenset(b"\x011Bbh")


def command_length(begun: bytes) -> int | None:
    """Return how long the command that begins so is; None while that cannot be told, 0 if there is no such command.

    The data of a raster image (GS v 0) does not count: only its eight bytes of header do.
    """
    if len(begun) < 2:
        return None
    if fixed := _FIXED_LENGTHS.get(begun[:2]):
        return fixed
    if begun[:2] == b"\x1d(":
        return 5 + int.from_bytes(begun[3:5], "little") if len(begun) >= 5 else None
    if begun[:2] in (b"\x1dV", b"\x1dv") and len(begun) < 3:
        return None
    if begun[:2] == b"\x1dV":
        return 4 if begun[2] in _GS_V_WITH_FEED else 3 if begun[2] in _GS_V_PLAIN else 0
    return 8 if begun[:3] == b"\x1dv0" else 0


class EscPosInterpreter:
    """The state of a printer between two bytes. Memory is bounded: a line by the paper, a command by 65 540 bytes."""

    def __init__(self, *, encoding: Encoding = "gb18030", columns: int = 48, chinese_at_power_up: bool = True) -> None:
        self._columns = columns
        self._chinese_at_power_up = chinese_at_power_up
        self._chinese_decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._command = bytearray()
        self._skip_bytes = 0
        self._events: list[Event] = []
        self._initialise()

    def feed(self, data: bytes) -> list[Event]:
        """Read the bytes and return what they made happen; any cut of the same bytes gives the same events."""
        for byte in data:
            self._take(byte)
        events, self._events = self._events, []
        return events

    def _initialise(self) -> None:
        self._chinese = self._chinese_at_power_up
        self._align = Align.LEFT
        self._bold = self._double_width = self._double_height = False
        self._qr_data = b""
        self._qr_module_dots = 3
        self._qr_level = 48
        self._chinese_decoder.reset()
        self._start_line()

    def _start_line(self) -> None:
        self._line: list[str] = []
        self._line_columns = 0
        self._line_bold = self._line_double = False

    def _take(self, byte: int) -> None:
        if self._skip_bytes:
            self._skip_bytes -= 1
        elif self._command:
            self._command.append(byte)
            self._try_command()
        elif byte in (ESC, FS, GS, DLE):
            self._end_character()
            self._command.append(byte)
        elif byte == LF:
            self._end_line()
        elif byte == HT:
            self._end_character()
            self._put(" " * (TAB_COLUMNS - self._line_columns % TAB_COLUMNS))
        elif byte == CR:
            self._end_character()
        elif byte < 0x20 or byte == DEL:
            self._end_character()
            self._events.append(Unknown(bytes([byte])))
        else:
            self._put(self._decode(byte))

    def _decode(self, byte: int) -> str:
        if self._chinese:
            return self._chinese_decoder.decode(bytes([byte]))
        return bytes([byte]).decode("cp437")

    def _end_character(self) -> None:
        """Show what is left of a character that was broken off."""
        self._put(self._chinese_decoder.decode(b"", final=True))

    def _put(self, text: str) -> None:
        for character in text:
            one_byte = character < "\x80" or not self._chinese
            width = (1 if one_byte else 2) * (2 if self._double_width else 1)
            if self._line and self._line_columns + width > self._columns:
                self._print_line(wrapped=True)
            self._line.append(character)
            self._line_columns += width
            self._line_bold |= self._bold
            self._line_double |= self._double_width and self._double_height

    def _end_line(self) -> None:
        self._end_character()
        self._print_line()

    def _print_line(self, *, wrapped: bool = False) -> None:
        self._events.append(
            PrintedLine("".join(self._line), self._align, self._line_bold, self._line_double, wrapped=wrapped)
        )
        self._start_line()

    def _print_begun_line(self) -> None:
        if self._line:
            self._print_line()

    def _try_command(self) -> None:
        length = command_length(bytes(self._command[:8]))
        if length is None or len(self._command) < length:
            return
        command = bytes(self._command)
        self._command.clear()
        if length == 0:
            self._events.append(Unknown(command))
        elif command[0] == GS:
            self._obey_gs(command)
        else:
            self._obey(command)

    def _obey(self, command: bytes) -> None:
        match command[:2]:
            case b"\x1b@":
                self._initialise()
                self._events.append(Initialised())
            case b"\x1c&":
                self._chinese = True
            case b"\x1c.":
                self._chinese = False
            case b"\x1b!" | b"\x1bE" | b"\x1bG" | b"\x1ba":
                self._obey_style(command)
            case b"\x1bd":
                self._print_begun_line()
                self._events.append(PaperFed(command[2]))
            case b"\x1bJ":
                self._print_begun_line()
            case b"\x1bp":
                self._events.append(DrawerOpened(5 if command[2] & 1 else 2, command[3] * 2, command[4] * 2))
            case b"\x10\x14":
                if command[2] == 1:
                    self._events.append(DrawerOpened(5 if command[3] & 1 else 2, command[4] * 100, command[4] * 100))
            case _:
                pass

    def _obey_style(self, command: bytes) -> None:
        match command[:2]:
            case b"\x1b!":
                self._bold = bool(command[2] & 0x08)
                self._double_height = bool(command[2] & 0x10)
                self._double_width = bool(command[2] & 0x20)
            case b"\x1ba":
                if not self._line:  # obeyed at the beginning of a line only
                    self._align = _ALIGNMENTS.get(command[2], self._align)
            case _:
                self._bold = bool(command[2] & 0x01)

    def _obey_gs(self, command: bytes) -> None:
        match command[:2]:
            case b"\x1d!":
                self._double_width = command[2] >> 4 > 0
                self._double_height = command[2] & 0x07 > 0
            case b"\x1dV":
                self._print_begun_line()
                feed_dots = command[3] if len(command) == 4 else 0
                self._events.append(PaperCut(command[2] in _GS_V_PARTIAL, feed_dots))
            case b"\x1dv":
                self._print_begun_line()
                width_bytes = int.from_bytes(command[4:6], "little")
                height_dots = int.from_bytes(command[6:8], "little")
                self._skip_bytes = width_bytes * height_dots
                self._events.append(ImagePrinted(width_bytes, height_dots))
            case b"\x1d(":
                if command[2:3] == b"k":
                    self._obey_symbol(command)
            case _:
                pass

    def _obey_symbol(self, command: bytes) -> None:
        """Obey GS ( k: cn and fn say which symbol and what to do with it."""
        match command[5:7], command[7:]:
            case b"\x31\x43", parameters if parameters:
                self._qr_module_dots = parameters[0]
            case b"\x31\x45", parameters if parameters:
                self._qr_level = parameters[0]
            case b"\x31\x50", parameters:
                self._qr_data = parameters[1:]
            case b"\x31\x51", _ if self._qr_data:
                self._events.append(QrPrinted(self._qr_data, self._qr_module_dots, self._qr_level))
            case b"\x31\x41", _:
                pass  # model 2 is all there is
            case _:
                self._events.append(Unknown(command))
