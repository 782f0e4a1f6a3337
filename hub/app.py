"""Wiring of the hub's processes: API, worker, jobs, and the embedded broker."""

import gc
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from apscheduler.schedulers.background import BackgroundScheduler

from hub.api.app import create_api
from hub.context import HubContext, open_context
from hub.jobs import forget_old_dead_letters, note_dark_stores
from hub.settings import HubSettings
from hub.sync.embedded_broker import EmbeddedBroker
from hub.sync.worker import SyncWorker
from provisioning.broker_address import BrokerAddress, parse_broker
from provisioning.listening import listen

log = logging.getLogger(__name__)

GRACEFUL_STOP_S: Final = 3


@contextmanager
def broker_for(settings: HubSettings) -> Iterator[BrokerAddress]:
    """Give the configured broker, or an embedded one for as long as the block lasts."""
    if settings.broker:
        yield parse_broker(settings.broker)
        return
    embedded = EmbeddedBroker(settings.embedded_broker_port)
    embedded.start()
    try:
        yield embedded.address
    finally:
        embedded.stop()


def start_jobs(context: HubContext) -> BackgroundScheduler:
    """Start the hub's scheduled jobs."""
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(note_dark_stores, "interval", seconds=5, args=[context], max_instances=1, coalesce=True)
    scheduler.add_job(forget_old_dead_letters, "interval", hours=1, args=[context], max_instances=1, coalesce=True)
    scheduler.start()
    return scheduler


def serve_api(context: HubContext, announce: Callable[[str], None]) -> None:
    """Serve the API and the console until the process is told to stop; `announce` gets their address."""
    settings = context.settings
    config = uvicorn.Config(
        create_api(context),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACEFUL_STOP_S,
    )
    listener = listen(settings.http_host, settings.http_port)
    gc.collect()
    gc.freeze()  # walking what was loaded at the start would hold up group commits for tens of milliseconds
    announce(f"http://{settings.http_host}:{listener.getsockname()[1]}/")
    uvicorn.Server(config).run(sockets=[listener])


def _wake(workers: list[SyncWorker]) -> None:
    for worker in workers:
        worker.wake()


def run_all(settings: HubSettings, announce: Callable[[str, str], None]) -> None:
    """Run everything in one process; `announce` gets the console's address and the broker's."""
    workers: list[SyncWorker] = []
    context = open_context(settings, wake=lambda: _wake(workers))
    with broker_for(settings) as broker:
        worker = SyncWorker(context, broker)
        worker.start()
        workers.append(worker)
        scheduler = start_jobs(context)
        try:
            serve_api(context, lambda address: announce(address, str(broker)))
        finally:
            scheduler.shutdown()
            worker.stop()


def run_worker(settings: HubSettings, stopped: threading.Event) -> None:
    """Run the sync worker alone until told to stop."""
    worker = SyncWorker(open_context(settings), parse_broker(settings.broker))
    worker.start()
    try:
        stopped.wait()
    finally:
        worker.stop()


def run_jobs(settings: HubSettings, stopped: threading.Event) -> None:
    """Run the scheduled jobs alone until told to stop."""
    scheduler = start_jobs(open_context(settings))
    try:
        stopped.wait()
    finally:
        scheduler.shutdown()
