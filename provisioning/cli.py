"""`tillsync-provision`: the technician's command. First cut: making and checking node files."""

import contextlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from provisioning.broker_address import DEFAULT_PORT
from provisioning.errors import ProvisioningError
from provisioning.mosquitto import FILE_NAME, USER, MosquittoSettings, mosquitto_configuration
from provisioning.node_file import FIELDS, NodeFile, check_node_file, read_node_file, write_node_file


@click.group()
@click.version_option(package_name="tillsync")
def main() -> None:
    """Bring nodes and their broker to life: make and check the files that say what they are."""


def _options(command: Any) -> Any:
    for field in reversed(msgspec.structs.fields(NodeFile)):
        flag = f"--{field.name.replace('_', '-')}"
        default = None if field.default is msgspec.NODEFAULT else field.default
        if field.name == "recorded_sales":
            option = click.option(f"{flag}/--no-recorded-sales", default=False, help=FIELDS[field.name])
        else:
            option = click.option(
                flag,
                type=int if isinstance(default, int) else str,
                default=default,
                required=field.default is msgspec.NODEFAULT,
                show_default=default not in {None, ""},
                help=FIELDS[field.name],
            )
        command = option(command)
    return command


@main.command("node-file")
@_options
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write here instead of to the screen.")
def node_file(out: Path | None, **fields: Any) -> None:
    """Make a node file."""
    try:
        made = write_node_file(check_node_file({k: v for k, v in fields.items() if v is not None}, "options"))
    except ProvisioningError as error:
        raise click.ClickException(str(error)) from error
    if out is None:
        click.echo(made, nl=False)
        return
    if out.exists():
        raise click.ClickException(f"{out} exists already; move it away or choose another name")
    out.write_text(made, encoding="utf-8")
    click.echo(f"written: {out}. Start the node with: tillsync-edge run --node-file {out} --directory DIR")


@main.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def check(file: Path, *, as_json: bool) -> None:
    """Check a node file and say what is wrong with it."""
    try:
        checked = read_node_file(file)
    except ProvisioningError as error:
        if as_json:
            click.echo(json.dumps({"ok": False, "reason": str(error)}))
            sys.exit(1)
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({"ok": True, "node": msgspec.structs.asdict(checked)}))
    else:
        click.echo(f"{file}: good. Store {checked.store}, actor {checked.store}-{checked.incarnation}.")


@main.command("mosquitto")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/broker"),
    show_default=True,
    help="Where the broker keeps its state and its configuration.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on: of the loopback only.")
@click.option("--port", type=click.IntRange(1, 65_535), default=DEFAULT_PORT, show_default=True, help="Port.")
def mosquitto(directory: Path, host: str, port: int) -> None:
    """Write the configuration of a chain's Mosquitto broker."""
    file = directory / FILE_NAME
    try:
        made = mosquitto_configuration(MosquittoSettings(directory.resolve(), host, port))
    except ProvisioningError as error:
        raise click.ClickException(str(error)) from error
    if file.exists():
        raise click.ClickException(f"{file} exists already; move it away or choose another directory")
    directory.mkdir(parents=True, exist_ok=True)
    file.write_text(made, encoding="utf-8")
    if os.geteuid() == 0:
        with contextlib.suppress(LookupError):  # no such user where Mosquitto is not installed
            shutil.chown(directory, USER)
    click.echo(f"written: {file}. Start the broker with: /usr/sbin/mosquitto -c {file}")


if __name__ == "__main__":
    main()
