"""Queries about accounts, read off their head rows.

One rule: a balance is made - used - void, computed by the database over the head rows, which merges keep up to date.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, func, select

from hub.api.rows import AnyRow
from hub.storage.sets import among
from hub.storage.tables import heads

BALANCE = heads.c.made - heads.c.used - heads.c.void
IS_POINTS = and_(heads.c.account >= "p:", heads.c.account < "p;")
"""Accounts that begin with `p:`, as a range of the key (`;` follows `:`)."""


def read_page(connection: Connection, after: str | None, limit: int) -> Sequence[AnyRow]:
    """Read the balances of all accounts by account, beyond `after`."""
    statement = (
        select(heads.c.account, heads.c.owner, heads.c.made, heads.c.used, BALANCE.label("balance"))
        .order_by(heads.c.account)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(heads.c.account > after)
    return connection.execute(statement).all()


def read_of_owners(connection: Connection, owners: Sequence[str]) -> list[AnyRow]:
    """Read account, owner, used, free and balance of all accounts of these members, by account."""
    found: list[AnyRow] = []
    found += connection.execute(
        select(heads.c.account, heads.c.owner, heads.c.used, heads.c.free, BALANCE.label("balance")).where(
            among(heads.c.owner, owners)
        )
    )
    return sorted(found, key=lambda row: str(row.account))


def sum_points_by_owner(connection: Connection) -> dict[str, int]:
    """Sum up the points of every member, without their aliases'. Reads all accounts of points."""
    statement = select(heads.c.owner, func.sum(BALANCE).label("points")).where(IS_POINTS).group_by(heads.c.owner)
    return {row.owner: int(row.points) for row in connection.execute(statement)}


def sum_points(connection: Connection) -> int:
    """Sum up all points. Reads all accounts of points."""
    statement = select(func.coalesce(func.sum(BALANCE), 0)).where(IS_POINTS)
    return int(connection.execute(statement).scalar_one())
