"""The key store: member keys and the blind-index key, in a database of their own, wrapped by the key-encryption key.

One rule: no ordinary backup of the hub's main database holds a key; destroying a member's key here makes their personal
data unreadable.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, select

from hub.storage.database import HubDatabase
from hub.storage.sets import among, insert_new
from sync_protocol.messages import MemberKey

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_BLIND_INDEX: Final = "blind-index"

_metadata = MetaData()
_keys = Table(
    "keys",
    _metadata,
    Column("name", String, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)


def load_key_encryption_key(path: Path) -> bytes:
    """Read the key-encryption key from a file of mode 0600, made on first use. Raises: ValueError."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written aside and linked into place whole: of several processes that start at once, all read the same key.
        handle, aside = tempfile.mkstemp(dir=path.parent)  # mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(aside)
        Path(aside).unlink()
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise ValueError(f"{path} is no key-encryption key: {len(key)} bytes, {_KEY_BYTES} are expected")
    return key


class KeyStore:
    """Keys by name, wrapped with AES-256-GCM; the name is associated data."""

    def __init__(self, database: HubDatabase, key_encryption_key: bytes) -> None:
        self._database = database
        self._aead = AESGCM(key_encryption_key)
        self._seen: set[str] = set()
        with database.write() as connection:
            database.lock_start(connection)
            _metadata.create_all(connection)

    def blind_index_key(self) -> bytes:
        """Read the key of the blind index, made on first use."""
        wrapped = self._wrapped(_BLIND_INDEX)
        if wrapped is None:
            self._keep({_BLIND_INDEX: os.urandom(_KEY_BYTES)})  # another process may have been first: its key stays
            wrapped = self._wrapped(_BLIND_INDEX)
        assert wrapped is not None  # noqa: S101 - just kept
        return self._unwrap(_BLIND_INDEX, wrapped)

    def _wrapped(self, name: str) -> bytes | None:
        with self._database.read() as connection:
            return connection.execute(select(_keys.c.wrapped).where(_keys.c.name == name)).scalar_one_or_none()

    def fingerprint(self) -> int:
        """Give a number that tells this key store from others, and nothing about its keys."""
        digest = hashlib.sha256(b"tillsync key store|" + self.blind_index_key()).digest()
        return int.from_bytes(digest[:7], "big")

    def put_member_keys(self, keys: Iterable[MemberKey]) -> None:
        """Keep members' keys, durably; one that is there already stays."""
        new = {key.member: key.key for key in keys if key.member.startswith("m:") and key.member not in self._seen}
        if new:
            self._keep(new)
            self._seen |= set(new)

    def member_keys(self, members: Iterable[str]) -> dict[str, bytes]:
        """Read members' keys; destroyed or unknown ones are missing."""
        found = {}
        with self._database.read() as connection:
            for row in connection.execute(select(_keys).where(among(_keys.c.name, sorted(members)))):
                found[row.name] = self._unwrap(row.name, row.wrapped)
        return found

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def _keep(self, keys: dict[str, bytes]) -> None:
        rows = [{"name": name, "wrapped": self._wrap(name, key)} for name, key in sorted(keys.items())]
        with self._database.write() as connection:
            insert_new(connection, _keys, rows)

    def _wrap(self, name: str, key: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, key, name.encode())

    def _unwrap(self, name: str, wrapped: bytes) -> bytes:
        return self._aead.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], name.encode())
