"""What happens in a receipt printer: the events that its interpreter makes of bytes, with all that a picture needs.

One rule: plain frozen values. Lengths are in dots of 203 per inch (8 per millimetre), as on the paper.
"""

from dataclasses import dataclass
from enum import Enum

FONT_A_DOTS = (12, 24)
FONT_B_DOTS = (9, 17)
CHINESE_DOTS = (24, 24)
LINE_SPACING_DOTS = 30


class Align(Enum):
    """Justification, n of ESC a."""

    LEFT = 0
    CENTRE = 1
    RIGHT = 2


@dataclass(frozen=True, slots=True)
class Style:
    """How a character is drawn. ``width`` and ``height`` are how many times as large, 1 to 8.

    ``chinese`` is a cell of the Chinese font, which a code of two or four bytes selects, whatever it stands for.
    """

    chinese: bool = False
    font_b: bool = False
    bold: bool = False
    underline_dots: int = 0
    reverse: bool = False
    width: int = 1
    height: int = 1

    @property
    def base_dots(self) -> tuple[int, int]:
        """Width and height of the cell before it is enlarged."""
        return CHINESE_DOTS if self.chinese else FONT_B_DOTS if self.font_b else FONT_A_DOTS

    @property
    def cell_dots(self) -> tuple[int, int]:
        """Width and height of the cell on paper."""
        width_dots, height_dots = self.base_dots
        return width_dots * self.width, height_dots * self.height


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring characters of one style."""

    text: str
    style: Style = Style()

    @property
    def width_dots(self) -> int:
        """How wide the characters are together."""
        return len(self.text) * self.style.cell_dots[0]


@dataclass(frozen=True, slots=True)
class Initialised:
    """ESC @: styles are back at their defaults, an unfinished line is lost."""


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A line on paper, which then moves by ``feed_dots``.

    ``wrapped`` means that the paper was full before the line feed came.
    """

    runs: tuple[Run, ...]
    align: Align = Align.LEFT
    feed_dots: int = LINE_SPACING_DOTS
    wrapped: bool = False

    @property
    def text(self) -> str:
        """The characters alone."""
        return "".join(run.text for run in self.runs)

    @property
    def bold(self) -> bool:
        """Whether any of it is emphasised."""
        return any(run.style.bold for run in self.runs)

    @property
    def double(self) -> bool:
        """Whether any of it is enlarged both ways."""
        return any(run.style.width > 1 and run.style.height > 1 for run in self.runs)

    @property
    def height_dots(self) -> int:
        """The height of the tallest character; all stand on one base line."""
        return max((run.style.cell_dots[1] for run in self.runs), default=0)


@dataclass(frozen=True, slots=True)
class PaperFed:
    """ESC d and ESC J: paper moves; ``lines`` is 0 where dots were asked for."""

    dots: int
    lines: int = 0


@dataclass(frozen=True, slots=True)
class QrPrinted:
    """A QR code on paper; ``level`` is 48 to 51 for L, M, Q, H."""

    data: bytes
    module_dots: int
    level: int
    align: Align = Align.LEFT


@dataclass(frozen=True, slots=True)
class ImagePrinted:
    """GS v 0: a raster image, each dot enlarged so many times. ``bits`` is empty where the image was too large to keep.

    Rows from the top; the highest bit is the leftmost dot, a set bit is ink.
    """

    width_bytes: int
    height_dots: int
    bits: bytes = b""
    align: Align = Align.LEFT
    times_wide: int = 1
    times_high: int = 1


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
