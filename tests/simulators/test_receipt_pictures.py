"""Receipts as pictures: a fixed set compared with committed ones, and what the comparison must notice."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from pos_drivers import Columns, Cut, QrCode, Text, encode
from simulators.devices.escpos_events import ImagePrinted, PaperCut, PrintedLine, QrPrinted, Run, Style
from simulators.devices.escpos_printer import SimulatedPrinter
from simulators.devices.receipt_font import NoReceiptFont, draw_character, find_font
from simulators.devices.receipt_picture import INK, NOTHING, PAPER, Glyph, Sheet, draw_receipt, place_receipt
from tests.expected_receipts import EXPECTED, Sample, samples
from tests.receipt_comparison import Drawn, differences, draw_differences, open_drawn

ACTUAL = Path(__file__).parents[2] / "build" / "receipts"
SAMPLES = samples()
RENEW = "look at build/receipts/; if the new ones are right: ./run exec python -m tests.expected_receipts"


def drawn(sheet: Sheet, transcript: str = "") -> Drawn:
    return Drawn(open_drawn(draw_receipt(sheet)).picture, transcript)


@pytest.mark.parametrize("name", SAMPLES)
def test_receipt_looks_as_expected(name: str) -> None:
    sample = SAMPLES[name]
    png = sample.png()
    actual = open_drawn(Image.open(io.BytesIO(png)))
    expected = open_drawn(Image.open(io.BytesIO((EXPECTED / f"{name}.png").read_bytes())))
    found = differences(sample.sheet(), actual, expected)
    if found:
        ACTUAL.mkdir(parents=True, exist_ok=True)
        (ACTUAL / f"{name}.actual.png").write_bytes(png)
        draw_differences(actual.picture, expected.picture).save(ACTUAL / f"{name}.difference.png")
    assert found == [], RENEW


def test_every_expected_picture_belongs_to_a_receipt() -> None:
    assert {path.stem for path in EXPECTED.glob("*.png")} == set(SAMPLES)


def changed(sheet: Sheet, change: Callable[[Glyph], Glyph | None]) -> Sheet:
    glyphs = (change(glyph) for glyph in sheet.glyphs)
    return sheet._replace(glyphs=tuple(glyph for glyph in glyphs if glyph is not None))


LINE_TOPS = sorted({glyph.top for glyph in SAMPLES["member_points_coupon"].sheet().glyphs})


@pytest.mark.parametrize("top", LINE_TOPS)
@pytest.mark.parametrize(
    ("left", "down"),
    [(12, 0), (-12, 0), (0, 1), (0, -30)],
    ids=["column right", "column left", "dot down", "line up"],
)
def test_a_line_that_moved_is_noticed(top: int, left: int, down: int) -> None:
    sheet = SAMPLES["member_points_coupon"].sheet()
    moved = changed(sheet, lambda one: one._replace(left=one.left + left, top=top + down) if one.top == top else one)
    assert differences(moved, drawn(moved), drawn(sheet))


@pytest.mark.parametrize("top", LINE_TOPS)
def test_a_line_that_is_missing_is_noticed(top: int) -> None:
    sheet = SAMPLES["member_points_coupon"].sheet()
    fewer = changed(sheet, lambda one: None if one.top == top else one)
    assert differences(fewer, drawn(fewer), drawn(sheet))
    assert differences(sheet, drawn(sheet), drawn(fewer))


def test_one_full_stop_too_few_and_another_digit_are_noticed() -> None:
    sample = SAMPLES["member_points_coupon"]
    sheet = sample.sheet()
    place = next(index for index, glyph in enumerate(sheet.glyphs) if glyph.character == ".")
    fewer = sheet._replace(glyphs=sheet.glyphs[:place] + sheet.glyphs[place + 1 :])
    assert differences(fewer, drawn(fewer), drawn(sheet))
    text = sample.transcript()
    assert differences(sheet, drawn(sheet, text.replace("3", "8", 1)), drawn(sheet, text)) == [
        "the text is another one"
    ]


def test_a_code_or_a_picture_that_moved_by_a_dot_is_noticed() -> None:
    sheet = SAMPLES["logo"].sheet()
    assert len(sheet.stamps) == 2
    for index, stamp in enumerate(sheet.stamps):
        stamps = list(sheet.stamps)
        stamps[index] = stamp._replace(left=stamp.left + 1)
        moved = sheet._replace(stamps=tuple(stamps))
        assert differences(moved, drawn(moved), drawn(sheet))


def test_another_cut_and_longer_paper_are_noticed() -> None:
    sheet = SAMPLES["logo"].sheet()
    partial = sheet._replace(partial_cut=True)
    longer = sheet._replace(height_dots=sheet.height_dots + 1)
    assert differences(partial, drawn(partial), drawn(sheet))
    assert differences(longer, drawn(longer), drawn(sheet))


def test_a_font_that_draws_a_few_dots_differently_is_let_pass() -> None:
    sheet = SAMPLES["member_points_coupon"].sheet()
    other = drawn(sheet)
    for glyph in sheet.glyphs:
        for step in range(3):
            place = (glyph.left + 3 + 2 * step, glyph.top + 8 + 3 * step)
            other.picture.putpixel(place, PAPER if other.picture.getpixel(place) == INK else INK)
    assert differences(sheet, other, drawn(sheet)) == []


def test_the_difference_picture_shows_red_what_is_too_much_and_blue_what_is_missing() -> None:
    ours, theirs = Image.new("L", (3, 1), PAPER), Image.new("L", (3, 1), PAPER)
    ours.putpixel((0, 0), INK)
    theirs.putpixel((1, 0), INK)
    picture = draw_differences(ours, theirs)
    assert [picture.getpixel((x, 0)) for x in range(3)] == [(255, 0, 0), (0, 0, 255), (255, 255, 255)]


def test_columns_of_the_picture_are_columns_of_the_paper() -> None:
    sample = Sample(48, encode([Columns("牛奶a", "9"), Cut()]))
    lefts = [(glyph.character, glyph.left) for glyph in sample.sheet().glyphs]
    assert lefts == [("牛", 32), ("奶", 56), ("a", 80), ("9", 32 + 47 * 12)]
    assert sample.sheet().width_dots == 640
    assert place_receipt([], 32).width_dots == 464


def test_a_tall_character_shares_its_base_line_with_small_ones() -> None:
    sheet = place_receipt([PrintedLine((Run("a"), Run("b", Style(height=3))), feed_dots=72)], 48)
    bottoms = {glyph.top + glyph.style.cell_dots[1] for glyph in sheet.glyphs}
    assert len(bottoms) == 1


def test_a_code_wider_than_the_paper_is_left_out_and_a_picture_is_cut_off() -> None:
    code = QrPrinted(b"x" * 500, 16, 49)
    assert place_receipt([code], 32).stamps == ()
    assert place_receipt([QrPrinted(b"x" * 3000, 1, 51)], 48).stamps == ()  # holds more than any code does
    (stamp,) = place_receipt([ImagePrinted(100, 2, b"\xff" * 200)], 32).stamps
    assert stamp.mask.size == (384, 2)


def test_nothing_after_the_cut_belongs_to_the_receipt() -> None:
    line = PrintedLine((Run("a"),))
    assert len(place_receipt([line, PaperCut(False), line], 48).glyphs) == 1


def test_no_glyph_leaves_its_cell_and_reverse_fills_it() -> None:
    for character in "jgW@|Éÿ█":
        assert draw_character(character, Style()).size == (12, 24)
        assert draw_character(character, Style(font_b=True)).size == (9, 17)
    assert draw_character("国", Style(chinese=True, width=2, height=3)).size == (48, 72)
    assert draw_character(" ", Style(reverse=True)).getbbox() == (0, 0, 12, 24)


def test_a_full_cut_has_teeth_all_across_and_a_partial_one_leaves_a_bridge() -> None:
    sheet = place_receipt([PrintedLine((Run("a"),)), PaperCut(False, 30)], 48)
    middle = (320, sheet.height_dots - 1)
    assert drawn(sheet).picture.getpixel(middle) == NOTHING
    assert drawn(sheet._replace(partial_cut=True)).picture.getpixel(middle) == PAPER


def test_a_printed_receipt_is_drawn_when_it_is_asked_for_with_its_text_and_drawer() -> None:
    data = encode([Text("小票"), QrCode("r/42"), Cut()])
    with SimulatedPrinter() as printer:
        with Path(printer.path).open("wb", buffering=0) as device:
            device.write(b"\x1bp\x00\x19\xfa" + data + data)
        assert printer.wait_for(lambda seen: len(seen.printed) == 2)
        first, second = printer.printed
    assert (first.number, first.drawer_openings, second.number, second.drawer_openings) == (1, 1, 2, 0)
    picture = Image.open(io.BytesIO(first.png()))
    assert picture.info["Transcript"] == first.text == "小票\n[QR] r/42"
    assert picture.info["Drawer"] == "pin 2, 50 ms"
    assert "Drawer" not in Image.open(io.BytesIO(second.png())).info


def test_a_missing_font_is_told_with_the_command_that_installs_it(tmp_path: Path) -> None:
    with pytest.raises(NoReceiptFont, match="apt-get install -y fonts-noto-cjk"):
        find_font((tmp_path,))
    (tmp_path / "NotoSansCJK-Regular.ttc").write_bytes(b"no font")
    with pytest.raises(NoReceiptFont):
        find_font((tmp_path,))
