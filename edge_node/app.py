"""Wiring of the node's one process: the node, and the web server in front of it."""

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import uvicorn

from edge_node.api.app import create_api
from edge_node.node import Node
from provisioning.listening import listen
from provisioning.node_file import NodeFile

GRACEFUL_STOP_S: Final = 3


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
    """Run a node until the process is told to stop; `announce` gets the address of its till page."""
    node = Node(file, directory)
    node.start()
    try:
        config = uvicorn.Config(
            create_api(node),
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=GRACEFUL_STOP_S,
        )
        listener = listen(file.http_host, file.http_port)
        favour_latency()
        announce(f"http://{file.http_host}:{listener.getsockname()[1]}/")
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        node.stop()
