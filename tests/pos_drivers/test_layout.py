"""Widths, wrapping and the two shapes of one layout."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos_drivers import (
    Align,
    Columns,
    Cut,
    DrawerPulse,
    Element,
    Encoding,
    Feed,
    IllegalRequestError,
    QrCode,
    Rule,
    Text,
    display_width,
    fit,
    lay_out,
    printable,
    receipt_to_text,
    wrap,
)
from pos_drivers.layout import Line
from pos_drivers.printout import Picture

ANY_TEXT = st.text(st.characters())
ELEMENTS = st.one_of(
    st.builds(Text, ANY_TEXT, st.sampled_from(Align), st.booleans(), st.booleans()),
    st.builds(Columns, ANY_TEXT, ANY_TEXT, st.booleans(), st.booleans()),
    st.builds(Rule, ANY_TEXT),
    st.builds(Feed, st.integers(1, 255)),
    st.builds(QrCode, st.text(st.characters(), min_size=1, max_size=200)),
    st.just(Picture(9, 2, bytes(4))),
    st.just(Cut()),
    st.just(DrawerPulse()),
)


def test_a_chinese_character_counts_two_columns_and_an_ascii_character_one() -> None:
    assert display_width("牛奶 1L") == 7


@pytest.mark.parametrize("character", ["￥", "×", "—", "é", "，", "한"])
def test_whatever_the_chinese_font_draws_counts_two_columns(character: str) -> None:
    assert display_width(character) == 2


def test_marks_without_width_count_nothing() -> None:
    assert display_width("a\u0301\u200b") == 1


def test_wrapping_never_cuts_a_wide_character() -> None:
    assert wrap("鲜牛奶1升", 5) == ["鲜牛", "奶1升"]
    assert wrap("a鲜牛奶", 4) == ["a鲜", "牛奶"]


def test_wrapping_breaks_at_spaces_and_cuts_only_words_longer_than_a_line() -> None:
    assert wrap("fresh whole milk", 11) == ["fresh whole", "milk"]
    assert wrap("fresh whole milk", 10) == ["fresh", "whole milk"]
    assert wrap("abcdefghijkl", 5) == ["abcde", "fghij", "kl"]


def test_what_is_wrapped_stands_as_far_in_as_its_first_line() -> None:
    assert wrap("  indented words", 12) == ["  indented", "  words"]
    assert wrap("  全场满减优惠", 8) == ["  全场满", "  减优惠"]
    assert wrap("       words", 8) == ["       w", "ords"]


def test_wrapping_keeps_line_breaks_and_empty_lines() -> None:
    assert wrap("a\n\nb", 10) == ["a", "", "b"]
    assert wrap("", 10) == [""]


def test_wrapping_to_less_than_a_wide_character_is_refused() -> None:
    with pytest.raises(IllegalRequestError, match="2 or more"):
        wrap("牛", 1)


@settings(deadline=None)
@given(ANY_TEXT, st.integers(2, 60))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert all(display_width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


@pytest.mark.parametrize(
    ("align", "shown"),
    [(Align.LEFT, "牛奶 "), (Align.RIGHT, " 牛奶"), (Align.CENTRE, "牛奶 ")],
    ids=lambda value: str(value),
)
def test_fitting_cuts_before_a_wide_character_and_fills_the_rest(align: Align, shown: str) -> None:
    assert fit("牛奶糖", 5, align) == shown


@settings(deadline=None)
@given(ANY_TEXT, st.integers(0, 60), st.sampled_from(Align))
def test_fitted_text_is_exactly_so_wide(text: str, columns: int, align: Align) -> None:
    assert display_width(fit(text, columns, align)) == columns


@pytest.mark.parametrize("columns", [32, 48])
def test_amounts_stand_at_the_right_edge_on_both_papers(columns: int) -> None:
    printout = [Columns("牛奶 1L", "¥12.50"), Columns("Total", "999.00")]
    milk, total = receipt_to_text(printout, columns).split("\n")
    assert milk == "牛奶 1L" + " " * (columns - 7 - 7) + "￥12.50"
    assert display_width(milk) == display_width(total) == columns


@pytest.mark.parametrize("columns", [32, 48])
def test_a_long_name_wraps_and_its_amount_stands_on_its_last_line(columns: int) -> None:
    name = "有机全脂高钙低温巴氏杀菌鲜牛奶家庭装两升大瓶整箱十二瓶"
    lines = receipt_to_text([Columns(name, "128.00")], columns).split("\n")
    assert lines[-1].endswith(" 128.00")
    assert display_width(lines[-1]) == columns
    assert "".join(lines).replace(" ", "") == name + "128.00"


def test_an_amount_that_leaves_no_room_stands_on_its_own_line_uncut() -> None:
    right = "1234567890123456789012345678"
    assert receipt_to_text([Columns("牛奶", right)], 32) == "牛奶\n    " + right


def test_an_amount_goes_below_rather_than_cut_a_word_beside_it() -> None:
    lines = receipt_to_text([Columns("合计 Total", "￥309360.00")], 16).split("\n")
    assert lines == ["合计 Total", "     ￥309360.00"]


def test_a_rule_crosses_the_paper_also_when_its_character_is_wide() -> None:
    assert receipt_to_text([Rule(), Rule("═"), Rule("\x1b")], 32) == "\n".join(["-" * 32, "═" * 16, "?" * 32])


def test_double_size_halves_what_fits_on_paper_and_nothing_on_the_screen() -> None:
    title = [Text("会员专享超级折扣日", double=True)]
    assert lay_out(title, columns=16) == [
        Line("会员专享", double=True),
        Line("超级折扣", double=True),
        Line("日", double=True),
    ]
    assert receipt_to_text(title, 32) == "会员专享超级折扣日"


def test_screen_text_shows_alignment_feeds_and_qr_codes_but_no_cut_or_drawer() -> None:
    printout: list[Element] = [
        Text("小票", Align.CENTRE),
        Feed(2),
        QrCode("r/42"),
        Text("再见", Align.RIGHT),
        Cut(),
        DrawerPulse(),
    ]
    assert receipt_to_text(printout, 32).split("\n") == [" " * 14 + "小票", "", "", "[QR] r/42", " " * 28 + "再见"]


def test_the_yen_sign_becomes_the_full_width_one() -> None:
    assert printable("¥1.00") == "￥1.00"


def test_composed_and_decomposed_letters_print_the_same() -> None:
    assert printable("cafe\u0301", "gbk") == printable("café", "gbk") == "café"


@pytest.mark.parametrize(("encoding", "shown"), [("gbk", "a?b"), ("gb18030", "a😀b")])
def test_what_the_encoding_lacks_is_a_question_mark(encoding: Encoding, shown: str) -> None:
    assert printable("a😀b", encoding) == shown


@settings(deadline=None)
@given(ANY_TEXT, st.sampled_from(["gbk", "gb18030"]))
def test_printable_text_holds_no_control_character_and_can_always_be_encoded(text: str, encoding: Encoding) -> None:
    shown = printable(text, encoding)
    assert all(byte >= 0x20 or byte == 0x0A for byte in shown.encode(encoding))


@settings(deadline=None)
@given(st.lists(ELEMENTS, max_size=5), st.integers(8, 96))
def test_no_line_is_ever_wider_than_the_paper(printout: list[Element], columns: int) -> None:
    for element in lay_out(printout, columns=columns):
        if isinstance(element, Line):
            assert display_width(element.text) * (2 if element.double else 1) <= columns
    assert all(display_width(line) <= columns for line in receipt_to_text(printout, columns).split("\n"))


def test_a_paper_width_no_printer_has_is_refused() -> None:
    with pytest.raises(IllegalRequestError, match="usual are 32 and 48"):
        receipt_to_text([], 0)
