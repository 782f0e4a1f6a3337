"""Queries about receipts."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select, tuple_

from hub.api.rows import AnyRow
from hub.storage.sets import among
from hub.storage.tables import receipts, records


class ReceiptKey(NamedTuple):
    """Where a receipt stands in the order of arrival."""

    received_ms: int
    receipt: str


_SUMMARY = (
    receipts.c.receipt,
    receipts.c.actor,
    receipts.c.store,
    receipts.c.kind,
    receipts.c.member,
    receipts.c.basket_ref,
    receipts.c.business_time_ms,
    receipts.c.business_day,
    receipts.c.total_minor,
    receipts.c.points_earned,
    receipts.c.points_used,
    receipts.c.offline,
    receipts.c.received_ms,
)
_ARRIVAL = tuple_(receipts.c.received_ms, receipts.c.receipt)


def read_page(
    connection: Connection, after: ReceiptKey | None, store: str | None, limit: int, *, newest: bool
) -> Sequence[AnyRow]:
    """Read receipts by arrival, oldest or newest first, beyond `after`."""
    statement: Select[Any] = select(*_SUMMARY).limit(limit)
    if newest:
        statement = statement.order_by(receipts.c.received_ms.desc(), receipts.c.receipt.desc())
    else:
        statement = statement.order_by(receipts.c.received_ms, receipts.c.receipt)
    if after is not None:
        statement = statement.where(tuple_(*after) > _ARRIVAL if newest else tuple_(*after) < _ARRIVAL)
    if store is not None:
        statement = statement.where(receipts.c.store == store)
    return connection.execute(statement).all()


def read_summary(connection: Connection, receipt: str) -> AnyRow | None:
    """Read one receipt without its lines, and its record number as `record`."""
    return connection.execute(select(*_SUMMARY, receipts.c.record).where(receipts.c.receipt == receipt)).one_or_none()


def read_of_members(connection: Connection, members: Sequence[str], limit: int) -> Sequence[AnyRow]:
    """Read the latest receipts of these members, by time of sale."""
    found: list[AnyRow] = []
    statement = (
        select(*_SUMMARY)
        .where(among(receipts.c.member, members))
        .order_by(receipts.c.business_time_ms.desc(), receipts.c.receipt.desc())
        .limit(limit)
    )
    found += connection.execute(statement).all()
    found.sort(key=lambda row: (row.business_time_ms, row.receipt), reverse=True)
    return found[:limit]


def read_bodies(connection: Connection, actor: str, record: int) -> list[bytes]:
    """Read all bodies known under a record number, the one to show first."""
    rows = connection.execute(
        select(records.c.body).where(records.c.actor == actor, records.c.number == record).order_by(records.c.hash)
    )
    return [row.body for row in rows]


def read_refs(connection: Connection, after: str | None, limit: int) -> Sequence[AnyRow]:
    """Read what machines compare of receipts, by number."""
    statement = (
        select(receipts.c.receipt, receipts.c.basket_ref, receipts.c.store, receipts.c.member, receipts.c.total_minor)
        .order_by(receipts.c.receipt)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(receipts.c.receipt > after)
    return connection.execute(statement).all()
