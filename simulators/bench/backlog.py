"""A backlog to merge: what stores sold while headquarters was away, recorded from real nodes, to be played to any hub.

One rule: every byte was written by the node's own code; a hub that is played the prologue first, group by group, issues
the same coupons as the one it was recorded with, so that the backlog fits it.
"""

import itertools
import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from edge_node.clock import Instant, SystemClock
from edge_node.members import enrol, view
from edge_node.personal import KeyRing
from edge_node.sales import SaleOrder, commit_sale
from edge_node.storage.database import NodeDatabase
from edge_node.storage.sync_store import SqliteEdgeStore
from hub.api.programme.repository import write_programme
from hub.api.stores.repository import create_store
from hub.context import HubContext, open_context
from hub.settings import HubSettings
from hub.storage.kernel_store import SqlHubStore
from loyalty.baskets import CARD, POINTS, BasketLine, Coupon, Tender, price
from loyalty.programme import Programme, WelcomeCoupon, points_earned
from loyalty.receipts import SALE
from simulators.traffic.generator import Traffic, generate
from sync_protocol.edge_session import EdgeSession
from sync_protocol.envelope import plain_hub_envelope, plain_node_envelope
from sync_protocol.hub_session import HubSession
from sync_protocol.limits import BATCH_ENTRY_BYTES_MAX
from sync_protocol.messages import Batch
from sync_protocol.names import actor_id

START_MS: Final = 1_767_225_600_000
DAY: Final = "20260101"
PROGRAMME: Final = Programme(welcome_coupon=WelcomeCoupon(500, 0, "新会员减5元", "Welcome: 5 off"))
SALES_PER_TRANSACTION: Final = 50
POINTS_SPENT_MAX: Final = 100
ROUNDS_UNTIL_QUIET_MAX: Final = 10_000


class Group(NamedTuple):
    """Payloads that the hub took in together, at a time: (actor, channel, payload)."""

    now_ms: int
    payloads: list[tuple[str, str, bytes]]


class Backlog(NamedTuple):
    """A recorded chain: its stores, how they became known and were fed, and what they sold since."""

    stores: list[str]
    prologue: list[Group]
    batches: list[tuple[str, bytes]]
    receipts: int
    entry_bytes: int


class _Clock(SystemClock):
    """A clock that moves on by a millisecond a reading."""

    def __init__(self) -> None:
        self._ms = itertools.count(START_MS)
        self.last_ms = START_MS

    def read(self) -> Instant:
        self.last_ms = next(self._ms)
        return Instant(self.last_ms, self.last_ms - START_MS, "bench")

    def now_ms(self) -> int:
        return self.last_ms


class _Store:
    """One store's database and session; no threads, no broker."""

    def __init__(self, directory: Path, store: str, clock: _Clock) -> None:
        self.actor = actor_id(store, 1)
        self.clock = clock
        self.database = NodeDatabase(directory / store / "node.db", self.actor)
        self.keys = KeyRing(directory / store / "storage.key")
        self.sync_store = SqliteEdgeStore(self.database, self.keys, clock)
        self.session = EdgeSession(self.sync_store, plain_node_envelope(), software="bench")
        self.session.connected(clock.now_ms())

    def enrol(self, cards: list[str]) -> list[str]:
        """Enrol members, all in one transaction."""

        def work(connection: sqlite3.Connection) -> list[str]:
            home = self.database.store
            return [
                enrol(connection, self.clock.read(), self.keys, identities={"card": card}, name=None, home_store=home)
                for card in cards
            ]

        members = self.database.write(work)
        self.session.outbox_grew(self.sync_store.position().last_entry)
        return members

    def sell(self, orders: list[SaleOrder]) -> None:
        """Commit sales, all in one transaction."""

        def work(connection: sqlite3.Connection) -> None:
            for order in orders:
                commit_sale(connection, self.clock.read(), order)

        self.database.write(work)

    def batches(self, after: int) -> list[tuple[str, bytes]]:
        """Give what was logged after an entry, in batches as the session would send them."""
        envelope = plain_node_envelope()
        last = self.sync_store.position().last_entry
        found = []
        while after < last:
            part = self.sync_store.outbox(after + 1, BATCH_ENTRY_BYTES_MAX)
            batch = Batch(self.actor, after + 1, after + len(part.entries), part.prev, part.entries, part.keys)
            found.append((self.actor, envelope.seal(batch)))
            after = batch.last
        return found


