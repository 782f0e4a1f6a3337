"""The sync worker: one thread that drives the kernel's hub session.

One rule: the session is only touched by this thread. What comes in waits in a bounded queue; when it is full a payload
is dropped, and its sender repeats it.
"""

import logging
import queue
import threading
import time
from typing import Final

from hub.context import HubContext
from hub.storage.kernel_store import SqlHubStore
from hub.sync.broker_link import HubLink
from provisioning.broker_address import BrokerAddress
from sync_protocol.envelope import plain_hub_envelope
from sync_protocol.hub_ports import StoreUnavailable
from sync_protocol.hub_session import HubSession
from sync_protocol.names import parse_node_topic

log = logging.getLogger(__name__)

INBOX_MAX: Final = 20_000
MARKS_POLL_S: Final = 0.5
UNAVAILABLE_WAIT_S: Final = 0.5

_WAKE: Final = ("", b"")
_STOP: Final = ("stop", b"")


class SyncWorker:
    """Merges what stores send, acknowledges, feeds."""

    def __init__(self, context: HubContext, broker: BrokerAddress, name: str = "hub-worker-1") -> None:
        self._inbox: queue.Queue[tuple[str, bytes]] = queue.Queue(INBOX_MAX)
        self._session = HubSession(SqlHubStore(context.database, context.keys, context.hub_n), plain_hub_envelope())
        self._link = HubLink(name, broker, self._offer)
        self._thread = threading.Thread(target=self._run, name="sync-worker", daemon=True)

    def start(self) -> None:
        """Start the thread and the broker link."""
        self._thread.start()
        self._link.start()

    def stop(self) -> None:
        """End both. What was not acknowledged is sent again by the stores."""
        self._inbox.put(_STOP)
        self._thread.join()
        self._link.stop()

    def wake(self) -> None:
        """Tell that another part of the process marked something."""
        self._offer(*_WAKE)

    def _offer(self, topic: str, payload: bytes) -> None:
        try:
            self._inbox.put_nowait((topic, payload))
        except queue.Full:
            log.warning("hub inbox is full, dropped a payload on %s", topic)

    def _run(self) -> None:
        while True:
            item = self._wait()
            while item is not None:
                if item == _STOP:
                    return
                self._receive(*item)
                item = self._next_now()
            self._work()

    def _work(self) -> None:
        more = True
        while more:
            try:
                more = self._session.work(_now_ms())
            except StoreUnavailable as error:
                log.warning("the database is not available, trying again: %s", error)
                time.sleep(UNAVAILABLE_WAIT_S)
                return
            except Exception:
                # A mistake of ours must not end the worker: what was not acknowledged comes again.
                log.exception("the sync worker met an error that it did not expect")
                time.sleep(UNAVAILABLE_WAIT_S)
                return
            for to, payload in self._session.payloads_to_send():
                self._link.publish(to, payload)

    def _wait(self) -> tuple[str, bytes] | None:
        timer_ms = self._session.next_timer_ms()
        wait_s = MARKS_POLL_S
        if timer_ms is not None:
            wait_s = min(max((timer_ms - _now_ms()) / 1000, 0.001), MARKS_POLL_S)
        try:
            return self._inbox.get(timeout=wait_s)
        except queue.Empty:
            self._session.marks_waiting = True  # another process may have marked something
            return None

    def _next_now(self) -> tuple[str, bytes] | None:
        try:
            return self._inbox.get_nowait()
        except queue.Empty:
            return None

    def _receive(self, topic: str, payload: bytes) -> None:
        if not topic:
            self._session.marks_waiting = True
            return
        parsed = parse_node_topic(topic)
        if parsed is None:
            log.warning("payload on a topic that is none of ours: %s", topic[:200])
            return
        channel, actor = parsed
        if channel != "state":
            self._session.receive(actor, channel, payload)
        elif payload == b"offline":
            self._session.gone(actor)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
