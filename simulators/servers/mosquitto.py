"""Mosquitto with the configuration that `provisioning` writes.

One rule: no option of its own: what runs in tests, in benchmarks and by `./run broker` is what a chain would run.

`python -m simulators.servers.mosquitto` runs one in the foreground (`./run broker`).
"""

import signal
import sys
from pathlib import Path
from typing import Final

import click

from provisioning.broker_address import DEFAULT_PORT
from provisioning.mosquitto import FILE_NAME, USER, MosquittoSettings, mosquitto_configuration
from simulators.servers.server import BrokerServer, ServerError

LISTENER: Final = "listener "


class MosquittoServer(BrokerServer):
    """Mosquitto; a configuration that lies in the folder already is used as it is."""

    name = program = package = "mosquitto"
    user = USER

    def prepare(self) -> None:
        """Write what the server reads at its start; called once."""
        if not self._file.exists():
            made = mosquitto_configuration(MosquittoSettings(self.directory, *self.address))
            self._file.write_text(made, encoding="utf-8")

    def command(self) -> list[str]:
        """Give the program and its arguments."""
        return [self.find_program(), "-c", str(self._file)]

    @property
    def _file(self) -> Path:
        return self.directory / FILE_NAME


def _port_of(file: Path) -> int | None:
    """Read the port that a configuration names first; None when there is no configuration. Raises: ClickException."""
    if not file.exists():
        return None
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith(LISTENER):
            port = line.removeprefix(LISTENER).split()[0]
            if port.isdecimal():
                return int(port)
    raise click.ClickException(f"{file} names no listener; move it away, and it will be written anew")


@click.command()
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/broker"),
    show_default=True,
    help="Where the broker's configuration and state lie; made on first use.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    help=f"Port on 127.0.0.1. [default: what the configuration says; {DEFAULT_PORT} in a new one]",
)
def main(directory: Path, port: int | None) -> None:
    """Run Mosquitto with our configuration in the foreground; Ctrl-C stops it, its state stays."""
    written = _port_of(directory / FILE_NAME)
    if written is not None and port not in {None, written}:
        raise click.ClickException(
            f"{directory / FILE_NAME} says port {written}; change it there, or choose another --directory"
        )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    broker = MosquittoServer(directory, written or port or DEFAULT_PORT, shows_log=True)
    try:
        with broker:
            click.echo(f"Mosquitto runs in {directory}. For the hub and the nodes:  --broker {broker.address}")
            sys.exit(broker.wait())
    except ServerError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
