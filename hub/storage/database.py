"""Opening the hub's database: SQLite by default, PostgreSQL by URL.

One rule: `write()` is a transaction that holds the write lock from its first moment (SQLite) or locks the rows it
touches (PostgreSQL); `read()` never waits for writers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg
import psycopg.errors
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.types.array import ListBinaryDumper
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from hub.errors import DatabaseNotOurs, DatabaseTooNew, DatabaseUrlUnusable
from hub.storage.tables import metadata
from sync_protocol.hub_ports import StoreConflict, StoreUnavailable

POSTGRESQL_SCHEME: Final = "postgresql+psycopg"
_MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"
_BUSY_TIMEOUT_S: Final = 10
_CONNECT_TIMEOUT_S: Final = 2
"""psycopg's least. A host that swallows packets must not hold up the end of the process."""
_IDLE_IN_TRANSACTION_MS: Final = 8_000
"""Below a lease: who stalls or vanishes in the middle of a transaction must not keep its locks from who takes over."""
_WRONG_FOR_EVER: Final = (
    "password authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    '" does not exist',
    "permission denied",
    "file is not a database",
    "database disk image is malformed",
)
"""What a server says at the start that no waiting mends: user, password, database, rights (libpq gives no codes)."""
_WRITERS_MAX: Final = 5
_READERS_MAX: Final = 16
_POOL_PATIENCE_S: Final = 5
_CONFLICTS_MAX: Final = 8
_START_LOCK: Final = 7_411_001
_DURABLE: Final = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)
_OPTIONS: Final = f"-c idle_in_transaction_session_timeout={_IDLE_IN_TRANSACTION_MS}"
_INPUT_CLASSES: Final = {"22", "23", "54"}
"""Data exception, integrity constraint violation, program limit exceeded. Source: PostgreSQL 15, appendix A."""
_CONFLICTS: Final = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
)

Result = TypeVar("Result")


def sqlite_url(path: Path) -> str:
    """Write the URL of an SQLite file."""
    return f"sqlite:///{path}"


class HubDatabase:
    """Engines for writing and reading one database. Raises: DatabaseUrlUnusable."""

    def __init__(self, url: str) -> None:
        parsed = _parse(url)
        self.name = parsed.render_as_string(hide_password=True)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._writer = _sqlite_engine(parsed, "BEGIN IMMEDIATE")
            self._reader = _sqlite_engine(parsed, "BEGIN")
        else:
            # Apart, so that slow readers never keep a worker from its commits and its lease.
            self._writer = _postgresql_engine(parsed, _WRITERS_MAX)
            self._reader = _postgresql_engine(parsed, _READERS_MAX)

    @property
    def writing_engine(self) -> Engine:
        """Give the engine of writing transactions, for measurements."""
        return self._writer

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a writing transaction.

        Raises: StoreConflict when others stood in its way; StoreUnavailable when the database cannot be worked with
        right now.
        """
        with _unavailable_told(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a reading transaction. Raises: StoreUnavailable."""
        with _unavailable_told(), self._reader.begin() as connection:
            yield connection

    def transact(self, step: Callable[[Connection], Result]) -> Result:
        """Run a step in a writing transaction, and again when others stood in its way. Raises: StoreUnavailable."""
        for _ in range(_CONFLICTS_MAX):
            try:
                with self.write() as connection:
                    return step(connection)
            except StoreConflict:
                continue
        with self.write() as connection:
            return step(connection)

    def lock_start(self, connection: Connection) -> None:
        """Let one process at a time make tables and first rows, until its transaction ends."""
        if not self.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _START_LOCK})

    def migrate(self) -> None:
        """Bring the tables to the newest version; several processes may try at once.

        Raises: DatabaseTooNew, DatabaseNotOurs, DatabaseUrlUnusable, StoreUnavailable.
        """
        try:
            self._check_encoding()
            self._migrate()
        except StoreUnavailable as error:
            if any(words in str(error) for words in _WRONG_FOR_EVER):
                raise DatabaseUrlUnusable(str(error)) from error
            raise

    def _check_encoding(self) -> None:
        if self.is_sqlite:
            return
        try:
            with self.raw_connection() as connection:
                encoding = connection.info.parameter_status("server_encoding")
        except psycopg.OperationalError as error:
            raise StoreUnavailable(" ".join(str(error).split())) from error
        if encoding != "UTF8":
            raise DatabaseUrlUnusable(f"the database's encoding is {encoding}, texts need UTF8")

    def _migrate(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        script = ScriptDirectory.from_config(config)
        with _unavailable_told(), self._writer.begin() as connection:
            self.lock_start(connection)
            found = MigrationContext.configure(connection).get_current_revision()
            known = {revision.revision for revision in script.walk_revisions()}
            if found is not None and found not in known:
                raise DatabaseTooNew(self.name, found, script.get_current_head() or "")
            if found is None:
                foreign = set(inspect(connection).get_table_names()) & set(metadata.tables)
                if foreign:
                    raise DatabaseNotOurs(self.name, min(foreign))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def raw_connection(self) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
        """Open a connection of the driver's own, outside the pool, every statement a transaction (PostgreSQL).

        Raises: psycopg.Error.
        """
        arguments, named = self._writer.dialect.create_connect_args(self._writer.url)
        named["connect_timeout"] = _CONNECT_TIMEOUT_S
        with psycopg.connect(*arguments, autocommit=True, **named) as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._writer.dispose()
        self._reader.dispose()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # The text is not repeated: it may hold a password.
        raise DatabaseUrlUnusable("it cannot be read as a URL") from error
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername=POSTGRESQL_SCHEME)
    if parsed.drivername not in {"sqlite", POSTGRESQL_SCHEME}:
        raise DatabaseUrlUnusable(f"{parsed.drivername!r} is no kind of database that the hub runs on")
    if parsed.drivername == "sqlite" and not Path(parsed.database or "").parent.is_dir():
        raise DatabaseUrlUnusable(f"the folder {Path(parsed.database or '').parent} does not exist")
    return parsed


