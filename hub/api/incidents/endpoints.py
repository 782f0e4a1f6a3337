"""Endpoints of incidents."""

from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy import Connection

from hub.api.incidents import repository
from hub.api.incidents.schemas import (
    Alarm,
    AlarmPage,
    DeadLetter,
    DeadLetterPage,
    QuarantinedEntry,
    QuarantineList,
    Settled,
    Settlement,
)
from hub.api.paging import ROW_ID_MAX, AfterRow, IdInPath, Limit, cut_page
from hub.api.parts import Parts
from hub.api.rows import AnyRow
from hub.errors import NotFound

router = APIRouter(prefix="/api", tags=["incidents"])

EntryNumber = Annotated[int, Path(ge=1, le=ROW_ID_MAX)]


@router.get("/dead-letters")
def list_dead_letters(parts: Parts, after: AfterRow = None, limit: Limit = 100) -> DeadLetterPage:
    """List dead letters, newest first."""
    with parts.context.database.read() as connection:
        rows = repository.read_dead_letters(connection, after, limit + 1)
    rows, next_after = cut_page(rows, limit, lambda row: int(row.id))
    letters = [DeadLetter.model_validate(row, from_attributes=True) for row in rows]
    return DeadLetterPage(dead_letters=letters, next_after=next_after)


@router.get("/alarms")
def list_alarms(parts: Parts, after: AfterRow = None, limit: Limit = 100) -> AlarmPage:
    """List alarms, newest first."""
    with parts.context.database.read() as connection:
        rows = repository.read_alarms(connection, after, limit + 1)
    rows, next_after = cut_page(rows, limit, lambda row: int(row.id))
    return AlarmPage(alarms=[Alarm.model_validate(row, from_attributes=True) for row in rows], next_after=next_after)


@router.get("/quarantine")
def list_quarantine(parts: Parts) -> QuarantineList:
    """List entries in quarantine, those that wait first."""
    with parts.context.database.read() as connection:
        rows = repository.read_quarantine(connection)
    return QuarantineList(entries=[_entry(row) for row in rows])


@router.post("/quarantine/{actor}/{number}/settle")
def settle(actor: IdInPath, number: EntryNumber, settlement: Settlement, parts: Parts) -> Settled:
    """Settle an entry; once nothing of its node waits, the node goes on. Settling again changes nothing."""

    def settle_it(connection: Connection) -> Settled:
        if repository.read_entry(connection, actor, number) is None:
            raise NotFound(f"no entry {number} of {actor} is in quarantine")
        repository.settle(connection, actor, number, settlement.note, parts.now_ms())
        entry = _entry(repository.read_entry(connection, actor, number))
        return Settled(entry=entry, actor_state=repository.read_actor_state(connection, actor))

    settled = parts.context.database.transact(settle_it)
    parts.context.wake()
    return settled


def _entry(row: AnyRow | None) -> QuarantinedEntry:
    assert row is not None  # noqa: S101 - nothing leaves quarantine
    return QuarantinedEntry(**{**row._mapping, "hash": row.hash.hex()})
