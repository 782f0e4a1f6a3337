"""What can be put on receipt paper: plain frozen values, knowing neither bytes nor ports nor sales.

A printout is a sequence of elements, top to bottom. ``layout.lay_out`` breaks it into lines; ``escpos.encode``
turns those into bytes and ``layout.receipt_to_text`` into text for a screen. Text may hold any Unicode whatever;
only numbers and sizes are checked here, with ``IllegalRequestError``. Sizes are in dots of 203 per inch.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from pos_drivers.errors import IllegalRequestError

QrLevel = Literal["L", "M", "Q", "H"]

QR_BYTES_MAX: dict[QrLevel, int] = {"L": 2953, "M": 2331, "Q": 1663, "H": 1273}
"""What a QR code of version 40 holds in byte mode. Source: ISO/IEC 18004, table 7."""

DOTS_PER_COLUMN = 12
"""A column is one character of font A: 32 columns are 384 dots (58 mm paper), 48 are 576 (80 mm)."""

PICTURE_WIDTH_MAX = 1152
PICTURE_HEIGHT_MAX = 400


class Align(Enum):
    """Where a line stands on the paper; the values are n of ``ESC a n``."""

    LEFT = 0
    CENTRE = 1
    RIGHT = 2


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. Line breaks in it are kept, lines wider than the paper are wrapped; empty text is an empty line.

    ``double`` is twice as wide and twice as high, so that half as many characters fit in a line.
    """

    text: str
    align: Align = Align.LEFT
    bold: bool = False
    double: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """Something on the left and, on its last line, something at the right edge: an article and its amount.

    The right side is never cut. What is too long on the left wraps; a right side that leaves the left less than a
    quarter of the line, or less than one of its words, stands on a line of its own.
    """

    left: str
    right: str
    bold: bool = False
    double: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One character repeated across the paper; a character that cannot be printed is replaced by ``-``."""

    character: str = "-"


@dataclass(frozen=True, slots=True)
class Feed:
    """So many empty lines, 1 to 255."""

    lines: int = 1

    def __post_init__(self) -> None:
        _check_range("The lines of a feed", self.lines, 1, 255)


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code in the middle of the paper, holding ``data`` as UTF-8.

    ``module_dots`` is the edge of one module in dots, 1 to 16. A code wider than the paper is left out by most
    models without a word: at 6 dots and level M, 180 bytes fit on 58 mm paper (384 dots) and 504 on 80 mm (576
    dots).
    """

    data: str
    module_dots: int = 6
    level: QrLevel = "M"

    def __post_init__(self) -> None:
        _check_range("The module of a QR code, in dots,", self.module_dots, 1, 16)
        if self.level not in QR_BYTES_MAX:
            raise IllegalRequestError(f"There is no QR level {self.level!r}.", "Take L, M, Q or H.")
        _check_range("The data of a QR code, in bytes,", len(self.payload), 1, QR_BYTES_MAX[self.level])

    @property
    def payload(self) -> bytes:
        """The bytes the code holds; what UTF-8 cannot say (a lone surrogate) is a question mark."""
        return self.data.encode("utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of one bit per dot in the middle of the paper, such as a logo; at most 1152 × 400 dots.

    ``bits`` are rows from the top, each filled up to whole bytes; the highest bit is the leftmost dot, a set bit is
    ink. ``pbm.parse_pbm`` reads one from a file.
    """

    width_dots: int
    height_dots: int
    bits: bytes

    def __post_init__(self) -> None:
        _check_range("The width of a picture, in dots,", self.width_dots, 1, PICTURE_WIDTH_MAX)
        _check_range("The height of a picture, in dots,", self.height_dots, 1, PICTURE_HEIGHT_MAX)
        wanted_bytes = self.row_bytes * self.height_dots
        if len(self.bits) != wanted_bytes:
            raise IllegalRequestError(
                f"A picture of {self.width_dots} × {self.height_dots} dots cannot have {len(self.bits)} bytes.",
                f"Give {wanted_bytes} bytes, or save the picture again.",
            )

    @property
    def row_bytes(self) -> int:
        """How many bytes one row takes."""
        return (self.width_dots + 7) // 8


@dataclass(frozen=True, slots=True)
class Cut:
    """Feed to the cutter and ``feed_dots`` further (0 to 255), and cut."""

    feed_dots: int = 3

    def __post_init__(self) -> None:
        _check_range("The feed before a cut, in dots,", self.feed_dots, 0, 255)


@dataclass(frozen=True, slots=True)
class DrawerPulse:
    """Open the cash drawer: current on connector pin 2 or 5 for ``on_ms``, and none for ``off_ms`` after that.

    Times are even numbers of milliseconds, 2 to 510.
    """

    pin: Literal[2, 5] = 2
    on_ms: int = 50
    off_ms: int = 500

    def __post_init__(self) -> None:
        if self.pin not in (2, 5):
            raise IllegalRequestError(f"A drawer has no pin {self.pin}.", "Take pin 2 or pin 5.")
        for what, value_ms in (("on", self.on_ms), ("off", self.off_ms)):
            _check_range(f"The {what} time of a drawer pulse, in ms,", value_ms, 2, 510)
            if value_ms % 2:
                raise IllegalRequestError(
                    f"A drawer's {what} time cannot be {value_ms} ms.", "Take an even number of milliseconds."
                )


Element = Text | Columns | Rule | Feed | QrCode | Picture | Cut | DrawerPulse


def _check_range(what: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise IllegalRequestError(f"{what} cannot be {value}.", f"Take {lowest} to {highest}.")
