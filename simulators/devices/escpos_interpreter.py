"""Read ESC/POS as a Chinese receipt printer does: bytes in, events out, one byte at a time, and never an exception.

Pure: no port, no thread, no clock. It shares no code with the driver's encoder, so that both can be wrong only
separately. What it says is enough for a transcript as well as for a picture: there is no second reading of the
bytes. Commands it knows but does not act on (margins, absolute positions, turned characters, status requests) are
consumed silently; a command it does not know becomes ``Unknown`` with its bytes, and what follows is read as text, as
a printer would.

As on Epson's models, ``ESC E``, ``GS !`` and ``GS B`` hold for all characters, ``ESC !`` (but for emphasis), ``ESC -``
and ``ESC M`` for those of one byte only, ``FS !``, ``FS -`` and ``FS W`` for Chinese ones only; a vertical unit is a
dot.

Source: Epson ESC/POS Command Reference; lengths in ``_FIXED_LENGTHS`` count the whole command.
"""

import codecs
from dataclasses import replace
from typing import Final, Literal

from simulators.devices.escpos_events import (
    FONT_A_DOTS,
    LINE_SPACING_DOTS,
    Align,
    DrawerOpened,
    Event,
    ImagePrinted,
    Initialised,
    PaperCut,
    PaperFed,
    PrintedLine,
    QrPrinted,
    Run,
    Style,
    Unknown,
)

Encoding = Literal["gb18030", "gbk"]

ESC, FS, GS, DLE = 0x1B, 0x1C, 0x1D, 0x10
HT, LF, CR, DEL = 0x09, 0x0A, 0x0D, 0x7F
TAB_DOTS = 8 * FONT_A_DOTS[0]
IMAGE_BYTES_MAX = 1 << 20
"""More than a metre of paper; of what is larger only the size is kept."""

