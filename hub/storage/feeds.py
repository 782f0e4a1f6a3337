"""Streams: who holds what, marks, numbers, and entities read whole (SPEC 5).

One rule: merges only mark; numbers are given afterwards, by the one worker, in one transaction a step, so that they
become visible in order.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select

from hub.storage.cells import SLOT_COLUMNS, SLOT_SUMS, unpack
from hub.storage.keystore import KeyStore
from hub.storage.tables import actors, counters, entities, feed_index, interest, marks, streams
from hub.storage.upserts import chunks, insert_new, upsert
from sync_protocol.accounts import Slots, cells_of
from sync_protocol.cells import Counter, Register
from sync_protocol.hub_ports import ACTIVE, StreamStep
from sync_protocol.messages import EntityState
from sync_protocol.names import CHAIN_STREAM, is_chain_entity, store_stream


def mark(connection: Connection, changed: Iterable[str], stream: str = "") -> None:
    """Mark entities as changed, for all their holders or for one stream alone."""
    rows = [{"entity": entity, "stream": stream} for entity in sorted(set(changed))]
    if rows:
        connection.execute(insert(marks), rows)


def hold(connection: Connection, store: str, wanted: Sequence[str]) -> list[str]:
    """Record a store's interest; mark what is newly held for its stream and return it."""
    known: set[str] = set()
    for part in chunks(wanted):
        rows = connection.execute(
            select(interest.c.entity).where(interest.c.store == store, interest.c.entity.in_(part))
        )
        known |= {row.entity for row in rows}
    new = sorted(set(wanted) - known)
    insert_new(connection, interest, [{"entity": entity, "store": store} for entity in new])
    mark(connection, new, store_stream(store))
    return new


def heads_of(connection: Connection, stores: Sequence[str]) -> dict[str, dict[str, int]]:
    """Read the ends of the streams of stores, the chain stream included."""
    names = {CHAIN_STREAM, *(store_stream(store) for store in stores)}
    found: dict[str, int] = {}
    for part in chunks(sorted(names)):
        rows = connection.execute(select(streams).where(streams.c.stream.in_(part)))
        found |= {row.stream: row.head for row in rows}
    return {
        store: {name: found[name] for name in (CHAIN_STREAM, store_stream(store)) if name in found} for store in stores
    }


def readers_of(connection: Connection, stores: Sequence[str]) -> dict[str, str]:
    """Name the active node of each store."""
    found: dict[str, str] = {}
    for part in chunks(sorted(set(stores))):
        rows = connection.execute(
            select(actors.c.store, actors.c.actor)
            .where(actors.c.store.in_(part), actors.c.state.in_((ACTIVE, "held")))
            .order_by(actors.c.incarnation)
        )
        found |= {row.store: row.actor for row in rows}
    return found


def expand_marks(connection: Connection, limit: int) -> list[StreamStep]:
    """Turn the oldest marks into numbers of the streams of their holders; marks that nobody holds are passed over."""
    while True:
        rows = connection.execute(select(marks).order_by(marks.c.id).limit(limit)).all()
        steps = _expand(connection, rows)
        for ids in chunks([row.id for row in rows]):
            connection.execute(delete(marks).where(marks.c.id.in_(ids)))
        if steps or not rows:
            return steps


def _expand(connection: Connection, rows: Sequence[Row[Any]]) -> list[StreamStep]:
    changed: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if is_chain_entity(row.entity):
            changed[CHAIN_STREAM].add(row.entity)
        elif row.stream:
            changed[row.stream].add(row.entity)
    everywhere = {row.entity for row in rows if not row.stream and not is_chain_entity(row.entity)}
    for part in chunks(sorted(everywhere)):
        for holder in connection.execute(select(interest).where(interest.c.entity.in_(part))):
            changed[store_stream(holder.store)].add(holder.entity)
    return [_number(connection, stream, sorted(found)) for stream, found in sorted(changed.items())]


def _number(connection: Connection, stream: str, changed: list[str]) -> StreamStep:
    insert_new(connection, streams, [{"stream": stream, "head": 0}])
    head = connection.execute(select(streams.c.head).where(streams.c.stream == stream).with_for_update()).scalar_one()
    numbers = list(range(head + 1, head + 1 + len(changed)))
    upsert(
        connection,
        feed_index,
        [{"stream": stream, "entity": entity, "seq": seq} for entity, seq in zip(changed, numbers, strict=True)],
    )
    upsert(connection, streams, [{"stream": stream, "head": numbers[-1]}])
    return StreamStep(stream, head, numbers[-1], changed, numbers)


def changed_after(connection: Connection, stream: str, after: int, limit: int) -> StreamStep:
    """Read what changed in a stream after a number, at most `limit` entities."""
    rows = connection.execute(
        select(feed_index.c.entity, feed_index.c.seq)
        .where(feed_index.c.stream == stream, feed_index.c.seq > after)
        .order_by(feed_index.c.seq)
        .limit(limit + 1)
    ).all()
    more = len(rows) > limit
    rows = rows[:limit]
    found = [row.entity for row in rows]
    numbers = [row.seq for row in rows]
    return StreamStep(stream, after, numbers[-1] if numbers else after, found, numbers, more)


def entity_states(connection: Connection, keys: KeyStore, wanted: Sequence[str]) -> list[EntityState]:
    """Read entities whole, one state for each asked, in that order."""
    registers: defaultdict[str, list[Register]] = defaultdict(list)
    counted: defaultdict[str, list[Counter]] = defaultdict(list)
    for part in chunks(sorted(set(wanted))):
        rows = connection.execute(
            select(entities.c.entity, entities.c.owner, entities.c.fields)
            .where(or_(entities.c.entity.in_(part), entities.c.owner.in_(part)))
            .order_by(entities.c.entity)
        )
        for row in rows:
            cells = [Register(row.entity, field, *cell) for field, cell in unpack(row.fields).items()]
            registers[row.owner or row.entity] += cells
        sums = connection.execute(
            select(counters.c.owner, counters.c.account, counters.c.node, counters.c.hub_n, *SLOT_SUMS)
            .where(counters.c.owner.in_(part))
            .group_by(counters.c.owner, counters.c.account, counters.c.node, counters.c.hub_n)
        )
        for row in sums:
            slots = Slots(*(int(getattr(row, name)) for name in SLOT_COLUMNS))
            counted[row.owner] += cells_of(row.account, row.node, row.hub_n, slots)
    found = keys.member_keys(entity for entity in wanted if entity.startswith("m:"))
    return [EntityState(entity, registers[entity], counted[entity], found.get(entity)) for entity in wanted]
