"""The sync worker: one thread that drives the kernel's hub session, for as long as it holds its partitions.

One rule: the session is only touched by this thread, and lives no longer than the lease it works under. What comes in
waits in a bounded queue; when it is full a payload is dropped, and its sender repeats it.
"""

import contextlib
import logging
import queue
import threading
import time
from typing import Final

from hub.context import HubContext
from hub.errors import PartitionsHeld
from hub.metrics import CountingEnvelope
from hub.storage.kernel_store import SqlHubStore
from hub.storage.leases import RENEWALS_PER_LEASE, Lease, LeaseLost, Leases, this_process
from hub.storage.partitions import Partitions
from hub.storage.wakeups import Listener, notify
from hub.sync.broker_link import worker_link
from provisioning.broker_address import BrokerAddress
from provisioning.service.mqtt_link import MqttLink
from sync_protocol.envelope import plain_hub_envelope
from sync_protocol.hub_ports import StoreUnavailable
from sync_protocol.hub_session import GROUP_MESSAGES_MAX, HubSession
from sync_protocol.names import CHAIN_TOPIC, down_topic, parse_node_topic

log = logging.getLogger(__name__)

INBOX_MAX: Final = 20_000
MARKS_POLL_S: Final = 0.5
UNAVAILABLE_WAIT_S: Final = 0.5
TAKE_AGAIN_S: Final = 1.0

_WAKE: Final = ("", b"")


