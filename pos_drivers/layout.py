"""Break a printout into lines that fit the paper: pure, and the same for paper and for screens.

The rule of this file: what is laid out is what the printer will show. Text first becomes *printable* (no control
character can reach the printer from a name or a note, so nobody opens a drawer by what he is called), then it is
measured and wrapped.

Widths are counted in columns: one column is one ASCII character in font A (12 dots). In Chinese mode the printer
draws every character that is not ASCII in a full-width cell of two columns, also those which
``unicodedata.east_asian_width`` calls ambiguous or neutral (``×``, ``—``, ``é``), because it is the two- or
four-byte code that selects the cell.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never, get_args

from pos_drivers.errors import IllegalRequestError
from pos_drivers.printout import Align, Columns, Cut, DrawerPulse, Element, Feed, Picture, QrCode, Rule, Text

Encoding = Literal["gb18030", "gbk"]

COLUMNS_MIN = 8
COLUMNS_MAX = 96
TAB = "    "

_WORD = re.compile(r"[!-~]+")
_ZERO_WIDTH = frozenset({"Mn", "Me", "Cf"})
_CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it will stand on the paper: printable, and no wider than the paper at its size."""

    text: str
    align: Align = Align.LEFT
    bold: bool = False
    double: bool = False


LaidOut = Line | Feed | QrCode | Picture | Cut | DrawerPulse


def printable(text: str, encoding: Encoding = "gb18030") -> str:
    """Return the text as the paper can show it; only line breaks (``\\n``) are left of all control characters.

    Composes (NFC), turns ¥ into the full-width ￥, tabs into four spaces and other blanks into one; leaves out
    marks of no width; replaces what the encoding does not have, and control characters, by ``?``.
    """
    lines = unicodedata.normalize("NFC", text).splitlines()
    return "\n".join("".join(_printable_character(character, encoding) for character in line) for line in lines)


def display_width(text: str) -> int:
    """Count the columns of one line: 1 for ASCII, 0 for combining and invisible marks, 2 for everything else."""
    return sum(_character_width(character) for character in text)


def wrap(text: str, columns: int) -> list[str]:
    """Break text into lines of at most ``columns``, at least one; a wide character is never cut in two.

    Lines end at ``\\n``, then at a space or between two wide characters, and within a word only if it is longer
    than a line. Nothing is lost but the spaces around a break. What goes on below stands as far in as the line
    above, if that is no more than half the paper.

    Raises: IllegalRequestError where ``columns`` is below 2.
    """
    if columns < 2:
        raise IllegalRequestError(f"Text cannot be wrapped to {columns} columns.", "Take 2 or more.")
    lines: list[str] = []
    for paragraph in text.split("\n"):
        rest = paragraph
        indent = paragraph[: len(paragraph) - len(paragraph.lstrip(" "))]
        if len(indent) > columns // 2 or columns - len(indent) < 2:
            indent = ""
        while (end := _end_of_line(rest, columns)) < len(rest):
            lines.append(rest[:end].rstrip(" "))
            rest = indent + rest[end:].lstrip(" ")
        if rest.strip(" ") or rest == paragraph:
            lines.append(rest)
    return lines


