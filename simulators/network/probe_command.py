"""`tillsync-sim probe`: what a broker does, as a table for people or as JSON for machines."""

import json
import sys
from collections.abc import Iterator

import click

from provisioning.broker_address import parse_broker
from provisioning.errors import ProvisioningError
from simulators.network.broker_probe import Finding, probe_broker
from simulators.servers.brokers import BROKERS, temporary_broker
from simulators.servers.server import ServerError, answers_mqtt

_JUDGED = {True: "yes", False: "NO", None: "  "}


def probe_own(name: str) -> Iterator[Finding]:
    """Start a broker of our own and probe it; it is restarted in the middle. Raises: ServerError."""
    with temporary_broker(name) as broker:

        def restart() -> None:
            broker.kill()
            broker.start()

        yield from probe_broker(broker.address, restart)


def _probe_running(url: str) -> Iterator[Finding]:
    address = parse_broker(url)
    if not answers_mqtt(address):
        raise click.ClickException(f"no broker answers at {address}")
    return probe_broker(address)


@click.command("probe")
@click.option("--broker", metavar="URL", help="A broker that runs: mqtt://HOST:PORT.")
@click.option("--start", type=click.Choice(sorted(BROKERS)), help="Start this one for the probe, and restart it, too.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def probe(broker: str | None, start: str | None, *, as_json: bool) -> None:
    """Show whether a broker does what Tillsync relies on. Exit code 1: something is missing."""
    if (broker is None) == (start is None):
        raise click.UsageError("name one: --broker URL, or --start KIND")
    try:
        findings = probe_own(start) if start is not None else _probe_running(broker or "")
        found = list(_shown(findings, as_json=as_json))
    except (ProvisioningError, ServerError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in found], indent=2, ensure_ascii=False))
    sys.exit(any(finding.holds is False for finding in found))


def _shown(findings: Iterator[Finding], *, as_json: bool) -> Iterator[Finding]:
    """Print each finding when it is there, unless machines want them all."""
    headings = {True: "What Tillsync relies on:", False: "What it does not rely on, as it was seen:"}
    for finding in findings:
        if not as_json:
            heading = headings.pop(finding.holds is not None, None)
            if heading:
                click.echo(heading)
            click.echo(f"  {_JUDGED[finding.holds]:3} {finding.what:48} {finding.seen}")
        yield finding
