"""Queries of exports: sums over whole tables, each in one statement."""

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from hub.storage.tables import receipts


class MemberSums(NamedTuple):
    """Receipts of one member id, summed up."""

    receipts_count: int
    net_minor: int


def sum_receipts_by_member(connection: Connection) -> dict[str, MemberSums]:
    """Sum up the receipts of every member id that stands on one."""
    rows = connection.execute(
        select(
            receipts.c.member,
            func.count().label("receipts_count"),
            func.sum(receipts.c.total_minor).label("net_minor"),
        )
        .where(receipts.c.member.is_not(None))
        .group_by(receipts.c.member)
    )
    return {row.member: MemberSums(row.receipts_count, int(row.net_minor)) for row in rows}
