"""Items and the programme, as fed by the hub.

One rule: read only; headquarters writes the catalogue.
"""

import sqlite3
from typing import NamedTuple

from edge_node.errors import NotIntroduced, UnknownItem
from edge_node.storage.cells import read_fields, unpack
from loyalty.programme import MAIN, Programme, decode_programme
from sync_protocol.names import item_entity, programme_entity


class Item(NamedTuple):
    """One item of the catalogue."""

    code: str
    gtin: str
    name_zh: str
    name_en: str
    price_minor: int
    tax_bp: int


def read_programme(connection: sqlite3.Connection) -> Programme:
    """Read the chain's programme. Raises: NotIntroduced before it has been fed once."""
    document = read_fields(connection, programme_entity(MAIN)).get("document")
    if not isinstance(document, bytes):
        raise NotIntroduced("this node has not received the chain's programme yet")
    return decode_programme(document)


def find_item(connection: sqlite3.Connection, code: str) -> Item:
    """Find an item by its code or GTIN. Raises: UnknownItem."""
    row = connection.execute("SELECT entity, fields FROM entities WHERE entity = ?", (item_entity(code),)).fetchone()
    if row is None:
        row = connection.execute(
            "SELECT entity, fields FROM entities WHERE kind = 'i' AND gtin = ?", (code,)
        ).fetchone()
    if row is None:
        raise UnknownItem(f"no item has the code {code[:60]!r}", item=code[:60])
    return _item(row)


def search_items(connection: sqlite3.Connection, text: str, limit: int) -> list[Item]:
    """Search items: an exact code or GTIN first, then names that contain the text."""
    wanted = text.strip().casefold()
    if not wanted:
        return []
    escaped = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = connection.execute(
        "SELECT entity, fields FROM entities WHERE kind = 'i' AND (search LIKE ? ESCAPE '\\' OR gtin = ?) "
        "ORDER BY (code = ? OR gtin = ?) DESC, entity LIMIT ?",
        (f"%{escaped}%", wanted, text.strip(), wanted, limit),
    )
    return [_item(row) for row in rows]


def _item(row: sqlite3.Row) -> Item:
    values = {field: cell[0] for field, cell in unpack(row["fields"]).items()}
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    numbers = {name: value for name, value in values.items() if isinstance(value, int)}
    return Item(
        code=str(row["entity"]).partition(":")[2],
        gtin=texts.get("gtin", ""),
        name_zh=texts.get("name_zh", ""),
        name_en=texts.get("name_en", ""),
        price_minor=numbers.get("price_minor", 0),
        tax_bp=numbers.get("tax_bp", 0),
    )