class SyncWorker:
    """Merges what the stores of its partitions send, acknowledges, feeds."""

    def __init__(self, context: HubContext, partitions: Partitions | None = None, role: str = "worker") -> None:
        self._context = context
        self._partitions = partitions if partitions is not None else Partitions()
        self._inbox: queue.Queue[tuple[str, bytes]] = queue.Queue(INBOX_MAX)
        self._stopped = threading.Event()
        self._leases = Leases(context.database, this_process(f"tillsync-hub {role}"), context.settings.lease_ms)
        self._renew_s = context.settings.lease_ms / RENEWALS_PER_LEASE / 1000
        self._listener = Listener(context.database, self.wake)
        self._thread: threading.Thread | None = None
        self._lease: Lease | None = None

    def take(self) -> None:
        """Take the partitions: after that no other process works on them.

        Waits for a lease to run out whose holder does not renew it. Raises: PartitionsHeld when its holder does;
        StoreUnavailable. Told to stop meanwhile, it takes nothing.
        """
        self._lease = self._take_when_free()

    def start(self, broker: BrokerAddress) -> None:
        """Begin to work on what was taken, and to listen at a broker; nothing when nothing was taken."""
        if self._lease is None:
            return
        self._thread = threading.Thread(target=self._run, args=(broker,), name="sync-worker", daemon=True)
        self._thread.start()
        self._listener.start()

    def ask_to_stop(self) -> None:
        """Tell the worker to end, and do not wait for it."""
        self._stopped.set()
        self._offer(*_WAKE)

    def stop(self) -> None:
        """Finish the transaction under way, leave the broker, give the partitions back.

        What was not acknowledged is sent again by the stores.
        """
        self.ask_to_stop()
        self._listener.stop()
        if self._thread is not None:
            self._thread.join()
        self._give_back()

    def wake(self) -> None:
        """Tell that another part of the process, or another process, marked something."""
        self._offer(*_WAKE)

    def _offer(self, topic: str, payload: bytes) -> None:
        try:
            self._inbox.put_nowait((topic, payload))
        except queue.Full:
            if topic:
                self._context.metrics.inbox_dropped.inc()

    # --- the lease ------------------------------------------------------------------------------------------------

    def _take_when_free(self) -> Lease | None:
        """Take the partitions; None when told to stop before. Raises: PartitionsHeld, StoreUnavailable."""
        first_met: PartitionsHeld | None = None
        while not self._stopped.is_set():
            try:
                return self._take()
            except PartitionsHeld as held:
                if first_met is not None and (held.epoch, held.until_ms) != (first_met.epoch, first_met.until_ms):
                    raise  # somebody alive has renewed or taken it meanwhile
                if first_met is None:
                    log.warning("waiting for a lease to run out", extra={"holder": held.holder})
                first_met = first_met or held
                self._stopped.wait(MARKS_POLL_S)
        return None

    def _take(self) -> Lease:
        lease = self._leases.take(self._partitions)
        log.info("partitions taken", extra={"partitions": str(self._partitions), "epoch": lease.epoch})
        return lease

    def _take_again(self) -> Lease | None:
        """Wait, however long, until the partitions are free again; None when told to stop before."""
        while not self._stopped.wait(TAKE_AGAIN_S):
            try:
                return self._take()
            except PartitionsHeld as held:
                log.info("partitions are held by another process", extra={"holder": held.holder})
            except StoreUnavailable as error:
                self._note_unavailable(error)
        return None

    # --- the thread -----------------------------------------------------------------------------------------------

    def _run(self, broker: BrokerAddress) -> None:
        while self._lease is not None and not self._stopped.is_set():
            try:
                self._hold(self._lease, broker)
            except LeaseLost as lost:
                log.warning("partitions lost", extra={"cause": str(lost)})
                self._forget_inbox()
                self._lease = self._take_again()

    def _give_back(self) -> None:
        lease, self._lease = self._lease, None
        if lease is not None:
            with contextlib.suppress(StoreUnavailable):  # it runs out by itself
                self._leases.give_back(lease)

    def _forget_inbox(self) -> None:
        """Drop what has gathered: its senders repeat it, to whoever holds the partitions then."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._inbox.get_nowait()

    def _hold(self, lease: Lease, broker: BrokerAddress) -> None:
        """Serve until told to stop, whatever goes wrong meanwhile. Raises: LeaseLost."""
        on_state = self._context.metrics.broker_connected.set
        # Its name at the broker belongs to the partitions: who does not hold them must leave it to who does.
        link = worker_link(self._partitions, broker, on_state=on_state, on_message=self._offer)
        link.start()
        try:
            while not self._stopped.is_set():
                try:
                    self._serve(lease, link)
                except LeaseLost:
                    raise
                except StoreUnavailable as error:
                    self._note_unavailable(error)
                    self._stopped.wait(UNAVAILABLE_WAIT_S)
                except Exception:
                    # A mistake of ours must not end the worker: what was not acknowledged comes again.
                    log.exception("the sync worker met an error that it did not expect")
                    self._stopped.wait(UNAVAILABLE_WAIT_S)
            self._give_back()  # before the goodbye, which a broker that hangs may draw out
        finally:
            link.stop()

    def _serve(self, lease: Lease, link: MqttLink) -> None:
        """Drive one session until told to stop. Raises: LeaseLost, StoreUnavailable."""
        context = self._context
        store = SqlHubStore(context.database, context.keys, context.hub_n, lease, context.metrics)
        session = HubSession(store, CountingEnvelope(plain_hub_envelope(), context.metrics))
        renew_at_s = look_at_s = 0.0
        more = False
        while not self._stopped.is_set():
            if time.monotonic() >= renew_at_s and self._renewed(lease):
                renew_at_s = time.monotonic() + self._renew_s
            if time.monotonic() >= look_at_s:
                session.marks_waiting = True  # another process may have marked something, and its word been lost
                look_at_s = time.monotonic() + MARKS_POLL_S
            # What came in meanwhile joins the next commit: feeding a large change on holds up no acknowledgement.
            self._gather(session, wait=not more)
            more = self._work(session, link)
            if store.others_have_marks:
                store.others_have_marks = False
                notify(context.database)

    def _renewed(self, lease: Lease) -> bool:
        try:
            self._leases.renew(lease)
        except LeaseLost:
            raise
        except StoreUnavailable as error:
            self._note_unavailable(error)
            return False
        return True

    def _gather(self, session: HubSession, *, wait: bool) -> None:
        """Take all that has come in; wait for a payload, a wake-up or a timer where nothing else is to be done."""
        if wait and session.waiting_count < GROUP_MESSAGES_MAX:
            timer_ms = session.next_timer_ms()
            due_s = (timer_ms - _now_ms()) / 1000 if timer_ms is not None else MARKS_POLL_S
            with contextlib.suppress(queue.Empty):
                self._receive(session, *self._inbox.get(timeout=min(max(due_s, 0.001), MARKS_POLL_S)))
        with contextlib.suppress(queue.Empty):
            while session.waiting_count < GROUP_MESSAGES_MAX:
                self._receive(session, *self._inbox.get_nowait())
        self._context.metrics.inbox_messages.set(self._inbox.qsize())

    def _work(self, session: HubSession, link: MqttLink) -> bool:
        """Commit and feed one step on; tell whether there is more to do at once. Raises: LeaseLost."""
        try:
            return session.work(_now_ms())
        except LeaseLost:
            raise
        except StoreUnavailable as error:  # the session keeps what has gathered, and tries again
            self._note_unavailable(error)
            self._stopped.wait(UNAVAILABLE_WAIT_S)
            return False
        finally:
            # What is to be sent was committed, whatever went wrong afterwards.
            for to, payload in session.payloads_to_send():
                link.publish(CHAIN_TOPIC if to is None else down_topic(to), payload)

    def _receive(self, session: HubSession, topic: str, payload: bytes) -> None:
        if not topic:
            session.marks_waiting = True
            return
        parsed = parse_node_topic(topic)
        if parsed is None:
            log.warning("payload on a topic that is none of ours")
            return
        channel, actor = parsed
        if channel != "state":
            session.receive(actor, channel, payload)
        elif payload == b"offline":
            session.gone(actor)

    def _note_unavailable(self, error: StoreUnavailable) -> None:
        self._context.metrics.database_errors.labels("worker").inc()
        log.warning("the database is not available, trying again", extra={"cause": str(error)})


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
