"""Scheduled work of the hub.

One rule: each job is one short transaction and may run twice without harm.
"""

import logging
import time
from typing import Final

from sqlalchemy import delete, insert, select

from hub.context import HubContext
from hub.storage.tables import actors, alarms, contacts, dead_letters
from sync_protocol.hub_ports import ACTIVE

log = logging.getLogger(__name__)

DEAD_LETTERS_KEPT_MS: Final = 180 * 24 * 3600 * 1000

_dark: set[str] = set()


def note_dark_stores(context: HubContext) -> list[str]:
    """Raise an alarm for each store that has gone dark since the last look; return them."""
    now_ms = time.time_ns() // 1_000_000
    with context.database.read() as connection:
        rows = connection.execute(
            select(actors.c.actor, contacts.c.last_contact_ms)
            .join(contacts, contacts.c.actor == actors.c.actor)
            .where(actors.c.state == ACTIVE)
        ).all()
    dark = {row.actor for row in rows if now_ms - row.last_contact_ms > context.settings.dark_after_ms}
    new = sorted(dark - _dark)
    _dark.clear()
    _dark.update(dark)
    if new:
        with context.database.write() as connection:
            details = [{"at_ms": now_ms, "kind": "store-dark", "detail": f"{actor} is not heard"} for actor in new]
            connection.execute(insert(alarms), details)
    return new


def forget_old_dead_letters(context: HubContext) -> int:
    """Forget dead letters kept long enough; return how many."""
    limit_ms = time.time_ns() // 1_000_000 - DEAD_LETTERS_KEPT_MS
    with context.database.write() as connection:
        return int(connection.execute(delete(dead_letters).where(dead_letters.c.at_ms < limit_ms)).rowcount)
