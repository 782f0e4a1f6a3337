"""The bytes of the codec, and the law that a printer reads back what was meant."""

import pytest
from hypothesis import example, given, settings
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
    encode,
    encode_drawer_pulse,
    printable,
    receipt_to_text,
    wrap,
)
from pos_drivers.printout import Picture
from simulators.devices.escpos_events import (
    Align as PaperAlign,
)
from simulators.devices.escpos_events import (
    DrawerOpened,
    Event,
    ImagePrinted,
    Initialised,
    PaperCut,
    PaperFed,
    PrintedLine,
    QrPrinted,
    Unknown,
)
from simulators.devices.escpos_interpreter import EscPosInterpreter
from tests.pos_drivers.test_layout import ANY_TEXT, ELEMENTS

START = bytes.fromhex("1b40 1c26")


def interpret(data: bytes, *, encoding: Encoding = "gb18030", columns: int = 48) -> list[Event]:
    return EscPosInterpreter(encoding=encoding, columns=columns).feed(data)


def printed_lines(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, PrintedLine)]


def test_every_job_begins_by_initialising_and_turning_chinese_on() -> None:
    assert encode([]) == START


@pytest.mark.parametrize("encoding", ["gb18030", "gbk"])
def test_chinese_text_is_sent_in_the_printers_encoding(encoding: Encoding) -> None:
    assert encode([Text("收银")], encoding=encoding) == START + bytes.fromhex("cad5 d2f8 0a")


def test_the_yen_sign_is_sent_as_its_full_width_form_on_both_encodings() -> None:
    for encoding in ("gb18030", "gbk"):
        assert encode([Text("¥8")], encoding=encoding) == START + bytes.fromhex("a3a4 38 0a")


def test_styles_are_sent_when_they_change_and_taken_back() -> None:
    printout = [Text("A", Align.CENTRE, bold=True, double=True), Text("B")]
    assert encode(printout) == START + bytes.fromhex("1b6101 1b4501 1d2111 41 0a 1b4a06 1b6100 1b4500 1d2100 42 0a")


def test_a_qr_code_is_set_up_stored_and_printed_in_the_middle() -> None:
    expected = (
        "1b6101 1b4a18"
        "1d286b0400 31413200 1d286b0300 314306 1d286b0300 314531 1d286b0700 315030 72 2f 34 32 1d286b0300 315130"
        "1b4a18"
    )
    assert encode([QrCode("r/42")]) == START + bytes.fromhex(expected)


def test_a_qr_code_keeps_four_modules_of_white_above_and_below() -> None:
    before, code, after = interpret(encode([QrCode("r/42", module_dots=5)]))[1:]
    assert (before, after) == (PaperFed(20), PaperFed(20))
    assert code == QrPrinted(b"r/42", 5, 49, PaperAlign.CENTRE)


def test_a_picture_is_sent_as_a_raster_in_the_middle_in_slices_every_model_takes() -> None:
    assert encode([Picture(9, 2, b"\xff\x80\x01\x00")]) == START + bytes.fromhex(
        "1b6101 1d763000 0200 0200 ff800100 1b4a0c"
    )
    bits = bytes(range(200)) * 2
    first, second, gap = interpret(encode([Picture(8, 400, bits)]))[1:]
    assert gap == PaperFed(12)
    assert isinstance(first, ImagePrinted)
    assert isinstance(second, ImagePrinted)
    assert (first.height_dots, second.height_dots) == (255, 145)
    assert first.bits + second.bits == bits
    assert first.align == second.align == PaperAlign.CENTRE


def test_a_picture_wider_than_the_paper_is_refused_before_anything_is_sent() -> None:
    wide = Picture(385, 1, bytes(49))
    with pytest.raises(IllegalRequestError, match="at most 384 dots"):
        encode([wide], columns=32)
    assert encode([wide], columns=48)


def test_the_length_of_long_qr_data_is_two_bytes_little_endian() -> None:
    assert bytes.fromhex("1d286b 2f01 315030") in encode([QrCode("x" * 300)])


def test_cut_feed_and_drawer_are_sent_as_the_manual_has_them() -> None:
    assert encode([Feed(3), Cut()]) == START + bytes.fromhex("1b6403 1d564103")
    assert encode([DrawerPulse()]) == START + bytes.fromhex("1b700019fa")


