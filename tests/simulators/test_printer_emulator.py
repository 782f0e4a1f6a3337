"""The simulated printer: its interpreter on any bytes, and its life on a pseudo-terminal."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from simulators.devices.escpos_events import (
    Align,
    DrawerOpened,
    Event,
    ImagePrinted,
    Initialised,
    PaperCut,
    PaperFed,
    PrintedLine,
    QrPrinted,
    Run,
    Style,
    Unknown,
)
from simulators.devices.escpos_interpreter import IMAGE_BYTES_MAX, EscPosInterpreter
from simulators.devices.escpos_printer import CUT_LINE, SimulatedPrinter, run_printer

COMMAND_BYTES = st.sampled_from([*b"\x1b\x1c\x1d\x10\n\x00\x01(kvVp@&.!Ea01AP", 0x81, 0x30, 0xCA, 0xFF])
NOISE = st.binary(max_size=200) | st.lists(COMMAND_BYTES, max_size=200).map(bytes)


def interpret(*pieces: bytes, columns: int = 48) -> list[Event]:
    printer = EscPosInterpreter(columns=columns)
    return [event for piece in pieces for event in printer.feed(piece)]


PLAIN = Style()
CHINESE = Style(chinese=True)


def line(text: str, style: Style = PLAIN, align: Align = Align.LEFT, feed_dots: int = 30) -> PrintedLine:
    return PrintedLine((Run(text, style),), align, feed_dots)


@settings(deadline=None)
@given(NOISE)
def test_no_bytes_whatever_upset_the_interpreter(data: bytes) -> None:
    interpret(data)


@settings(deadline=None)
@given(NOISE)
def test_one_byte_at_a_time_gives_the_same_events(data: bytes) -> None:
    assert interpret(*(bytes([byte]) for byte in data)) == interpret(data)


@pytest.mark.parametrize(
    ("sent", "events"),
    [
        (b"\x1b@", [Initialised()]),
        (b"lost\x1b@kept\n", [Initialised(), line("kept")]),
        (
            b"\x1ba\x01\x1bE\x01\x1d!\x11\xca\xd5\n",
            [line("收", Style(chinese=True, bold=True, width=2, height=2), Align.CENTRE, 48)],
        ),
        (b"\x1b!\x38A\x1b!\x00\n", [line("A", Style(bold=True, width=2, height=2), feed_dots=48)]),
        (b"\x1d!\x70A\n", [line("A", Style(width=8))]),
        (
            b"\x1c!\x8cA\xca\xd5\n",
            [PrintedLine((Run("A"), Run("收", Style(True, False, False, 1, False, 2, 2))), feed_dots=48)],
        ),
        (b"\x1cW\x01\xca\xd5\n", [line("收", Style(chinese=True, width=2, height=2), feed_dots=48)]),
        (b"\x1b-2A\n", [line("A", Style(underline_dots=2))]),
        (b"\x1c-\x01\xca\xd5\n", [line("收", Style(chinese=True, underline_dots=1))]),
        (b"\x1dB\x01A\n", [line("A", Style(reverse=True))]),
        (b"\x1bM\x01A\n", [line("A", Style(font_b=True))]),
        (b"\x1b3\x50A\n\x1b2A\n", [line("A", feed_dots=80), line("A")]),
        (b"A\x1ba\x02\n", [line("A")]),
        (b"a\tb\r\n", [line("a       b")]),
        (b"\x1c.\x80\n", [line("Ç")]),
        (b"\x1c.\x1bt\x13\xd5\n", [line("€")]),
        (b"\xca\n", [line("\ufffd", CHINESE)]),
        (b"\n\x1bd\x02", [PrintedLine(()), PaperFed(60, 2)]),
        (b"a\x1bd\x02", [line("a"), PaperFed(30, 1)]),
        (b"a\x1bJ\x64", [line("a"), PaperFed(70)]),
        (b"\x1bJ\x18", [PaperFed(24)]),
        (b"\x1bp\x01\x19\xfa", [DrawerOpened(5, 50, 500)]),
        (b"\x10\x14\x01\x00\x02", [DrawerOpened(2, 200, 200)]),
        (b"\x1dV\x00\x1dV1\x1dVB\x05", [PaperCut(False), PaperCut(True), PaperCut(True, 5)]),
        (b"\x1dv0\x00\x02\x00\x03\x00\x1b@\n\n\n\nx\n", [ImagePrinted(2, 3, b"\x1b@\n\n\n\n"), line("x")]),
        (b"\x1ba1\x1dv03\x01\x00\x01\x00\xf0", [ImagePrinted(1, 1, b"\xf0", Align.CENTRE, 2, 2)]),
        (b"\x1dv0\x00\x00\x00\x03\x00x\n", [ImagePrinted(0, 3), line("x")]),
        (b"\x1d(k\x03\x001Q0", [Unknown(b"\x1d(k\x03\x001Q0")]),
        (b"\x1d(k\x04\x001P0x\x1d(k\x03\x001Q0", [QrPrinted(b"x", 3, 48)]),
        (b"\x10\x04\x01\x1da\x0f\x1bR\x00", []),
        (b"\x1b\x01x\n", [Unknown(b"\x1b\x01"), line("x")]),
        (b"\x07", [Unknown(b"\x07")]),
    ],
)
def test_each_command_has_its_effect(sent: bytes, events: list[Event]) -> None:
    assert interpret(sent) == events


def test_a_line_wider_than_the_paper_is_wrapped_by_the_printer() -> None:
    assert interpret("牛奶糖a\n".encode("gbk"), columns=4) == [
        PrintedLine((Run("牛奶", CHINESE),), wrapped=True),
        PrintedLine((Run("糖", CHINESE), Run("a"))),
    ]


def test_an_image_too_large_to_keep_is_taken_off_the_line_all_the_same() -> None:
    size = (IMAGE_BYTES_MAX // 256 + 1).to_bytes(2, "little")
    printer = EscPosInterpreter()
    assert printer.feed(b"\x1dv0\x00\x00\x01" + size) == [ImagePrinted(256, IMAGE_BYTES_MAX // 256 + 1)]
    assert printer.feed(b"x\n" * (IMAGE_BYTES_MAX // 2 + 128)) == []
    assert printer.feed(b"x\n") == [line("x")]


def test_a_gbk_printer_shows_digits_where_it_is_sent_four_byte_characters() -> None:
    (line,) = EscPosInterpreter(encoding="gbk").feed(bytes.fromhex("81308436") + b"\n")
    assert isinstance(line, PrintedLine)
    assert line.text.replace("\ufffd", "") == "06"


def send(path: str, data: bytes) -> None:
    """Write as a node does that opens the device, prints and goes away."""
    with Path(path).open("wb", buffering=0) as device:
        device.write(data)


def test_a_receipt_is_what_stands_before_a_cut() -> None:
    with SimulatedPrinter() as printer:
        send(printer.path, b"one\n\n\x1dVA\x03two\n\x1dVA\x03begun\n")
        assert printer.wait_for(lambda seen: line("begun") in seen.events)
        assert printer.receipts == ["one\n", "two"]


def test_the_printer_stays_while_writers_come_and_go() -> None:
    with SimulatedPrinter() as printer:
        for number in range(3):
            send(printer.path, b"%d\n\x1dVA\x03" % number)
        assert printer.wait_for(lambda seen: seen.receipts == ["0", "1", "2"])
        assert printer.plugged


def test_waiting_for_what_does_not_come_ends_with_false() -> None:
    with SimulatedPrinter() as printer:
        assert not printer.wait_for(lambda seen: seen.receipts, timeout_s=0.01)


def test_the_transcript_is_written_before_the_receipt_is_seen(tmp_path: Path) -> None:
    transcript = tmp_path / "paper.txt"
    transcript.write_text("before\n", encoding="utf-8")
    with SimulatedPrinter(transcript=transcript) as printer:
        send(printer.path, "小票\n".encode("gb18030") + b"\x1dVA\x03")
        assert printer.wait_for(lambda seen: seen.receipts)
        assert transcript.read_text(encoding="utf-8") == f"before\n小票\n{CUT_LINE}\n"


def test_receipts_show_alignment_codes_and_images() -> None:
    data = b"\x1ba\x01hi\n\x1ba\x00\x1d(k\x04\x001P0x\x1d(k\x03\x001Q0\x1dv0\x00\x01\x00\x01\x00\xff\x1bd\x01\x1dV\x00"
    with SimulatedPrinter(columns=32) as printer:
        send(printer.path, data)
        assert printer.wait_for(lambda seen: seen.receipts)
        assert printer.receipts == [" " * 15 + "hi\n[QR] x\n[image 8 x 1 dots]\n"]


def test_an_unplugged_printer_is_gone_from_its_path() -> None:
    with SimulatedPrinter() as printer:
        printer.unplug()
        printer.unplug()
        assert not printer.plugged
        assert not Path(printer.path).exists()


def test_a_held_printer_reads_on_when_it_is_released() -> None:
    with SimulatedPrinter() as printer:
        printer.hold()
        send(printer.path, b"later\n")
        assert not printer.wait_for(lambda seen: seen.events, timeout_s=0.05)
        printer.release()
        assert printer.wait_for(lambda seen: seen.events == [line("later")])


def test_the_cable_can_be_pulled_after_a_number_of_bytes() -> None:
    with SimulatedPrinter(unplug_after_bytes=4) as printer:
        send(printer.path, b"ab\ncd\n")
        assert printer.wait_for(lambda seen: not seen.plugged)
        assert printer.events == [line("ab")]


def test_a_printer_left_running_shows_receipts_behind_its_link_until_interrupted(tmp_path: Path) -> None:
    link, transcript = tmp_path / "devices" / "printer", tmp_path / "paper.txt"
    program = (
        "import sys; from pathlib import Path; from simulators.devices.escpos_printer import run_printer; "
        "run_printer(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(
        [sys.executable, "-c", program, str(link), str(transcript)],
        stdout=subprocess.PIPE,
        env=environment,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        assert str(link).encode() in process.stdout.readline()
        assert link.is_symlink()
        send(str(link), "小票\n".encode("gbk") + b"\x1dVA\x03")
        shown = [process.stdout.readline().decode() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
    assert shown == ["小票\n", f"{CUT_LINE}\n"]
    assert transcript.read_text(encoding="utf-8") == f"小票\n{CUT_LINE}\n"
    assert not link.is_symlink()


def test_a_printer_left_running_writes_numbered_pictures_and_goes_on_from_those_there(tmp_path: Path) -> None:
    link, pictures = tmp_path / "printer", tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "0007.png").touch()
    program = (
        "import sys; from pathlib import Path; from simulators.devices.escpos_printer import run_printer; "
        "run_printer(Path(sys.argv[1]), None, Path(sys.argv[2]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(link), str(pictures)],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        send(str(link), b"one\n\x1dVA\x03two\n\x1dVA\x03")
        shown = [process.stdout.readline() for _ in range(6)]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
    assert [line for line in shown if line.startswith("written")] == [
        f"written: {pictures / '0008.png'}\n",
        f"written: {pictures / '0009.png'}\n",
    ]
    with Image.open(pictures / "0009.png") as picture:
        assert picture.info["Transcript"] == "two"


def test_a_link_is_never_put_in_the_place_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "printer"
    file.touch()
    with pytest.raises(FileExistsError, match="is not a link"):
        run_printer(file, None)
