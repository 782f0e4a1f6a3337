"""Opening the hub's database: SQLite by default, any other by URL.

One rule: `write()` is a transaction that holds the write lock from its first moment (SQLite) or locks the rows it
touches (elsewhere); `read()` never waits for writers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from sync_protocol.hub_ports import StoreUnavailable

_MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"
_BUSY_TIMEOUT_S: Final = 10


def sqlite_url(path: Path) -> str:
    """Write the URL of an SQLite file."""
    return f"sqlite:///{path}"


class HubDatabase:
    """Engines for writing and reading one database."""

    def __init__(self, url: str) -> None:
        self.url = url
        if make_url(url).get_backend_name() == "sqlite":
            self._writer = _sqlite_engine(url, "BEGIN IMMEDIATE")
            self._reader = _sqlite_engine(url, "BEGIN")
        else:
            self._writer = self._reader = create_engine(url, pool_pre_ping=True)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a writing transaction. Raises: StoreUnavailable when the database cannot be worked with right now."""
        with _unavailable_told(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a reading transaction. Raises: StoreUnavailable."""
        with _unavailable_told(), self._reader.begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the tables to the newest version."""
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with self._writer.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()

    def close(self) -> None:
        """Close all connections."""
        self._writer.dispose()
        self._reader.dispose()


@contextmanager
def _unavailable_told() -> Iterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreUnavailable(str(error)) from error
    except (OperationalError, InterfaceError) as error:
        if "integer overflow" in str(error.orig):
            raise  # an amount that does not add up: the input is at fault, not the database
        raise StoreUnavailable(str(error.orig)) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailable(str(error.orig)) from error
        raise


def _sqlite_engine(url: str, begin: str) -> Engine:
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": _BUSY_TIMEOUT_S})

    @event.listens_for(engine, "connect")
    def set_up(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -65536"):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
