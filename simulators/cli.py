"""`tillsync-sim`: the demo, and emulated devices to try things on."""

import sys
from pathlib import Path

import click

from simulators.demo.command import DEFAULT_RECEIPTS, DEFAULT_STORES, DemoOptions, is_good, run_demo
from simulators.devices.escpos_printer import run_printer
from simulators.devices.receipt_font import NoReceiptFont
from simulators.network.probe_command import probe
from simulators.traffic.errors import TrafficError
from simulators.traffic.layouts import PRESETS


@click.group()
@click.version_option(package_name="tillsync")
def main() -> None:
    """Try Tillsync: a whole chain on this machine, and devices that are not there."""


@main.command("demo")
@click.option("--once", is_flag=True, help="End when everything is in sync, instead of running until Ctrl-C.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the report here.")
@click.option(
    "--stores", type=click.IntRange(1, 100), default=DEFAULT_STORES, show_default=True, help="How many stores."
)
@click.option(
    "--receipts",
    type=click.IntRange(0),
    default=None,
    help=f"How many receipts; 0: all that were recorded. [default: {DEFAULT_RECEIPTS}]",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the generated traffic.")
@click.option(
    "--export",
    "export_directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write members.csv and stores.csv, as the hub holds them, into this folder.",
)
@click.option(
    "--baskets",
    type=click.Path(exists=True, path_type=Path),
    help="Replay recorded baskets from this CSV or CSV.gz file or folder, with their prices and times.",
)
@click.option("--preset", type=click.Choice(sorted(PRESETS)), help="How the recorded columns are to be read.")
@click.option("--map", "mapping", metavar="FIELD=COLUMN,…", help="Name the recorded columns yourself.")
@click.option("--rate", type=click.FloatRange(0), help="Receipts per second over all stores; 0: as fast as it goes.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep databases, logs and printed receipts in this (new or empty) folder. [default: a temporary one]",
)
def demo(
    *,
    once: bool,
    json_file: Path | None,
    stores: int,
    receipts: int | None,
    seed: int,
    export_directory: Path | None,
    baskets: Path | None,
    preset: str | None,
    mapping: str | None,
    rate: float | None,
    directory: Path | None,
) -> None:
    """Run a hub, a broker and some stores; one store goes dark, sells on, and comes back."""
    if baskets is None and (preset or mapping):
        raise click.UsageError("--preset and --map say how to read --baskets FILE|DIR; name that too")
    if directory is not None and directory.exists() and any(directory.iterdir()):
        raise click.UsageError(f"{directory} is not empty; name a new folder")
    count = DEFAULT_RECEIPTS if receipts is None else receipts
    options = DemoOptions(
        once, json_file, stores, count, seed, export_directory, baskets, preset, mapping, rate, directory
    )
    try:
        report = run_demo(options)
    except (TrafficError, RuntimeError) as error:
        raise click.ClickException(str(error)) from error
    sys.exit(0 if is_good(report) else 1)


@main.command("open-stores")
@click.argument("stores", nargs=-1, required=True)
@click.option("--hub", default="http://127.0.0.1:8000", show_default=True, help="Where the hub's API is.")
@click.option("--broker", default="mqtt://127.0.0.1:1883", show_default=True, help="Where the chain's broker is.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var"),
    show_default=True,
    help="Where the node files are written; those that are there stay.",
)
@click.option("--port", type=click.IntRange(1, 65_000), default=8080, show_default=True, help="Port of the first till.")
def open_stores(stores: tuple[str, ...], hub: str, broker: str, directory: Path, port: int) -> None:
    """Open STORES at a running hub, with the demo's catalogue, and write their node files. Again changes nothing."""
    from provisioning.broker_address import parse_broker
    from provisioning.errors import ProvisioningError
    from simulators.demo import headquarters
    from simulators.demo.http import Gone, JsonClient

    client = JsonClient(hub)
    try:
        files = headquarters.open_stores(client, stores, str(parse_broker(broker)), directory, port)
    except Gone as gone:
        raise click.ClickException(
            f"the hub does not answer at {hub}: {gone}. Start it, or name it with --hub"
        ) from gone
    except (headquarters.Refused, ProvisioningError, OSError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        client.close()
    click.echo("Each store in a terminal of its own:")
    for store, file in zip(stores, files, strict=True):
        click.echo(f"  ./run exec tillsync-edge run --node-file {file} --directory {directory / store}")


@main.command("printer")
@click.option("--link", type=click.Path(path_type=Path), help="Make this symbolic link to the pseudo-terminal.")
@click.option("--transcript", type=click.Path(path_type=Path), help="Append the text of each receipt to this file.")
@click.option(
    "--png",
    "pictures",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIRECTORY",
    help="Write each receipt as a numbered PNG into this folder.",
)
@click.option(
    "--columns",
    type=click.Choice(["32", "48"]),
    default="48",
    show_default=True,
    help="Columns of its paper: 32 on 58 mm, 48 on 80 mm.",
)
def printer(link: Path | None, transcript: Path | None, pictures: Path | None, columns: str) -> None:
    """Run an emulated ESC/POS receipt printer on a pseudo-terminal until Ctrl-C, showing what it prints."""
    try:
        run_printer(link, transcript, pictures, columns=int(columns))
    except (NoReceiptFont, OSError) as error:
        raise click.ClickException(str(error)) from error


main.add_command(probe)

if __name__ == "__main__":
    main()
