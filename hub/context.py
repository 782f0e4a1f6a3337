"""What the parts of one hub process share."""

from collections.abc import Callable
from typing import NamedTuple

from hub.settings import HubSettings
from hub.storage.database import HubDatabase
from hub.storage.keystore import KeyStore, load_key_encryption_key


class HubContext(NamedTuple):
    """Opened databases, settings, and how to tell the worker that something was marked (`wake`)."""

    settings: HubSettings
    database: HubDatabase
    keys: KeyStore
    hub_n: int
    wake: Callable[[], None]


def open_context(settings: HubSettings, wake: Callable[[], None] = lambda: None) -> HubContext:
    """Open and migrate the databases of a hub process."""
    settings.directory.mkdir(parents=True, exist_ok=True)
    database = HubDatabase(settings.database_url())
    database.migrate()
    key = load_key_encryption_key(settings.directory / "kek.key")
    keys = KeyStore(HubDatabase(settings.keystore_url()), key)
    return HubContext(settings, database, keys, 1, wake)
