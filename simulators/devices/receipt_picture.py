"""A receipt as a picture: the events of a printer placed on paper, and the paper drawn as PNG.

One rule: placing (``place_receipt``) is arithmetic on dots and knows no font; drawing (``draw_receipt``) adds nothing
to it. So a test can tell a line that moved from a glyph that another version of the font draws a little differently.

The paper is as wide as it is bought (640 dots for 80 mm, 464 for 58 mm) with the print area in its middle. Its top is
what the cutter leaves below the print head. A full cut ends in teeth all across, a partial one leaves a bridge.
"""

import io
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import segno
from PIL import Image, ImageDraw, PngImagePlugin

from simulators.devices.escpos_events import (
    FONT_A_DOTS,
    Align,
    DrawerOpened,
    Event,
    ImagePrinted,
    PaperCut,
    PaperFed,
    PrintedLine,
    QrPrinted,
    Style,
)
from simulators.devices.receipt_font import draw_character

PAPER_DOTS: Final = {32: 464, 48: 640}
"""Columns to the width of the paper they are printed on; other widths get the margins of 80 mm paper."""

SIDE_DOTS: Final = 32
HEAD_TO_CUTTER_DOTS: Final = 72
TOOTH_DOTS: Final = 8
BRIDGE_DOTS: Final = 48
MODULE_DOTS_MAX: Final = 16
HEIGHT_DOTS_MAX: Final = 20_000
"""Two and a half metres of paper; what is further down is not drawn."""

INK, PAPER, NOTHING = 0, 1, 2
_PALETTE: Final = (34, 32, 30, 255, 254, 250, 255, 255, 255)
_QR_LEVELS: Final = {48: "L", 49: "M", 50: "Q", 51: "H"}


class Glyph(NamedTuple):
    """A character in its cell."""

    left: int
    top: int
    character: str
    style: Style


class Stamp(NamedTuple):
    """A picture or a code, dot for dot: ink where the mask is set."""

    left: int
    top: int
    mask: Image.Image


class Sheet(NamedTuple):
    """Everything on one receipt and where it stands, from the top left corner of the paper."""

    width_dots: int
    height_dots: int
    glyphs: tuple[Glyph, ...]
    stamps: tuple[Stamp, ...]
    partial_cut: bool


def place_receipt(events: Iterable[Event], columns: int) -> Sheet:
    """Place what was printed, up to the first cut.

    As printers do, a code wider than the paper is left out and a picture wider than it is cut off at the right.
    """
    paper = _Paper(columns)
    partial = False
    for event in events:
        match event:
            case PrintedLine():
                paper.put_line(event)
            case PaperFed(dots):
                paper.top += dots
            case QrPrinted(data, module_dots, level, align):
                paper.put_code(_qr_mask(data, module_dots, level), align)
            case ImagePrinted():
                paper.put_image(event)
            case PaperCut(partial, feed_dots):
                paper.top += feed_dots
                break
            case _:
                pass
    height_dots = min(paper.top + TOOTH_DOTS, HEIGHT_DOTS_MAX)
    return Sheet(paper.width_dots, height_dots, tuple(paper.glyphs), tuple(paper.stamps), partial)


def draw_receipt(sheet: Sheet) -> Image.Image:
    """Draw a sheet: a palette picture of ink, paper and nothing. Raises: NoReceiptFont."""
    picture = Image.new("L", (sheet.width_dots, sheet.height_dots), PAPER)
    for glyph in sheet.glyphs:
        picture.paste(INK, (glyph.left, glyph.top), draw_character(glyph.character, glyph.style))
    for stamp in sheet.stamps:
        picture.paste(INK, (stamp.left, stamp.top), stamp.mask)
    _tear(picture, sheet.partial_cut)
    picture.putpalette(_PALETTE)
    return picture