@pytest.mark.parametrize(
    ("pulse", "sent"),
    [
        (DrawerPulse(), "1b700019fa"),
        (DrawerPulse(pin=5), "1b700119fa"),
        (DrawerPulse(on_ms=100, off_ms=200), "1b70003264"),
    ],
    ids=["pin 2", "pin 5", "other times"],
)
def test_a_drawer_pulse_is_sent_alone_in_units_of_two_milliseconds(pulse: DrawerPulse, sent: str) -> None:
    assert encode_drawer_pulse(pulse) == bytes.fromhex(sent)


def test_a_name_cannot_smuggle_in_a_command() -> None:
    events = interpret(encode([Text("Mallory\x1bp\x00\x19\xfa"), Columns("\x10\x14\x01\x00\x05", "\x1dVA\x03")]))
    assert not any(isinstance(event, DrawerOpened | PaperCut | Unknown) for event in events)


@pytest.mark.parametrize(
    "build",
    [
        lambda: encode([], columns=0),
        lambda: encode([], encoding="latin-1"),  # type: ignore[arg-type] # what a settings file may say
        lambda: Feed(0),
        lambda: Cut(256),
        lambda: QrCode(""),
        lambda: QrCode("x" * 2332),
        lambda: QrCode("x", module_dots=17),
        lambda: Picture(0, 1, b""),
        lambda: Picture(8, 401, bytes(401)),
        lambda: QrCode("x", level="X"),  # type: ignore[arg-type]
        lambda: DrawerPulse(pin=3),  # type: ignore[arg-type]
        lambda: DrawerPulse(on_ms=51),
        lambda: DrawerPulse(off_ms=512),
    ],
)
def test_sizes_no_printer_has_are_refused_with_a_next_step(build: object) -> None:
    assert callable(build)
    with pytest.raises(IllegalRequestError, match="Take "):
        build()


@settings(deadline=None)
@given(ANY_TEXT, st.sampled_from([32, 48]), st.sampled_from(["gb18030", "gbk"]), st.data())
@example("¥ 1.00\x1b@ 牛奶", 32, "gbk", None)
def test_any_text_is_read_back_as_printed_whatever_the_chunks(
    text: str, columns: int, encoding: Encoding, data: st.DataObject | None
) -> None:
    sent = encode([Text(text)], columns=columns, encoding=encoding)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=5))) if data else [1, 3]
    printer = EscPosInterpreter(encoding=encoding, columns=columns)
    events: list[Event] = []
    for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        events += printer.feed(sent[start:end])
    assert events[0] == Initialised()
    assert printed_lines(events) == wrap(printable(text, encoding), columns)
    assert not any(isinstance(event, PrintedLine) and event.wrapped for event in events)


@settings(deadline=None)
@given(st.lists(ELEMENTS, max_size=6), st.sampled_from([32, 48]), st.sampled_from(["gb18030", "gbk"]))
def test_any_printout_is_understood_and_no_line_overflows_the_paper(
    printout: list[Element], columns: int, encoding: Encoding
) -> None:
    events = interpret(encode(printout, columns=columns, encoding=encoding), encoding=encoding, columns=columns)
    assert not [event for event in events if isinstance(event, Unknown)]
    assert not [event for event in events if isinstance(event, PrintedLine) and event.wrapped]
    codes = [element.payload for element in printout if isinstance(element, QrCode)]
    assert [event.data for event in events if isinstance(event, QrPrinted)] == codes


@settings(deadline=None)
@given(st.lists(st.builds(Columns, ANY_TEXT, ANY_TEXT) | st.builds(Rule, ANY_TEXT), max_size=4))
def test_the_screen_shows_the_lines_of_the_paper(printout: list[Element]) -> None:
    on_paper = printed_lines(interpret(encode(printout, columns=32), columns=32))
    assert receipt_to_text(printout, 32) == "\n".join(line.rstrip(" ") for line in on_paper)


def test_every_character_of_unicode_comes_back_from_gb18030_or_as_a_question_mark() -> None:
    for first in range(0x20, 0x30000, 24):
        text = "".join(map(chr, range(first, first + 24)))
        assert "".join(printed_lines(interpret(encode([Text(text)])))).replace(" ", "") == printable(text).replace(
            " ", ""
        ).replace("\n", "")
