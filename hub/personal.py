"""Personal data as headquarters reads it: opening sealed fields, looking up by blind index, showing masked.

One rule: a name, a phone or a card number is opened only to be answered at once; it is never stored or logged here.
Nodes seal the fields; the hub only opens them, with the member's key out of the key store.

A sealed field is a 96-bit nonce and AES-256-GCM ciphertext; associated data `member|field` binds it to its place, so
that moving it to another row is refused. Source: NIST SP 800-38D.
"""

import hashlib
import hmac
import unicodedata
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES: Final = 12
SHOWN_CHARACTERS: Final = 4
BLIND_CHARACTERS: Final = 32


def normalised(kind: str, value: str) -> str:
    """Bring an identity into the one form that is hashed: digits of a phone, a card in upper case without spaces."""
    text = unicodedata.normalize("NFKC", value)
    if kind == "phone":
        return "".join(char for char in text if char.isascii() and char.isdigit())
    return "".join(text.split()).upper()


def blind(key: bytes, kind: str, value: str) -> str:
    """Compute the blind index of an identity of `kind` (`phone` or `card`)."""
    text = f"{kind}|{normalised(kind, value)}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:BLIND_CHARACTERS]


def masked(value: str) -> str:
    """Show only the last four characters of a phone or card; nothing of a value that has no more than these."""
    hidden = max(len(value) - SHOWN_CHARACTERS, 0)
    return "*" * hidden + value[-SHOWN_CHARACTERS:] if hidden else "*" * len(value)


def open_field(member_key: bytes, member: str, field: str, sealed: bytes) -> str | None:
    """Open one personal field; None when it does not open under this key, member and field."""
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(member_key).decrypt(nonce, ciphertext, f"{member}|{field}".encode()).decode()
    except (InvalidTag, ValueError):
        return None
