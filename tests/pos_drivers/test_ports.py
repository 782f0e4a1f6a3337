"""Ports by URL: what opens, and what each failure is called."""

import errno
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import serial

from pos_drivers import (
    DeviceAccessError,
    DeviceBusyError,
    DeviceError,
    DeviceFailureError,
    DeviceOfflineError,
    DeviceTimeoutError,
    IllegalRequestError,
    NoHardwareError,
    Port,
    PortSettings,
    list_ports,
    open_port,
)
from pos_drivers import ports as ports_module
from simulators.devices.escpos_events import PrintedLine, Run
from simulators.devices.escpos_printer import SimulatedPrinter

LONG_JOB = b"0123456789\n" * 20_000


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def url_of(server: socket.socket) -> str:
    return f"socket://127.0.0.1:{server.getsockname()[1]}"


def read_until_the_end(port: Port) -> None:
    while port.read_available() == b"":  # the end of a connection arrives in its own time
        pass


def receive_all(server: socket.socket, into: bytearray) -> None:
    connection, _ = server.accept()
    with connection:
        while piece := connection.recv(4096):
            into.extend(piece)


def test_a_loop_port_reads_back_what_was_written() -> None:
    with open_port("loop://") as port:
        port.write(b"\x1b@hello")
        assert port.read_available() == b"\x1b@hello"
        assert port.read_available() == b""


def test_a_network_port_delivers_everything_before_it_closes(listener: socket.socket) -> None:
    received = bytearray()
    reader = threading.Thread(target=receive_all, args=(listener, received))
    reader.start()
    with open_port(url_of(listener)) as port:
        port.write(LONG_JOB)
    reader.join(timeout=10)
    assert bytes(received) == LONG_JOB


def test_a_network_port_whose_other_end_closed_is_offline(listener: socket.socket) -> None:
    port = open_port(url_of(listener))
    listener.accept()[0].close()
    with port, pytest.raises(DeviceOfflineError, match="hung up"):
        read_until_the_end(port)


def test_a_network_port_with_nobody_listening_is_offline(listener: socket.socket) -> None:
    url = url_of(listener)
    listener.close()
    with pytest.raises(DeviceOfflineError, match="Nothing answers"):
        open_port(url)


def test_an_unknown_host_is_no_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve_nothing(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", resolve_nothing)
    with pytest.raises(NoHardwareError, match="not known on this network"):
        open_port("socket://printer.invalid:9100")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a\0b",
        "alt:///dev/ttyS0?class=PosixPollSerial",
        "hwgrep://printer",
        "http://printer",
        "socket://printer",
        "socket://:9100",
        "socket://printer:seventy",
        "rfc2217://printer",
    ],
)
def test_a_url_that_names_no_port_is_refused(url: str) -> None:
    with pytest.raises(IllegalRequestError, match=r"socket://"):
        open_port(url)


def test_a_line_setting_the_system_does_not_have_is_refused() -> None:
    with SimulatedPrinter() as printer, pytest.raises(IllegalRequestError, match="line settings"):
        open_port(printer.path, PortSettings(baud_rate=-1))


def test_a_path_where_nothing_is_plugged_in_is_no_hardware(tmp_path: Path) -> None:
    with pytest.raises(NoHardwareError, match="Plug it in"):
        open_port(str(tmp_path / "usb-printer"))


def test_a_file_is_not_a_serial_port(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IllegalRequestError, match="not a serial port"):
        open_port(str(tmp_path / "file"))
    with pytest.raises(IllegalRequestError, match="not a serial port"):
        open_port(str(tmp_path))


def test_whoever_opens_a_port_second_is_told_that_it_is_busy() -> None:
    with (
        SimulatedPrinter() as printer,
        open_port(printer.path),
        pytest.raises(DeviceBusyError, match="Another program"),
    ):
        open_port(printer.path)


def test_a_closed_port_can_be_opened_by_the_next_one() -> None:
    with SimulatedPrinter() as printer:
        for name in ("one", "two"):
            with open_port(printer.path) as port:
                port.write(f"{name}\n".encode())
        assert printer.wait_for(lambda seen: seen.events == [PrintedLine((Run("one"),)), PrintedLine((Run("two"),))])


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.EACCES, DeviceAccessError),
        (errno.EBUSY, DeviceBusyError),
        (errno.EIO, DeviceOfflineError),
        (errno.EMFILE, DeviceFailureError),
    ],
)
def test_a_refusal_of_the_system_has_its_own_error(
    monkeypatch: pytest.MonkeyPatch, number: int, expected: type[DeviceError]
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise serial.SerialException(number, "no")

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    with pytest.raises(expected) as caught:
        open_port("/dev/ttyUSB0")
    assert type(caught.value) is expected
    assert caught.value.port_url == "/dev/ttyUSB0"


def test_a_printer_that_takes_no_data_times_out_and_the_error_says_a_part_went() -> None:
    with SimulatedPrinter() as printer:
        printer.hold()
        with (
            open_port(printer.path, PortSettings(write_timeout_ms=100)) as port,
            pytest.raises(DeviceTimeoutError, match="has paper") as caught,
        ):
            port.write(LONG_JOB)
    assert 0 < caught.value.sent_bytes_max < len(LONG_JOB)


def test_a_printer_unplugged_in_the_middle_of_a_job_is_offline() -> None:
    with (
        SimulatedPrinter(unplug_after_bytes=5_000) as printer,
        open_port(printer.path) as port,
        pytest.raises(DeviceOfflineError, match="hung up") as caught,
    ):
        port.write(LONG_JOB)
    assert 5_000 <= caught.value.sent_bytes_max < len(LONG_JOB)


def test_a_port_closes_twice_and_after_its_device_has_gone() -> None:
    with SimulatedPrinter() as printer:
        port = open_port(printer.path)
        printer.unplug()
        port.close(discard_output=True)
        port.close()
        with pytest.raises(DeviceOfflineError):
            port.write(b"x")


def test_ports_are_listed_by_their_stable_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "ttyUSB0"
    device.touch()
    names = tmp_path / "by-id"
    names.mkdir()
    (names / "usb-EPSON").symlink_to(device)
    usb = SimpleNamespace(device=str(device), description="TM-T82", serial_number="J1", vid=0x04B8, pid=0x0202)
    plain = SimpleNamespace(device="/dev/ttyS0", description="n/a", serial_number=None, vid=None, pid=None)
    monkeypatch.setattr(ports_module, "comports", lambda: [usb, plain])
    first, second = list_ports(names)
    assert (first.path, first.stable_path, first.usb_id) == ("/dev/ttyS0", None, None)
    assert (second.stable_path, second.usb_id, second.serial_number) == (str(names / "usb-EPSON"), "04b8:0202", "J1")


def test_errors_say_whether_trying_again_makes_sense() -> None:
    retryable = {NoHardwareError, DeviceOfflineError, DeviceTimeoutError, DeviceBusyError}
    final = {IllegalRequestError, DeviceAccessError, DeviceFailureError}
    assert all(kind.retryable for kind in retryable)
    assert not any(kind.retryable for kind in final)
