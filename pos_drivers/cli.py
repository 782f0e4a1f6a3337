"""``tillsync-devices``: look for devices, try a printer and a drawer by hand, without a till.

Failures end with exit code 1 and one message of cause and next step; 2 is for wrong usage, as click has it.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any, TypeVar, get_args

import click

from pos_drivers.errors import DeviceError
from pos_drivers.escpos import encode
from pos_drivers.layout import COLUMNS_MAX, COLUMNS_MIN, Encoding
from pos_drivers.pbm import PBM_BYTES_MAX, parse_pbm
from pos_drivers.ports import FlowControl, PortSettings, list_ports
from pos_drivers.printer import POSPrinter
from pos_drivers.printout import Cut, DrawerPulse, Element, Text

FILE_BYTES_MAX = 1_000_000

_Command = TypeVar("_Command", bound=Callable[..., None])


def _port_options(command: _Command) -> Callable[..., None]:
    """Add the options that say where the device is, and turn device errors into a message and exit code 1."""

    @wraps(command)
    def run(baud_rate: int, flow_control: FlowControl, **arguments: Any) -> None:
        settings = PortSettings(baud_rate=baud_rate, flow_control=flow_control)
        try:
            command(settings=settings, **arguments)
        except DeviceError as error:
            raise click.ClickException(str(error)) from error

    for option in (
        click.option(
            "--flow-control",
            type=click.Choice(get_args(FlowControl)),
            default="none",
            show_default=True,
            help="How a serial device holds the sender back.",
        ),
        click.option("--baud-rate", type=int, default=9600, show_default=True, help="Speed of a serial line."),
        click.option(
            "--port",
            "url",
            required=True,
            metavar="URL",
            help="Device path, or socket://host:9100 for a network printer.",
        ),
    ):
        run = option(run)
    return run


@click.group()
def main() -> None:
    """Look for the devices of a till and try them."""


@main.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array instead of lines.")
def list_command(as_json: bool) -> None:
    """List the serial ports of this computer."""
    listings = list_ports()
    if as_json:
        click.echo(json.dumps([asdict(listing) for listing in listings], ensure_ascii=False, indent=2))
        return
    for listing in listings:
        details = (listing.path, listing.usb_id, listing.serial_number, listing.description)
        click.echo("  ".join([listing.stable_path or listing.path, *(f"{detail}" for detail in details[1:] if detail)]))
    if not listings:
        click.echo("No serial ports found. Network printers are not listed; give them as socket://host:9100.")


@main.command("print")
@_port_options
@click.option(
    "--columns",
    type=click.IntRange(COLUMNS_MIN, COLUMNS_MAX),
    default=48,
    show_default=True,
    help="Characters per line: 32 on 58 mm paper, 48 on 80 mm.",
)
@click.option(
    "--encoding",
    type=click.Choice(get_args(Encoding)),
    default="gb18030",
    show_default=True,
    help="Encoding of the printer's Chinese font.",
)
@click.option("--picture", metavar="FILE", help="Print this picture (PBM) above the text, to try a logo.")
@click.argument("file", type=click.Path(allow_dash=True))
def print_command(
    settings: PortSettings, url: str, columns: int, encoding: Encoding, picture: str | None, file: str
) -> None:
    """Print a text file (UTF-8) and cut; '-' reads standard input."""
    printout: list[Element] = [Text(_read_text(file)), Cut()]
    if picture is not None:
        printout.insert(0, parse_pbm(_read(picture, PBM_BYTES_MAX)))
    data = encode(printout, columns=columns, encoding=encoding)
    with POSPrinter(url, settings) as printer:
        printer.print_bytes(data)
    click.echo(f"Sent {len(data)} bytes to {url}.")


@main.command("drawer")
@_port_options
@click.option(
    "--pin", type=click.Choice(["2", "5"]), default="2", show_default=True, help="Pin of the drawer connector."
)
def drawer_command(settings: PortSettings, url: str, pin: str) -> None:
    """Open the cash drawer connected to a receipt printer."""
    with POSPrinter(url, settings) as printer:
        printer.pulse_drawer(DrawerPulse(pin=5 if pin == "5" else 2))
    click.echo(f"Sent the drawer pulse to {url}.")


def _read(file: str, bytes_max: int) -> bytes:
    try:
        with click.open_file(file, "rb") as stream:
            content: bytes = stream.read(bytes_max + 1)
    except OSError as error:
        raise click.ClickException(
            f"{file} cannot be read ({error.strerror}). Check its name and that you may read it."
        ) from error
    if len(content) > bytes_max:
        raise click.ClickException(f"{file} is longer than {bytes_max} bytes. Print it in parts.")
    return content


def _read_text(file: str) -> str:
    content = _read(file, FILE_BYTES_MAX)
    try:
        return str(content, "utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.ClickException(
            f"{file} is not UTF-8 text (byte {error.start}). Convert it, for example with iconv, and try again."
        ) from error
