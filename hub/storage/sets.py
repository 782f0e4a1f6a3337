"""Statements over many keys or rows at once, which read the same on SQLite and PostgreSQL.

One rule: a statement is built once for its table and columns and used again, whatever number of keys or rows it gets:
keys travel as one array, rows as one array a column.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

POSTGRESQL: Final = "postgresql"

Row = Mapping[str, Any]


class _Passed(TypeDecorator[Any]):
    """An element's type that leaves values to the driver: it takes str, int and bytes as they are."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Give the database's type."""
        return dialect.type_descriptor(self.kind)

    def bind_processor(self, dialect: Dialect) -> None:
        """Give nothing: no value is touched."""
        del dialect


class _Keys(TypeDecorator[Sequence[Any]]):
    """Keys bound as one value: JSON for SQLite, an array elsewhere."""

    impl = Text
    cache_ok = True

    def __init__(self, *, are_numbers: bool = False) -> None:
        super().__init__()
        self.are_numbers = are_numbers

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Give the database's type of the one value."""
        if dialect.name != POSTGRESQL:
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(postgresql.ARRAY(_Passed(BigInteger() if self.are_numbers else Text())))

    def bind_processor(self, dialect: Dialect) -> Any:
        """Give the function that turns a list into what the driver takes."""
        return None if dialect.name == POSTGRESQL else json.dumps


class _Among(FunctionElement[bool]):
    """Whether a column's value is among keys; rendered by the functions below."""

    inherit_cache = True
    name = "among"


@compiles(_Among)  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _among_in_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({keys}))"  # noqa: S608 - names of columns and of bound values


@compiles(_Among, POSTGRESQL)  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _among_any(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = ANY ({keys})"


def among(column: ColumnElement[Any], keys: Iterable[str] | Iterable[int]) -> ColumnElement[bool]:
    """Tell whether a column's value is among keys, however many: the IN of any length."""
    kind = _Keys(are_numbers=isinstance(column.type, Integer))
    return _Among(column, bindparam(None, list(keys), type_=kind, unique=True))


def insert_for(dialect: str, table: Table) -> Any:
    """Give an INSERT that knows ON CONFLICT, in a dialect."""
    if dialect == POSTGRESQL:
        return postgresql.insert(table)
    return sqlite.insert(table)


def _insert_given(dialect: str, table: Table, names: tuple[str, ...]) -> Any:
    """Give an INSERT of rows: on PostgreSQL out of one array a column, elsewhere row by row (`executemany`)."""
    statement = insert_for(dialect, table)
    if dialect != POSTGRESQL:
        return statement
    arrays = [cast(bindparam(name), _array_of(table, name)) for name in names]
    given = func.unnest(*arrays).table_valued(*names, name="given").render_derived()
    return statement.from_select(names, select(*(given.c[name] for name in names)))


def _array_of(table: Table, name: str) -> "postgresql.ARRAY[Any]":
    kind = table.c[name].type
    plain = next((plain for plain in (BigInteger, Integer, LargeBinary) if isinstance(kind, plain)), Text)
    return postgresql.ARRAY(_Passed(plain()))


@cache
def _upsert(dialect: str, table: Table, names: tuple[str, ...]) -> Any:
    keys = [column.name for column in table.primary_key]
    statement = _insert_given(dialect, table, names)
    changes = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


@cache
def _append(dialect: str, table: Table, names: tuple[str, ...]) -> Any:
    return _insert_given(dialect, table, names)


@cache
def _insert_new(dialect: str, table: Table, names: tuple[str, ...]) -> Any:
    return _insert_given(dialect, table, names).on_conflict_do_nothing()


@cache
def _insert_new_returning(dialect: str, table: Table, names: tuple[str, ...], key: str) -> Any:
    return _insert_new(dialect, table, names).returning(table.c[key])


@cache
def _upsert_greatest(dialect: str, table: Table, column: str, names: tuple[str, ...]) -> Any:
    keys = [key.name for key in table.primary_key]
    statement = _insert_given(dialect, table, names)
    joined: ColumnElement[Any]
    if dialect == POSTGRESQL:
        joined = func.greatest(table.c[column], statement.excluded[column])
    else:
        joined = func.max(table.c[column], statement.excluded[column])  # SQLite's name for it
    return statement.on_conflict_do_update(index_elements=keys, set_={column: joined})


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write rows by primary key, replacing what is there. All rows name the same columns, no two the same key."""
    if rows:
        _execute(connection, _upsert(connection.dialect.name, table, tuple(rows[0])), rows)


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write rows by primary key; what is there already stays. All rows name the same columns."""
    if rows:
        _execute(connection, _insert_new(connection.dialect.name, table, tuple(rows[0])), rows)


def append(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write rows whose key the database gives. All rows name the same columns."""
    if rows:
        _execute(connection, _append(connection.dialect.name, table, tuple(rows[0])), rows)


def insert_new_keys(connection: Connection, table: Table, key: str, rows: Sequence[Row]) -> set[str]:
    """Write rows by primary key; what is there already stays. Return the keys that were new (PostgreSQL)."""
    statement = _insert_new_returning(connection.dialect.name, table, tuple(rows[0]), key)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return set(connection.execute(statement, columns).scalars())


def upsert_greatest(connection: Connection, table: Table, column: str, rows: Sequence[Row]) -> None:
    """Write rows by primary key; of `column` the greater value stays, all else stays. No two rows share a key."""
    if rows:
        _execute(connection, _upsert_greatest(connection.dialect.name, table, column, tuple(rows[0])), rows)


def _execute(connection: Connection, statement: Any, rows: Sequence[Row]) -> None:
    if connection.dialect.name == POSTGRESQL:
        connection.execute(statement, {name: [row[name] for row in rows] for name in rows[0]})
    else:
        connection.execute(statement, rows)
