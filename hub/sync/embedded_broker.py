"""The embedded MQTT broker (amqtt) for demos and tests: one thread with its own event loop, on the loopback only.

One rule: never for a chain. amqtt 0.12 sends retained messages to clients that did not ask for them and keeps all in
memory; the protocol relies on neither.
"""

import asyncio
import logging
import socket
import threading
from concurrent.futures import Future
from typing import Any, Final

from amqtt.broker import Broker

from provisioning.broker_address import BrokerAddress

log = logging.getLogger(__name__)

_START_TIMEOUT_S: Final = 20
_STOP_TIMEOUT_S: Final = 1
_LOOPBACK: Final = "127.0.0.1"


def free_port() -> int:
    """Find a TCP port on the loopback that is free now."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])


class EmbeddedBroker:
    """Starts and stops the broker."""

    def __init__(self, port: int) -> None:
        self.address = BrokerAddress(_LOOPBACK, port or free_port())
        self._loop = asyncio.new_event_loop()
        self._started: Future[None] = Future()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="embedded-broker", daemon=True)
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what keeps it from starting is told below

    def start(self) -> None:
        """Start listening. Raises: what stopped the broker from starting, a port in use among it."""
        self._thread.start()
        self._started.result(timeout=_START_TIMEOUT_S)

    def stop(self) -> None:
        """Close all connections and end the thread."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=_STOP_TIMEOUT_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        config: dict[str, Any] = {
            "listeners": {"default": {"type": "tcp", "bind": f"{self.address.host}:{self.address.port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
        broker = Broker(config)
        try:
            await broker.start()
        except Exception as error:  # noqa: BLE001 - told to whoever waits for the start
            self._started.set_exception(error)
            return
        self._started.set_result(None)
        await self._stop.wait()
        await broker.shutdown()
