"""Open a port by its URL and put bytes on it: the only file of the drivers that touches an operating system's port.

A URL is a device path (best a stable one, ``/dev/serial/by-id/…``), ``socket://host:port`` (network printers
listen on 9100), ``rfc2217://host:port``, ``loop://`` or ``spy://`` followed by a device path. A path is opened
exclusively: whoever comes second gets ``DeviceBusyError``. A port is used by one thread at a time, and by a
``with`` block or ``close()`` it is always closed.

A write that returns means that the operating system has passed everything on, or for TCP that the other end has
acknowledged it, as far as the system can tell. It does not mean that anything is on paper.

Source: pySerial 3.5, ``serial_for_url`` and "URL Handlers".
"""

import errno
import fcntl
import io
import queue
import select
import socket
import struct
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

import serial
from serial.tools.list_ports import comports

from pos_drivers.errors import (
    DeviceAccessError,
    DeviceBusyError,
    DeviceError,
    DeviceFailureError,
    DeviceOfflineError,
    DeviceTimeoutError,
    IllegalRequestError,
    NoHardwareError,
)

FlowControl = Literal["none", "rtscts", "dsrdtr", "xonxoff"]

SLICE_BYTES = 256
READ_BYTES_MAX = 4096
DRAIN_POLL_MS = 5
STABLE_NAMES = Path("/dev/serial/by-id")

_SCHEMES = frozenset({"socket", "rfc2217", "loop", "spy"})
_NETWORK_SCHEMES = frozenset({"socket", "rfc2217"})


@dataclass(frozen=True, slots=True)
class PortSettings:
    """How a serial line is spoken on; a network port and most USB printers ignore all of it but the time-out.

    ``write_timeout_ms`` is the longest time a device may take no data at all, not the time of a whole job.
    """

    baud_rate: int = 9600
    data_bits: Literal[7, 8] = 8
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    flow_control: FlowControl = "none"
    write_timeout_ms: int = 5_000


