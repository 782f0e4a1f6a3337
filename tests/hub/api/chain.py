"""A chain for tests: stores whose nodes write entries as real ones do, and a hub session that takes them in.

One rule: nothing gets into the hub's tables but through its doors, the API and the sync session.
"""

import os
from collections import defaultdict
from dataclasses import dataclass, field

from edge_node.personal import KEY_BYTES, blind, seal_field
from hub.context import HubContext
from hub.storage.kernel_store import SqlHubStore
from loyalty.receipts import (
    RECORD_KIND,
    SALE,
    Receipt,
    ReceiptCoupon,
    ReceiptLine,
    ReceiptTender,
    encode_receipt,
    receipt_number,
)
from sync_protocol.accounts import MADE, USED
from sync_protocol.cells import Counter, Record, Register, Value
from sync_protocol.clock import HybridClock
from sync_protocol.entries import Entry, chain_next, chain_start, encode_entry
from sync_protocol.envelope import plain_hub_envelope, plain_node_envelope
from sync_protocol.hub_session import HubSession
from sync_protocol.messages import Batch, Birth, FromNode, Heartbeat, MemberKey
from sync_protocol.names import CHAIN_STREAM, NEVER_EXPIRES, actor_id, minted, points_account, split_actor, store_stream

START_MS = 1_767_225_600_000
"""1 January 2026, 00:00 UTC."""

BLIND_KINDS = ("phone", "card")


@dataclass
class Clock:
    """The hub's wall clock, set by the test."""

    now_ms: int = START_MS

    def __call__(self) -> int:
        return self.now_ms


@dataclass
class Sale:
    """What a test wants of a sale; the rest follows."""

    member: str | None = None
    total_minor: int = 1_000
    points_earned: int = 0
    points_used: int = 0
    coupon: str | None = None
    offline: bool = False
    kind: str = SALE


class Node:
    """A store's node as the hub sees it: entries numbered and chained, counters that only grow."""

    def __init__(self, store: str, blind_index_key: bytes, clock: Clock) -> None:
        self.actor = actor_id(store, 1)
        self.store = store
        self.chain = chain_start(self.actor)
        self.sent = self.chain
        self.last_entry = self.last_record = self.last_receipt = self.last_member = 0
        self.waiting: list[bytes] = []
        self.keys: list[MemberKey] = []
        self._blind_index_key = blind_index_key
        self._clock = clock
        self._hybrid = HybridClock()
        self._slots: defaultdict[tuple[str, str], int] = defaultdict(int)

    def append(
        self,
        registers: list[tuple[str, str, Value]] | None = None,
        counters: list[tuple[str, str, int]] | None = None,
        bodies: list[bytes] | None = None,
    ) -> None:
        """Append one entry to the log: registers, increments of counter slots, bodies of receipts."""
        stamp = self._hybrid.issue(self._clock.now_ms)
        cells = []
        for account, slot, increment in counters or []:
            self._slots[account, slot] += increment
            cells.append(Counter(account, self.actor, slot, self._slots[account, slot], increment))
        records = []
        for body in bodies or []:
            self.last_record += 1
            records.append(Record(self.actor, self.last_record, RECORD_KIND, body))
        self.last_entry += 1
        written = [Register(entity, name, value, stamp, self.actor) for entity, name, value in registers or []]
        self.append_raw(encode_entry(Entry(self.last_entry, stamp, "boot-1", 0, written, cells, records)))

    def append_raw(self, data: bytes) -> None:
        """Append the bytes of an entry, whatever they are."""
        self.waiting.append(data)
        self.chain = chain_next(self.chain, data)

    def enrol(self, *, card: str | None = None, phone: str | None = None, name: str | None = None) -> str:
        """Enrol a member; return the id."""
        self.last_member += 1
        member = minted("m", self.actor, self.last_member)
        key = os.urandom(KEY_BYTES)
        self.keys.append(MemberKey(member, key))
        registers: list[tuple[str, str, Value]] = [
            (member, f"held:{self.store}", 1),
            (member, "home_store", self.store),
            (member, "enrolled_at_ms", self._clock.now_ms),
        ]
        for kind, value in zip(BLIND_KINDS, (phone, card), strict=True):
            if value is not None:
                registers.append((member, kind, seal_field(key, member, kind, value)))
                registers.append((member, f"link:{kind}:{blind(self._blind_index_key, kind, value)}", 1))
        if name is not None:
            registers.append((member, "name", seal_field(key, member, "name", name)))
        self.append(registers=registers)
        return member

    def sell(self, sale: Sale) -> Receipt:
        """Sell; return the receipt."""
        self.last_receipt += 1
        receipt = _receipt(receipt_number(self.actor, self.last_receipt), self.store, sale, self._clock.now_ms)
        counters: list[tuple[str, str, int]] = []
        if sale.member is not None:
            account = points_account(sale.member, "main", NEVER_EXPIRES)
            if sale.points_earned:
                counters.append((account, MADE, sale.points_earned))
            if sale.points_used:
                counters.append((account, USED, sale.points_used))
        if sale.coupon is not None:
            counters.append((sale.coupon, USED, 1))
        self.append(counters=counters, bodies=[encode_receipt(receipt)])
        return receipt


