"""The node's side of the protocol as a sans-I/O state machine (SPEC 4, 5, 7).

One rule: nothing is believed to be at the hub before the hub has acknowledged it. Loss, repetition and reordering of
payloads cost time, never state: each timer goes back to what the store says.

    offline ──connected()──▶ greeting ──Welcome──▶ welcomed ──disconnected()──▶ offline
                                any ──Fence, or a log behind the hub's cursor──▶ fenced
"""

from typing import Final

from sync_protocol.edge_ports import EdgeStore
from sync_protocol.envelope import Envelope
from sync_protocol.errors import PeerError
from sync_protocol.events import (
    Acknowledged,
    Answered,
    EdgeEvent,
    EdgePayload,
    FeedApplied,
    Fenced,
    PayloadRejected,
    Refused,
    Welcomed,
)
from sync_protocol.limits import BATCH_ENTRY_BYTES_MAX, BATCHES_IN_FLIGHT_MAX
from sync_protocol.messages import (
    Acknowledge,
    Answer,
    Ask,
    Batch,
    Birth,
    CallBack,
    Feed,
    FeedAcknowledge,
    Fence,
    Fetch,
    FromHub,
    FromNode,
    Heartbeat,
    Question,
    Refuse,
    Welcome,
)

OFFLINE: Final = "offline"
GREETING: Final = "greeting"
WELCOMED: Final = "welcomed"
FENCED: Final = "fenced"

RETRY_FIRST_MS: Final = 1_000
RETRY_MAX_MS: Final = 30_000


