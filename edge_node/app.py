"""Wiring of the node's one process: the lock, the node, and the web server in front of it."""

import gc
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from edge_node.api.app import create_api
from edge_node.errors import StorageUnavailable
from edge_node.node import DATABASE_NAME, SOFTWARE, Node
from edge_node.storage.cells import node_row
from provisioning.broker_address import parse_broker
from provisioning.node_file import NodeFile
from provisioning.service.listening import listen
from provisioning.service.lock import DirectoryLock
from provisioning.service.stopping import Stopping
from provisioning.service.waiting import when_available
from provisioning.service.web_server import serve

log = logging.getLogger(__name__)

SWITCH_INTERVAL_S: Final = 0.001
GC_THRESHOLDS: Final = (20_000, 20, 50)


def favour_latency() -> None:
    """Keep one thread of work from holding up a sale.

    What was loaded at the start is taken out of the garbage collector's sight, because walking it takes tens of
    milliseconds, and it looks for garbage less often; threads hand over five times as often as Python's default.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    sys.setswitchinterval(SWITCH_INTERVAL_S)


def run_node(file: NodeFile, directory: Path, announce: Callable[[str], None]) -> None:
    """Run a node until the process is told to stop; `announce` gets the address of its till page.

    Raises: DirectoryInUse when another process runs this node; DatabaseRefused; OSError when the port is taken.
    """
    with Stopping() as stopping, DirectoryLock(directory), listen(file.http_host, file.http_port) as listener:
        node = when_available(
            lambda: Node(file, directory), StorageUnavailable, stopping, what=str(directory / DATABASE_NAME)
        )
        if node is None:
            return
        node.start()
        try:
            favour_latency()
            address = f"http://{file.http_host}:{listener.getsockname()[1]}/"
            announce(address)
            log.info("started", extra=_about(node, address))
            serve(create_api(node), listener, stopping)
        finally:
            node.stop()
        log.info("stopped", extra={"actor": node.database.actor})


def _about(node: Node, address: str) -> dict[str, object]:
    row = node_row(node.database.reader())
    return {
        "software": SOFTWARE,
        "actor": node.database.actor,
        "store": node.database.store,
        "pid": os.getpid(),
        "address": address,
        "broker": str(parse_broker(node.file.broker)),
        "database": f"SQLite, {node.database.path}",
        "waiting": row["last_entry"] - row["acknowledged"],
        "fenced": bool(row["fenced"]),
    }
