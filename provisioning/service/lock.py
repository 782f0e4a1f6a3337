"""One running process per directory.

One rule: the lock is the kernel's (flock), so it ends with its holder, however that ends. What stands in the file only
tells people who the holder is.
"""

import contextlib
import fcntl
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from provisioning.errors import ProvisioningError

LOCK_NAME: Final = "running.lock"
_OWNER_BYTES_MAX: Final = 4_096


class DirectoryInUse(ProvisioningError):
    """Another process works in the directory."""


class Owner(msgspec.Struct, frozen=True):
    """Who holds a lock, for people to read."""

    pid: int
    host: str
    since: str
    command: str


class DirectoryLock:
    """Holds a directory for one process for as long as the block lasts."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / LOCK_NAME
        self._handle: int | None = None

    def __enter__(self) -> Self:
        """Take the lock. Raises: DirectoryInUse saying who holds it; OSError when the directory cannot be written."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            held_by = _describe(os.read(handle, _OWNER_BYTES_MAX))
            os.close(handle)
            raise DirectoryInUse(
                f"{self.path.parent} is in use by {held_by}. Two at once would write under one name: "
                "stop the other one first, or name another directory."
            ) from error
        self._handle = handle
        with contextlib.suppress(OSError):  # a full disk: the lock holds all the same
            os.ftruncate(handle, 0)
            os.pwrite(handle, msgspec.json.encode(_myself()) + b"\n", 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lock back; the file stays, for removing it would let two processes lock two files of one name."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _myself() -> Owner:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    return Owner(os.getpid(), socket.gethostname(), datetime.now(UTC).isoformat(timespec="seconds"), command)


def _describe(raw: bytes) -> str:
    try:
        owner = msgspec.json.decode(raw, type=Owner)
    except msgspec.DecodeError:
        return "another process"
    return f"process {owner.pid} on {owner.host} since {owner.since} ({owner.command})"
