"""`tillsync-edge`: one store's node."""

import json
import sys
from pathlib import Path

import click

from edge_node.errors import NodeError
from provisioning.errors import ProvisioningError
from provisioning.node_file import read_node_file
from provisioning.service.logs import log_options, set_up_logs


@click.group()
@click.version_option(package_name="tillsync")
@log_options
def main(log_format: str, log_level: str) -> None:
    """Run a store: sell, print and keep, whether the hub is there or not."""
    set_up_logs(log_format, log_level)


@main.command("run")
@click.option("--node-file", type=click.Path(path_type=Path), required=True, help="Which store this is (TOML).")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/edge"),
    show_default=True,
    help="Where the node keeps its database and storage key.",
)
def run(node_file: Path, directory: Path) -> None:
    """Run the node: till page, local API, sync, printing, jobs."""
    from edge_node.app import run_node

    try:
        file = read_node_file(node_file)
        run_node(file, directory, lambda address: click.echo(f"till page {address}  API {address}openapi.json"))
    except (ProvisioningError, NodeError, ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error


@main.command("status")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default=Path("var/edge"),
    show_default=True,
    help="The node's directory.",
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def status(directory: Path, *, as_json: bool) -> None:
    """Say how far the node is, from its database alone; the node may be running or not."""
    from edge_node.storage.cells import node_row
    from edge_node.storage.database import connect

    database = directory / "node.db"
    if not database.exists():
        raise click.ClickException(f"{database} does not exist; name the node's directory with --directory")
    connection = connect(database, read_only=True)
    try:
        row = node_row(connection)
    finally:
        connection.close()
    waiting = row["last_entry"] - row["acknowledged"]
    found = {
        "actor": row["actor"],
        "last_entry": row["last_entry"],
        "acknowledged": row["acknowledged"],
        "waiting": waiting,
        "receipts": row["last_receipt"],
        "last_contact_ms": row["last_contact_ms"],
        "fenced": row["fenced"],
    }
    if as_json:
        click.echo(json.dumps(found))
    else:
        click.echo(f"{row['actor']}: {row['last_receipt']} receipts, {waiting} entries wait for the hub")
        if row["fenced"]:
            click.echo(f"FENCED: {row['fenced']}. Enrol this store again as the next incarnation.")
    sys.exit(1 if row["fenced"] else 0)


if __name__ == "__main__":
    main()
