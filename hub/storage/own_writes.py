"""What the hub itself writes: registers with its own stamps, counters in its own name, numbers of its own things.

One rule: a stamp of the hub is max(clock, stored stamp + 1), taken under the row's lock, so that an edit at
headquarters never loses silently (SPEC 1.6).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from hub.storage.cells import PackedFields, join_in_counters, read_packed, unpack, write_entities
from hub.storage.feeds import hold, mark, readers_of
from hub.storage.tables import entities, meta
from hub.storage.upserts import insert_new
from loyalty.programme import MAIN, Programme, WelcomeCoupon, decode_programme
from sync_protocol.accounts import MADE
from sync_protocol.cells import Counter, Value
from sync_protocol.clock import next_stamp
from sync_protocol.names import hub_actor, minted, programme_entity


def write_registers(
    connection: Connection, hub_n: int, writes: Mapping[str, Mapping[str, Value]], now_ms: int
) -> list[str]:
    """Write fields of entities in the hub's name; unchanged values are left alone. Return the entities that changed."""
    stored = read_packed(connection, writes)
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


def next_number(connection: Connection, key: str) -> int:
    """Count one further of the hub's own things, its row locked."""
    insert_new(connection, meta, [{"key": key, "number": 0}])
    number = int(connection.execute(select(meta.c.number).where(meta.c.key == key).with_for_update()).scalar_one()) + 1
    connection.execute(update(meta).where(meta.c.key == key).values(number=number))
    return number


def read_programme(connection: Connection) -> Programme | None:
    """Read the chain's programme; None before headquarters has written one."""
    # Read without a lock: every merge with new members reads it.
    packed = connection.execute(
        select(entities.c.fields).where(entities.c.entity == programme_entity(MAIN))
    ).scalar_one_or_none()
    document = unpack(packed)["document"][0] if packed is not None else None
    return decode_programme(document) if isinstance(document, bytes) else None


def issue_coupon(
    connection: Connection, hub_n: int, secret: bytes, member: str, offer: WelcomeCoupon, home_store: str, now_ms: int
) -> str:
    """Issue one single-use coupon to a member and grant its right to the store where they are at home.

    The code is drawn from a keyed hash of the coupon's id: unique, and not to be guessed. Returns the coupon's id.
    """
    hub = hub_actor(hub_n)
    coupon = minted("c", hub, next_number(connection, f"coupon:{hub}"))
    digest = hmac.new(secret, f"coupon|{coupon}".encode(), hashlib.sha256).digest()
    values: dict[str, Value] = {
        "member": member,
        "code": f"C-{base64.b32encode(digest[:10]).decode()}",
        "value_minor": offer.value_minor,
        "threshold_minor": offer.threshold_minor,
        "title_zh": offer.title_zh,
        "title_en": offer.title_en,
    }
    write_registers(connection, hub_n, {coupon: values}, now_ms)
    cells = [Counter(coupon, hub, MADE, 1)]
    reader = readers_of(connection, [home_store]).get(home_store)
    if reader is not None:
        cells.append(Counter(coupon, hub, f"to:{reader}", 1))
        hold(connection, home_store, [member])
    join_in_counters(connection, cells)
    mark(connection, [member])
    return coupon
