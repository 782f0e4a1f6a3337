"""Queries about members and what they own."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from hub.storage.cells import SLOT_COLUMNS, SLOT_SUMS, unpack
from hub.storage.sets import among
from hub.storage.tables import counters, entities, interest
from sync_protocol.accounts import Slots, rights
from sync_protocol.cells import Value
from sync_protocol.names import is_hub

MEMBER_KIND = "m"
COUPON_KIND = "c"


class EntityRow(NamedTuple):
    """One entity with the present values of its fields; `root` is the id it was joined to, mostly its own."""

    entity: str
    root: str
    owner: str | None
    values: Mapping[str, Value]

    def text(self, field: str) -> str | None:
        """Read a text field; None where there is none."""
        value = self.values.get(field)
        return value if isinstance(value, str) else None

    def number(self, field: str) -> int | None:
        """Read a field that is a number; None where there is none."""
        value = self.values.get(field)
        return value if isinstance(value, int) else None


_ENTITY = (entities.c.entity, entities.c.alias_of, entities.c.owner, entities.c.fields)


def _values(fields: bytes) -> dict[str, Value]:
    return {field: cell[0] for field, cell in unpack(fields).items()}


def read_root_ids(connection: Connection, after: str | None, limit: int) -> list[str]:
    """Read the ids of people, aliases left out, by id."""
    statement = (
        select(entities.c.entity)
        .where(entities.c.kind == MEMBER_KIND, entities.c.alias_of.is_(None))
        .order_by(entities.c.entity)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(entities.c.entity > after)
    return list(connection.execute(statement).scalars())


def read_members(connection: Connection, members: Iterable[str]) -> dict[str, EntityRow]:
    """Read these members by id; unknown ones are missing."""
    found: dict[str, EntityRow] = {}
    rows = connection.execute(
        select(*_ENTITY).where(among(entities.c.entity, sorted(set(members))), entities.c.kind == MEMBER_KIND)
    )
    for row in rows:
        found[row.entity] = EntityRow(row.entity, row.alias_of or row.entity, row.owner, _values(row.fields))
    return found


def read_all_members(connection: Connection, after: str, limit: int) -> list[EntityRow]:
    """Read members, aliases included, by id, beyond `after`."""
    rows = connection.execute(
        select(*_ENTITY)
        .where(entities.c.kind == MEMBER_KIND, entities.c.entity > after)
        .order_by(entities.c.entity)
        .limit(limit)
    )
    return [EntityRow(row.entity, row.alias_of or row.entity, row.owner, _values(row.fields)) for row in rows]


def count_people(connection: Connection) -> int:
    """Count people, aliases left out."""
    statement = (
        select(func.count()).select_from(entities).where(entities.c.kind == MEMBER_KIND, entities.c.alias_of.is_(None))
    )
    return int(connection.execute(statement).scalar_one())


def read_holders(connection: Connection, members: Sequence[str]) -> dict[str, set[str]]:
    """Read which stores hold each of these members."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    rows = connection.execute(select(interest.c.entity, interest.c.store).where(among(interest.c.entity, members)))
    for row in rows:
        found[row.entity].add(row.store)
    return found


def read_coupons(connection: Connection, owners: Sequence[str]) -> list[EntityRow]:
    """Read the coupons of these members, by id."""
    found: list[EntityRow] = []
    rows = connection.execute(select(*_ENTITY).where(among(entities.c.owner, owners), entities.c.kind == COUPON_KIND))
    found += [EntityRow(row.entity, row.entity, row.owner, _values(row.fields)) for row in rows]
    return sorted(found, key=lambda coupon: coupon.entity)


def read_right_holders(connection: Connection, accounts: Sequence[str]) -> dict[str, list[str]]:
    """Read which nodes hold rights on each of these accounts; the hub's free rights stand in the head rows."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    rows = connection.execute(
        select(counters.c.account, counters.c.node, *SLOT_SUMS)
        .where(among(counters.c.account, accounts))
        .group_by(counters.c.account, counters.c.node)
        .order_by(counters.c.account, counters.c.node)
    )
    for row in rows:
        slots = Slots(*(int(getattr(row, name)) for name in SLOT_COLUMNS))
        if not is_hub(row.node) and rights(slots) > 0:
            found[row.account].append(row.node)
    return found
