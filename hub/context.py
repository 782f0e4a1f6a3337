"""What the parts of one hub process share."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from hub.api.health.repository import read_schema
from hub.errors import KeyStoreForeign
from hub.metrics import HubMetrics
from hub.settings import HubSettings
from hub.storage.database import HubDatabase
from hub.storage.keystore import KeyStore, load_key_encryption_key
from hub.storage.own_writes import bind_key_store
from hub.storage.wakeups import notify


class HubContext(NamedTuple):
    """Opened databases, settings, metrics, and how to tell the worker that something was marked (`wake`).

    `schema` names the version of the database's schema at the start of the process.
    """

    settings: HubSettings
    database: HubDatabase
    keys: KeyStore
    hub_n: int
    wake: Callable[[], None]
    metrics: HubMetrics
    schema: str

    def close(self) -> None:
        """Close the databases."""
        self.database.close()
        self.keys.close()


def open_context(settings: HubSettings, wake: Callable[[], None] | None = None) -> HubContext:
    """Open and migrate the databases of a hub process. Without `wake`, the workers of other processes are told.

    Raises: HubCannotStart saying what to do; StoreUnavailable when a database cannot be reached right now.
    """
    settings.directory.mkdir(parents=True, exist_ok=True)
    database = HubDatabase(settings.database_url())
    key_database = HubDatabase(settings.keystore_url())
    try:
        database.migrate()
        with database.read() as connection:
            schema = read_schema(connection)
        keys = KeyStore(key_database, load_key_encryption_key(settings.directory / "kek.key"))
        _bind(database, keys)
    except BaseException:
        database.close()
        key_database.close()
        raise
    return HubContext(settings, database, keys, 1, wake or partial(notify, database), HubMetrics(), schema)


def _bind(database: HubDatabase, keys: KeyStore) -> None:
    fingerprint = keys.fingerprint()
    if database.transact(partial(bind_key_store, fingerprint=fingerprint)) != fingerprint:
        raise KeyStoreForeign(database.name)