def fit(text: str, columns: int, align: Align = Align.LEFT) -> str:
    """Return one line of exactly ``columns``: cut where it is longer, filled with spaces where it is shorter."""
    end = _fitting_end(text, columns)
    kept = text[:end]
    missing = columns - display_width(kept)
    match align:
        case Align.LEFT:
            return kept + " " * missing
        case Align.RIGHT:
            return " " * missing + kept
        case Align.CENTRE:
            return " " * (missing // 2) + kept + " " * (missing - missing // 2)
        case _:
            assert_never(align)


def lay_out(
    printout: Sequence[Element], *, columns: int, encoding: Encoding = "gb18030", enlarge: bool = True
) -> list[LaidOut]:
    """Break the elements into lines for paper of ``columns`` (32 on 58 mm paper, 48 on 80 mm).

    ``enlarge=False`` lays double-sized text out at single size, for a screen.

    Raises: IllegalRequestError for a width or an encoding no printer has; never because of a text.
    """
    if not COLUMNS_MIN <= columns <= COLUMNS_MAX:
        raise IllegalRequestError(
            f"Paper cannot have {columns} columns.", f"Take {COLUMNS_MIN} to {COLUMNS_MAX}; usual are 32 and 48."
        )
    if encoding not in get_args(Encoding):
        raise IllegalRequestError(f"The encoding {encoding!r} is not known.", "Take gb18030 or gbk.")
    laid_out: list[LaidOut] = []
    for element in printout:
        match element:
            case Text(text, align, bold, double):
                double = double and enlarge
                pieces = wrap(printable(text, encoding), columns // 2 if double else columns)
                laid_out += [Line(piece, align, bold, double) for piece in pieces]
            case Columns(left, right, bold, double):
                double = double and enlarge
                sides = printable(left, encoding), printable(right, encoding).replace("\n", " ")
                pieces = _set_columns(*sides, columns // 2 if double else columns)
                laid_out += [Line(piece, Align.LEFT, bold, double) for piece in pieces]
            case Rule(character):
                laid_out.append(Line(_rule(character, columns, encoding)))
            case Feed() | QrCode() | Picture() | Cut() | DrawerPulse():
                laid_out.append(element)
            case _:
                assert_never(element)
    return laid_out


def receipt_to_text(printout: Sequence[Element], columns: int = 48, encoding: Encoding = "gb18030") -> str:
    """Return the printout as plain text for a screen, laid out as on the paper.

    Double size is shown at single size, a QR code as ``[QR]`` and its data; pictures, cuts and drawer pulses do not
    show.
    """
    lines: list[str] = []
    for element in lay_out(printout, columns=columns, encoding=encoding, enlarge=False):
        match element:
            case Line(text, align):
                lines.append(fit(text, columns, align).rstrip(" "))
            case Feed(count):
                lines.extend([""] * count)
            case QrCode(data):
                lines.extend(wrap(printable(f"[QR] {data}", encoding), columns))
            case Picture() | Cut() | DrawerPulse():
                pass
            case _:
                assert_never(element)
    return "\n".join(lines)


def _printable_character(character: str, encoding: Encoding) -> str:
    if " " <= character <= "~":
        return character
    if character == "¥":  # four bytes in GB18030, which a GBK printer shows as "0 6"
        return "￥"
    if character == "\t":
        return TAB
    category = unicodedata.category(character)
    if category in _ZERO_WIDTH:
        return ""
    if category == "Zs" and character != "\u3000":
        return " "
    if category in _CONTROL:
        return "?"
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return "?"
    return character


def _character_width(character: str) -> int:
    if character < "\x80":
        return 1
    return 0 if unicodedata.category(character) in _ZERO_WIDTH else 2


def _fitting_end(text: str, columns: int) -> int:
    """Return the end of the longest beginning of the text that is at most so wide."""
    used = 0
    for index, character in enumerate(text):
        used += _character_width(character)
        if used > columns:
            return index
    return len(text)


def _end_of_line(text: str, columns: int) -> int:
    """Return where the first line of the text ends: at the paper's edge, or before the word which that would cut."""
    edge = _fitting_end(text, columns)
    if edge == len(text) or not (_in_word(text[edge - 1]) and _in_word(text[edge])):
        return edge
    for index in range(edge - 1, 0, -1):
        if not _in_word(text[index - 1]):
            return index if text[:index].strip(" ") else edge
    return edge


def _in_word(character: str) -> bool:
    return character != " " and _character_width(character) < 2


def _set_columns(left: str, right: str, columns: int) -> list[str]:
    room = columns - display_width(right) - 1
    if room < max(2, columns // 4) or _longest_word(left) > room:
        own_lines = [fit(line, columns, Align.RIGHT) for line in wrap(right, columns)]
        return wrap(left, columns) + own_lines
    *above, last = wrap(left, room)
    return [*above, last + " " * (columns - display_width(last) - display_width(right)) + right]


def _longest_word(text: str) -> int:
    """Count the columns of the longest word, which a narrower line would cut; a wide character is no word."""
    return max(map(len, _WORD.findall(text)), default=0)


def _rule(character: str, columns: int, encoding: Encoding) -> str:
    shown = printable(character, encoding).strip()[:1] or "-"
    return shown * (columns // display_width(shown))
