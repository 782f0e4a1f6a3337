"""The hub's side of the protocol as a sans-I/O state machine: group commit, feeds, answers (SPEC 4, 5, 7).

One rule: nothing is acknowledged, fed or answered before the transaction that made it true has committed.

`receive` only collects; `work` takes what has gathered through one transaction (the group commit), then gives numbers
to what changed in a second one. A group that fails is tried message by message, a failing batch entry by entry, and the
one bad entry goes to quarantine.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from sync_protocol.clock import stamp_of, time_of_ms
from sync_protocol.envelope import Envelope
from sync_protocol.errors import EnvelopeError, PeerError
from sync_protocol.events import HubPayload
from sync_protocol.hub_batches import BatchVerdict, judge_batch
from sync_protocol.hub_feeds import cut
from sync_protocol.hub_ports import (
    FENCED,
    Accepted,
    ActorState,
    HubStore,
    HubTransaction,
    StoreConflict,
    StoreUnavailable,
)
from sync_protocol.limits import CLOCK_DRIFT_MAX_MS, FEED_CHUNK_ENTITIES_MAX
from sync_protocol.messages import (
    Acknowledge,
    Answer,
    Ask,
    Batch,
    Birth,
    CallBack,
    EntityState,
    Feed,
    FeedAcknowledge,
    Fence,
    Fetch,
    FindMember,
    FromHub,
    FromNode,
    Heartbeat,
    MemberKey,
    Refuse,
    WantRights,
    Welcome,
)
from sync_protocol.names import CHAIN_STREAM, store_stream

GROUP_MESSAGES_MAX = 256
CONFLICTS_MAX = 8
"""How often a transaction that others stood in the way of is tried again at once."""


class Letter(NamedTuple):
    """One payload as it came in, opened or refused."""

    actor: str
    channel: str
    payload: bytes
    message: FromNode | None
    code: str = ""
    reason: str = ""


class Merge(NamedTuple):
    """What one transaction will join, gathered over all its batches."""

    accepted: list[Accepted]
    keys: list[MemberKey]


class PendingAsk(NamedTuple):
    """An ask for rights that waits for other nodes to hand theirs back."""

    actor: str
    store: str
    id: int
    want: WantRights
    until_ms: int


class HubSession:
    """The hub's conversation with all nodes of its partitions."""

    def __init__(self, store: HubStore, envelope: Envelope[FromHub, FromNode]) -> None:
        self._store = store
        self._envelope = envelope
        self._inbox: list[Letter] = []
        self._offline: list[str] = []
        self._outgoing: list[HubPayload] = []
        self._pending: list[PendingAsk] = []
        self._replies: list[tuple[str | None, FromHub]] = []
        self._too_large: list[tuple[str, str]] = []
        self._high_stamp = store.high_stamp()
        self.marks_waiting = True

    # --- the doors ------------------------------------------------------------------------------------------------

    def receive(self, actor: str, channel: str, payload: bytes) -> None:
        """Collect one payload of a node; `work` deals with it."""
        try:
            message = self._envelope.open(payload)
        except PeerError as error:
            self._inbox.append(Letter(actor, channel, payload, None, error.code, str(error)))
            return
        named = getattr(message, "actor", actor)
        if named != actor:
            reason = f"the message says it is from {named}, the topic says {actor}"
            self._inbox.append(Letter(actor, channel, payload, None, "not-owner", reason))
            return
        self._inbox.append(Letter(actor, channel, payload, message))

    def gone(self, actor: str) -> None:
        """The broker says that a node's connection ended: a hint, shown and nothing else."""
        self._offline.append(actor)

    def work(self, now_ms: int) -> bool:
        """Commit what has gathered, number and feed what changed. Return whether there is more to do at once.

        Raises: StoreUnavailable; what was not committed is tried again next time.
        """
        self.commit(now_ms)
        if self._pending:
            self._serve_pending(now_ms)
        if self._too_large:
            self._note_too_large(now_ms)
        if self.marks_waiting:
            self._feed_marks(now_ms)
        return bool(self._inbox or self.marks_waiting)

    def commit(self, now_ms: int) -> None:
        """Commit what has gathered, up to a bound, and no more. Raises: StoreUnavailable."""
        letters, self._inbox = self._inbox[:GROUP_MESSAGES_MAX], self._inbox[GROUP_MESSAGES_MAX:]
        gone, self._offline = self._offline, []
        if letters or gone:
            try:
                self._commit(letters, gone, now_ms)
            except StoreUnavailable:
                self._inbox = letters + self._inbox  # what was committed of it is a repeat next time
                self._offline = gone + self._offline
                raise

    @property
    def waiting_count(self) -> int:
        """Count the payloads that were received and not yet dealt with."""
        return len(self._inbox)

    def payloads_to_send(self) -> list[HubPayload]:
        """Give everything that should be published now, in order."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def next_timer_ms(self) -> int | None:
        """Give the time by which `work` wants to be called though nothing came in."""
        return min((ask.until_ms for ask in self._pending), default=None)

    # --- group commit ---------------------------------------------------------------------------------------------

    def _commit(self, letters: Sequence[Letter], gone: Sequence[str], now_ms: int) -> None:
        if self._attempt(partial(self._take, letters=letters, gone=gone, now_ms=now_ms)) is None:
            return
        # Something in the group cannot be applied. Find it without holding up the others.
        self._attempt(partial(self._take, letters=[], gone=gone, now_ms=now_ms))
        for letter in letters:
            failure = self._attempt(partial(self._take, letters=[letter], gone=[], now_ms=now_ms))
            if failure is None:
                continue
            if isinstance(letter.message, Batch):
                self._commit_entries(letter, letter.message, now_ms)
            else:
                self._bury(letter, repr(failure), now_ms)

    def _attempt(self, step: Callable[[HubTransaction], None]) -> Exception | None:
        """Run one step in one transaction; what it wants sent leaves only when it has committed.

        A step that others stood in the way of is run again. Return what stopped it, if anything did.
        Raises: StoreUnavailable.
        """
        high_stamp, pending = self._high_stamp, list(self._pending)
        for tries in range(CONFLICTS_MAX + 1):
            self._replies = []
            try:
                with self._store.transaction() as tx:
                    step(tx)
                break
            except Exception as failure:  # whatever the store raises: smaller pieces are tried
                self._replies = []
                self._high_stamp, self._pending = high_stamp, list(pending)
                if isinstance(failure, StoreConflict) and tries < CONFLICTS_MAX:
                    continue
                if isinstance(failure, StoreUnavailable):
                    raise
                return failure
        replies, self._replies = self._replies, []
        for to, message in replies:
            self._seal(to, message)
        return None

    def _seal(self, to: str | None, message: FromHub) -> None:
        """Close one message. What is too large for one is told without its entities, and kept as a dead letter."""
        try:
            payload = self._envelope.seal(message)
        except EnvelopeError as error:
            if not isinstance(message, Answer | Feed):
                raise
            names = ", ".join(state.entity for state in message.entities)
            self._too_large.append((to or "", f"for {to or 'everyone'}, {names[:800]}: {error}"))
            payload = self._envelope.seal(msgspec.structs.replace(message, entities=[]))
        self._outgoing.append(HubPayload(to, payload))

    def _note_too_large(self, now_ms: int) -> None:
        noted = list(self._too_large)

        def note(tx: HubTransaction) -> None:
            for actor, reason in noted:
                tx.dead_letter(actor, "down", b"", "too-large", reason, now_ms)

        if self._attempt(note) is None:
            del self._too_large[: len(noted)]

    def _commit_entries(self, letter: Letter, batch: Batch, now_ms: int) -> None:
        """Apply a batch entry by entry; the one that fails goes to quarantine and the cursor passes it."""
        for place, data in enumerate(batch.entries):
            number = batch.first + place
            single = Batch(batch.actor, number, number, b"", [data], batch.keys)
            failure = self._attempt(partial(self._take_single, batch=single, now_ms=now_ms, refuse_with=None))
            if failure is None:
                continue
            reason = f"cannot be applied: {failure!r}"[:1000]
            failure = self._attempt(partial(self._take_single, batch=single, now_ms=now_ms, refuse_with=reason))
            if failure is not None:
                self._bury(letter, repr(failure), now_ms)
            return

    def _bury(self, letter: Letter, reason: str, now_ms: int) -> None:
        def keep(tx: HubTransaction) -> None:
            tx.dead_letter(letter.actor, letter.channel, letter.payload, "unappliable", reason[:1000], now_ms)

        failure = self._attempt(keep)
        if failure is not None:
            raise failure

    # --- one letter ---------------------------------------------------------------------------------------------

    def _take(self, tx: HubTransaction, letters: Sequence[Letter], gone: Sequence[str], now_ms: int) -> None:
        """Take a group through one transaction: first all logs, in one merge; then what reads the merged state."""
        actors = tx.lock_actors(sorted({letter.actor for letter in letters}))
        heads = tx.heads(sorted({state.store for state in actors.values()}))
        merge = Merge([], [])
        questions: list[tuple[Letter, Ask | Fetch]] = []
        for letter in letters:
            state = actors.get(letter.actor)
            if letter.message is None or state is None:
                self._take_unusable(tx, letter, state, now_ms)
            elif state.state == FENCED:
                self._reply(letter.actor, Fence(f"{letter.actor} was fenced by the hub; enrol this store again"))
            elif isinstance(letter.message, Ask | Fetch):
                questions.append((letter, letter.message))
            else:
                state = self._take_log(tx, letter.message, state, heads[state.store], merge, now_ms)
                actors[letter.actor] = state
        self._merge(tx, merge, now_ms)
        for letter, question in questions:
            state = actors[letter.actor]
            tx.note_contact(state.actor, now_ms, None, None)
            if isinstance(question, Ask):
                self._take_ask(tx, question, state, now_ms)
            else:
                self._take_fetch(tx, question, state, letter, now_ms)
        for actor in gone:
            tx.note_offline(actor, now_ms)

    def _take_unusable(self, tx: HubTransaction, letter: Letter, state: ActorState | None, now_ms: int) -> None:
        """Keep what did not open, and what comes from nobody known; tell the sender."""
        code, reason = letter.code, letter.reason
        if letter.message is not None:
            code = "unknown-actor"
            reason = f"{letter.actor} is no node of this chain: create its slot at the hub first"
        tx.dead_letter(letter.actor, letter.channel, letter.payload, code, reason, now_ms)
        if state is None or code == "undecodable":
            self._reply(letter.actor, self._refuse(code, reason, state.cursor if state else 0))

    def _take_log(
        self,
        tx: HubTransaction,
        message: Birth | Batch | Heartbeat | FeedAcknowledge,
        state: ActorState,
        heads: dict[str, int],
        merge: "Merge",
        now_ms: int,
    ) -> ActorState:
        match message:
            case Birth():
                return self._take_birth(tx, message, state, heads, now_ms)
            case Batch():
                return self._take_batch(tx, message, state, heads, merge, now_ms)
            case Heartbeat():
                tx.note_contact(state.actor, now_ms, message.last_entry, message.cursors)
                self._reply(state.actor, Acknowledge(self._store.hub_n, state.cursor, heads))
            case FeedAcknowledge():
                tx.note_feed(state.actor, message.stream, message.seq)
        return state

    def _merge(self, tx: HubTransaction, merge: "Merge", now_ms: int) -> None:
        if merge.accepted:
            tx.merge(merge.accepted, merge.keys, now_ms)
            self.marks_waiting = True

    def _take_single(self, tx: HubTransaction, *, batch: Batch, now_ms: int, refuse_with: str | None) -> None:
        """Take one entry of a batch whose chain was checked as a whole."""
        state = tx.lock_actors([batch.actor])[batch.actor]
        heads = tx.heads([state.store])[state.store]
        merge = Merge([], [])
        self._take_batch(tx, batch, state, heads, merge, now_ms, check_prev=False, refuse_with=refuse_with)
        self._merge(tx, merge, now_ms)

    def _take_birth(
        self, tx: HubTransaction, birth: Birth, state: ActorState, heads: dict[str, int], now_ms: int
    ) -> ActorState:
        tx.note_contact(state.actor, now_ms, birth.last_entry, birth.cursors)
        if birth.fenced:
            return self._fence(tx, state, birth.fenced)
        if birth.last_entry == state.cursor and birth.last_chain != state.chain:
            return self._fence(tx, state, f"entry {state.cursor} is another one here: two histories share one name")
        # A birth that says less than the cursor may just be old (repeated, overtaken). The node itself can tell: it
        # compares the welcome with its log as it is now, and says so if it is behind.
        welcome = Welcome(
            hub_n=self._store.hub_n,
            cursor=state.cursor,
            chain=state.chain,
            hub_time_ms=now_ms,
            heads=heads,
            blind_index_key=self._store.blind_index_key,
        )
        self._reply(state.actor, welcome)
        return state

    def _take_batch(
        self,
        tx: HubTransaction,
        batch: Batch,
        state: ActorState,
        heads: dict[str, int],
        merge: "Merge",
        now_ms: int,
        *,
        check_prev: bool = True,
        refuse_with: str | None = None,
    ) -> ActorState:
        tx.note_contact(state.actor, now_ms, None, None)
        limit_ms = max(now_ms, time_of_ms(self._high_stamp)) + CLOCK_DRIFT_MAX_MS
        verdict = judge_batch(batch, state, stamp_of(limit_ms), check_prev=check_prev, refuse_with=refuse_with)
        if verdict.fork:
            return self._fence(tx, state, verdict.fork)
        if verdict.accepted:
            merge.accepted.extend(verdict.accepted)
            own = f"m:{batch.actor}:"  # a key is put by who enrolled the member, and by nobody else
            merge.keys.extend(key for key in batch.keys if key.member.startswith(own))
        for skipped in verdict.skipped:
            reason = f"entry {skipped.number}: register {skipped.register.field} is stamped too far ahead"
            body = msgspec.msgpack.encode(skipped.register)
            tx.dead_letter(state.actor, "up", body, "clock-ahead", reason, now_ms)
        if verdict.bad is not None:
            tx.quarantine(state.actor, verdict.bad.number, verdict.bad.data, verdict.bad.reason, now_ms)
        if verdict.state != state:
            tx.save_actor(verdict.state)
            self._high_stamp = max(self._high_stamp, verdict.state.high_stamp)
        self._reply_to_batch(verdict.state, verdict, heads)
        return verdict.state

    def _reply_to_batch(self, state: ActorState, verdict: BatchVerdict, heads: dict[str, int]) -> None:
        if verdict.bad is not None:
            refusal = self._refuse("quarantined", verdict.bad.reason, state.cursor, verdict.bad.number)
        elif verdict.held:
            refusal = self._refuse("held", "an entry in quarantine waits for staff to settle it", state.cursor)
        elif verdict.gap:
            refusal = self._refuse("gap", verdict.gap, state.cursor)
        else:
            if verdict.skipped:
                detail = f"{len(verdict.skipped)} registers are stamped too far ahead of the hub's clock"
                self._reply(state.actor, self._refuse("clock-ahead", detail, state.cursor, verdict.skipped[0].number))
            self._reply(state.actor, Acknowledge(self._store.hub_n, state.cursor, heads))
            return
        self._reply(state.actor, refusal)

    def _fence(self, tx: HubTransaction, state: ActorState, reason: str) -> ActorState:
        """Two histories share one name: stop it, keep both sides (SPEC 4.5)."""
        fenced = state._replace(state=FENCED)
        tx.save_actor(fenced)
        self._reply(state.actor, Fence(reason))
        return fenced

    def _take_fetch(self, tx: HubTransaction, fetch: Fetch, state: ActorState, letter: Letter, now_ms: int) -> None:
        if fetch.stream not in {CHAIN_STREAM, store_stream(state.store)}:
            reason = f"{state.actor} may not read {fetch.stream}"
            tx.dead_letter(state.actor, letter.channel, letter.payload, "not-owner", reason, now_ms)
            return
        step = tx.changed_after(fetch.stream, fetch.after, FEED_CHUNK_ENTITIES_MAX)
        feeds = cut(self._store.hub_n, step, tx.entity_states(step.entities, now_ms))
        # Only the first part: the node fetches the next one itself, so that a sale goes out between two of them.
        more = step.more or len(feeds) > 1
        self._reply(state.actor, msgspec.structs.replace(feeds[0], more=more))

    # --- asks -----------------------------------------------------------------------------------------------------

    def _take_ask(self, tx: HubTransaction, ask: Ask, state: ActorState, now_ms: int) -> None:
        self.marks_waiting = True  # holding and granting mark what they change
        question = ask.question
        if isinstance(question, FindMember):
            found = tx.find_members(question.kind, question.blind)
            tx.hold(state.store, found)
            outcome = "found" if found else "not-found"
            self._reply(state.actor, Answer(ask.id, outcome, "", tx.entity_states(found, now_ms)))
            return
        pending = PendingAsk(state.actor, state.store, ask.id, question, now_ms + min(ask.deadline_ms, 5_000))
        if self._serve(tx, pending, now_ms, last_try=False):
            return
        self._pending.append(pending)
        for other, rights in tx.rights_elsewhere(question.account, state.actor):
            self._reply(other, CallBack(question.account, min(rights, question.target)))

    def _serve(self, tx: HubTransaction, ask: PendingAsk, now_ms: int, *, last_try: bool) -> bool:
        """Grant what is free towards the target; tell whether the ask is finished."""
        owner = tx.owner_of(ask.want.account)
        if owner is None:
            self._reply(ask.actor, Answer(ask.id, "not-found", f"account {ask.want.account} is not known"))
            return True
        tx.hold(ask.store, [owner])
        granted = tx.grant(ask.actor, ask.want, now_ms)
        elsewhere = granted.short and not last_try and tx.rights_elsewhere(ask.want.account, ask.actor)
        if elsewhere:
            return False
        cells = [granted.cell] if granted.cell is not None else []
        outcome = "short" if granted.short else "granted"
        state = EntityState(owner, counters=cells, whole=False)
        self._reply(ask.actor, Answer(ask.id, outcome, f"{granted.short} short" if granted.short else "", [state]))
        return True

    def _serve_pending(self, now_ms: int) -> None:
        waiting = list(self._pending)

        def serve(tx: HubTransaction) -> None:
            self._pending = [
                ask for ask in waiting if not self._serve(tx, ask, now_ms, last_try=ask.until_ms <= now_ms)
            ]

        self.marks_waiting = True
        if self._attempt(serve) is not None:
            self._pending = [ask for ask in waiting if ask.until_ms > now_ms]

    # --- feeds ----------------------------------------------------------------------------------------------------

    def _feed_marks(self, now_ms: int) -> None:
        more = True

        def number(tx: HubTransaction) -> None:
            nonlocal more
            steps, more = tx.expand_marks(FEED_CHUNK_ENTITIES_MAX)
            wanted = sorted({entity for step in steps for entity in step.entities})
            states = {state.entity: state for state in tx.entity_states(wanted, now_ms)}
            readers = tx.readers([step.stream.partition("/")[2] for step in steps])
            for step in steps:
                to = readers.get(step.stream.partition("/")[2])
                if to is not None or step.stream == CHAIN_STREAM:
                    for feed in cut(self._store.hub_n, step, [states[entity] for entity in step.entities]):
                        self._reply(to, feed)

        failure = self._attempt(number)
        if failure is not None:
            raise failure
        self.marks_waiting = more

    # --- sending ------------------------------------------------------------------------------------------------

    def _refuse(self, code: str, detail: str, cursor: int, number: int = 0) -> Refuse:
        return Refuse(code, detail[:1000], self._store.hub_n, cursor, number)

    def _reply(self, to: str | None, message: FromHub) -> None:
        self._replies.append((to, message))