def _receipt(number: str, store: str, sale: Sale, now_ms: int) -> Receipt:
    line = ReceiptLine(
        code="apple",
        name_zh="苹果",
        name_en="Apples",
        quantity_milli=1_000,
        unit_price_minor=sale.total_minor,
        gross_minor=sale.total_minor,
        discount_minor=0,
        net_minor=sale.total_minor,
        tax_bp=900,
        tax_minor=0,
        discounts=[("offer", 0)],
    )
    return Receipt(
        receipt=number,
        kind=sale.kind,
        store=store,
        business_time_ms=now_ms,
        business_day="20260101",
        member=sale.member,
        lines=[line],
        coupons=[ReceiptCoupon(sale.coupon, "C-TEST", 500)] if sale.coupon else [],
        total_minor=sale.total_minor,
        discount_minor=0,
        tax_minor=0,
        tenders=[ReceiptTender("cash", sale.total_minor)],
        change_minor=0,
        points_earned=sale.points_earned,
        points_used=sale.points_used,
        offline=sale.offline,
        basket_ref=f"basket-{number}",
        programme_version=1,
    )


@dataclass
class Chain:
    """The hub session over a test's databases, and the nodes that talk to it."""

    context: HubContext
    clock: Clock
    nodes: dict[str, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = SqlHubStore(self.context.database, self.context.keys, self.context.hub_n)
        self.session = HubSession(self.store, plain_hub_envelope())
        self._envelope = plain_node_envelope()

    def node(self, store: str) -> Node:
        """Give the node of a store whose slot the hub has; made on first use."""
        if store not in self.nodes:
            self.nodes[store] = Node(store, self.store.blind_index_key, self.clock)
        return self.nodes[store]

    def say(self, actor: str, message: FromNode, channel: str = "up") -> None:
        """Let the hub take in one message of a node, and work until there is nothing left to do."""
        self.hear(actor, self._envelope.seal(message), channel)

    def hear(self, actor: str, payload: bytes, channel: str = "up") -> None:
        """Let the hub take in a payload, whatever it is."""
        self.session.receive(actor, channel, payload)
        self.work()

    def work(self) -> None:
        """Let the session work until there is nothing left to do."""
        while self.session.work(self.clock.now_ms):
            pass

    def deliver(self, *stores: str) -> None:
        """Send what these stores have waiting, each as one batch, and a heartbeat."""
        for store in stores:
            node = self.node(store)
            first = node.last_entry - len(node.waiting) + 1
            if node.waiting:
                batch = Batch(node.actor, first, node.last_entry, node.sent, node.waiting, node.keys)
                node.waiting, node.keys, node.sent = [], [], node.chain
                self.say(node.actor, batch)
            self.say(node.actor, Heartbeat(node.actor, node.last_entry, {}, self.clock.now_ms))

    def spoil(self, store: str) -> Node:
        """Let a node write an entry that is none; it goes to quarantine and the node is held."""
        node = self.node(store)
        node.last_entry += 1
        node.append_raw(b"no entry at all")
        self.deliver(store)
        return node

    def greet(self, store: str) -> None:
        """Let a node introduce itself."""
        node = self.node(store)
        cursors = {CHAIN_STREAM: 0, store_stream(split_actor(node.actor).store): 0}
        self.say(node.actor, Birth(node.actor, "boot-1", node.last_entry, node.chain, 0, cursors, "test"))
