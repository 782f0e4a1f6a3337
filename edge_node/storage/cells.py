"""Cells in the node's tables: joining them in, reading them out.

One rule: every write here is a join of the kernel, so applying anything twice changes nothing.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from sync_protocol.accounts import Slots, place_of
from sync_protocol.cells import Counter, Record, Register, Value, body_hash, join_registers
from sync_protocol.names import is_link, owner_in_name

PackedFields = dict[str, tuple[Value, int, str]]

_fields_decoder = msgspec.msgpack.Decoder(PackedFields)
_fields_encoder = msgspec.msgpack.Encoder()

SLOT_COLUMNS = ("made", "used", "to_hub", "granted", "taken", "void")
_SELECT_SLOTS = ", ".join(f"SUM({column})" for column in SLOT_COLUMNS)
_UPSERT_COUNTER = {
    column: (
        f"INSERT INTO counters (account, node, hub_n, owner, {column}) VALUES (?, ?, ?, ?, ?) "  # noqa: S608
        f"ON CONFLICT DO UPDATE SET {column} = max({column}, excluded.{column})"
    )
    for column in SLOT_COLUMNS
}


def unpack(packed: bytes) -> PackedFields:
    """Read the packed fields of an entity's row."""
    return _fields_decoder.decode(packed)


def read_fields(connection: sqlite3.Connection, entity: str) -> dict[str, Value]:
    """Read an entity's field values; empty where the entity is not known."""
    row = connection.execute("SELECT fields FROM entities WHERE entity = ?", (entity,)).fetchone()
    return {} if row is None else {field: cell[0] for field, cell in unpack(row["fields"]).items()}


def apply_registers(connection: sqlite3.Connection, registers: Iterable[Register]) -> set[str]:
    """Join registers in; return the entities that changed."""
    by_entity: defaultdict[str, list[Register]] = defaultdict(list)
    for register in registers:
        by_entity[register.entity].append(register)
    changed = set()
    for entity, cells in sorted(by_entity.items()):
        row = connection.execute("SELECT fields FROM entities WHERE entity = ?", (entity,)).fetchone()
        fields: PackedFields = {} if row is None else unpack(row["fields"])
        if _join_into(fields, cells) or row is None:
            _write_entity(connection, entity, fields)
            changed.add(entity)
    return changed


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


def _write_entity(connection: sqlite3.Connection, entity: str, fields: PackedFields) -> None:
    """Write an entity's row with the columns projected from its fields."""
    kind, _, rest = entity.partition(":")
    code = rest if kind == "i" else _text(fields, "code")
    names = [name for name in (_text(fields, "name_zh"), _text(fields, "name_en")) if name]
    search = "\n".join([rest, *names]).casefold() if kind == "i" else None
    connection.execute(
        "INSERT INTO entities (entity, kind, owner, alias_of, code, gtin, search, fields) VALUES (?,?,?,?,?,?,?,?) "
        "ON CONFLICT (entity) DO UPDATE SET owner = excluded.owner, alias_of = excluded.alias_of, "
        "code = excluded.code, gtin = excluded.gtin, search = excluded.search, fields = excluded.fields",
        (
            entity,
            kind,
            _text(fields, "member"),
            _text(fields, "alias_of"),
            code,
            _text(fields, "gtin"),
            search,
            _fields_encoder.encode(fields),
        ),
    )
    for field, cell in fields.items():
        if is_link(field):
            _, link_kind, blind = field.split(":", 2)
            statement = (
                "INSERT INTO links (kind, blind, member) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
                if cell[0]
                else "DELETE FROM links WHERE kind = ? AND blind = ? AND member = ?"
            )
            connection.execute(statement, (link_kind, blind, entity))


def apply_counters(connection: sqlite3.Connection, counters: Iterable[Counter]) -> None:
    """Join counter cells in: one statement per kind of slot. Raises: DecodeError for a slot that does not exist."""
    by_column: defaultdict[str, list[tuple[str, str, int, str | None, int]]] = defaultdict(list)
    for cell in counters:
        place = place_of(cell)
        row = (cell.account, place.node, place.hub_n, owner_in_name(cell.account), cell.value)
        by_column[place.column].append(row)
    for column, rows in sorted(by_column.items()):
        connection.executemany(_UPSERT_COUNTER[column], rows)


def apply_records(connection: sqlite3.Connection, records: Iterable[Record]) -> None:
    """Join records in: the union of their bodies."""
    connection.executemany(
        "INSERT INTO records (actor, number, hash, kind, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(cell.actor, cell.number, body_hash(cell.kind, cell.body), cell.kind, cell.body) for cell in records],
    )


def own_slots(connection: sqlite3.Connection, account: str, node: str) -> Slots:
    """Read all slots between an account and one node."""
    row = connection.execute(
        f"SELECT {_SELECT_SLOTS} FROM counters WHERE account = ? AND node = ?",  # noqa: S608 - fixed column names
        (account, node),
    ).fetchone()
    return Slots(*(value or 0 for value in row))


def account_rows(connection: sqlite3.Connection, account: str) -> dict[str, Slots]:
    """Read the slots of every node on an account."""
    rows = connection.execute(
        f"SELECT node, {_SELECT_SLOTS} FROM counters WHERE account = ? GROUP BY node",  # noqa: S608
        (account,),
    )
    return {row[0]: Slots(*row[1:]) for row in rows}


def owned_rows(connection: sqlite3.Connection, owners: Sequence[str]) -> dict[str, dict[str, Slots]]:
    """Read account, node and slots of all accounts whose name tells one of these owners."""
    marks = ", ".join("?" * len(owners))
    rows = connection.execute(
        f"SELECT account, node, {_SELECT_SLOTS} FROM counters "  # noqa: S608 - only marks are put in
        f"WHERE owner IN ({marks}) GROUP BY account, node",
        list(owners),
    )
    found: defaultdict[str, dict[str, Slots]] = defaultdict(dict)
    for row in rows:
        found[row[0]][row[1]] = Slots(*row[2:])
    return dict(found)


def person(connection: sqlite3.Connection, member: str) -> list[str]:
    """List the ids of one person held here: the joined-to member first, then its aliases."""
    row = connection.execute("SELECT alias_of FROM entities WHERE entity = ?", (member,)).fetchone()
    root = member if row is None or row["alias_of"] is None else row["alias_of"]
    rows = connection.execute("SELECT entity FROM entities WHERE alias_of = ? ORDER BY entity", (root,))
    return [root, *(row["entity"] for row in rows)]


def node_row(connection: sqlite3.Connection) -> Any:
    """Read the one row about this node itself."""
    return connection.execute("SELECT * FROM node").fetchone()
