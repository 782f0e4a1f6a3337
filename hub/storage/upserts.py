"""Set-based upserts that read the same on SQLite and PostgreSQL."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, func
from sqlalchemy.dialects import postgresql, sqlite

Item = TypeVar("Item")
IN_LIST_MAX = 500


def insert_for(connection: Connection, table: Table) -> Any:
    """Give an INSERT that knows ON CONFLICT, in the connection's dialect."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def greatest(connection: Connection, a: ColumnElement[Any], b: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the greater of two columns: GREATEST, which SQLite calls max."""
    if connection.dialect.name == "postgresql":
        return func.greatest(a, b)
    return func.max(a, b)


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows by primary key; what stands in the way is replaced."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    statement = insert_for(connection, table)
    changes = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes), rows)


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows by primary key; what is there already stays."""
    if rows:
        connection.execute(insert_for(connection, table).on_conflict_do_nothing(), rows)


def chunks(items: Iterable[Item], size: int = IN_LIST_MAX) -> list[list[Item]]:
    """Cut a list so that each part fits an IN list."""
    everything = list(items)
    return [everything[start : start + size] for start in range(0, len(everything), size)]