class Port:
    """An open port; made by ``open_port``."""

    def __init__(self, url: str, line: serial.Serial, settings: PortSettings) -> None:
        self.url = url
        self._line = line
        self._write_timeout_ms = settings.write_timeout_ms
        self._descriptor = _descriptor_of(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(discard_output=kind is not None)

    def read_available(self) -> bytes:
        """Return what the device has sent, without waiting; empty if nothing.

        Also the cheapest way to notice that a device has gone.

        Raises: DeviceOfflineError where the device has hung up.
        """
        try:
            return self._line.read(READ_BYTES_MAX)
        except (OSError, termios.error) as error:
            raise _gone(self.url, sent_bytes_max=0) from error

    def write(self, data: bytes) -> None:
        """Send everything, or raise with ``sent_bytes_max`` telling how much the device can have taken.

        Raises: DeviceTimeoutError where the device takes nothing for ``write_timeout_ms``; DeviceOfflineError
        where it hangs up.
        """
        sent_bytes_max = 0
        try:
            for start in range(0, len(data), SLICE_BYTES):
                self._await_room()
                piece = data[start : start + SLICE_BYTES]
                sent_bytes_max = start + len(piece)
                self._line.write(piece)
            self._drain()
        except (serial.SerialTimeoutException, queue.Full) as error:  # loop:// says queue.Full
            raise DeviceTimeoutError(
                f"The device at {self.url} has taken no data for {self._write_timeout_ms} ms.",
                "Check that it has paper and that its cover is closed, then try again.",
                port_url=self.url,
                sent_bytes_max=sent_bytes_max,
            ) from error
        except (OSError, termios.error) as error:
            raise _gone(self.url, sent_bytes_max) from error

    def close(self, *, discard_output: bool = False) -> None:
        """Close the port; closing twice does nothing.

        ``discard_output`` drops what the system still holds of a job that failed: otherwise closing a serial line
        waits up to half a minute for it, and the rest of the old job appears on paper when someone has changed the
        roll.
        """
        tcp_socket: object = getattr(self._line, "_socket", None)
        try:
            if discard_output:
                self._line.reset_output_buffer()
            elif isinstance(tcp_socket, socket.socket):
                self._line.read(READ_BYTES_MAX)  # unread replies would turn the orderly end into a reset
        except (OSError, termios.error, AttributeError):
            pass  # a port that has gone has nothing left to discard
        finally:
            self._line.close()
            if isinstance(tcp_socket, socket.socket):
                tcp_socket.close()  # pySerial leaves it open where shutdown() fails

    def _await_room(self) -> None:
        """Wait until the system takes data; pySerial itself would spin on the processor before a full queue."""
        if self._descriptor is None:
            return
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        if not poll.poll(self._write_timeout_ms):
            raise serial.SerialTimeoutException("no room")

    def _drain(self) -> None:
        """Wait until the system holds nothing more of ours; the time-out counts from the last byte that left."""
        queued_bytes = self._queued_bytes()
        progress_s = time.monotonic()
        while queued_bytes:
            if (time.monotonic() - progress_s) * 1000 >= self._write_timeout_ms:
                raise serial.SerialTimeoutException("not drained")
            time.sleep(DRAIN_POLL_MS / 1000)
            still_queued_bytes = self._queued_bytes()
            if still_queued_bytes < queued_bytes:
                progress_s = time.monotonic()
            queued_bytes = still_queued_bytes

    def _queued_bytes(self) -> int:
        """Count the bytes not yet on the line, or not yet acknowledged by TCP; 0 where the system cannot tell."""
        if self._descriptor is None:
            return 0
        try:
            answer = fcntl.ioctl(self._descriptor, termios.TIOCOUTQ, bytes(4))
        except OSError as error:
            if error.errno in (errno.ENOTTY, errno.EINVAL, errno.EOPNOTSUPP):
                return 0
            raise
        (count,) = struct.unpack("i", answer)
        return int(count)


PortOpener = Callable[[str, PortSettings], Port]


def open_port(url: str, settings: PortSettings | None = None) -> Port:
    """Open the port exclusively, with 9600 8N1 and no flow control unless ``settings`` say otherwise.

    A network port that does not answer takes up to 5 s (pySerial's own limit).

    Raises: IllegalRequestError, NoHardwareError, DeviceAccessError, DeviceBusyError, DeviceOfflineError,
    DeviceFailureError.
    """
    settings = settings or PortSettings()
    scheme = _check_url(url)
    try:
        line = serial.serial_for_url(
            url,
            baudrate=settings.baud_rate,
            bytesize=settings.data_bits,
            parity=settings.parity,
            stopbits=settings.stop_bits,
            xonxoff=settings.flow_control == "xonxoff",
            rtscts=settings.flow_control == "rtscts",
            dsrdtr=settings.flow_control == "dsrdtr",
            timeout=0,
            write_timeout=settings.write_timeout_ms / 1000,
            exclusive=None if scheme in _NETWORK_SCHEMES else True,
        )
    except (OSError, termios.error) as error:
        raise _open_error(url, scheme, error) from error
    except ValueError as error:
        raise IllegalRequestError(
            f"The port {url} cannot be opened with these settings: {error}.",
            "Correct the port's URL or its line settings.",
            port_url=url,
        ) from error
    return Port(url, line, settings)


@dataclass(frozen=True, slots=True)
class PortListing:
    """A serial port of this computer. ``stable_path`` keeps its meaning when devices are plugged elsewhere."""

    path: str
    stable_path: str | None
    description: str
    serial_number: str | None
    usb_id: str | None
    """Vendor and product, as in ``04b8:0202``. A USB-serial bridge's id says nothing about the device behind it."""


def list_ports(stable_names: Path = STABLE_NAMES) -> list[PortListing]:
    """Return the serial ports of this computer, in the order of their paths; network printers are not looked for."""
    stable = {link.resolve(): str(link) for link in stable_names.iterdir()} if stable_names.is_dir() else {}
    return [
        PortListing(
            path=port.device,
            stable_path=stable.get(Path(port.device).resolve()),
            description="" if port.description == "n/a" else port.description,
            serial_number=port.serial_number,
            usb_id=None if port.vid is None else f"{port.vid:04x}:{port.pid:04x}",
        )
        for port in sorted(comports(), key=lambda port: port.device)
    ]


def _check_url(url: str) -> str:
    """Return the scheme, empty for a device path; refuse here what pySerial refuses in words nobody understands."""
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    if not url or "\0" in url or (scheme and scheme not in _SCHEMES):
        raise IllegalRequestError(
            f"{url!r} is not a port.",
            "Give a device path, such as one under /dev/serial/by-id, or socket://host:9100.",
            port_url=url,
        )
    if scheme in _NETWORK_SCHEMES:
        try:
            address = urlsplit(url)
            complete = bool(address.hostname and address.port)
        except ValueError:
            complete = False
        if not complete:
            raise IllegalRequestError(
                f"{url} does not name a host and a port number.", "Write it like socket://192.0.2.7:9100.", port_url=url
            )
    return scheme


def _descriptor_of(line: serial.Serial) -> int | None:
    try:
        return line.fileno()
    except (io.UnsupportedOperation, AttributeError):  # loop:// and rfc2217:// have none
        return None


def _gone(url: str, sent_bytes_max: int) -> DeviceOfflineError:
    return DeviceOfflineError(
        f"The device at {url} has hung up.",
        "Check its cable and that it is switched on, then try again.",
        port_url=url,
        sent_bytes_max=sent_bytes_max,
    )


def _open_error(url: str, scheme: str, error: Exception) -> DeviceError:
    """Say in UnifiedPOS words why a port did not open; pySerial hides the system's own error behind its exception."""
    origin = error.__context__ if isinstance(error.__context__, Exception) else error
    if scheme in _NETWORK_SCHEMES:
        if isinstance(origin, socket.gaierror):
            return NoHardwareError(
                f"The host of {url} is not known on this network.", "Check the name or give its address.", port_url=url
            )
        return DeviceOfflineError(
            f"Nothing answers at {url} ({origin}).",
            "Check that the device is switched on and on this network, then try again.",
            port_url=url,
        )
    number = _error_number(error) or _error_number(origin)
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ENOTDIR):
        return NoHardwareError(
            f"There is no device at {url}.",
            "Plug it in and switch it on; 'tillsync-devices list' shows what is connected.",
            port_url=url,
        )
    if number in (errno.EACCES, errno.EPERM):
        return DeviceAccessError(
            f"This user may not open {url}.",
            "Add the user to the group that owns the port (often 'dialout') and log in again.",
            port_url=url,
        )
    if number in (errno.EBUSY, errno.EAGAIN):
        return DeviceBusyError(
            f"Another program is using {url}.", "Stop that program or let it finish, then try again.", port_url=url
        )
    if number in (errno.ENOTTY, errno.EISDIR):
        return IllegalRequestError(
            f"{url} is not a serial port.",
            "Give a serial device, such as one under /dev/serial/by-id, or socket://host:9100.",
            port_url=url,
        )
    if number == errno.EIO:
        return _gone(url, sent_bytes_max=0)
    return DeviceFailureError(
        f"The port {url} could not be opened ({error}).", "Unplug the device, plug it in again and retry.", port_url=url
    )


def _error_number(error: Exception) -> int | None:
    """Return errno; termios.error is no OSError and keeps it as its first argument."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, int) else None