CODE_PAGES: Final = {
    0: "cp437",
    2: "cp850",
    3: "cp860",
    4: "cp863",
    5: "cp865",
    16: "cp1252",
    17: "cp866",
    18: "cp852",
    19: "cp858",
}
"""n of ESC t. Katakana (1) and what a model adds of its own are shown as PC437."""

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
_STYLE_COMMANDS = frozenset(
    (b"\x1b!", b"\x1c!", b"\x1cW", b"\x1d!", b"\x1dB", b"\x1bM", b"\x1b-", b"\x1c-", b"\x1bE", b"\x1bG")
)
_PLAIN = Style()
_UNDERLINES = {0: 0, 1: 1, 2: 2, 48: 0, 49: 1, 50: 2}
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
        self._paper_dots = columns * FONT_A_DOTS[0]
        self._chinese_at_power_up = chinese_at_power_up
        self._chinese_decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._command = bytearray()
        self._image: ImagePrinted | None = None
        self._image_bits = bytearray()
        self._image_bytes_left = 0
        self._events: list[Event] = []
        self._initialise()

    def feed(self, data: bytes) -> list[Event]:
        """Read the bytes and return what they made happen; any cut of the same bytes gives the same events."""
        position = 0
        while position < len(data):
            if self._image_bytes_left:
                position += self._take_image(data[position : position + self._image_bytes_left])
            else:
                self._take(data[position])
                position += 1
        events, self._events = self._events, []
        return events

    def _initialise(self) -> None:
        self._chinese = self._chinese_at_power_up
        self._code_page = CODE_PAGES[0]
        self._align = Align.LEFT
        self._restyle(_PLAIN, Style(chinese=True))
        self._line_spacing_dots = LINE_SPACING_DOTS
        self._qr_data = b""
        self._qr_module_dots = 3
        self._qr_level = 48
        self._chinese_decoder.reset()
        self._start_line()

    def _start_line(self) -> None:
        self._runs: list[tuple[Style, list[str]]] = []
        self._line_dots = 0

    def _take(self, byte: int) -> None:
        if self._command:
            self._command.append(byte)
            self._try_command()
        elif byte in (ESC, FS, GS, DLE):
            self._end_character()
            self._command.append(byte)
        elif byte == LF:
            self._end_line()
        elif byte == HT:
            self._end_character()
            columns = (TAB_DOTS - self._line_dots % TAB_DOTS) // FONT_A_DOTS[0]
            for _ in range(columns):
                self._put_with(" ", _PLAIN, FONT_A_DOTS[0])  # neither underlined nor enlarged
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
        return bytes([byte]).decode(self._code_page, errors="replace")

    def _end_character(self) -> None:
        """Show what is left of a character that was broken off."""
        self._put(self._chinese_decoder.decode(b"", final=True))

    def _put(self, text: str) -> None:
        for character in text:
            if character < "\x80" or not self._chinese:
                self._put_with(character, self._one_byte_style, self._one_byte_dots)
            else:
                self._put_with(character, self._chinese_style, self._chinese_dots)

    def _put_with(self, character: str, style: Style, width_dots: int) -> None:
        if self._runs and self._line_dots + width_dots > self._paper_dots:
            self._print_line(wrapped=True)
        if self._runs and self._runs[-1][0] is style:
            self._runs[-1][1].append(character)
        else:
            self._runs.append((style, [character]))
        self._line_dots += width_dots

    def _begun_line(self) -> PrintedLine:
        return PrintedLine(tuple(Run("".join(text), style) for style, text in self._runs), self._align)

    def _restyle(self, one_byte: Style, chinese: Style) -> None:
        self._one_byte_style, self._one_byte_dots = one_byte, one_byte.cell_dots[0]
        self._chinese_style, self._chinese_dots = chinese, chinese.cell_dots[0]

    def _end_line(self) -> None:
        self._end_character()
        self._print_line()

    def _print_line(self, *, wrapped: bool = False) -> None:
        line = self._begun_line()
        feed_dots = max(self._line_spacing_dots, line.height_dots)
        self._events.append(replace(line, feed_dots=feed_dots, wrapped=wrapped))
        self._start_line()

    def _print_begun_line(self) -> None:
        if self._runs:
            self._print_line()

    def _take_image(self, data: bytes) -> int:
        """Take so much of a raster image and return its length."""
        if self._image is not None:
            self._image_bits += data
        self._image_bytes_left -= len(data)
        if not self._image_bytes_left and self._image is not None:
            self._events.append(replace(self._image, bits=bytes(self._image_bits)))
            self._image_bits.clear()
            self._image = None
        return len(data)

    def _try_command(self) -> None:
        length = command_length(bytes(self._command[:8]))
        if length is None or len(self._command) < length:
            return
        command = bytes(self._command)
        self._command.clear()
        if length == 0:
            self._events.append(Unknown(command))
        elif command[:2] in _STYLE_COMMANDS:
            self._obey_style(command)
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
            case b"\x1bt":
                self._code_page = CODE_PAGES.get(command[2], CODE_PAGES[0])
            case b"\x1b2":
                self._line_spacing_dots = LINE_SPACING_DOTS
            case b"\x1b3":
                self._line_spacing_dots = command[2]
            case b"\x1ba":
                if not self._runs:  # obeyed at the beginning of a line only
                    self._align = _ALIGNMENTS.get(command[2], self._align)
            case b"\x1bd" | b"\x1bJ":
                self._obey_feed(command)
            case b"\x1bp" | b"\x10\x14":
                self._obey_pulse(command)
            case _:
                pass

    def _obey_pulse(self, command: bytes) -> None:
        if command[0] == ESC:
            self._events.append(DrawerOpened(5 if command[2] & 1 else 2, command[3] * 2, command[4] * 2))
        elif command[2] == 1:  # DLE DC4 2 switches the printer off
            self._events.append(DrawerOpened(5 if command[3] & 1 else 2, command[4] * 100, command[4] * 100))

    def _obey_feed(self, command: bytes) -> None:
        """Obey ESC d (lines) and ESC J (dots): a begun line is printed first, and its own feed counts."""
        by_lines = command[1:2] == b"d"
        dots = command[2] * (self._line_spacing_dots if by_lines else 1)
        lines = command[2] if by_lines else 0
        if self._runs:
            line = self._begun_line()
            first_dots = max(line.height_dots, min(dots, self._line_spacing_dots))
            self._events.append(replace(line, feed_dots=first_dots))
            self._start_line()
            dots, lines = max(0, dots - first_dots), max(0, lines - 1)
        if dots:
            self._events.append(PaperFed(dots, lines))

    def _obey_style(self, command: bytes) -> None:
        n = command[2]
        one_byte, chinese = self._one_byte_style, self._chinese_style
        match command[:2]:
            case b"\x1b!":
                one_byte = replace(
                    one_byte,
                    font_b=bool(n & 0x01),
                    bold=bool(n & 0x08),
                    height=1 + (n >> 4 & 1),
                    width=1 + (n >> 5 & 1),
                    underline_dots=n >> 7,
                )
                chinese = replace(chinese, bold=bool(n & 8))
            case b"\x1c!":
                chinese = replace(chinese, width=1 + (n >> 2 & 1), height=1 + (n >> 3 & 1), underline_dots=n >> 7)
            case b"\x1cW":
                chinese = replace(chinese, width=1 + (n & 1), height=1 + (n & 1))
            case b"\x1d!":
                width, height = 1 + (n >> 4 & 7), 1 + (n & 7)
                one_byte = replace(one_byte, width=width, height=height)
                chinese = replace(chinese, width=width, height=height)
            case b"\x1dB":
                one_byte, chinese = replace(one_byte, reverse=bool(n & 1)), replace(chinese, reverse=bool(n & 1))
            case b"\x1bM":
                one_byte = replace(one_byte, font_b=n in (1, 49))
            case b"\x1b-":
                one_byte = replace(one_byte, underline_dots=_UNDERLINES.get(n, one_byte.underline_dots))
            case b"\x1c-":
                chinese = replace(chinese, underline_dots=_UNDERLINES.get(n, chinese.underline_dots))
            case _:  # ESC E and ESC G look the same
                one_byte, chinese = replace(one_byte, bold=bool(n & 1)), replace(chinese, bold=bool(n & 1))
        self._restyle(one_byte, chinese)

    def _obey_gs(self, command: bytes) -> None:
        match command[:2]:
            case b"\x1dV":
                self._print_begun_line()
                feed_dots = command[3] if len(command) == 4 else 0
                self._events.append(PaperCut(command[2] in _GS_V_PARTIAL, feed_dots))
            case b"\x1dv":
                self._print_begun_line()
                self._begin_image(command)
            case b"\x1d(":
                if command[2:3] == b"k":
                    self._obey_symbol(command)
            case _:
                pass

    def _begin_image(self, command: bytes) -> None:
        m = command[3] & 3
        width_bytes = int.from_bytes(command[4:6], "little")
        height_dots = int.from_bytes(command[6:8], "little")
        image = ImagePrinted(width_bytes, height_dots, b"", self._align, 1 + (m & 1), 1 + (m >> 1))
        self._image_bytes_left = width_bytes * height_dots
        if 0 < self._image_bytes_left <= IMAGE_BYTES_MAX:
            self._image = image
        else:
            self._events.append(image)

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
                self._print_begun_line()
                self._events.append(QrPrinted(self._qr_data, self._qr_module_dots, self._qr_level, self._align))
            case b"\x31\x41", _:
                pass  # model 2 is all there is
            case _:
                self._events.append(Unknown(command))