def encode_png(picture: Image.Image, transcript: str, events: Sequence[Event] = ()) -> bytes:
    """Write a drawn receipt as PNG, with its text and what the drawer did beside the picture."""
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("Transcript", transcript)
    for event in events:
        if isinstance(event, DrawerOpened):
            notes.add_itxt("Drawer", f"pin {event.pin}, {event.on_ms} ms")
    stream = io.BytesIO()
    picture.save(stream, "PNG", pnginfo=notes, transparency=NOTHING)
    return stream.getvalue()


class _Paper:
    """Where the print head stands, and what was put on the paper so far."""

    def __init__(self, columns: int) -> None:
        self._print_dots = columns * FONT_A_DOTS[0]
        self.width_dots = PAPER_DOTS.get(columns, self._print_dots + 2 * SIDE_DOTS)
        self._left = (self.width_dots - self._print_dots) // 2
        self.top = HEAD_TO_CUTTER_DOTS
        self.glyphs: list[Glyph] = []
        self.stamps: list[Stamp] = []

    def put_line(self, line: PrintedLine) -> None:
        """Put a line on its base line and feed."""
        left = self._left + self._indent(sum(run.width_dots for run in line.runs), line.align)
        bottom = self.top + line.height_dots
        for run in line.runs:
            width_dots, height_dots = run.style.cell_dots
            for character in run.text:
                if character != " " or run.style.underline_dots or run.style.reverse:
                    self.glyphs.append(Glyph(left, bottom - height_dots, character, run.style))
                left += width_dots
        self.top += line.feed_dots

    def put_code(self, mask: Image.Image | None, align: Align) -> None:
        """Put a code below what stands above, if it fits."""
        if mask is not None and mask.width <= self._print_dots:
            self._put(mask, align)

    def put_image(self, image: ImagePrinted) -> None:
        """Put a raster image; what is next stands directly below it."""
        if not image.bits:
            self.top += image.height_dots * image.times_high
            return
        mask = Image.frombytes("1", (image.width_bytes * 8, image.height_dots), image.bits)
        if image.times_wide > 1 or image.times_high > 1:
            enlarged = mask.width * image.times_wide, mask.height * image.times_high
            mask = mask.resize(enlarged, Image.Resampling.NEAREST)
        self._put(mask.crop((0, 0, min(mask.width, self._print_dots), mask.height)), image.align)

    def _put(self, mask: Image.Image, align: Align) -> None:
        self.stamps.append(Stamp(self._left + self._indent(mask.width, align), self.top, mask))
        self.top += mask.height

    def _indent(self, width_dots: int, align: Align) -> int:
        free_dots = max(0, self._print_dots - width_dots)
        return {Align.LEFT: 0, Align.CENTRE: free_dots // 2, Align.RIGHT: free_dots}[align]


def _qr_mask(data: bytes, module_dots: int, level: int) -> Image.Image | None:
    mode = None if data.isascii() else "byte"  # pairs of UTF-8 bytes may look like the code's Kanji mode
    try:
        code = segno.make(data, error=_QR_LEVELS.get(level, "L"), mode=mode, micro=False, boost_error=False)
    except segno.DataOverflowError:
        return None
    size = len(code.matrix)
    modules = Image.frombytes("L", (size, size), b"".join(code.matrix)).point(lambda module: 255 * module)
    edge_dots = size * min(max(module_dots, 1), MODULE_DOTS_MAX)
    return modules.resize((edge_dots, edge_dots), Image.Resampling.NEAREST).convert("1", dither=Image.Dither.NONE)


def _tear(picture: Image.Image, partial: bool) -> None:
    """Cut teeth into the lower edge; a partial cut leaves a bridge in the middle."""
    pen = ImageDraw.Draw(picture)
    bottom = picture.height - 1
    middle = picture.width // 2
    for left in range(0, picture.width, TOOTH_DOTS):
        if partial and abs(left + TOOTH_DOTS // 2 - middle) < BRIDGE_DOTS // 2:
            continue
        tip = left + TOOTH_DOTS // 2
        for side in (left, left + TOOTH_DOTS):
            pen.polygon([(side, bottom), (side, bottom - TOOTH_DOTS + 2), (tip, bottom)], fill=NOTHING)
