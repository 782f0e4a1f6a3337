"""Set-based upserts that read the same on SQLite and PostgreSQL.

One rule: a statement is built once for its table and columns and used again; building costs more than running.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, func
from sqlalchemy.dialects import postgresql, sqlite

Item = TypeVar("Item")
IN_LIST_MAX = 500


def insert_for(dialect: str, table: Table) -> Any:
    """Give an INSERT that knows ON CONFLICT, in a dialect."""
    if dialect == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


@cache
def _upsert(dialect: str, table: Table, names: tuple[str, ...]) -> Any:
    keys = [column.name for column in table.primary_key]
    statement = insert_for(dialect, table)
    changes = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


@cache
def _insert_new(dialect: str, table: Table) -> Any:
    return insert_for(dialect, table).on_conflict_do_nothing()


@cache
def _upsert_greatest(dialect: str, table: Table, column: str) -> Any:
    keys = [key.name for key in table.primary_key]
    statement = insert_for(dialect, table)
    joined: ColumnElement[Any]
    if dialect == "postgresql":
        joined = func.greatest(table.c[column], statement.excluded[column])
    else:
        joined = func.max(table.c[column], statement.excluded[column])  # SQLite's name for it
    return statement.on_conflict_do_update(index_elements=keys, set_={column: joined})


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows by primary key; what stands in the way is replaced. All rows name the same columns."""
    if rows:
        connection.execute(_upsert(connection.dialect.name, table, tuple(rows[0])), rows)


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows by primary key; what is there already stays."""
    if rows:
        connection.execute(_insert_new(connection.dialect.name, table), rows)


def upsert_greatest(connection: Connection, table: Table, column: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows by primary key; of `column` the greater value stays, all else stays as it is."""
    if rows:
        connection.execute(_upsert_greatest(connection.dialect.name, table, column), rows)


def chunks(items: Iterable[Item], size: int = IN_LIST_MAX) -> list[list[Item]]:
    """Cut a list so that each part fits an IN list."""
    everything = list(items)
    return [everything[start : start + size] for start in range(0, len(everything), size)]
