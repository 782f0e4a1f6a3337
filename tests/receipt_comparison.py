"""How a drawn receipt is compared with the picture that is expected.

What is no character must agree dot for dot: size, cut, rules of the paper, codes, pictures, and white wherever no
character stands. Inside a character's cell another version of the font may draw a little differently: there as many
dots may differ as `dots_allowed` says. The text must agree exactly; it stands in the picture's own notes.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from PIL import Image, ImageChops, ImageDraw

from simulators.devices.receipt_picture import INK, PAPER, Glyph, Sheet

INK_SHARE: Final = 0.25
"""A glyph may differ by a quarter of its ink; one that is missing, a column aside or a dot up differs by far more."""

EDGE_DOTS: Final = 4
"""What a thin glyph may differ by, at single size: less than a full stop has."""


class Drawn(NamedTuple):
    """A drawn receipt with the text in its notes."""

    picture: Image.Image
    transcript: str


def open_drawn(picture: Image.Image) -> Drawn:
    """Take an opened PNG apart."""
    return Drawn(Image.frombytes("L", picture.size, picture.tobytes()), str(picture.info.get("Transcript", "")))


def dots_allowed(glyph: Glyph, ink_dots: int) -> int:
    """Say how many dots of a character's cell may differ."""
    return EDGE_DOTS * glyph.style.width * glyph.style.height + int(ink_dots * INK_SHARE)


def differences(sheet: Sheet, actual: Drawn, expected: Drawn) -> list[str]:
    """List what tells the two apart; `sheet` says where the actual one has its characters."""
    if actual.picture.size != expected.picture.size:
        return [f"the paper is {actual.picture.size} dots, expected {expected.picture.size}"]
    found = [] if actual.transcript == expected.transcript else ["the text is another one"]
    unlike = ImageChops.difference(actual.picture, expected.picture).point(lambda index: 255 if index else 0)
    outside = unlike.copy()
    pen = ImageDraw.Draw(outside)
    for glyph, box in _cells(sheet):
        pen.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=0)
        dots = _count(unlike.crop(box), 255)
        allowed = dots_allowed(glyph, _count(expected.picture.crop(box), INK))
        if dots > allowed:
            found.append(f"{glyph.character!r} at {box[:2]} differs by {dots} dots, {allowed} may")
    if beside := outside.getbbox():
        found.append(f"outside of all characters something differs within {beside}")
    return found


def draw_differences(actual: Image.Image, expected: Image.Image) -> Image.Image:
    """Draw both over each other: black where both have ink, red what is too much, blue what is missing."""
    size = max(actual.width, expected.width), max(actual.height, expected.height)
    planes = []
    for picture in (actual, expected):
        plane = Image.new("L", size, 255)
        plane.paste(picture.point(lambda index: 0 if index == INK else 255 if index == PAPER else 200), (0, 0))
        planes.append(plane)
    ours, theirs = planes
    return Image.merge("RGB", (theirs, ImageChops.darker(ours, theirs), ours))


def _cells(sheet: Sheet) -> Iterator[tuple[Glyph, tuple[int, int, int, int]]]:
    for glyph in sheet.glyphs:
        width_dots, height_dots = glyph.style.cell_dots
        yield glyph, (glyph.left, glyph.top, glyph.left + width_dots, glyph.top + height_dots)


def _count(picture: Image.Image, value: int) -> int:
    return picture.histogram()[value]
