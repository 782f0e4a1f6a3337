"""One person behind several ids: aliases, and joining duplicates found by their identity links.

One rule: joining is a register written by the hub (`alias_of`), nothing else moves; balances add up because a person's
accounts are those of all their ids.

Who belongs together follows from links and aliases of many rows at once, and so does who must hold them. Whoever may
join ids therefore takes one lock of the whole chain, before all rows; whoever begins to hold members takes it shared.
On SQLite the transaction is that lock.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, select, text

from hub.storage.sets import POSTGRESQL, among
from hub.storage.tables import entities, interest, links

_PEOPLE_LOCK: Final = 7_411_003
_LOCK: Final = text(f"SELECT pg_advisory_xact_lock({_PEOPLE_LOCK})")
_LOCK_SHARED: Final = text(f"SELECT pg_advisory_xact_lock_shared({_PEOPLE_LOCK})")


def lock_joining(connection: Connection) -> None:
    """Keep others from joining ids, and from beginning to hold any, until this transaction ends."""
    if connection.dialect.name == POSTGRESQL:
        connection.execute(_LOCK)


def lock_people(connection: Connection) -> None:
    """Keep others from joining ids until this transaction ends."""
    if connection.dialect.name == POSTGRESQL:
        connection.execute(_LOCK_SHARED)


def roots_of(connection: Connection, members: Iterable[str]) -> dict[str, str]:
    """Tell the joined-to id of each member; a member that is no alias is its own."""
    found = {member: member for member in members}
    rows = connection.execute(
        select(entities.c.entity, entities.c.alias_of).where(among(entities.c.entity, sorted(found)))
    )
    found |= {row.entity: row.alias_of or row.entity for row in rows}
    return found


def people_of(connection: Connection, roots: Iterable[str]) -> dict[str, list[str]]:
    """List all ids of each person: the joined-to id first, then its aliases."""
    found: dict[str, list[str]] = {root: [root] for root in roots}
    rows = connection.execute(
        select(entities.c.entity, entities.c.alias_of)
        .where(among(entities.c.alias_of, sorted(found)))
        .order_by(entities.c.entity)
    )
    for row in rows:
        found[row.alias_of].append(row.entity)
    return found


def find_members(connection: Connection, kind: str, blind: str) -> list[str]:
    """Find all ids of the person with this identity."""
    rows = connection.execute(
        select(links.c.member).where(links.c.kind == kind, links.c.blind == blind).order_by(links.c.member)
    )
    members = [row.member for row in rows]
    if not members:
        return []
    roots = roots_of(connection, members)
    people = people_of(connection, sorted(set(roots.values())))
    return [member for root in sorted(people) for member in people[root]]


def duplicates(connection: Connection, changed: Iterable[str], new: set[str]) -> dict[str, str]:
    """Find members that share an identity; return which ids become aliases of which.

    The id that the hub knew first stays; between two that arrive together, the lower one.
    """
    aliases: dict[str, str] = {}
    shared: set[tuple[str, str]] = set()
    rows = connection.execute(select(links.c.kind, links.c.blind).where(among(links.c.member, sorted(changed))))
    shared |= {(row.kind, row.blind) for row in rows}
    for kind, blind in sorted(shared):
        rows = connection.execute(select(links.c.member).where(links.c.kind == kind, links.c.blind == blind))
        members = [row.member for row in rows]
        if len(members) < 2:
            continue
        roots = roots_of(connection, members)
        ids = sorted({aliases.get(root, root) for root in roots.values()})
        if len(ids) < 2:
            continue
        root = min(ids, key=lambda member: (member in new, member))
        for other in ids:
            if other != root:
                aliases[other] = root
                aliases |= dict.fromkeys(people_of(connection, [other])[other], root)
                aliases |= {alias: root for alias, old in aliases.items() if old == other}
    return aliases


def holders_of(connection: Connection, members: Sequence[str]) -> list[str]:
    """List the stores that hold any of these ids."""
    rows = connection.execute(select(interest.c.store).where(interest.c.entity.in_(members)).distinct())
    return sorted(row.store for row in rows)
