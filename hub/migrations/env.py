"""Alembic's entry: runs the migrations on the connection that the hub hands over."""

from alembic import context

from hub.storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
