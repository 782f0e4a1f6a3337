"""Cells in the hub's tables: the three joins as set-based statements, and the head row of every account.

One rule: rows are touched in key order, and a head row is locked before the counters of its account change, so that
free rights are always what the counters say (SPEC 2.3).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, case, func, select

from hub.storage.sets import POSTGRESQL, among, insert_for, insert_new, insert_new_keys, upsert, upsert_greatest
from hub.storage.tables import counters, entities, heads, links, records
from sync_protocol.accounts import Slots, place_of
from sync_protocol.cells import Counter, Record, Register, Value, body_hash, join_registers
from sync_protocol.names import is_hub, is_link, owner_in_name

PackedFields = dict[str, tuple[Value, int, str]]

ENTITY_BYTES_MAX = 48 * 1024
"""Bound on one entity's packed fields, so that an entity with its coupons always fits one message."""

ACCOUNTS_PER_OWNER_MAX = 500
"""Bound on the accounts of one member, for the same reason."""

_decoder = msgspec.msgpack.Decoder(PackedFields)
_encoder = msgspec.msgpack.Encoder()
_NO_FIELDS: Final = _encoder.encode({})

SLOT_COLUMNS = ("made", "used", "to_hub", "granted", "taken", "void")
SLOT_SUMS = [func.coalesce(func.sum(counters.c[name]), 0).label(name) for name in SLOT_COLUMNS]


def unpack(packed: bytes) -> PackedFields:
    """Read packed fields."""
    return _decoder.decode(packed)


def lock_packed(connection: Connection, wanted: Collection[str]) -> dict[str, PackedFields]:
    """Read the packed fields of entities and lock their rows; new ones are missing, and locked all the same."""
    if not wanted:
        return {}
    found = _read_locked(connection, wanted)
    if connection.dialect.name == POSTGRESQL and (new := sorted(set(wanted) - set(found))):
        # Somebody else may be writing the same new entity: whose row comes second waits here, and reads what was first.
        rows = [{"entity": name, "kind": name.partition(":")[0], "fields": _NO_FIELDS} for name in new]
        ours = insert_new_keys(connection, entities, "entity", rows)
        found |= _read_locked(connection, set(new) - ours)
    return found


def _read_locked(connection: Connection, wanted: Collection[str]) -> dict[str, PackedFields]:
    if not wanted:
        return {}
    rows = connection.execute(
        select(entities.c.entity, entities.c.fields)
        .where(among(entities.c.entity, sorted(wanted)))
        .order_by(entities.c.entity)
        .with_for_update()
    )
    return {row.entity: unpack(row.fields) for row in rows}


def join_in_registers(connection: Connection, registers: Iterable[Register]) -> tuple[set[str], set[str]]:
    """Join registers in; return the entities that changed, and those of them that are new.

    Raises: ValueError when an entity would outgrow its bound.
    """
    by_entity: defaultdict[str, list[Register]] = defaultdict(list)
    for register in registers:
        by_entity[register.entity].append(register)
    stored = lock_packed(connection, by_entity)
    changed: dict[str, PackedFields] = {}
    for entity, cells in sorted(by_entity.items()):
        fields = dict(stored.get(entity, {}))
        if _join_into(fields, cells):
            changed[entity] = fields
    write_entities(connection, changed)
    _project_links(connection, changed)
    return set(changed), set(changed) - set(stored)


def _join_into(fields: PackedFields, cells: Sequence[Register]) -> bool:
    changed = False
    for cell in cells:
        known = fields.get(cell.field)
        if known is not None:
            old = Register(cell.entity, cell.field, *known)
            if join_registers(old, cell) is old:  # `==` would take True for 1
                continue
        fields[cell.field] = (cell.value, cell.stamp, cell.actor)
        changed = True
    return changed


def _text(fields: PackedFields, name: str) -> str | None:
    value = fields[name][0] if name in fields else None
    return value if isinstance(value, str) else None


def write_entities(connection: Connection, changed: dict[str, PackedFields]) -> None:
    """Write entity rows with the columns projected from their fields. Raises: ValueError beyond the bound."""
    rows = []
    for entity, fields in sorted(changed.items()):
        packed = _encoder.encode(fields)
        if len(packed) > ENTITY_BYTES_MAX:
            raise ValueError(f"{entity} would grow to {len(packed)} bytes, at most {ENTITY_BYTES_MAX} are kept")
        rows.append(
            {
                "entity": entity,
                "kind": entity.partition(":")[0],
                "owner": _text(fields, "member"),
                "alias_of": _text(fields, "alias_of"),
                "code": _text(fields, "code"),
                "home_store": _text(fields, "home_store"),
                "fields": packed,
            }
        )
    upsert(connection, entities, rows)


def _project_links(connection: Connection, changed: dict[str, PackedFields]) -> None:
    new: list[dict[str, str]] = []
    gone: list[dict[str, str]] = []
    for entity, fields in changed.items():
        for field, cell in fields.items():
            if is_link(field):
                _, kind, blind = field.split(":", 2)
                (new if cell[0] else gone).append({"kind": kind, "blind": blind, "member": entity})
    insert_new(connection, links, new)
    for link in gone:
        connection.execute(links.delete().filter_by(**link))


