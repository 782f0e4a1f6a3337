"""What SQLite says when the disk, the file system or another program is at fault, in words for people.

One rule: only faults of the surroundings are told here; a mistake of ours stays the error it is.
"""

import sqlite3
from typing import Final

from edge_node.errors import DatabaseRefused, StorageUnavailable

_PRIMARY_CODE: Final = 0xFF

_PASSING: Final = {
    sqlite3.SQLITE_FULL: ("disk-full", "the disk is full"),
    sqlite3.SQLITE_READONLY: ("read-only", "the disk or the database file is read-only"),
    sqlite3.SQLITE_IOERR: ("disk-error", "the disk reports an error"),
    sqlite3.SQLITE_CANTOPEN: ("cannot-open", "the database file cannot be opened"),
    sqlite3.SQLITE_BUSY: ("locked", "another program locks the database"),
    sqlite3.SQLITE_LOCKED: ("locked", "another program locks the database"),
}
_LASTING: Final = {
    sqlite3.SQLITE_NOTADB: "is no database; name another directory, or restore the file",
    sqlite3.SQLITE_CORRUPT: "is damaged; keep a copy, then enrol this store again as the next incarnation",
    sqlite3.SQLITE_READONLY: "cannot be written; mend the permissions or the disk",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; mend the permissions of the file and its directory",
}


def told(error: BaseException) -> BaseException:
    """Give what people are told: StorageUnavailable for a fault of the surroundings, else the error itself."""
    found = _PASSING.get(_code(error))
    if found is None:
        return error
    reason, sentence = found
    unavailable = StorageUnavailable(sentence, reason_code=reason)
    unavailable.__cause__ = error
    return unavailable


def told_at_start(error: sqlite3.Error, path: str) -> BaseException:
    """Give the error that people are told at the start, when a fault that needs a person is no reason to wait."""
    lasting = _LASTING.get(_code(error))
    return told(error) if lasting is None else DatabaseRefused(f"{path} {lasting}")


def _code(error: BaseException) -> int:
    code = getattr(error, "sqlite_errorcode", None)
    return code & _PRIMARY_CODE if isinstance(code, int) else -1
