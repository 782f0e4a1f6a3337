"""Drivers for what stands around a till, knowing nothing of members and sales.

Three storeys, each usable without the one above: a port opened by URL (``ports``), codecs that are pure
(``printout`` and ``layout`` say what to print, ``pbm`` reads a logo, ``escpos`` makes bytes of it), and the device
that an owner opens, uses and closes (``printer``). To print::

    data = encode([Text("收银小票", Align.CENTRE, double=True), Columns("牛奶 1L", "¥12.50"), Cut()], columns=48)
    with POSPrinter("/dev/serial/by-id/usb-EPSON_TM-T82III-if00") as printer:
        printer.print_bytes(data)
        printer.pulse_drawer()

Everything raised is a ``DeviceError``. What is exported here is the package's public interface.
"""

from pos_drivers.errors import (
    DeviceAccessError,
    DeviceBusyError,
    DeviceClosedError,
    DeviceError,
    DeviceFailureError,
    DeviceOfflineError,
    DeviceTimeoutError,
    IllegalRequestError,
    NoHardwareError,
)
from pos_drivers.escpos import encode, encode_drawer_pulse
from pos_drivers.layout import Encoding, display_width, fit, lay_out, printable, receipt_to_text, wrap
from pos_drivers.pbm import parse_pbm
from pos_drivers.ports import FlowControl, Port, PortListing, PortSettings, list_ports, open_port
from pos_drivers.printer import Backoff, POSPrinter, PrinterState
from pos_drivers.printout import Align, Columns, Cut, DrawerPulse, Element, Feed, Picture, QrCode, QrLevel, Rule, Text

__all__ = [
    "Align",
    "Backoff",
    "Columns",
    "Cut",
    "DeviceAccessError",
    "DeviceBusyError",
    "DeviceClosedError",
    "DeviceError",
    "DeviceFailureError",
    "DeviceOfflineError",
    "DeviceTimeoutError",
    "DrawerPulse",
    "Element",
    "Encoding",
    "Feed",
    "FlowControl",
    "IllegalRequestError",
    "NoHardwareError",
    "POSPrinter",
    "Picture",
    "Port",
    "PortListing",
    "PortSettings",
    "PrinterState",
    "QrCode",
    "QrLevel",
    "Rule",
    "Text",
    "display_width",
    "encode",
    "encode_drawer_pulse",
    "fit",
    "lay_out",
    "list_ports",
    "open_port",
    "parse_pbm",
    "printable",
    "receipt_to_text",
    "wrap",
]
