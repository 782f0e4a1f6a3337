"""A whole chain on one virtual clock: a hub, a few tills, and the line between them.

One rule: time moves from one thing that happens to the next; nothing ever sleeps.
"""

from pathlib import Path

from sync_protocol.envelope import plain_node_envelope
from sync_protocol.hub_ports import StoreUnavailable
from sync_protocol.messages import FromHub
from sync_protocol.names import actor_id
from tests.sessions.channel import GOOD, Channel, Parcel, VirtualClock
from tests.sessions.headquarters import Headquarters
from tests.sessions.till import PROGRAMME, Till

UNAVAILABLE_WAIT_MS = 500
MARKS_POLL_MS = 500
QUIET_MS = 75_000
"""Beyond the longest back-off of a session and a few heartbeats."""


class Chain:
    """Everything of one test."""

    def __init__(
        self, directory: Path, stores: tuple[str, ...], seed: int = 0, database: str = "", workers: int = 1
    ) -> None:
        self.directory = directory
        self.clock = VirtualClock()
        self.channel = Channel(seed)
        self.hub = Headquarters(directory / "hub", self.clock, database, workers)
        self.tills: dict[str, Till] = {}
        self._hub_waits_until_ms = self._hub_looks_at_ms = 0
        self._told: list[tuple[str | None, bytes]] = []
        self.hub.write_programme(PROGRAMME)
        for store in stores:
            self.hub.create_store(store)
            self.tills[store] = self.make_till(actor_id(store, 1), directory / store)

    def make_till(self, actor: str, directory: Path) -> Till:
        """Make a node over a directory, which may hold another node's database already."""
        return Till(directory, actor, self.clock)

    def till(self, store: str) -> Till:
        """Give the node of a store."""
        return self.tills[store]

    def connect_all(self) -> None:
        """Connect every till, and let everybody come to rest."""
        for till in self.tills.values():
            till.connect()
        self.run(2_000)

    def close(self) -> None:
        """Close all databases."""
        for till in self.tills.values():
            till.close()
        self.hub.close()

    def run(self, for_ms: int) -> None:
        """Let so much time pass, doing everything that happens in it."""
        end_ms = self.clock.time_ms + for_ms
        self._turn()
        while (next_ms := self._next_ms()) is not None and next_ms <= end_ms:
            self.clock.time_ms = max(next_ms, self.clock.time_ms)
            self._turn()
        self.clock.time_ms = end_ms

    def settle(self) -> None:
        """Let the line be good, everybody connected, and time enough pass for all to be said."""
        self.channel.line = GOOD
        for till in self._running():
            if not till.online:
                till.connect()
        self.run(QUIET_MS)

    def exchange(self) -> None:
        """Let payloads travel to and fro a few times on a good line."""
        self.run(200)

    def publish(self, till: Till) -> None:
        """Put on the line what a till wants sent; lost where it is not connected."""
        for channel, payload in till.payloads():
            if till.online:
                self.channel.send(Parcel(True, till.actor, channel, payload), self.clock.time_ms)

    def work_hub(self) -> None:
        """Let the hub's worker work as its thread does, and put on the line what it wants sent."""
        if self.clock.time_ms < self._hub_waits_until_ms:
            return
        if self.clock.time_ms >= self._hub_looks_at_ms:
            self.hub.session.marks_waiting = True  # as the worker does: somebody may have marked something unheard
            self._hub_looks_at_ms = self.clock.time_ms + MARKS_POLL_MS
        more = True
        while more:
            try:
                more = self.hub.session.work(self.clock.time_ms)
            except StoreUnavailable:
                self._hub_waits_until_ms = self.clock.time_ms + UNAVAILABLE_WAIT_MS
                return
            for to, payload in self.hub.session.payloads_to_send():
                self._told.append((to, payload))
                for till in self.tills.values():
                    if to in {till.actor, None} and till.online:
                        self.channel.send(Parcel(False, till.actor, "down", payload), self.clock.time_ms)

    def say(self, actor: str, payload: bytes, channel: str = "up") -> list[FromHub]:
        """Let the hub take in one payload at once; return what it tells this actor in answer."""
        self._told.clear()
        self.hub.session.receive(actor, channel, payload)
        self.work_hub()
        return self.told(actor)

    def told(self, actor: str) -> list[FromHub]:
        """Open what the hub has told an actor since `say` or `forget_told`."""
        envelope = plain_node_envelope()
        return [envelope.open(payload) for to, payload in self._told if to == actor]

    def forget_told(self) -> None:
        """Look only at what the hub says from now on."""
        self._told.clear()

    def _next_ms(self) -> int | None:
        times = [self.channel.next_ms(), self.hub.session.next_timer_ms()]
        times += [till.session.next_timer_ms() for till in self._running()]
        if self._hub_waits_until_ms > self.clock.time_ms:
            times.append(self._hub_waits_until_ms)
        ahead = [at for at in times if at is not None]
        # A timer in the past was served in this turn already: it is looked at again one step on.
        return max(min(ahead), self.clock.time_ms + 1) if ahead else None

    def _running(self) -> list[Till]:
        return [till for till in self.tills.values() if till.running]

    def _turn(self) -> None:
        by_actor = {till.actor: till for till in self.tills.values()}
        for parcel in self.channel.arrived(self.clock.time_ms):
            if parcel.to_hub:
                self.hub.session.receive(parcel.actor, parcel.channel, parcel.payload)
            elif by_actor[parcel.actor].online:
                by_actor[parcel.actor].receive(parcel.payload)
        for till in self._running():
            till.handle_timer()
            self.publish(till)
        self.work_hub()
