"""What the hub itself writes: registers with its own stamps, counters in its own name, numbers of its own things.

One rule: a stamp of the hub is max(clock, stored stamp + 1), taken under the row's lock, so that an edit at
headquarters never loses silently (SPEC 1.6).
"""

import base64
import hashlib
import hmac
from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from hub.storage.cells import PackedFields, join_in_counters, lock_packed, unpack, write_entities
from hub.storage.feeds import hold, mark, readers_of
from hub.storage.sets import insert_new
from hub.storage.tables import entities, meta
from loyalty.programme import MAIN, Programme, WelcomeCoupon, decode_programme
from sync_protocol.accounts import MADE
from sync_protocol.cells import Counter, Value
from sync_protocol.clock import next_stamp
from sync_protocol.names import hub_actor, minted, programme_entity


def write_registers(
    connection: Connection, hub_n: int, writes: Mapping[str, Mapping[str, Value]], now_ms: int
) -> list[str]:
    """Write fields of entities in the hub's name; unchanged values are left alone. Return the entities that changed."""
    stored = lock_packed(connection, writes)
    changed: dict[str, PackedFields] = {}
    for entity, values in sorted(writes.items()):
        fields = dict(stored.get(entity, {}))
        for field, value in values.items():
            known = fields.get(field)
            if known is not None and known[0] == value and type(known[0]) is type(value):
                continue
            fields[field] = (value, next_stamp(known[1] if known else 0, now_ms), hub_actor(hub_n))
            changed[entity] = fields
    write_entities(connection, changed)
    return sorted(changed)


def bind_key_store(connection: Connection, *, fingerprint: int) -> int:
    """Bind the database to a key store, unless it is bound; give the fingerprint of the one that it is bound to."""
    insert_new(connection, meta, [{"key": "key-store", "number": fingerprint}])
    return int(connection.execute(select(meta.c.number).where(meta.c.key == "key-store")).scalar_one())


def next_numbers(connection: Connection, key: str, count: int = 1) -> range:
    """Count further of the hub's own things, its row locked; give the new numbers."""
    insert_new(connection, meta, [{"key": key, "number": 0}])
    last = int(connection.execute(select(meta.c.number).where(meta.c.key == key).with_for_update()).scalar_one())
    connection.execute(update(meta).where(meta.c.key == key).values(number=last + count))
    return range(last + 1, last + count + 1)


def read_programme(connection: Connection) -> Programme | None:
    """Read the chain's programme; None before headquarters has written one."""
    # Read without a lock: every merge with new members reads it.
    packed = connection.execute(
        select(entities.c.fields).where(entities.c.entity == programme_entity(MAIN))
    ).scalar_one_or_none()
    document = unpack(packed)["document"][0] if packed is not None else None
    return decode_programme(document) if isinstance(document, bytes) else None


def issue_coupons(
    connection: Connection, hub_n: int, secret: bytes, homes: Mapping[str, str], offer: WelcomeCoupon, now_ms: int
) -> None:
    """Issue one single-use coupon to each member, and grant its right to the store where they are at home.

    `homes` tells each member's store. The code is drawn from a keyed hash of the coupon's id: unique, and not to be
    guessed.
    """
    hub = hub_actor(hub_n)
    readers = readers_of(connection, sorted(set(homes.values())))
    writes: dict[str, dict[str, Value]] = {}
    cells: list[Counter] = []
    held: defaultdict[str, list[str]] = defaultdict(list)
    for member, number in zip(sorted(homes), next_numbers(connection, f"coupon:{hub}", len(homes)), strict=True):
        coupon = minted("c", hub, number)
        digest = hmac.new(secret, f"coupon|{coupon}".encode(), hashlib.sha256).digest()
        writes[coupon] = {
            "member": member,
            "code": f"C-{base64.b32encode(digest[:10]).decode()}",
            "value_minor": offer.value_minor,
            "threshold_minor": offer.threshold_minor,
            "title_zh": offer.title_zh,
            "title_en": offer.title_en,
        }
        cells.append(Counter(coupon, hub, MADE, 1))
        reader = readers.get(homes[member])
        if reader is not None:
            cells.append(Counter(coupon, hub, f"to:{reader}", 1))
            held[homes[member]].append(member)
    write_registers(connection, hub_n, writes, now_ms)
    for store, members in sorted(held.items()):
        hold(connection, store, members)
    join_in_counters(connection, cells)
    mark(connection, homes)