class EdgeSession:
    """One node's conversation with the hub, over any number of connections."""

    def __init__(
        self,
        store: EdgeStore,
        envelope: Envelope[FromNode, FromHub],
        *,
        software: str,
        heartbeat_ms: int = 5_000,
    ) -> None:
        self._store = store
        self._envelope = envelope
        self._software = software
        self._heartbeat_ms = heartbeat_ms
        position = store.position()
        self._actor = position.actor
        self._boot = position.boot
        self._hub_n = position.hub_n
        self._cursors = dict(position.cursors)
        self._acknowledged = position.acknowledged
        self._last_entry = position.last_entry
        self.state = FENCED if position.fenced else OFFLINE
        self.last_contact_ms: int | None = None
        self._next_to_send = self._acknowledged + 1
        self._in_flight: list[int] = []  # last entry of each unacknowledged batch
        self._held = False
        self._fetching: dict[str, int] = {}  # stream -> time of the fetch
        self._asks: dict[int, int] = {}  # id -> deadline
        self._next_ask = 1
        self._outgoing: list[tuple[str, FromNode]] = []
        self._retry_at_ms: int | None = None
        self._retry_ms = RETRY_FIRST_MS
        self._heartbeat_at_ms: int | None = None

    # --- what the shell tells ---------------------------------------------------------------------------------

    def connected(self, now_ms: int) -> None:
        """The broker accepted and subscribed us: greet the hub. A fenced node says just that."""
        if self.state == FENCED:
            self._outgoing.append(("up", self._birth()))
            return
        self.state = GREETING
        self._outgoing.clear()
        self._retry_ms = RETRY_FIRST_MS
        self._greet(now_ms)

    def disconnected(self) -> list[EdgeEvent]:
        """The broker is gone. Asks under way end at once; the log waits in the store."""
        if self.state != FENCED:
            self.state = OFFLINE
        self._outgoing.clear()
        self._in_flight.clear()
        self._fetching.clear()
        self._retry_at_ms = self._heartbeat_at_ms = None
        ended = [Answered(ask, "timeout", "connection lost", ()) for ask in self._asks]
        self._asks.clear()
        return list(ended)

    def outbox_grew(self, last_entry: int) -> None:
        """The store wrote entries up to `last_entry`."""
        self._last_entry = max(self._last_entry, last_entry)

    def ask(self, question: Question, now_ms: int, deadline_ms: int) -> int:
        """Ask the hub something; the answer, or a time-out after `deadline_ms`, comes as `Answered` with this id."""
        ask = self._next_ask
        self._next_ask += 1
        self._asks[ask] = now_ms + deadline_ms
        if self.state == WELCOMED:
            self._outgoing.append(("rpc", Ask(ask, deadline_ms, question)))
        else:
            self._asks[ask] = now_ms
        return ask

    def receive(self, payload: bytes, now_ms: int) -> list[EdgeEvent]:
        """Take one payload from the hub; return what came of it."""
        try:
            message = self._envelope.open(payload)
        except PeerError as error:
            return [PayloadRejected(error.code, str(error), payload)]
        if self.state == FENCED:
            return []
        self.last_contact_ms = now_ms
        match message:
            case Welcome():
                return self._on_welcome(message, now_ms)
            case Acknowledge():
                return self._on_acknowledge(message, now_ms)
            case Refuse():
                return self._on_refuse(message, now_ms)
            case Feed():
                return self._on_feed(message, now_ms)
            case Answer():
                return self._on_answer(message, now_ms)
            case CallBack():
                self._on_call_back(message, now_ms)
                return []
            case Fence():
                return self._fence(message.reason)

    def payloads_to_send(self, now_ms: int) -> list[EdgePayload]:
        """Give everything that should be published now, in order."""
        self._pump(now_ms)
        outgoing, self._outgoing = self._outgoing, []
        return [EdgePayload(channel, self._envelope.seal(message)) for channel, message in outgoing]

    def next_timer_ms(self) -> int | None:
        """Give the time at which `handle_timer` wants to be called; None while nothing is awaited."""
        times = [t for t in (self._retry_at_ms, self._heartbeat_at_ms) if t is not None]
        times += self._asks.values()
        times += [t + self._retry_ms for t in self._fetching.values()]
        return min(times, default=None)

    def handle_timer(self, now_ms: int) -> list[EdgeEvent]:
        """Do what is due: end asks, repeat what was not answered, keep the heartbeat."""
        due = [ask for ask, at_ms in self._asks.items() if at_ms <= now_ms]
        for ask in due:
            del self._asks[ask]
        if self._retry_at_ms is not None and self._retry_at_ms <= now_ms:
            self._retry(now_ms)
        if self._heartbeat_at_ms is not None and self._heartbeat_at_ms <= now_ms:
            self._heartbeat_at_ms = now_ms + self._heartbeat_ms
            self._outgoing.append(("up", Heartbeat(self._actor, self._last_entry, dict(self._cursors), now_ms)))
        for stream, asked_ms in list(self._fetching.items()):
            if asked_ms + self._retry_ms <= now_ms:
                self._fetch(stream, now_ms)
        return [Answered(ask, "timeout", "no answer in time", ()) for ask in due]

    # --- what the hub tells -----------------------------------------------------------------------------------

    def _on_welcome(self, message: Welcome, now_ms: int) -> list[EdgeEvent]:
        if self.state == OFFLINE or message.hub_n < self._hub_n:
            return []  # of a connection, or of a life of the hub, that is over
        position = self._store.position()
        if self._is_fork(position.last_entry, position.last_chain, message):
            return self._fence(
                f"this node's log ends at {position.last_entry}, the hub already has {message.cursor}: "
                "the disk was set back or cloned; enrol this store again"
            )
        self._store.note_welcome(message.hub_n, message.blind_index_key, message.hub_time_ms - now_ms)
        self._hub_n = message.hub_n
        self._last_entry = position.last_entry
        self._store.note_acknowledged(message.cursor)
        self._acknowledged = max(self._acknowledged, message.cursor)
        self._next_to_send = message.cursor + 1
        self._in_flight.clear()
        self._held = False
        self.state = WELCOMED
        self._settle(now_ms)
        self._heartbeat_at_ms = now_ms + self._heartbeat_ms
        self._compare_heads(message.heads, now_ms)
        return [Welcomed(message.cursor, message.hub_time_ms)]

    @staticmethod
    def _is_fork(last_entry: int, last_chain: bytes, message: Welcome) -> bool:
        if last_entry < message.cursor:
            return True
        return last_entry == message.cursor and last_chain != message.chain

    def _on_acknowledge(self, message: Acknowledge, now_ms: int) -> list[EdgeEvent]:
        if self._is_of_another_hub(message.hub_n, now_ms) or self.state != WELCOMED:
            return []
        if message.cursor > self._last_entry:
            # Only entries that were sent can be acknowledged.
            return self._fence(
                f"the hub has entry {message.cursor} of this name, this node's log ends at {self._last_entry}: "
                "another node writes under the same name; enrol this store again"
            )
        events: list[EdgeEvent] = []
        is_progress = message.cursor > self._acknowledged
        if is_progress:
            self._store.note_acknowledged(message.cursor)
            self._acknowledged = message.cursor
            events.append(Acknowledged(message.cursor))
        self._in_flight = [last for last in self._in_flight if last > self._acknowledged]
        self._next_to_send = max(self._next_to_send, self._acknowledged + 1)
        self._held = False
        if is_progress or not self._in_flight:
            self._settle(now_ms)
        elif self._retry_at_ms is not None:
            # The hub is there and lacks what is under way: that was lost, or is about to be acknowledged. Heartbeats
            # come more often than retries, so this must never put a retry off, only bring it forward.
            self._retry_at_ms = min(self._retry_at_ms, now_ms + RETRY_FIRST_MS)
        self._compare_heads(message.heads, now_ms)
        return events

    def _is_of_another_hub(self, hub_n: int, now_ms: int) -> bool:
        """Tell whether a message is of another life of the hub; a later one is greeted anew."""
        if hub_n > self._hub_n and self.state == WELCOMED:
            self.state = GREETING
            self._in_flight.clear()
            self._greet(now_ms)
        return hub_n != self._hub_n

    def _on_refuse(self, message: Refuse, now_ms: int) -> list[EdgeEvent]:
        if message.code == "gap" and message.hub_n == self._hub_n and self.state == WELCOMED:
            self._in_flight.clear()
            self._next_to_send = message.cursor + 1
        elif message.code in {"held", "quarantined"}:
            self._held = True
            self._in_flight.clear()
            self._next_to_send = message.cursor + 1
            self._back_off(now_ms)
        elif message.code == "unknown-actor":
            self.state = GREETING
            self._back_off(now_ms)
        return [Refused(message.code, message.detail, message.number)]

    def _on_feed(self, message: Feed, now_ms: int) -> list[EdgeEvent]:
        if self._is_of_another_hub(message.hub_n, now_ms) or self.state != WELCOMED:
            return []
        cursor = self._cursors.get(message.stream, 0)
        if message.seq <= cursor:
            return []
        if message.previous > cursor:
            if message.stream not in self._fetching:
                self._fetch(message.stream, now_ms)
            return []
        self._store.apply_feed(message.stream, message.seq, message.entities, now_ms)
        self._cursors[message.stream] = message.seq
        if message.more:
            self._fetch(message.stream, now_ms)
        elif self._fetching.pop(message.stream, None) is not None:
            # The end of a catch-up is told at once; live steps are told by the next heartbeat.
            self._outgoing.append(("up", FeedAcknowledge(message.stream, message.seq)))
        return [FeedApplied(message.stream, message.seq, tuple(state.entity for state in message.entities))]

    def _on_answer(self, message: Answer, now_ms: int) -> list[EdgeEvent]:
        if message.entities:
            self._store.apply_entities(message.entities, now_ms)
        if self._asks.pop(message.id, None) is None:
            return []
        return [Answered(message.id, message.outcome, message.detail, tuple(message.entities))]

    def _on_call_back(self, message: CallBack, now_ms: int) -> None:
        if self._store.hand_back(message.account, message.amount, now_ms):
            self._last_entry = self._store.position().last_entry

    # --- inside -------------------------------------------------------------------------------------------------

    def _greet(self, now_ms: int) -> None:
        self._outgoing.append(("up", self._birth()))
        self._retry_at_ms = now_ms + self._retry_ms

    def _birth(self) -> Birth:
        position = self._store.position()
        return Birth(
            actor=position.actor,
            boot=position.boot,
            last_entry=position.last_entry,
            last_chain=position.last_chain,
            hub_n=position.hub_n,
            cursors=dict(position.cursors),
            software=self._software,
            fenced=position.fenced or "",
        )

    def _retry(self, now_ms: int) -> None:
        self._back_off(now_ms)
        if self.state == GREETING:
            self._greet(now_ms)
        elif self.state == WELCOMED:
            self._held = False
            self._in_flight.clear()
            self._next_to_send = self._acknowledged + 1

    def _back_off(self, now_ms: int) -> None:
        self._retry_at_ms = now_ms + self._retry_ms
        self._retry_ms = min(self._retry_ms * 2, RETRY_MAX_MS)

    def _settle(self, now_ms: int) -> None:
        self._retry_ms = RETRY_FIRST_MS
        self._retry_at_ms = now_ms + self._retry_ms if self._in_flight else None

    def _pump(self, now_ms: int) -> None:
        """Put what has gathered into batches; a few may be under way."""
        if self.state != WELCOMED or self._held:
            return
        while self._next_to_send <= self._last_entry and len(self._in_flight) < BATCHES_IN_FLIGHT_MAX:
            part = self._store.outbox(self._next_to_send, BATCH_ENTRY_BYTES_MAX)
            if not part.entries:
                return
            last = self._next_to_send + len(part.entries) - 1
            batch = Batch(self._actor, self._next_to_send, last, part.prev, part.entries, part.keys)
            self._outgoing.append(("up", batch))
            self._in_flight.append(last)
            self._next_to_send = last + 1
            if self._retry_at_ms is None:
                self._retry_at_ms = now_ms + self._retry_ms

    def _compare_heads(self, heads: dict[str, int], now_ms: int) -> None:
        for stream, head in heads.items():
            if head > self._cursors.get(stream, 0) and stream not in self._fetching:
                self._fetch(stream, now_ms)

    def _fetch(self, stream: str, now_ms: int) -> None:
        self._fetching[stream] = now_ms
        self._outgoing.append(("up", Fetch(stream, self._cursors.get(stream, 0))))

    def _fence(self, reason: str) -> list[EdgeEvent]:
        self._store.fence(reason)
        self.state = FENCED
        self._outgoing.clear()
        self._retry_at_ms = self._heartbeat_at_ms = None
        self._fetching.clear()
        self._outgoing.append(("up", self._birth()))  # told again at every connection, in case this is lost
        return [Fenced(reason)]
