"""Scheduled work of the hub.

One rule: each job is one short transaction and may run twice without harm.
"""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import delete, insert, select

from hub.context import HubContext
from hub.storage.tables import actors, alarms, contacts, dead_letters
from sync_protocol.hub_ports import ACTIVE, HELD, StoreUnavailable

log = logging.getLogger(__name__)

DARK: Final = "store-dark"
DEAD_LETTERS_KEPT_MS: Final = 180 * 24 * 3600 * 1000
DARK_EVERY_S: Final = 5
DEAD_LETTERS_EVERY_S: Final = 3_600


def start_jobs(context: HubContext) -> BackgroundScheduler:
    """Start the hub's scheduled jobs."""
    scheduler = BackgroundScheduler(timezone="UTC")
    for job, every_s in ((note_dark_stores, DARK_EVERY_S), (forget_old_dead_letters, DEAD_LETTERS_EVERY_S)):
        attempt = partial(attempt_job, job, context)
        scheduler.add_job(attempt, "interval", seconds=every_s, name=job.__name__, max_instances=1, coalesce=True)
    scheduler.start()
    return scheduler


def attempt_job(job: Callable[[HubContext], object], context: HubContext) -> None:
    """Run a job; without a database it waits for its next turn."""
    try:
        job(context)
    except StoreUnavailable as error:
        context.metrics.database_errors.labels("jobs").inc()
        log.warning("a job waits for the database", extra={"job": job.__name__, "cause": str(error)})


def note_dark_stores(context: HubContext) -> list[str]:
    """Raise one alarm for each store that is dark and has had none since it was last heard; return them."""
    now_ms = time.time_ns() // 1_000_000
    with context.database.write() as connection:
        rows = connection.execute(
            select(actors.c.actor, contacts.c.last_contact_ms)
            .join(contacts, contacts.c.actor == actors.c.actor)
            .where(
                actors.c.state.in_((ACTIVE, HELD)),
                contacts.c.last_contact_ms < now_ms - context.settings.dark_after_ms,
            )
            .order_by(actors.c.actor)
        ).all()
        known = select(alarms.c.at_ms).where(alarms.c.kind == DARK)
        new = []
        for row in rows:
            detail = f"{row.actor} is not heard"
            told = known.where(alarms.c.detail == detail, alarms.c.at_ms > row.last_contact_ms).limit(1)
            if connection.execute(told).first() is None:
                connection.execute(insert(alarms).values(at_ms=now_ms, kind=DARK, detail=detail))
                new.append(row.actor)
    return new


def forget_old_dead_letters(context: HubContext) -> int:
    """Forget dead letters kept long enough; return how many."""
    limit_ms = time.time_ns() // 1_000_000 - DEAD_LETTERS_KEPT_MS
    with context.database.write() as connection:
        return int(connection.execute(delete(dead_letters).where(dead_letters.c.at_ms < limit_ms)).rowcount)
