"""A PostgreSQL cluster of our own: made with initdb in a folder, on the loopback, ended with the process that began it.

One rule: no cluster of the machine is touched; everything lies in one folder that can be deleted.

`python -m simulators.servers.postgres` runs one in the foreground (`./run database`).
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

import click
import psycopg

from simulators.servers.server import STOP_PATIENCE_S, Server, ServerError, as_user, give_to

ROLE: Final = "tillsync"
ADMIN: Final = "postgres"
DEFAULT_PORT: Final = 5433
_DEBIAN_VERSIONS: Final = Path("/usr/lib/postgresql")
_DATABASE_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")

FOR_TESTS: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings for tests: what is lost with the power may be lost; what is lost with a process must not be."""


class PostgresCluster(Server):
    """A cluster in `directory`, listening on 127.0.0.1; made on first use.

    Text sorts by a natural language's rules unless a column says otherwise, as on many machines in production: what
    relies on the order of bytes has to ask for it. The administrator's password stands in `passfile`, mode 0600.
    """

    name = "postgresql"
    package = "postgresql-15"
    user = ADMIN

    def __init__(
        self, directory: Path, port: int, settings: Mapping[str, str] | None = None, *, shows_log: bool = False
    ) -> None:
        super().__init__(directory, port, shows_log=shows_log)
        self._settings = dict(settings or {})
        self._data = self.directory / "data"

    def __enter__(self) -> Self:
        """Make the cluster if it is not there yet, and start it. Raises: ServerError."""
        super().__enter__()
        try:
            self._make_role_and_database()
        except BaseException:
            self.__exit__()
            raise
        return self

    @property
    def passfile(self) -> Path:
        """Where clients read the password (libpq's format)."""
        return self.directory / "passfile"

    def url(self, database: str = ROLE) -> str:
        """Give the URL of a database, for SQLAlchemy; it names the password's file, not the password."""
        passfile = quote(str(self.passfile), safe="/")
        return f"postgresql+psycopg://{ROLE}@{self.address.host}:{self.address.port}/{database}?passfile={passfile}"

    def command(self) -> list[str]:
        """Give the program and its arguments."""
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        return [_program("postgres"), "-D", str(self._data), "-p", str(self.address.port), *settings]

    def answers(self) -> bool:
        """Tell whether the cluster takes work."""
        with contextlib.suppress(psycopg.OperationalError), self._admin():
            return True
        return False

    def stop(self) -> None:
        """Stop the server: clients are cut off, what was committed is on disk."""
        if self.is_running() and self._server is not None:
            self._server.send_signal(signal.SIGINT)  # "fast" shutdown: postgres(1)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._server.wait(STOP_PATIENCE_S)
        self.kill()

    def kill(self) -> None:
        """End the server at once (SIGKILL), and wait for its workers, which end when they notice that it is gone."""
        workers = self._workers()
        super().kill()
        until_s = time.monotonic() + STOP_PATIENCE_S
        while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < until_s:
            time.sleep(0.01)

    def _workers(self) -> list[str]:
        if self._server is None:
            return []
        with contextlib.suppress(OSError):
            return Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text().split()
        return []

    def create_database(self, name: str, template: str = "template0") -> str:
        """Create a database as a copy of another; return its URL. Raises: ServerError for a name out of form."""
        for text in (name, template):
            if _DATABASE_NAME.fullmatch(text) is None:
                raise ServerError(f"not a name for a database here: {text!r}")
        with self._admin() as connection:
            connection.execute(f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {template}")
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        with self._admin() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def prepare(self) -> None:
        """Make the cluster's files, unless they are there."""
        if (self._data / "PG_VERSION").exists():
            return
        password = secrets.token_urlsafe(24)
        _write_secret(self.passfile, "".join(f"{self.address.host}:*:*:{role}:{password}\n" for role in (ADMIN, ROLE)))
        first = self.directory / "first-password"
        _write_secret(first, password)
        give_to(self.user, self.directory)
        command = [
            *(_program("initdb"), "-D", str(self._data), "-U", ADMIN, "--encoding=UTF8", "--locale=C.UTF-8"),
            *("--locale-provider=icu", "--icu-locale=en-US", "--auth=scram-sha-256", f"--pwfile={first}"),
        ]
        done = subprocess.run([*as_user(self.user), *command], capture_output=True, text=True, cwd="/", check=False)
        first.unlink()
        if done.returncode:
            raise ServerError(f"the cluster could not be made in {self.directory}: {done.stderr.strip()[-1_500:]}")
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"\nlisten_addresses = '{self.address.host}'\nunix_socket_directories = ''\n")
            file.write("max_connections = 60\n")

    def _make_role_and_database(self) -> None:
        with self._admin() as connection:
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone() is not None:
                return
            password = self.passfile.read_text().strip().rpartition(":")[2]
            connection.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{password}'")  # token_urlsafe has no quotes
        self.create_database(ROLE)

    @contextlib.contextmanager
    def _admin(self) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
        with psycopg.connect(
            host=self.address.host,
            port=self.address.port,
            user=ADMIN,
            dbname=ADMIN,
            passfile=str(self.passfile),
            connect_timeout=5,
            autocommit=True,
        ) as connection:
            yield connection


def _program(name: str) -> str:
    """Find one of PostgreSQL's programs, of the newest version that Debian has installed. Raises: ServerError."""
    found = sorted(_DEBIAN_VERSIONS.glob(f"*/bin/{name}"), key=lambda path: int(path.parent.parent.name))
    return str(found[-1]) if found else PostgresCluster.find_program(name)


def _write_secret(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


@contextlib.contextmanager
def temporary_cluster(port: int, settings: Mapping[str, str] | None = None) -> Iterator[PostgresCluster]:
    """Run a cluster in a temporary folder for as long as the block lasts."""
    directory = Path(tempfile.mkdtemp(prefix="tillsync-postgres-"))
    directory.chmod(0o711)
    try:
        with PostgresCluster(directory / "cluster", port, settings) as cluster:
            yield cluster
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@click.command()
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/database"),
    show_default=True,
    help="Where the cluster lies; made on first use.",
)
@click.option(
    "--port", type=click.IntRange(1, 65_535), default=DEFAULT_PORT, show_default=True, help="Port on 127.0.0.1."
)
def main(directory: Path, port: int) -> None:
    """Run a PostgreSQL cluster of our own in the foreground; Ctrl-C stops it, its data stays."""
    # Both signals end the wait below as Ctrl-C does. The server has a session of its own: it hears of it from us.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        with PostgresCluster(directory, port, shows_log=True) as cluster:
            click.echo(f"PostgreSQL runs in {directory}. For the hub:  --database '{cluster.url()}'")
            sys.exit(cluster.wait())
    except ServerError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("stopped; the data stays")


if __name__ == "__main__":
    main()
