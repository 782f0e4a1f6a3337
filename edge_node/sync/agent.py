"""The sync agent: one thread that drives the kernel's edge session.

One rule: the session is only ever touched by this thread. Everything else hands over through a bounded queue; when it
is full the item is dropped, because the session repeats whatever got no answer.
"""

import contextlib
import logging
import queue
import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import Final, NamedTuple

from edge_node.clock import SystemClock
from edge_node.errors import StorageUnavailable
from edge_node.metrics import ASK_OUTCOMES, HUB_CODES, NodeMetrics, among
from edge_node.storage.sync_store import SqliteEdgeStore
from edge_node.sync.broker_link import node_link
from provisioning.broker_address import BrokerAddress
from provisioning.service.stopping import stop_within
from sync_protocol.edge_session import WELCOMED, EdgeSession
from sync_protocol.envelope import plain_node_envelope
from sync_protocol.events import (
    Acknowledged,
    Answered,
    EdgeEvent,
    FeedApplied,
    Fenced,
    PayloadRejected,
    Refused,
    Welcomed,
)
from sync_protocol.messages import Question
from sync_protocol.names import node_topic

log = logging.getLogger(__name__)

INBOX_MAX: Final = 2_000
CONTACT_HEARTBEATS: Final = 3
ASK_DEADLINE_MS: Final = 250
COMMITTED_MAX: Final = 10_000
"""How many commits are remembered until they are acknowledged; of a longer outage the oldest are not measured."""

STOP_S: Final = 0.5
_WAIT_MAX_S: Final = 5.0
_ERROR_WAIT_S: Final = 1.0


class _Ready(NamedTuple):
    """The broker accepted us."""


class _Lost(NamedTuple):
    """The broker is gone."""


class _Grew(NamedTuple):
    last_entry: int
    committed_s: float


class _Payload(NamedTuple):
    payload: bytes


class _Question(NamedTuple):
    question: Question
    answer: "Future[Answered]"


class _Stop(NamedTuple):
    """Wakes the thread so that it sees that it is to end."""


_Item = _Ready | _Lost | _Grew | _Payload | _Question | _Stop


