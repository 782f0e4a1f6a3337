"""The hub's settings: one table, read in one place.

One rule: every setting has a default, a sentence, and an environment variable `TILLSYNC_HUB_<NAME>`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from hub.storage.database import sqlite_url
from hub.storage.leases import LEASE_MAX_MS, LEASE_MS

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class HubSettings(msgspec.Struct, frozen=True):
    """The hub's settings. Sentences: see `SENTENCES`."""

    directory: Path = Path("var/hub")
    database: str = ""
    keystore: str = ""
    broker: str = ""
    partitions: str = ""
    embedded_broker_port: Port = 1883
    http_host: str = "127.0.0.1"
    http_port: Port = 8000
    metrics_port: Port = 0
    lease_ms: Annotated[int, msgspec.Meta(ge=2_000, le=LEASE_MAX_MS)] = LEASE_MS
    dark_after_ms: Annotated[int, msgspec.Meta(ge=500, le=3_600_000)] = 15_000

    def database_url(self) -> str:
        """Give the URL of the main database."""
        return self.database or sqlite_url(self.directory / "hub.db")

    def keystore_url(self) -> str:
        """Give the URL of the key store, a database of its own."""
        return self.keystore or sqlite_url(self.directory / "keystore.db")


SENTENCES: dict[str, str] = {
    "directory": "Where the hub keeps its files: the key-encryption key, and the databases unless named by URL.",
    "database": "URL of the main database (SQLAlchemy); empty: SQLite in the directory.",
    "keystore": "URL of the key store, a database of its own; empty: SQLite in the directory.",
    "broker": "Where the chain's MQTT broker listens, mqtt://HOST:PORT; empty: an embedded one, for demos and tests.",
    "partitions": "Which of the 1,024 partitions a worker process works on, A-B; empty: all of them.",
    "embedded_broker_port": "Port of the embedded broker on 127.0.0.1; 0 takes a free one.",
    "http_host": "Address the API and the console listen on.",
    "http_port": "Port of the API and the console; 0 takes a free one.",
    "metrics_port": "Port of the metrics page of a worker or jobs process, on http_host; 0: none. The API has its own.",
    "lease_ms": "How long a silent worker keeps its partitions, in milliseconds; then another may take them.",
    "dark_after_ms": "A store that was not heard for so long is shown as dark, in milliseconds.",
}


def load_settings(environment: Mapping[str, str] = os.environ, **given: object) -> HubSettings:
    """Put settings together: given values first, then the environment, then defaults.

    Raises: msgspec.ValidationError naming the setting.
    """
    values: dict[str, object] = {}
    for name in SENTENCES:
        variable = f"TILLSYNC_HUB_{name.upper()}"
        if given.get(name) is not None:
            values[name] = given[name]
        elif variable in environment:
            values[name] = environment[variable]
    if "directory" in values:
        values["directory"] = Path(str(values["directory"]))
    return msgspec.convert(values, HubSettings, strict=False)
