"""Streams: who holds what, marks, numbers, and entities read whole (SPEC 5).

One rule: merges only mark; numbers are given afterwards, by the one worker that holds the stream's partition, in one
transaction a step, so that they become visible in order.

A mark without a stream is for all holders, whoever they are when it is expanded: any worker may expand it. It gives
numbers in its own partitions and leaves a mark with a stream, and so with a partition, to the workers of the others.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, delete, or_, select

from hub.storage.cells import SLOT_COLUMNS, SLOT_SUMS, unpack
from hub.storage.keystore import KeyStore
from hub.storage.partitions import Partitions
from hub.storage.sets import among, append, insert_new, upsert
from hub.storage.tables import actors, counters, entities, feed_index, interest, marks, streams
from sync_protocol.accounts import Slots, cells_of
from sync_protocol.cells import Counter, Register
from sync_protocol.hub_ports import ACTIVE, StreamStep
from sync_protocol.messages import EntityState
from sync_protocol.names import CHAIN_STREAM, is_chain_entity, partition_of, store_stream


def mark(connection: Connection, changed: Iterable[str], stream: str = "") -> None:
    """Mark entities as changed, for all their holders or for one stream alone."""
    partition = _partition_of(stream) if stream else None
    append(
        connection,
        marks,
        [{"entity": entity, "stream": stream, "partition": partition} for entity in sorted(set(changed))],
    )


def _partition_of(stream: str) -> int:
    """Tell whose worker gives a stream its numbers: its store's partition; the chain's stream belongs to the first."""
    return 0 if stream == CHAIN_STREAM else int(partition_of(stream.partition("/")[2]))


def hold(connection: Connection, store: str, wanted: Sequence[str]) -> list[str]:
    """Record a store's interest; mark what is newly held for its stream and return it."""
    if not wanted:
        return []
    rows = connection.execute(
        select(interest.c.entity).where(interest.c.store == store, among(interest.c.entity, wanted))
    )
    new = sorted(set(wanted) - {row.entity for row in rows})
    insert_new(connection, interest, [{"entity": entity, "store": store} for entity in new])
    mark(connection, new, store_stream(store))
    return new


def heads_of(connection: Connection, stores: Sequence[str]) -> dict[str, dict[str, int]]:
    """Read the ends of the streams of stores, the chain stream included."""
    names = {CHAIN_STREAM, *(store_stream(store) for store in stores)}
    rows = connection.execute(select(streams).where(among(streams.c.stream, sorted(names))))
    found = {row.stream: row.head for row in rows}
    return {
        store: {name: found[name] for name in (CHAIN_STREAM, store_stream(store)) if name in found} for store in stores
    }


def readers_of(connection: Connection, stores: Sequence[str]) -> dict[str, str]:
    """Name the active node of each store."""
    rows = connection.execute(
        select(actors.c.store, actors.c.actor)
        .where(among(actors.c.store, sorted(set(stores))), actors.c.state.in_((ACTIVE, "held")))
        .order_by(actors.c.incarnation)
    )
    return {row.store: row.actor for row in rows}


class Expanded(NamedTuple):
    """What marks came to: numbers given in our partitions, and whether other workers have got marks to look at.

    `more` tells that more marks may be waiting.
    """

    steps: list[StreamStep]
    for_others: bool
    more: bool


def expand_marks(connection: Connection, partitions: Partitions, limit: int) -> Expanded:
    """Turn the oldest marks into numbers of the streams of their holders; marks that nobody holds are passed over."""
    for_others = False
    while True:
        # What another worker is expanding right now is left to it.
        ours = or_(marks.c.stream == "", marks.c.partition.between(*partitions))
        rows = connection.execute(
            select(marks).where(ours).order_by(marks.c.id).limit(limit).with_for_update(skip_locked=True)
        ).all()
        if not rows:
            return Expanded([], for_others, more=False)
        changed = _by_stream(connection, rows)
        foreign = {stream for stream in changed if not partitions.hold(_partition_of(stream))}
        for stream in sorted(foreign):
            mark(connection, changed.pop(stream), stream)
        for_others = for_others or bool(foreign)
        connection.execute(delete(marks).where(among(marks.c.id, [row.id for row in rows])))
        if changed:
            steps = [_number(connection, stream, sorted(found)) for stream, found in sorted(changed.items())]
            return Expanded(steps, for_others, more=len(rows) == limit)


def _by_stream(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, set[str]]:
    changed: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.stream:
            changed[row.stream].add(row.entity)
        elif is_chain_entity(row.entity):
            changed[CHAIN_STREAM].add(row.entity)
    everywhere = {row.entity for row in rows if not row.stream and not is_chain_entity(row.entity)}
    if everywhere:
        for holder in connection.execute(select(interest).where(among(interest.c.entity, sorted(everywhere)))):
            changed[store_stream(holder.store)].add(holder.entity)
    return changed


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
    rows = connection.execute(
        select(entities.c.entity, entities.c.owner, entities.c.fields)
        .where(or_(among(entities.c.entity, sorted(set(wanted))), among(entities.c.owner, sorted(set(wanted)))))
        .order_by(entities.c.entity)
    )
    for row in rows:
        cells = [Register(row.entity, field, *cell) for field, cell in unpack(row.fields).items()]
        registers[row.owner or row.entity] += cells
    sums = connection.execute(
        select(counters.c.owner, counters.c.account, counters.c.node, counters.c.hub_n, *SLOT_SUMS)
        .where(among(counters.c.owner, sorted(set(wanted))))
        .group_by(counters.c.owner, counters.c.account, counters.c.node, counters.c.hub_n)
    )
    for row in sums:
        slots = Slots(*(int(getattr(row, name)) for name in SLOT_COLUMNS))
        counted[row.owner] += cells_of(row.account, row.node, row.hub_n, slots)
    found = keys.member_keys(entity for entity in wanted if entity.startswith("m:"))
    return [EntityState(entity, registers[entity], counted[entity], found.get(entity)) for entity in wanted]
