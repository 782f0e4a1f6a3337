"""Leases: which worker process works on which partitions, and under which epoch (SPEC 8.1).

One rule: time decides who may *try* to take a lease over, the row decides who *has* it. Every transaction of a worker
locks its own row for sharing; taking over deletes that row, waits for such transactions, and makes all later ones fail.
"""

import os
import socket
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.engine import Row

from hub.errors import PartitionsHeld
from hub.storage.database import HubDatabase
from hub.storage.own_writes import next_numbers
from hub.storage.partitions import Partitions
from hub.storage.tables import leases
from sync_protocol.hub_ports import StoreUnavailable

LEASE_MS: Final = 10_000
"""How long a lease lasts without being renewed, unless the settings say otherwise."""

LEASE_MAX_MS: Final = 600_000
RENEWALS_PER_LEASE: Final = 4

_ACQUIRE_LOCK: Final = 7_411_002
_SQLITE_CLOCK: Final = text("SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)")
_POSTGRESQL_CLOCK: Final = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)")
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE: Final = Path("/proc/self/ns/pid")


class LeaseLost(StoreUnavailable):
    """Another worker holds these partitions now: nothing of the transaction was applied."""


class Holder(NamedTuple):
    """A process as others can look for it: `machine` names host, boot and process namespace."""

    name: str
    machine: str
    pid: int
    pid_started: int


def this_process(name: str) -> Holder:
    """Describe the present process."""
    pid = os.getpid()
    return Holder(f"{name} on {socket.gethostname()}, process {pid}", _machine(), pid, _started(pid))


def _machine() -> str:
    try:
        return f"{socket.gethostname()}/{_BOOT_ID.read_text().strip()}/{_NAMESPACE.readlink()}"
    except OSError:
        return ""  # not Linux: nobody is ever known to be dead


def _started(pid: int) -> int:
    """Read when a process started, in clock ticks since boot (proc(5), field 22); 0 where there is none."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
        return int(after_name.split()[19])
    except (OSError, IndexError, ValueError):
        return 0


def is_dead(row: Row[Any] | Holder) -> bool:
    """Tell whether a holder is known to be gone: on this machine, and its process is not there any more."""
    return bool(row.machine) and row.machine == _machine() and _started(row.pid) != row.pid_started


class Lease:
    """A lease that this process took, as the sync session's transactions see it."""

    def __init__(self, epoch: int, partitions: Partitions) -> None:
        self.epoch = epoch
        self.partitions = partitions

    def check(self, connection: Connection) -> None:
        """Make sure, until the transaction ends, that the lease is ours. Raises: LeaseLost."""
        mine = select(leases.c.epoch).where(leases.c.epoch == self.epoch).with_for_update(read=True)
        if connection.execute(mine).first() is None:
            raise LeaseLost(f"another worker has taken partitions {self.partitions} over")


class Leases:
    """Takes, renews and gives back leases in one database."""

    def __init__(self, database: HubDatabase, holder: Holder, lease_ms: int = LEASE_MS) -> None:
        self._database = database
        self._holder = holder
        self._lease_ms = lease_ms

    def take(self, partitions: Partitions) -> Lease:
        """Take partitions whose leases have run out or whose holders are dead.

        Raises: PartitionsHeld naming who holds them; StoreUnavailable.
        """
        return self._database.transact(lambda connection: self._take(connection, partitions))

    def renew(self, lease: Lease) -> None:
        """Hold a lease for longer. Raises: LeaseLost, StoreUnavailable."""

        def work(connection: Connection) -> None:
            lease.check(connection)
            until_ms = _now_ms(connection) + self._lease_ms
            connection.execute(update(leases).where(leases.c.epoch == lease.epoch).values(until_ms=until_ms))

        self._database.transact(work)

    def give_back(self, lease: Lease) -> None:
        """End a lease, so that another may be taken at once. Raises: StoreUnavailable."""
        self._database.transact(lambda connection: _end(connection, lease.epoch))

    def _take(self, connection: Connection, partitions: Partitions) -> Lease:
        if connection.dialect.name != "sqlite":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ACQUIRE_LOCK})
        now_ms = _now_ms(connection)
        overlapping = connection.execute(
            select(leases).where(
                leases.c.first_partition <= partitions.last, leases.c.last_partition >= partitions.first
            )
        ).all()
        for row in overlapping:
            is_good = now_ms < row.until_ms <= now_ms + LEASE_MAX_MS  # beyond: the clock was set back
            if is_good and not is_dead(row):
                raise PartitionsHeld(_describe(row, now_ms), row.epoch, row.until_ms)
            _end(connection, row.epoch)
        (epoch,) = next_numbers(connection, "lease-epoch")
        connection.execute(
            insert(leases).values(
                epoch=epoch,
                first_partition=partitions.first,
                last_partition=partitions.last,
                holder=self._holder.name,
                machine=self._holder.machine,
                pid=self._holder.pid,
                pid_started=self._holder.pid_started,
                since_ms=now_ms,
                until_ms=now_ms + self._lease_ms,
            )
        )
        return Lease(epoch, partitions)


def _end(connection: Connection, epoch: int) -> None:
    connection.execute(delete(leases).where(leases.c.epoch == epoch))


def _describe(row: Row[Any], now_ms: int) -> str:
    held_s = max(now_ms - row.since_ms, 0) // 1000
    partitions = Partitions(row.first_partition, row.last_partition)
    return (
        f"{row.holder}, partitions {partitions}, for {held_s} s, lease good for {(row.until_ms - now_ms) / 1000:.0f} s"
    )


def _now_ms(connection: Connection) -> int:
    """Read the database's clock: the one that all workers share."""
    clock = _SQLITE_CLOCK if connection.dialect.name == "sqlite" else _POSTGRESQL_CLOCK
    return int(connection.execute(clock).scalar_one())