def join_in_counters(connection: Connection, cells: Sequence[Counter]) -> set[str]:
    """Join counter cells in and bring the head rows up to date; return the accounts.

    Raises: DecodeError for a slot that does not exist; the database refuses what would take free rights below zero.
    """
    if not cells:
        return set()
    accounts = sorted({cell.account for cell in cells})
    owners = owners_of(connection, accounts)
    lock_heads(connection, accounts, owners)
    by_column: defaultdict[str, dict[tuple[str, str, int], dict[str, Any]]] = defaultdict(dict)
    for cell in cells:
        place = place_of(cell)
        key = (cell.account, place.node, place.hub_n)
        row = by_column[place.column].setdefault(
            key,
            {
                "account": cell.account,
                "node": place.node,
                "hub_n": place.hub_n,
                "owner": owners[cell.account],
                place.column: cell.value,
            },
        )
        row[place.column] = max(row[place.column], cell.value)
    for column, rows in sorted(by_column.items()):
        upsert_greatest(connection, counters, column, [rows[key] for key in sorted(rows)])
    refresh_heads(connection, accounts)
    _refuse_overspending(connection, accounts, sorted({cell.actor for cell in cells if not is_hub(cell.actor)}))
    _refuse_too_many(connection, owners)
    return set(accounts)


def _refuse_overspending(connection: Connection, accounts: Sequence[str], nodes: Sequence[str]) -> None:
    """Refuse what a node spends or hands over beyond its rights (SPEC 2.2). Raises: ValueError.

    Logs are without gaps and grants are committed before they are told, so an honest node's rights as reckoned here are
    never below zero, whatever has arrived of its log.
    """
    if not nodes:
        return
    held = counters.c.made + counters.c.granted - counters.c.to_hub - counters.c.used - counters.c.taken
    overspent = connection.execute(
        select(counters.c.account, counters.c.node)
        .where(among(counters.c.account, accounts), among(counters.c.node, nodes))
        .group_by(counters.c.account, counters.c.node)
        .having(func.sum(held) < 0)
        .limit(1)
    ).first()
    if overspent is not None:
        raise ValueError(f"{overspent.node} has no rights to what it spends on {overspent.account}")


def _refuse_too_many(connection: Connection, owners: dict[str, str | None]) -> None:
    """Refuse more accounts of one owner than fit a message. Raises: ValueError."""
    crowded = connection.execute(
        select(heads.c.owner)
        .where(among(heads.c.owner, sorted({owner for owner in owners.values() if owner is not None})))
        .group_by(heads.c.owner)
        .having(func.count() > ACCOUNTS_PER_OWNER_MAX)
        .limit(1)
    ).first()
    if crowded is not None:
        raise ValueError(f"{crowded.owner} would have more than {ACCOUNTS_PER_OWNER_MAX} accounts")


def owners_of(connection: Connection, accounts: Iterable[str]) -> dict[str, str | None]:
    """Tell which entity each account belongs to: by its name, or by the `member` field of the coupon it stands for."""
    owners = {account: owner_in_name(account) for account in accounts}
    unnamed = [account for account, owner in owners.items() if owner is None]
    if unnamed:
        rows = connection.execute(
            select(entities.c.entity, entities.c.owner).where(among(entities.c.entity, sorted(unnamed)))
        )
        owners |= {row.entity: row.owner or row.entity for row in rows}
    return owners


def lock_heads(connection: Connection, accounts: Sequence[str], owners: dict[str, str | None]) -> None:
    """Make sure that head rows are there, and lock them in key order."""
    insert_new(connection, heads, [{"account": account, "owner": owners[account]} for account in accounts])
    if connection.dialect.name != POSTGRESQL:
        return  # the whole database is locked by this transaction
    connection.execute(
        select(heads.c.account).where(among(heads.c.account, accounts)).order_by(heads.c.account).with_for_update()
    )


def refresh_heads(connection: Connection, accounts: Sequence[str]) -> None:
    """Compute head rows anew from the counters of their accounts, in one statement."""
    is_hub = counters.c.node.like("hub-%")
    free = case(
        (is_hub, counters.c.made - counters.c.used - counters.c.void),
        else_=counters.c.to_hub - counters.c.granted + counters.c.taken,
    )
    sums = (
        select(
            counters.c.account,
            func.sum(counters.c.made).label("made"),
            func.sum(counters.c.used).label("used"),
            func.sum(counters.c.void).label("void"),
            func.sum(free).label("free"),
        )
        .where(among(counters.c.account, accounts))
        .group_by(counters.c.account)
    )
    names = ["account", "made", "used", "void", "free"]
    statement = insert_for(connection.dialect.name, heads).from_select(names, sums)
    changes = {name: statement.excluded[name] for name in names[1:]}
    connection.execute(statement.on_conflict_do_update(index_elements=["account"], set_=changes))


def join_in_records(connection: Connection, cells: Sequence[Record], received_ms: int) -> list[Record]:
    """Join records in by union; return those whose number carried another body already (an alarm)."""
    rows = [
        {
            "actor": cell.actor,
            "number": cell.number,
            "hash": body_hash(cell.kind, cell.body),
            "kind": cell.kind,
            "body": cell.body,
            "received_ms": received_ms,
        }
        for cell in cells
    ]
    insert_new(connection, records, rows)
    doubled = []
    for actor in sorted({cell.actor for cell in cells}):
        numbers = [cell.number for cell in cells if cell.actor == actor]
        found = connection.execute(
            select(records.c.number)
            .where(records.c.actor == actor, among(records.c.number, numbers))
            .group_by(records.c.number)
            .having(func.count() > 1)
        )
        several = {row.number for row in found}
        doubled += [cell for cell in cells if cell.actor == actor and cell.number in several]
    return doubled


def slots_of(connection: Connection, account: str, node: str) -> Slots:
    """Read all slots between an account and one node."""
    row = connection.execute(select(*SLOT_SUMS).where(counters.c.account == account, counters.c.node == node)).one()
    return Slots(*(int(value) for value in row))
