"""Queries about stores.

One rule: a store is shown by its newest incarnation; what older ones did stays in its receipts.
"""

from typing import NamedTuple

from sqlalchemy import Connection, and_, func, select

from hub.storage.feeds import mark
from hub.storage.own_writes import write_registers
from hub.storage.sets import insert_for
from hub.storage.tables import actors, contacts, feed_positions, receipts, stores, streams
from sync_protocol.entries import chain_start
from sync_protocol.hub_ports import ACTIVE
from sync_protocol.names import actor_id, store_stream


class StoreRow(NamedTuple):
    """One store with its newest node. `feed_head` and `feed_position` are numbers of the store's stream."""

    store: str
    name: str
    actor: str | None
    state: str | None
    cursor: int
    last_contact_ms: int | None
    last_entry: int
    offline_ms: int | None
    feed_head: int
    feed_position: int


class ReceiptSums(NamedTuple):
    """Receipts of one store, summed up."""

    receipts_count: int
    net_minor: int
    last_received_ms: int


def create_store(connection: Connection, hub_n: int, store: str, name: str, now_ms: int) -> bool:
    """Create a store's slot, its first node and its chain entity; False when the slot is there already."""
    row = {"store": store, "name": name, "created_ms": now_ms}
    statement = insert_for(connection.dialect.name, stores).on_conflict_do_nothing().returning(stores.c.store)
    if connection.execute(statement, row).first() is None:
        return False
    actor = actor_id(store, 1)
    connection.execute(
        actors.insert().values(
            actor=actor,
            store=store,
            incarnation=1,
            state=ACTIVE,
            cursor=0,
            chain=chain_start(actor),
            high_stamp=0,
        )
    )
    mark(connection, write_registers(connection, hub_n, {f"s:{store}": {"name": name}}, now_ms))
    return True


def read_stores(connection: Connection, store: str | None = None) -> list[StoreRow]:
    """Read all stores by id, or one of them."""
    newest = (
        select(actors.c.store, func.max(actors.c.incarnation).label("incarnation"))
        .group_by(actors.c.store)
        .subquery("newest")
    )
    statement = (
        select(
            stores.c.store,
            stores.c.name,
            actors.c.actor,
            actors.c.state,
            func.coalesce(actors.c.cursor, 0).label("cursor"),
            contacts.c.last_contact_ms,
            func.coalesce(contacts.c.last_entry, 0).label("last_entry"),
            contacts.c.offline_ms,
        )
        .select_from(stores)
        .outerjoin(newest, newest.c.store == stores.c.store)
        .outerjoin(actors, and_(actors.c.store == newest.c.store, actors.c.incarnation == newest.c.incarnation))
        .outerjoin(contacts, contacts.c.actor == actors.c.actor)
        .order_by(stores.c.store)
    )
    if store is not None:
        statement = statement.where(stores.c.store == store)
    rows = connection.execute(statement).all()
    heads = _stream_heads(connection, store)
    positions = _positions(connection, store)
    return [
        StoreRow(
            store=row.store,
            name=row.name,
            actor=row.actor,
            state=row.state,
            cursor=row.cursor,
            last_contact_ms=row.last_contact_ms,
            last_entry=row.last_entry,
            offline_ms=row.offline_ms,
            feed_head=heads.get(store_stream(row.store), 0),
            feed_position=positions.get((row.actor, store_stream(row.store)), 0),
        )
        for row in rows
    ]


def _stream_heads(connection: Connection, store: str | None) -> dict[str, int]:
    statement = select(streams.c.stream, streams.c.head)
    if store is not None:
        statement = statement.where(streams.c.stream == store_stream(store))
    return {row.stream: row.head for row in connection.execute(statement)}


def _positions(connection: Connection, store: str | None) -> dict[tuple[str, str], int]:
    statement = select(feed_positions.c.actor, feed_positions.c.stream, feed_positions.c.seq)
    if store is not None:
        statement = statement.where(feed_positions.c.stream == store_stream(store))
    return {(row.actor, row.stream): row.seq for row in connection.execute(statement)}


def read_store_names(connection: Connection) -> dict[str, str]:
    """Read the names of all stores by id."""
    return {row.store: row.name for row in connection.execute(select(stores.c.store, stores.c.name))}


def sum_receipts(connection: Connection, store: str | None = None) -> dict[str, ReceiptSums]:
    """Sum up the receipts of each store, or of one; stores without receipts are missing. Reads all of them."""
    statement = select(
        receipts.c.store,
        func.count().label("receipts_count"),
        func.sum(receipts.c.total_minor).label("net_minor"),
        func.max(receipts.c.received_ms).label("last_received_ms"),
    ).group_by(receipts.c.store)
    if store is not None:
        statement = statement.where(receipts.c.store == store)
    return {
        row.store: ReceiptSums(row.receipts_count, int(row.net_minor), row.last_received_ms)
        for row in connection.execute(statement)
    }
