"""Queries about incidents: dead letters, quarantine, alarms.

One rule: nothing is taken out of quarantine; settling writes beside an entry when and why.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Table, func, select, update

from hub.api.rows import AnyRow
from hub.storage.tables import actors, alarms, dead_letters, quarantine
from sync_protocol.hub_ports import ACTIVE, HELD

QUARANTINE_LISTED_MAX = 1_000


class IncidentCounts(NamedTuple):
    """How many there are; of quarantine only what waits."""

    dead_letters: int
    quarantined: int
    alarms: int


_ENTRY = (
    quarantine.c.actor,
    quarantine.c.number,
    quarantine.c.reason,
    quarantine.c.at_ms,
    quarantine.c.hash,
    func.length(quarantine.c.data).label("data_bytes"),
    quarantine.c.settled_ms,
    quarantine.c.settled_note,
)


def read_dead_letters(connection: Connection, before: int | None, limit: int) -> Sequence[AnyRow]:
    """Read dead letters, newest first, those older than the one with the id `before`."""
    statement = select(
        dead_letters.c.id,
        dead_letters.c.at_ms,
        dead_letters.c.actor,
        dead_letters.c.channel,
        dead_letters.c.code,
        dead_letters.c.reason,
        func.length(dead_letters.c.payload).label("payload_bytes"),
    )
    if before is not None:
        statement = statement.where(dead_letters.c.id < before)
    return connection.execute(statement.order_by(dead_letters.c.id.desc()).limit(limit)).all()


def read_alarms(connection: Connection, before: int | None, limit: int) -> Sequence[AnyRow]:
    """Read alarms, newest first, those older than the one with the id `before`."""
    statement = select(alarms)
    if before is not None:
        statement = statement.where(alarms.c.id < before)
    return connection.execute(statement.order_by(alarms.c.id.desc()).limit(limit)).all()


def read_quarantine(connection: Connection) -> Sequence[AnyRow]:
    """Read entries in quarantine: those that wait first, then newest first."""
    return connection.execute(
        select(*_ENTRY)
        .order_by(
            quarantine.c.settled_ms.is_not(None),
            quarantine.c.at_ms.desc(),
            quarantine.c.actor,
            quarantine.c.number,
        )
        .limit(QUARANTINE_LISTED_MAX)
    ).all()


def read_entry(connection: Connection, actor: str, number: int) -> AnyRow | None:
    """Read one entry in quarantine."""
    return connection.execute(
        select(*_ENTRY).where(quarantine.c.actor == actor, quarantine.c.number == number)
    ).one_or_none()


def settle(connection: Connection, actor: str, number: int, note: str, now_ms: int) -> None:
    """Settle an entry; once nothing of its node waits, a held node becomes active. A settled entry stays as it is.

    The actor's row is locked first, as the sync session does.
    """
    connection.execute(select(actors.c.actor).where(actors.c.actor == actor).with_for_update())
    connection.execute(
        update(quarantine)
        .where(quarantine.c.actor == actor, quarantine.c.number == number, quarantine.c.settled_ms.is_(None))
        .values(settled_ms=now_ms, settled_note=note)
    )
    waiting = select(quarantine.c.number).where(quarantine.c.actor == actor, quarantine.c.settled_ms.is_(None))
    connection.execute(
        update(actors).where(actors.c.actor == actor, actors.c.state == HELD, ~waiting.exists()).values(state=ACTIVE)
    )


def read_actor_state(connection: Connection, actor: str) -> str | None:
    """Read the state of a node; None for one that is not known."""
    return connection.execute(select(actors.c.state).where(actors.c.actor == actor)).scalar_one_or_none()


def count_incidents(connection: Connection) -> IncidentCounts:
    """Count what staff should look at."""
    waiting = select(func.count()).select_from(quarantine).where(quarantine.c.settled_ms.is_(None))
    return IncidentCounts(
        dead_letters=_count(connection, dead_letters),
        quarantined=int(connection.execute(waiting).scalar_one()),
        alarms=_count(connection, alarms),
    )


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
