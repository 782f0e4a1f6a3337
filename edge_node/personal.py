"""Personal data at rest: field encryption under member keys, and the blind index.

One rule: a name, a phone or a card number is never written in the clear, neither in a table nor in an entry. Looking up
goes through a keyed hash of the normalised value; reading needs the member's key, wrapped by the node's storage key.

AES-256-GCM with random 96-bit nonces; associated data binds a ciphertext to its member and field, so that moving it to
another row is refused. Source: NIST SP 800-38D.
"""

import hashlib
import hmac
import os
import sqlite3
import unicodedata
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
LINK_KINDS = ("phone", "card")


def normalised(kind: str, value: str) -> str:
    """Bring an identity into the one form that is hashed: digits of a phone, a card in upper case without spaces."""
    text = unicodedata.normalize("NFKC", value)
    if kind == "phone":
        return "".join(char for char in text if char.isascii() and char.isdigit())
    return "".join(text.split()).upper()


def blind(key: bytes, kind: str, value: str) -> str:
    """Compute the blind index of an identity."""
    return hmac.new(key, f"{kind}|{normalised(kind, value)}".encode(), hashlib.sha256).hexdigest()[:32]


def masked(value: str) -> str:
    """Show only the last four characters of a phone or card."""
    return "*" * max(len(value) - 4, 0) + value[-4:] if len(value) > 4 else "*" * len(value)


def _aad(member: str, field: str) -> bytes:
    return f"{member}|{field}".encode()


def seal_field(member_key: bytes, member: str, field: str, text: str) -> bytes:
    """Encrypt one personal field of one member."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(member_key).encrypt(nonce, text.encode(), _aad(member, field))


def open_field(member_key: bytes, member: str, field: str, sealed: bytes) -> str | None:
    """Decrypt one personal field; None when it does not open under this key, member and field."""
    try:
        return AESGCM(member_key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _aad(member, field)).decode()
    except (InvalidTag, ValueError):
        return None


class KeyRing:
    """Member keys of this node, wrapped by its storage key (a file of mode 0600 beside the database)."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(os.urandom(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise ValueError(f"{path} is no storage key: {len(key)} bytes, {KEY_BYTES} are expected")
        self._storage_key = key

    def put(self, connection: sqlite3.Connection, member: str, member_key: bytes) -> None:
        """Keep a member's key; one that is there already stays."""
        if connection.execute("SELECT 1 FROM member_keys WHERE member = ?", (member,)).fetchone():
            return
        nonce = os.urandom(NONCE_BYTES)
        wrapped = nonce + AESGCM(self._storage_key).encrypt(nonce, member_key, _aad(member, "key"))
        connection.execute("INSERT INTO member_keys (member, wrapped) VALUES (?, ?)", (member, wrapped))

    def get(self, connection: sqlite3.Connection, member: str) -> bytes | None:
        """Read a member's key; None where there is none, or it does not open."""
        row = connection.execute("SELECT wrapped FROM member_keys WHERE member = ?", (member,)).fetchone()
        if row is None:
            return None
        wrapped = row["wrapped"]
        try:
            return AESGCM(self._storage_key).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _aad(member, "key"))
        except InvalidTag:
            return None
