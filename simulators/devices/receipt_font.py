"""The characters of the simulated printer: Noto Sans Mono CJK of Debian, set into the fixed cells of a receipt printer.

One rule: a character fills exactly its cell (12 × 24 dots, 9 × 17 in font B, 24 × 24 in the Chinese font), so that
columns on the picture are columns on paper. What sticks out is cut off, as it is by a printer's own font.

Source: Epson ESC/POS Command Reference, character fonts; Debian package fonts-noto-cjk.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from simulators.devices.escpos_events import Style

FONT_NAME: Final = "Noto Sans Mono CJK SC"
FONT_FILE: Final = "NotoSansCJK-Regular.ttc"
FONT_FOLDERS: Final = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
FACES_MAX: Final = 32


class NoReceiptFont(RuntimeError):
    """The font that receipts are drawn with is not installed; says how to install it."""


class _Setting(NamedTuple):
    """How large the font is drawn in a kind of cell, and at which row its base line stands."""

    size: int
    base_line: int


_FONT_A = _Setting(24, 19)
_FONT_B = _Setting(18, 14)
_CHINESE = _Setting(24, 20)


def find_font(folders: tuple[Path, ...] = FONT_FOLDERS) -> tuple[Path, int]:
    """Return the font file and the number of its face. Raises: NoReceiptFont with the command that installs it."""
    found = sorted(
        Path(folder) / FONT_FILE for top in folders for folder, _, names in os.walk(top) if FONT_FILE in names
    )
    for path in found:
        for face in range(FACES_MAX):
            try:
                if ImageFont.FreeTypeFont(path, index=face).getname()[0] == FONT_NAME:
                    return path, face
            except OSError:  # the file has no more faces
                break
    raise NoReceiptFont(
        f"Receipts are drawn with the font {FONT_NAME}, which is not installed. "
        "Type this, then try again:  sudo apt-get install -y fonts-noto-cjk"
    )


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    path, face = _installed()
    return ImageFont.FreeTypeFont(path, size, index=face, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=1)
def _installed() -> tuple[Path, int]:
    return find_font()


@lru_cache(maxsize=8_192)
def draw_character(character: str, style: Style) -> Image.Image:
    """Return the cell of a character as a mask: ink is set. Raises: NoReceiptFont."""
    width_dots, height_dots = style.base_dots
    setting = _CHINESE if style.chinese else _FONT_B if style.font_b else _FONT_A
    font = _font(setting.size)
    ink = 0 if style.reverse else 1
    cell = Image.new("1", (width_dots, height_dots), 1 - ink)
    pen = ImageDraw.Draw(cell)
    pen.fontmode = "1"  # a printer has no grey
    left = (width_dots - font.getlength(character)) / 2  # a narrow letter of the Chinese font stands in the middle
    for shift in (0, 1) if style.bold else (0,):  # emphasis strikes twice, a dot apart
        pen.text((left + shift, setting.base_line), character, font=font, fill=ink, anchor="ls")
    if style.width > 1 or style.height > 1:
        cell = cell.resize(style.cell_dots, Image.Resampling.NEAREST)
    if style.underline_dots and not style.reverse:
        bottom = cell.height - style.underline_dots
        ImageDraw.Draw(cell).rectangle((0, bottom, cell.width, cell.height), fill=1)
    return cell