class SyncAgent:
    """Runs the session of one node over its broker link."""

    def __init__(
        self,
        store: SqliteEdgeStore,
        clock: SystemClock,
        broker: BrokerAddress,
        *,
        heartbeat_ms: int,
        software: str,
        metrics: NodeMetrics,
    ) -> None:
        self._store = store
        self._clock = clock
        self._heartbeat_ms = heartbeat_ms
        self._session = EdgeSession(store, plain_node_envelope(), software=software, heartbeat_ms=heartbeat_ms)
        self._inbox: queue.Queue[_Item] = queue.Queue(INBOX_MAX)
        self._waiting: dict[int, Future[Answered]] = {}
        self._metrics = metrics
        self._committed: deque[_Grew] = deque(maxlen=COMMITTED_MAX)
        self._stopping = threading.Event()
        self._actor = store.position().actor
        self._link = node_link(
            self._actor,
            broker,
            on_ready=lambda: self._inbox.put(_Ready()),
            on_lost=lambda: self._inbox.put(_Lost()),
            on_payload=self._offer_payload,
        )
        self._thread = threading.Thread(target=self._run, name="sync-agent", daemon=True)

    def start(self) -> None:
        """Start the thread and the broker link."""
        self._thread.start()
        self._link.start()

    def stop(self) -> None:
        """End both. What was committed is handed to the broker if it takes it now, the rest stays in the outbox."""
        self._stopping.set()
        with contextlib.suppress(queue.Full):  # then the thread is awake anyway
            self._inbox.put_nowait(_Stop())
        stop_within(STOP_S, "sync agent", self._thread.join)
        self._link.stop()

    def grew(self, last_entry: int) -> None:
        """Tell that a commit just made the log grow: a batch leaves at once if the line is idle."""
        self._put(_Grew(last_entry, time.monotonic()))

    def ask(self, question: Question) -> "Future[Answered]":
        """Ask the hub; the future ends within the deadline, with outcome `timeout` if nothing came."""
        answer: Future[Answered] = Future()
        if not self._put(_Question(question, answer)):
            self._metrics.hub_asks.labels("timeout").inc()
            answer.set_result(Answered(0, "timeout", "the node is too busy", ()))
        return answer

    @property
    def last_contact_ms(self) -> int | None:
        """Wall time of the last payload from the hub since the start."""
        return self._session.last_contact_ms

    def is_connected(self) -> bool:
        """Tell whether the broker accepts this node; the hub may be away all the same."""
        return self._link.is_connected()

    def is_online(self) -> bool:
        """Tell whether the hub has been heard lately."""
        contact_ms = self._session.last_contact_ms
        if self._session.state != WELCOMED or contact_ms is None:
            return False
        return self._clock.now_ms() - contact_ms <= CONTACT_HEARTBEATS * self._heartbeat_ms

    def _offer_payload(self, payload: bytes) -> None:
        self._put(_Payload(payload))

    def _put(self, item: _Item) -> bool:
        try:
            self._inbox.put(item, timeout=0.01)
        except queue.Full:
            log.warning("sync inbox is full, dropped an item", extra={"item": type(item).__name__.strip("_")})
            return False
        return True

    def _run(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._stopping.is_set()  # what was handed over before is still done
            try:
                self._turn()
            except StorageUnavailable:
                self._stopping.wait(_ERROR_WAIT_S)  # told by the database; the session repeats
            except Exception:
                # A mistake of ours must not end the thread, and with it the line to the hub: the session repeats.
                log.exception("the sync agent met an error that it did not expect")
                self._stopping.wait(_ERROR_WAIT_S)

    def _turn(self) -> None:
        """Wait for something to do, do it, and send what came of it."""
        item = self._wait()
        while item is not None:
            self._handle(self._take(item))
            item = self._next_now()
        self._handle(self._session.handle_timer(self._clock.now_ms()))
        for channel, payload in self._session.payloads_to_send(self._clock.now_ms()):
            self._link.publish(node_topic(channel, self._actor), payload)

    def _wait(self) -> _Item | None:
        if self._stopping.is_set():
            return self._next_now()
        timer_ms = self._session.next_timer_ms()
        wait_s = _WAIT_MAX_S
        if timer_ms is not None:
            wait_s = min(max((timer_ms - self._clock.now_ms()) / 1000, 0.0), _WAIT_MAX_S)
        try:
            return self._inbox.get(timeout=wait_s) if wait_s else self._inbox.get_nowait()
        except queue.Empty:
            return None

    def _next_now(self) -> _Item | None:
        try:
            return self._inbox.get_nowait()
        except queue.Empty:
            return None

    def _take(self, item: _Item) -> list[EdgeEvent]:
        now_ms = self._clock.now_ms()
        match item:
            case _Ready():
                self._session.connected(now_ms)
            case _Lost():
                return self._session.disconnected()
            case _Grew():
                self._committed.append(item)
                self._session.outbox_grew(item.last_entry)
            case _Payload():
                return self._session.receive(item.payload, now_ms)
            case _Question():
                self._waiting[self._session.ask(item.question, now_ms, ASK_DEADLINE_MS)] = item.answer
            case _Stop():
                pass
        return []

    def _handle(self, events: list[EdgeEvent]) -> None:
        for event in events:
            match event:
                case Answered():
                    self._metrics.hub_asks.labels(among(event.outcome, ASK_OUTCOMES)).inc()
                    waiting = self._waiting.pop(event.id, None)
                    if waiting is not None:
                        waiting.set_result(event)
                case Acknowledged():
                    self._note_acknowledged(event.cursor)
                case PayloadRejected():
                    log.warning("a payload did not open, kept as dead letter", extra={"code": event.code})
                    self._metrics.payloads_rejected.labels(event.code).inc()
                    self._store.keep_dead_letter(event.code, event.reason, event.payload)
                case Fenced():
                    log.error("fenced: this node must stop selling", extra={"reason": event.reason})
                case Refused():
                    code = among(event.code, HUB_CODES)
                    log.warning("the hub refused a message", extra={"code": code, "number": event.number})
                    self._metrics.hub_refusals.labels(code).inc()
                case Welcomed():
                    log.info("met the hub", extra={"acknowledged": event.cursor})
                case FeedApplied():
                    pass

    def _note_acknowledged(self, cursor: int) -> None:
        now_s = time.monotonic()
        while self._committed and self._committed[0].last_entry <= cursor:
            self._metrics.acknowledgement_seconds.observe(now_s - self._committed.popleft().committed_s)