@contextmanager
def _unavailable_told() -> Iterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreUnavailable(str(error)) from error
    except DBAPIError as error:
        if isinstance(error.orig, _CONFLICTS):
            raise StoreConflict(_cause(error)) from error
        if _is_of_the_input(error):
            raise
        raise StoreUnavailable(_cause(error)) from error


def _is_of_the_input(error: DBAPIError) -> bool:
    """Tell whether the database refuses what it was given, rather than being out of reach or out of order.

    Only the former may cost an entry its place: when a table is damaged or the server was failed over, all wait.
    """
    if error.connection_invalidated:
        return False
    if isinstance(error.orig, psycopg.Error):
        state = error.orig.sqlstate
        return state[:2] in _INPUT_CLASSES if state is not None else isinstance(error.orig, psycopg.DataError)
    return isinstance(error, IntegrityError | DataError) or "integer overflow" in str(error.orig)


def _cause(error: DBAPIError) -> str:
    """Give the driver's words, without the statement and its values."""
    return " ".join(str(error.orig).split())


def _sqlite_engine(url: URL, begin: str) -> Engine:
    engine = create_engine(
        url, hide_parameters=True, connect_args={"check_same_thread": False, "timeout": _BUSY_TIMEOUT_S}
    )

    @event.listens_for(engine, "connect")
    def set_up(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -65536"):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgresql_engine(url: URL, connections_max: int) -> Engine:
    try:
        engine = create_engine(
            url,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            pool_size=connections_max,
            pool_timeout=_POOL_PATIENCE_S,
            max_overflow=0,
            connect_args={
                "connect_timeout": _CONNECT_TIMEOUT_S,
                "application_name": "tillsync-hub",
                "options": _OPTIONS,
            },
        )
    except (ArgumentError, NoSuchModuleError) as error:
        raise DatabaseUrlUnusable(str(error)) from error

    @event.listens_for(engine, "connect")
    def set_up(dbapi_connection: Any, _record: Any) -> None:
        # Arrays travel in binary: ten times cheaper to write than PostgreSQL's text form.
        dbapi_connection.adapters.register_dumper(list, ListBinaryDumper)
        # What is acknowledged must be on the disk, however the server is tuned (SPEC 4.3).
        dbapi_connection.execute(_DURABLE)
        dbapi_connection.commit()

    return engine
