"""A PostgreSQL cluster of our own: made with initdb in a folder, on the loopback, ended with the process that began it.

One rule: no cluster of the machine is touched; everything lies in one folder that can be deleted.

`python -m simulators.servers.postgres` runs one in the foreground (`./run database`).
"""

import contextlib
import os
import pwd
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
from typing import Final
from urllib.parse import quote

import click
import psycopg

ROLE: Final = "tillsync"
ADMIN: Final = "postgres"
START_PATIENCE_S: Final = 60.0
STOP_PATIENCE_S: Final = 20.0
_DEBIAN_VERSIONS: Final = Path("/usr/lib/postgresql")
_DATABASE_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")

FOR_TESTS: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings for tests: what is lost with the power may be lost; what is lost with a process must not be."""


class PostgresError(Exception):
    """The cluster cannot be made or started; the message names the cause and the next step."""


def binaries() -> Path:
    """Find the folder of PostgreSQL's programs, the newest version that Debian has installed. Raises: PostgresError."""
    found = sorted(_DEBIAN_VERSIONS.glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise PostgresError("PostgreSQL is not installed. Type:  sudo apt-get install -y postgresql-15")
    return Path(on_path).parent


class PostgresCluster:
    """A cluster in `directory`, listening on 127.0.0.1; use it as a context manager.

    Text sorts by a natural language's rules unless a column says otherwise, as on many machines in production: what
    relies on the order of bytes has to ask for it. The administrator's password stands in `passfile`, mode 0600.
    """

    def __init__(self, directory: Path, port: int, settings: Mapping[str, str] | None = None) -> None:
        self.directory = directory.resolve()
        self.port = port
        self._settings = dict(settings or {})
        self._bin = binaries()
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "PostgresCluster":
        """Make the cluster if it is not there yet, and start it. Raises: PostgresError."""
        if not (self.directory / "data" / "PG_VERSION").exists():
            self._make()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the cluster; its data stays."""
        self.stop()

    @property
    def passfile(self) -> Path:
        """Where clients read the password (libpq's format)."""
        return self.directory / "passfile"

    def url(self, database: str = ROLE) -> str:
        """Give the URL of a database, for SQLAlchemy; it names the password's file, not the password."""
        passfile = quote(str(self.passfile), safe="/")
        return f"postgresql+psycopg://{ROLE}@127.0.0.1:{self.port}/{database}?passfile={passfile}"

    def start(self) -> None:
        """Start the server and wait until it answers. Raises: PostgresError with the end of its log."""
        arguments = [str(self._bin / "postgres"), "-D", str(self.directory / "data"), "-p", str(self.port)]
        for name, value in self._settings.items():
            arguments += ["-c", f"{name}={value}"]
        with (self.directory / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [*_as_user(), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        until_s = time.monotonic() + START_PATIENCE_S
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > until_s:
                self.kill()
                tail = (self.directory / "log").read_text(errors="replace")[-2_000:]
                raise PostgresError(f"PostgreSQL did not start on port {self.port}; its log ends:\n{tail}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server: clients are cut off, what was committed is on disk."""
        if self._server is None or self._server.poll() is not None:
            return
        self._server.send_signal(signal.SIGINT)  # "fast" shutdown: postgres(1)
        try:
            self._server.wait(STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the server without its knowing, as a crash does; its processes all end with it."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGQUIT)  # "immediate" shutdown: no checkpoint, recovery at the next start
            self._server.wait(STOP_PATIENCE_S)

    def wait(self) -> int:
        """Wait until the server ends; return its exit code."""
        if self._server is None:
            raise PostgresError("the server was not started")
        return self._server.wait()

    def create_database(self, name: str, template: str = "template0") -> str:
        """Create a database as a copy of another; return its URL. Raises: PostgresError for a name out of form."""
        for text in (name, template):
            if _DATABASE_NAME.fullmatch(text) is None:
                raise PostgresError(f"not a name for a database here: {text!r}")
        with self._admin() as connection:
            connection.execute(f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {template}")
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        with self._admin() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _make(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        password = secrets.token_urlsafe(24)
        lines = [f"127.0.0.1:*:*:{role}:{password}\n" for role in (ADMIN, ROLE)]
        handle = os.open(self.passfile, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(lines)
        first = self.directory / "first-password"
        first.touch(0o600)
        first.write_text(password, encoding="utf-8")
        self._give_away(self.directory, first)
        command = [
            *(str(self._bin / "initdb"), "-D", str(self.directory / "data"), "-U", ADMIN, "--encoding=UTF8"),
            *("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"),
            *("--auth=scram-sha-256", f"--pwfile={first}"),
        ]
        done = subprocess.run([*_as_user(), *command], capture_output=True, text=True, cwd="/", check=False)
        first.unlink()
        if done.returncode:
            raise PostgresError(f"the cluster could not be made in {self.directory}: {done.stderr.strip()[-1_500:]}")
        with (self.directory / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 60\n")
        self.start()
        try:
            with self._admin() as connection:
                connection.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{password}'")  # token_urlsafe has no quotes
            self.create_database(ROLE)
        finally:
            self.stop()

    def _give_away(self, directory: Path, *files: Path) -> None:
        """Let the server's user own the folder, when we are root and the server may not be."""
        if os.geteuid() != 0:
            return
        user = pwd.getpwnam(ADMIN)
        for path in (directory, *files):
            os.chown(path, user.pw_uid, user.pw_gid)
        reached = subprocess.run([*_as_user(), "test", "-w", str(directory)], cwd="/", check=False)
        if reached.returncode:
            raise PostgresError(
                f"user {ADMIN} cannot reach {directory}: a folder above it is closed to others. "
                "Name one that is open, e.g. --directory /var/tmp/tillsync-database"
            )

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), self._admin():
            return True
        return False

    @contextlib.contextmanager
    def _admin(self) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=ADMIN,
            dbname=ADMIN,
            passfile=str(self.passfile),
            connect_timeout=5,
            autocommit=True,
        ) as connection:
            yield connection


def _as_user() -> list[str]:
    """Let the server end with us, whatever ends us; and, as it refuses to run as root, become its own user there."""
    ends_with_us = ["setpriv", "--pdeathsig=INT"]
    if os.geteuid() != 0:
        return [*ends_with_us, "--"]
    return [*ends_with_us, f"--reuid={ADMIN}", f"--regid={ADMIN}", "--init-groups", "--"]


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
@click.option("--port", type=click.IntRange(1, 65_535), default=5433, show_default=True, help="Port on 127.0.0.1.")
def main(directory: Path, port: int) -> None:
    """Run a PostgreSQL cluster of our own in the foreground; Ctrl-C stops it, its data stays."""
    # Both signals end the wait below as Ctrl-C does. The server has a session of its own: it hears of it from us.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        with PostgresCluster(directory, port) as cluster:
            click.echo(f"PostgreSQL runs in {directory}. For the hub:  --database '{cluster.url()}'")
            sys.exit(cluster.wait())
    except PostgresError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("stopped; the data stays")


if __name__ == "__main__":
    main()
