"""Read a one-bit picture (portable bitmap, PBM) for the receipt printer: pure, without any imaging library.

Both forms are read: ``P4`` (binary) and ``P1`` (digits). Programs that draw export them, and netpbm or ImageMagick
makes them of anything else. In the file as on paper a 1 is black. Only the first picture of a file counts.

Source: netpbm, pbm(5).
"""

import re

from pos_drivers.errors import IllegalRequestError
from pos_drivers.printout import PICTURE_HEIGHT_MAX, PICTURE_WIDTH_MAX, Picture

PBM_BYTES_MAX = 1_000_000
"""More than the largest picture takes as digits, with generous comments."""

_BLANK = rb"(?:\s|#[^\n\r]*[\n\r])+"
_HEADER = re.compile(rb"P([14])" + _BLANK + rb"(\d{1,6})" + _BLANK + rb"(\d{1,6})(?:#[^\n\r]*[\n\r]|\s)")
_COMMENT = re.compile(rb"#[^\n\r]*")
_NEXT_STEP = "Save it as PBM, for example with: magick logo.png -resize 384x -monochrome logo.pbm"


def parse_pbm(content: bytes) -> Picture:
    """Read a picture. Raises: IllegalRequestError where it is none, broken off, or larger than a printer takes."""
    header = _HEADER.match(content)
    if len(content) > PBM_BYTES_MAX or header is None:
        raise IllegalRequestError("This is not a picture of one bit per dot (PBM, P1 or P4).", _NEXT_STEP)
    width_dots, height_dots = int(header[2]), int(header[3])
    if not (1 <= width_dots <= PICTURE_WIDTH_MAX and 1 <= height_dots <= PICTURE_HEIGHT_MAX):
        raise IllegalRequestError(
            f"A picture of {width_dots} × {height_dots} dots does not go on a receipt.",
            f"Make it at most {PICTURE_WIDTH_MAX} wide and {PICTURE_HEIGHT_MAX} high; paper of 32 columns is 384 wide.",
        )
    row_bytes = (width_dots + 7) // 8
    body = content[header.end() :]
    bits = _binary(body, row_bytes * height_dots) if header[1] == b"4" else _digits(body, width_dots, height_dots)
    return Picture(width_dots, height_dots, _without_padding(bits, width_dots, row_bytes))


def _binary(body: bytes, wanted_bytes: int) -> bytes:
    if len(body) < wanted_bytes:
        raise IllegalRequestError(f"The picture breaks off {wanted_bytes - len(body)} bytes too early.", _NEXT_STEP)
    return body[:wanted_bytes]


def _digits(body: bytes, width_dots: int, height_dots: int) -> bytes:
    digits = b"".join(_COMMENT.sub(b"", body).split())
    wanted = width_dots * height_dots
    if len(digits) < wanted or digits[:wanted].strip(b"01"):
        raise IllegalRequestError(f"The picture does not have {wanted} dots, each 0 or 1.", _NEXT_STEP)
    rows = (digits[start : start + width_dots] for start in range(0, wanted, width_dots))
    row_bytes = (width_dots + 7) // 8
    return b"".join(int(row.ljust(row_bytes * 8, b"0"), 2).to_bytes(row_bytes, "big") for row in rows)


def _without_padding(bits: bytes, width_dots: int, row_bytes: int) -> bytes:
    """Clear what lies beyond the right edge: a file may hold anything there, and it would be printed."""
    spare = row_bytes * 8 - width_dots
    if not spare:
        return bits
    cleared = bytearray(bits)
    for last in range(row_bytes - 1, len(cleared), row_bytes):
        cleared[last] &= 0xFF << spare & 0xFF
    return bytes(cleared)
