"""`tillsync-hub`: headquarters in one process or several."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from hub.errors import HubCannotStart
from hub.settings import SENTENCES, HubSettings, load_settings
from provisioning.errors import ProvisioningError
from provisioning.service.logs import log_options, set_up_logs


@click.group()
@click.version_option(package_name="tillsync")
@log_options
def main(log_format: str, log_level: str) -> None:
    """Run headquarters: the global record of customers, and what stores need to know."""
    set_up_logs(log_format, log_level)


def _settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for field in reversed(msgspec.structs.fields(HubSettings)):
        kind: Any = int if field.name.endswith(("_port", "_ms")) else str
        sentence = SENTENCES[field.name]
        option = click.option(f"--{field.name.replace('_', '-')}", type=kind, help=f"{sentence} [{field.default}]")
        command = option(command)
    return command


def _load(given: dict[str, Any], *, needs_broker: bool = False) -> HubSettings:
    try:
        settings = load_settings(**given)
    except msgspec.ValidationError as error:
        raise click.ClickException(f"a setting cannot be used: {error}") from error
    if needs_broker and not settings.broker:
        raise click.ClickException("name the chain's broker: --broker mqtt://HOST:PORT")
    return settings


@contextmanager
def _told() -> Iterator[None]:
    """Say in a sentence what keeps the hub from running: a port in use, a database or broker address that is wrong."""
    from amqtt.errors import BrokerError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (OSError, ValueError, ProvisioningError, HubCannotStart, SQLAlchemyError, BrokerError) as error:
        raise click.ClickException(str(error).splitlines()[0]) from error


@main.command("all")
@_settings_options
def all_in_one(**given: Any) -> None:
    """Run API, console, sync worker and jobs, and an embedded broker when none is configured."""
    from hub.app import run_all

    def announce(console: str, broker: str) -> None:
        click.echo(f"hub console {console}  API {console}docs  broker {broker}")

    with _told():
        run_all(_load(given), announce)


@main.command("api")
@_settings_options
def api(**given: Any) -> None:
    """Run the API and the console alone."""
    from hub.app import run_api

    with _told():
        run_api(_load(given), lambda address: click.echo(f"hub console {address}"))


@main.command("worker")
@_settings_options
def worker(**given: Any) -> None:
    """Run the sync worker alone."""
    from hub.app import run_worker

    with _told():
        run_worker(_load(given, needs_broker=True))


@main.command("jobs")
@_settings_options
def jobs(**given: Any) -> None:
    """Run the scheduled jobs alone."""
    from hub.app import run_jobs

    with _told():
        run_jobs(_load(given))


@main.command("settings")
def settings_table() -> None:
    """Print the table of settings."""
    for field in msgspec.structs.fields(HubSettings):
        default = Path(field.default) if isinstance(field.default, Path) else field.default
        click.echo(f"TILLSYNC_HUB_{field.name.upper()}  [{default}]\n    {SENTENCES[field.name]}")


if __name__ == "__main__":
    main()
