"""Queries about the catalogue."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from hub.api.catalogue.schemas import Item, ItemView
from hub.storage.cells import unpack
from hub.storage.feeds import mark
from hub.storage.own_writes import write_registers
from hub.storage.tables import entities
from sync_protocol.cells import Value
from sync_protocol.names import item_entity

ITEM_KIND = "i"
_TEXTS = ("gtin", "name_zh", "name_en")
_NUMBERS = ("price_minor", "tax_bp")


def write_items(connection: Connection, hub_n: int, items: Sequence[Item], now_ms: int) -> int:
    """Write items and mark what changed for all stores; return how many did."""
    writes: dict[str, dict[str, Value]] = {
        item_entity(item.code): {field: getattr(item, field) for field in _TEXTS + _NUMBERS} for item in items
    }
    changed = write_registers(connection, hub_n, writes, now_ms)
    mark(connection, changed)
    return len(changed)


def read_items(connection: Connection, after: str | None, limit: int) -> list[ItemView]:
    """Read items by code, beyond `after`."""
    statement = (
        select(entities.c.entity, entities.c.fields)
        .where(entities.c.kind == ITEM_KIND, entities.c.entity > item_entity(after or ""))
        .order_by(entities.c.entity)
        .limit(limit)
    )
    return [_item(row.entity.partition(":")[2], row.fields) for row in connection.execute(statement)]


def _item(code: str, fields: bytes) -> ItemView:
    values = {field: cell[0] for field, cell in unpack(fields).items()}
    texts = {name: value for name in _TEXTS if isinstance(value := values.get(name), str)}
    numbers = {name: value for name in _NUMBERS if isinstance(value := values.get(name), int)}
    return ItemView(
        code=code,
        gtin=texts.get("gtin", ""),
        name_zh=texts.get("name_zh", ""),
        name_en=texts.get("name_en", ""),
        price_minor=numbers.get("price_minor", 0),
        tax_bp=numbers.get("tax_bp", 0),
    )
