"""Wiring of the hub's processes: API, worker, jobs, and the embedded broker."""

import gc
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.metadata import version
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler

from hub.api.app import create_api
from hub.context import HubContext, open_context
from hub.jobs import start_jobs
from hub.settings import HubSettings
from hub.storage.partitions import Partitions, parse_partitions
from hub.sync.embedded_broker import EmbeddedBroker
from hub.sync.worker import SyncWorker
from provisioning.broker_address import BrokerAddress, parse_broker
from provisioning.service.listening import listen
from provisioning.service.metrics import serve_metrics
from provisioning.service.stopping import Stopping, stop_within
from provisioning.service.waiting import when_available
from provisioning.service.web_server import serve
from sync_protocol.hub_ports import StoreUnavailable

log = logging.getLogger(__name__)

DATABASE: Final = "the hub's database"
JOBS_STOP_S: Final = 0.3
WORKER_STOP_S: Final = 0.8
BROKER_STOP_S: Final = 0.4


@contextmanager
def _running(
    role: str, settings: HubSettings, wake: Callable[[], None] | None = None
) -> Iterator[tuple[HubContext, Stopping] | None]:
    """Give opened databases for as long as the block lasts; None when the process is told to end before they answer.

    Raises: HubCannotStart.
    """
    with Stopping() as stopping:
        opening = partial(open_context, settings, wake)
        context = when_available(opening, StoreUnavailable, stopping, what=DATABASE)
        if context is None:
            yield None
            return
        try:
            yield context, stopping
        finally:
            context.close()
        log.info("stopped", extra={"role": role})


@contextmanager
def _broker_for(configured: BrokerAddress | None, settings: HubSettings) -> Iterator[BrokerAddress]:
    """Give the configured broker, or an embedded one for as long as the block lasts."""
    if configured is not None:
        yield configured
        return
    embedded = EmbeddedBroker(settings.embedded_broker_port)
    embedded.start()
    try:
        yield embedded.address
    finally:
        stop_within(BROKER_STOP_S, "embedded broker", embedded.stop)


@contextmanager
def _worker(context: HubContext, stopping: Stopping, role: str) -> Iterator[SyncWorker]:
    """Give a worker that has taken its partitions and has yet to start. A second process finds out here, first."""
    given = context.settings.partitions
    worker = SyncWorker(context, parse_partitions(given) if given else Partitions(), role)
    stopping.on_stop(worker.ask_to_stop)
    when_available(worker.take, StoreUnavailable, stopping, what=DATABASE)
    try:
        yield worker
    finally:
        stop_within(WORKER_STOP_S, "sync worker", worker.stop)


@contextmanager
def _scheduled(context: HubContext) -> Iterator[BackgroundScheduler]:
    scheduler = start_jobs(context)
    try:
        yield scheduler
    finally:
        stop_within(JOBS_STOP_S, "jobs", scheduler.shutdown)


def _started(role: str, context: HubContext, **more: object) -> None:
    # Walking what was loaded at the start would hold up group commits for tens of milliseconds.
    gc.collect()
    gc.freeze()
    about = {"role": role, "version": version("tillsync"), "pid": os.getpid(), "hub_n": context.hub_n}
    log.info("started", extra={**about, "database": context.database.name, "schema": context.schema, **more})


def _address(settings: HubSettings, listener: socket.socket) -> str:
    return f"http://{settings.http_host}:{listener.getsockname()[1]}/"


def run_all(settings: HubSettings, announce: Callable[[str, str], None]) -> None:
    """Run everything in one process until told to stop; `announce` gets the console's address and the broker's."""
    configured = parse_broker(settings.broker) if settings.broker else None
    workers: list[SyncWorker] = []

    def wake() -> None:
        for worker in workers:
            worker.wake()

    with _running("all", settings, wake) as running, ExitStack() as parts:
        if running is None:
            return
        context, stopping = running
        broker_parts = parts.enter_context(ExitStack())  # the broker ends after the worker
        worker = parts.enter_context(_worker(context, stopping, "all"))
        listener = parts.enter_context(listen(settings.http_host, settings.http_port))
        broker = broker_parts.enter_context(_broker_for(configured, settings))
        workers.append(worker)
        worker.start(broker)
        parts.enter_context(_scheduled(context))
        api = create_api(context)
        address = _address(settings, listener)
        announce(address, str(broker))
        _started("all", context, address=address, broker=str(broker))
        serve(api, listener, stopping)


def run_api(settings: HubSettings, announce: Callable[[str], None]) -> None:
    """Serve the API and the console until told to stop; `announce` gets their address."""
    with _running("api", settings) as running:
        if running is None:
            return
        context, stopping = running
        with listen(settings.http_host, settings.http_port) as listener:
            api = create_api(context)
            address = _address(settings, listener)
            announce(address)
            _started("api", context, address=address)
            serve(api, listener, stopping)


def run_worker(settings: HubSettings) -> None:
    """Run the sync worker alone until told to stop."""
    broker = parse_broker(settings.broker)
    with _running("worker", settings) as running:
        if running is None:
            return
        context, stopping = running
        _serve_metrics(context)
        with _worker(context, stopping, "worker") as worker:
            worker.start(broker)
            _started("worker", context, broker=str(broker))
            stopping.wait()


def run_jobs(settings: HubSettings) -> None:
    """Run the scheduled jobs alone until told to stop."""
    with _running("jobs", settings) as running:
        if running is None:
            return
        context, stopping = running
        _serve_metrics(context)
        with _scheduled(context):
            _started("jobs", context)
            stopping.wait()


def _serve_metrics(context: HubContext) -> None:
    if context.settings.metrics_port:
        serve_metrics(context.metrics.registry, context.settings.http_host, context.settings.metrics_port)
