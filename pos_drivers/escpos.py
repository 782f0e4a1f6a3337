"""ESC/POS for receipt printers that speak Chinese: printout in, bytes out. No port, no clock, no state between calls.

Every job begins with ``ESC @``, so that nothing of an earlier job, broken off or not, colours this one, and with
``FS &``, so that bytes from 81 hex on are read as GB 18030 or GBK. ``FS .`` is not sent: there is no text in Latin
code pages here.

Styles: ``ESC E`` for bold (on a few models it leaves Chinese characters plain) and ``GS !`` for double size, since
``ESC !`` enlarges nothing but ASCII. A QR code gets its quiet zone here, for no printer adds one: phones do not read
a code that touches text.

Source: Epson ESC/POS Command Reference; each constant carries the command's name there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from pos_drivers.errors import IllegalRequestError
from pos_drivers.layout import Encoding, Line, lay_out
from pos_drivers.printout import (
    DOTS_PER_COLUMN,
    Align,
    Cut,
    DrawerPulse,
    Element,
    Feed,
    Picture,
    QrCode,
    QrLevel,
)

INITIALISE = b"\x1b@"  # ESC @     Initialize printer
CHINESE_ON = b"\x1c&"  # FS &      Select Kanji character mode
CHINESE_OFF = b"\x1c."  # FS .     Cancel Kanji character mode
LINE_FEED = b"\n"  # LF            Print and line feed
FEED_LINES = b"\x1bd"  # ESC d n   Print and feed n lines
FEED_DOTS = b"\x1bJ"  # ESC J n    Print and feed paper
ALIGN = b"\x1ba"  # ESC a n        Select justification
BOLD = b"\x1bE"  # ESC E n         Turn emphasized mode on/off
SIZE = b"\x1d!"  # GS ! n          Select character size
CUT = b"\x1dVA"  # GS V 65 n       Select cut mode and cut paper: feed, then cut
PULSE = b"\x1bp"  # ESC p m t1 t2  Generate pulse
SYMBOL = b"\x1d(k"  # GS ( k       Set up and print the symbol
RASTER = b"\x1dv0\x00"  # GS v 0 m  Print raster bit image, m = 0: as it is

SIZE_NORMAL = 0x00
SIZE_DOUBLE = 0x11  # twice the width (high nibble) and twice the height (low nibble)

DOUBLE_GAP_DOTS = 6
"""White below a line of double size: usual line spacing (30 dots) leaves as much below 24 dots, but none below 48."""

PICTURE_GAP_DOTS = 12
"""White below a picture: what comes next would touch it."""

RASTER_ROWS_MAX = 255
"""Rows of one ``GS v 0``: some models take the low byte of the height alone. Slices join without a gap."""

QUIET_ZONE_MODULES = 4
"""Source: ISO/IEC 18004, 5.3.8 (quiet zone)."""

_QR = 0x31  # cn of GS ( k for QR codes
_QR_LEVELS: dict[QrLevel, int] = {"L": 0x30, "M": 0x31, "Q": 0x32, "H": 0x33}


@dataclass(frozen=True, slots=True)
class _Style:
    align: Align = Align.LEFT
    bold: bool = False
    double: bool = False


def encode(printout: Sequence[Element], *, columns: int = 48, encoding: Encoding = "gb18030") -> bytes:
    """Return the bytes that print the elements; the same elements give the same bytes.

    ``columns`` is what a line of the paper holds (32 on 58 mm, 48 on 80 mm), ``encoding`` what the model's Chinese
    font is ordered by. Characters which the encoding lacks are replaced by ``?``.

    Raises: IllegalRequestError for a width or an encoding no printer has, and for a picture wider than the paper;
    never because of a text.
    """
    out = bytearray(INITIALISE + CHINESE_ON)
    style = _Style()
    for element in lay_out(printout, columns=columns, encoding=encoding):
        match element:
            case Line(text, align, bold, double):
                wanted = _Style(align, bold, double)
                out += _restyle(style, wanted) + text.encode(encoding) + LINE_FEED
                if double:
                    out += FEED_DOTS + bytes([DOUBLE_GAP_DOTS])
                style = wanted
            case Feed(lines):
                out += FEED_LINES + bytes([lines])
            case QrCode() | Picture():
                wanted = _Style(Align.CENTRE, style.bold, style.double)
                drawn = encode_qr(element) if isinstance(element, QrCode) else encode_picture(element, columns=columns)
                out += _restyle(style, wanted) + drawn
                style = wanted
            case Cut(feed_dots):
                out += CUT + bytes([feed_dots])
            case DrawerPulse():
                out += encode_drawer_pulse(element)
            case _:
                assert_never(element)
    return bytes(out)


def encode_drawer_pulse(pulse: DrawerPulse) -> bytes:
    """Return ``ESC p m t1 t2``, obeyed within a job as well as alone; times are sent in units of 2 ms."""
    connector = {2: 0, 5: 1}[pulse.pin]
    return PULSE + bytes([connector, pulse.on_ms // 2, pulse.off_ms // 2])


def encode_qr(code: QrCode) -> bytes:
    """Return the five functions of ``GS ( k`` for one QR code: model 2, module size, level, store, print."""
    quiet_zone = FEED_DOTS + bytes([QUIET_ZONE_MODULES * code.module_dots])
    return b"".join(
        (
            quiet_zone,
            _symbol_function(0x41, b"\x32\x00"),  # fn 165: model 2
            _symbol_function(0x43, bytes([code.module_dots])),  # fn 167: module size in dots
            _symbol_function(0x45, bytes([_QR_LEVELS[code.level]])),  # fn 169: error correction
            _symbol_function(0x50, b"\x30" + code.payload),  # fn 180: store
            _symbol_function(0x51, b"\x30"),  # fn 181: print
            quiet_zone,
        )
    )


def encode_picture(picture: Picture, *, columns: int) -> bytes:
    """Return ``GS v 0`` for a picture, in slices that every model takes.

    Raises: IllegalRequestError where it is wider than paper of so many columns, which a printer would cut off.
    """
    if picture.width_dots > columns * DOTS_PER_COLUMN:
        raise IllegalRequestError(
            f"A picture of {picture.width_dots} dots is wider than paper of {columns} columns.",
            f"Take one of at most {columns * DOTS_PER_COLUMN} dots.",
        )
    out = bytearray()
    for top in range(0, picture.height_dots, RASTER_ROWS_MAX):
        rows = min(RASTER_ROWS_MAX, picture.height_dots - top)
        out += RASTER + picture.row_bytes.to_bytes(2, "little") + rows.to_bytes(2, "little")
        out += picture.bits[top * picture.row_bytes : (top + rows) * picture.row_bytes]
    return bytes(out) + FEED_DOTS + bytes([PICTURE_GAP_DOTS])


def _symbol_function(function: int, parameters: bytes) -> bytes:
    body = bytes([_QR, function]) + parameters
    return SYMBOL + len(body).to_bytes(2, "little") + body


def _restyle(before: _Style, after: _Style) -> bytes:
    """Return the commands between two styles, at the beginning of a line: elsewhere alignment is not obeyed."""
    out = b""
    if before.align != after.align:
        out += ALIGN + bytes([after.align.value])
    if before.bold != after.bold:
        out += BOLD + bytes([after.bold])
    if before.double != after.double:
        out += SIZE + bytes([SIZE_DOUBLE if after.double else SIZE_NORMAL])
    return out
