"""Serving an ASGI application until the process is told to end.

One rule: what was asked before the end is answered. Connections that only wait are closed at once; what streams or
hangs is cut off after `GRACE_S`.
"""

import contextlib
import socket
from collections.abc import Generator
from typing import Any, Final

import uvicorn

from provisioning.service.stopping import Stopping

GRACE_S: Final = 1


class _Server(uvicorn.Server):
    """A server that leaves signals to `Stopping`: its own handlers would end the process before its other parts."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


def serve(app: Any, listener: socket.socket, stopping: Stopping) -> None:
    """Serve on a listening socket until told to stop; returns when all requests are answered or cut off."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # paths and queries may name people
        timeout_graceful_shutdown=GRACE_S,
        ws="none",
    )
    server = _Server(config)

    def end() -> None:
        server.should_exit = True

    stopping.on_stop(end)
    server.run(sockets=[listener])
