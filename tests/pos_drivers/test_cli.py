"""tillsync-devices as a person types it."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from pos_drivers import ports
from pos_drivers.cli import FILE_BYTES_MAX, main
from simulators.devices.escpos_events import DrawerOpened, ImagePrinted
from simulators.devices.escpos_printer import SimulatedPrinter


def run(*arguments: str, typed: bytes | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=typed)


def test_list_names_the_ports_of_this_computer_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    port = SimpleNamespace(device="/dev/ttyACM9", description="TM-T82", serial_number="J1", vid=0x04B8, pid=0x0202)
    monkeypatch.setattr(ports, "comports", lambda: [port])
    assert json.loads(run("list", "--json").stdout) == [
        {
            "path": "/dev/ttyACM9",
            "stable_path": None,
            "description": "TM-T82",
            "serial_number": "J1",
            "usb_id": "04b8:0202",
        }
    ]
    assert run("list").stdout == "/dev/ttyACM9  04b8:0202  J1  TM-T82\n"


def test_list_says_what_to_do_where_there_are_no_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "comports", list)
    assert "socket://" in run("list").stdout
    assert json.loads(run("list", "--json").stdout) == []


def test_list_works_on_this_very_computer() -> None:
    assert run("list").exit_code == 0


def test_print_puts_a_file_on_paper_and_cuts(tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("欢迎光临\n谢谢", encoding="utf-8")
    with SimulatedPrinter(columns=32) as device:
        result = run("print", "--port", device.path, "--columns", "32", "--encoding", "gbk", str(file))
        assert (result.exit_code, result.stderr) == (0, "")
        assert device.wait_for(lambda seen: seen.receipts == ["欢迎光临\n谢谢"])


def test_print_puts_a_picture_above_the_text(tmp_path: Path) -> None:
    picture = tmp_path / "logo.pbm"
    picture.write_bytes(b"P1 3 2 101 010")
    with SimulatedPrinter() as device:
        result = run("print", "--port", device.path, "--picture", str(picture), "-", typed=b"x")
        assert result.exit_code == 0, result.stderr
        assert device.wait_for(lambda seen: seen.receipts)
        images = [event for event in device.events if isinstance(event, ImagePrinted)]
        assert [(image.width_bytes, image.height_dots, image.bits) for image in images] == [(1, 2, b"\xa0\x40")]


def test_a_picture_that_is_none_ends_with_cause_and_next_step(tmp_path: Path) -> None:
    picture = tmp_path / "logo.png"
    picture.write_bytes(b"\x89PNG")
    result = run("print", "--port", "loop://", "--picture", str(picture), "-", typed=b"x")
    assert result.exit_code == 1
    assert "Save it as PBM" in result.stderr


def test_print_reads_standard_input() -> None:
    with SimulatedPrinter() as device:
        assert run("print", "--port", device.path, "-", typed="牛奶".encode()).exit_code == 0
        assert device.wait_for(lambda seen: seen.receipts == ["牛奶"])


def test_drawer_opens_the_drawer() -> None:
    with SimulatedPrinter() as device:
        assert run("drawer", "--port", device.path, "--pin", "5").exit_code == 0
        assert device.wait_for(lambda seen: seen.events == [DrawerOpened(5, 50, 500)])


def test_a_missing_printer_ends_with_cause_and_next_step_and_exit_code_one() -> None:
    for arguments in (["drawer", "--port", "/dev/none"], ["print", "--port", "/dev/none", "-"]):
        result = run(*arguments, typed=b"x")
        assert result.exit_code == 1
        assert result.stderr.startswith("Error: There is no device at /dev/none. Plug it in")
        assert result.stdout == ""


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "cannot be read"), (b"\xca\xd5", "is not UTF-8"), (b"x" * (FILE_BYTES_MAX + 1), "longer than")],
    ids=["missing", "not UTF-8", "too long"],
)
def test_a_file_that_cannot_be_printed_ends_with_exit_code_one(
    tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    file = tmp_path / "note.txt"
    if content is not None:
        file.write_bytes(content)
    result = run("print", "--port", "loop://", str(file))
    assert result.exit_code == 1
    assert complaint in result.stderr
