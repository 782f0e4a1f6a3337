"""Queries that tell whether the database answers, which schema it has, and what was set apart."""

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, select

from hub.storage.tables import dead_letters, meta


def touch(connection: Connection) -> None:
    """Read from the database, whatever is there."""
    connection.execute(select(meta.c.key).limit(1)).all()


def read_schema(connection: Connection) -> str:
    """Read the name of the schema's version; empty where there is none."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def count_dead_letters(connection: Connection) -> dict[str, int]:
    """Count the dead letters kept, by code."""
    statement = select(dead_letters.c.code, func.count().label("kept")).group_by(dead_letters.c.code)
    return {row.code: row.kept for row in connection.execute(statement)}