class _Recorder:
    """A hub on SQLite and its stores, talking until all is said; what the hub takes in is written down."""

    def __init__(self, directory: Path, stores: list[str]) -> None:
        self.clock = _Clock()
        self.context = open_context(HubSettings(directory=directory / "hub"))
        self.session = set_up_hub(self.context, stores)
        self.stores = {store: _Store(directory, store, self.clock) for store in stores}
        self.groups: list[Group] = []

    def talk(self) -> None:
        """Carry payloads to and fro until nobody has anything to say."""
        by_actor = {store.actor: store for store in self.stores.values()}
        for _ in range(ROUNDS_UNTIL_QUIET_MAX):
            now_ms = self.clock.read().wall_ms
            payloads = [
                (store.actor, sent.channel, sent.payload)
                for store in self.stores.values()
                for sent in store.session.payloads_to_send(now_ms)
            ]
            if payloads:
                self.groups.append(Group(now_ms, payloads))
            play(self.session, Group(now_ms, payloads))
            answers = self.session.payloads_to_send()
            if not payloads and not answers:
                return
            for to, payload in answers:
                for store in by_actor.values() if to is None else [by_actor[to]]:
                    store.session.receive(payload, now_ms)
        raise RuntimeError("the recorded chain never came to rest")

    def close(self) -> None:
        """Close all databases."""
        for store in self.stores.values():
            store.database.close()
        self.context.database.close()
        self.context.keys.close()


def set_up_hub(context: HubContext, stores: list[str]) -> HubSession:
    """Give a hub its programme and stores, as headquarters would; return a session over it."""
    with context.database.write() as connection:
        write_programme(connection, context.hub_n, PROGRAMME, START_MS)
        for store in stores:
            create_store(connection, context.hub_n, store, store, START_MS)
    return HubSession(SqlHubStore(context.database, context.keys, context.hub_n), plain_hub_envelope())


def play(session: HubSession, group: Group) -> None:
    """Let a hub take in a group, and do all there is to do."""
    for actor, channel, payload in group.payloads:
        session.receive(actor, channel, payload)
    while session.work(group.now_ms):
        pass


def record(directory: Path, *, stores: int, members_per_store: int, receipts_per_store: int) -> Backlog:
    """Record a chain whose members all have a coupon, then what each store sells with nobody listening.

    Every receipt has a member and earns points; each member's coupon is used once; every third receipt is paid in part
    with points where the store has the rights.
    """
    names = [f"b{number:03d}" for number in range(stores)]
    traffic = generate(seed=7, stores=1, receipts=400)
    recorder = _Recorder(directory, names)
    recorder.talk()
    members = {
        store: recorder.stores[store].enrol([f"{store}-{number}" for number in range(members_per_store)])
        for store in names
    }
    recorder.talk()
    batches = []
    entry_bytes = 0
    for store in names:
        node = recorder.stores[store]
        after = node.sync_store.position().last_entry
        orders = _orders(node, members[store], traffic, receipts_per_store)
        for start in range(0, len(orders), SALES_PER_TRANSACTION):
            node.sell(orders[start : start + SALES_PER_TRANSACTION])
        batches.append(node.batches(after))
        entry_bytes += sum(map(len, node.sync_store.outbox(after + 1, 1 << 40).entries))
    recorder.close()
    # Stores send side by side.
    mixed = [batch for turn in itertools.zip_longest(*batches) for batch in turn if batch is not None]
    return Backlog(names, recorder.groups, mixed, stores * receipts_per_store, entry_bytes)


def _orders(node: _Store, members: list[str], traffic: Traffic, count: int) -> list[SaleOrder]:
    items = {item.code: item for item in traffic.catalogue}
    reader = node.database.reader()
    coupons = {
        member: Coupon(issued.coupon, issued.code, issued.value_minor, issued.threshold_minor)
        for member in members
        for issued in view(reader, node.keys, member).coupons
    }
    earned: dict[str, int] = {}
    orders = []
    for number, basket in zip(range(count), itertools.cycle(traffic.baskets), strict=False):
        member = members[number % len(members)]
        lines = []
        for line in basket.lines:
            item = items[line.code]
            milli = int(line.quantity * 1_000)
            lines.append(BasketLine(item.code, item.name_zh, item.name_en, milli, item.price_minor, item.tax_bp))
        used = [coupons.pop(member)] if member in coupons else []
        priced = price(lines, used)
        points = min(earned.get(member, 0), POINTS_SPENT_MAX, priced.total_minor) if number % 3 == 0 else 0
        earned[member] = earned.get(member, 0) - points + points_earned(PROGRAMME, priced.total_minor)
        tenders = [Tender(POINTS, points)] if points else []  # one point pays one minor unit
        tenders.append(Tender(CARD, priced.total_minor - points))
        orders.append(
            SaleOrder(
                basket_ref=f"{node.actor}-{number}",
                kind=SALE,
                priced=priced,
                member=member,
                tenders=tuple(tenders),
                programme=PROGRAMME,
                business_time_ms=START_MS + number,
                business_day=DAY,
                offline=True,
                print_receipt=False,
            )
        )
    return orders
