"""Queries about the programme."""

from sqlalchemy import Connection, select

from hub.storage.cells import unpack
from hub.storage.feeds import mark
from hub.storage.own_writes import write_registers
from hub.storage.tables import entities
from loyalty.programme import MAIN, Programme, decode_programme, encode_programme
from sync_protocol.names import programme_entity


def read_programme(connection: Connection) -> Programme | None:
    """Read the chain's programme without locking it; None before one was written."""
    entity = programme_entity(MAIN)
    packed = connection.execute(select(entities.c.fields).where(entities.c.entity == entity)).scalar_one_or_none()
    cell = None if packed is None else unpack(packed).get("document")
    return decode_programme(cell[0]) if cell is not None and isinstance(cell[0], bytes) else None


def write_programme(connection: Connection, hub_n: int, programme: Programme, now_ms: int) -> bool:
    """Write the chain's programme and mark it for all stores; False when it is there already."""
    writes = {programme_entity(MAIN): {"document": encode_programme(programme)}}
    changed = write_registers(connection, hub_n, writes, now_ms)
    mark(connection, changed)
    return bool(changed)
