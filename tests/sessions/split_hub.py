"""A hub of several workers on one database, each with partitions of its own, all at work at the same time.

One rule: it looks like one session to the chain; nothing is shared between the workers but the database.
"""

from concurrent.futures import ThreadPoolExecutor

from hub.context import HubContext
from hub.storage.kernel_store import SqlHubStore
from hub.storage.leases import Lease, Leases, this_process
from hub.storage.partitions import Partitions
from sync_protocol.envelope import plain_hub_envelope
from sync_protocol.events import HubPayload
from sync_protocol.hub_session import HubSession
from sync_protocol.limits import PARTITION_COUNT
from sync_protocol.names import partition_of, split_actor


class SplitHub:
    """Several real sessions under real leases."""

    def __init__(self, context: HubContext, workers: int) -> None:
        leases = Leases(context.database, this_process("test"))
        size = -(-PARTITION_COUNT // workers)
        self.leases: list[Lease] = []
        self.stores: list[SqlHubStore] = []
        self.sessions: list[HubSession] = []
        for first in range(0, PARTITION_COUNT, size):
            lease = leases.take(Partitions(first, min(first + size, PARTITION_COUNT) - 1))
            store = SqlHubStore(context.database, context.keys, context.hub_n, lease)
            self.leases.append(lease)
            self.stores.append(store)
            self.sessions.append(HubSession(store, plain_hub_envelope()))

    @property
    def marks_waiting(self) -> bool:
        """Tell whether any worker has marks to look at."""
        return any(session.marks_waiting for session in self.sessions)

    @marks_waiting.setter
    def marks_waiting(self, value: bool) -> None:
        for session in self.sessions:
            session.marks_waiting = value

    def receive(self, actor: str, channel: str, payload: bytes) -> None:
        """Hand a payload to the worker of its store's partition."""
        self.session_of(actor).receive(actor, channel, payload)

    def gone(self, actor: str) -> None:
        """Hand a hint to the worker of its store's partition."""
        self.session_of(actor).gone(actor)

    def work(self, now_ms: int) -> bool:
        """Let all workers work at once; what one marks, the others look at afterwards."""
        with ThreadPoolExecutor(len(self.sessions)) as pool:
            more = list(pool.map(lambda session: session.work(now_ms), self.sessions))
        told = [store.others_have_marks for store in self.stores]
        if any(told):
            self.marks_waiting = True  # as NOTIFY does
        for store in self.stores:
            store.others_have_marks = False
        return any(more) or any(told)

    def payloads_to_send(self) -> list[HubPayload]:
        """Collect what all workers want sent."""
        return [payload for session in self.sessions for payload in session.payloads_to_send()]

    def next_timer_ms(self) -> int | None:
        """Give the earliest time a worker wants to be called at."""
        timers = [at for session in self.sessions if (at := session.next_timer_ms()) is not None]
        return min(timers, default=None)

    def session_of(self, actor: str) -> HubSession:
        """Give the worker of an actor's partition."""
        partition = int(partition_of(split_actor(actor).store))
        for lease, session in zip(self.leases, self.sessions, strict=True):
            if lease.partitions.hold(partition):
                return session
        raise LookupError(actor)
