"""One store's node for these tests: its real database and session, driven by hand.

One rule: it does what the node's agent does and nothing more; every sale, enrolment and sweep is the node's own code.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from edge_node.members import MemberView, enrol, find_here, view
from edge_node.personal import KeyRing, blind
from edge_node.sales import Committed, SaleOrder, commit_sale
from edge_node.storage.cells import account_rows, node_row, own_slots
from edge_node.storage.database import NodeDatabase
from edge_node.storage.sync_store import SqliteEdgeStore
from edge_node.sweeping import prune_outbox, sweep
from loyalty.baskets import CARD, CASH, POINTS, BasketLine, Coupon, Tender, price
from loyalty.programme import MAIN, Programme
from loyalty.receipts import SALE
from sync_protocol.accounts import Slots, rights
from sync_protocol.edge_session import EdgeSession
from sync_protocol.envelope import plain_node_envelope
from sync_protocol.events import EdgeEvent, EdgePayload, PayloadRejected
from sync_protocol.messages import FindMember, WantRights
from sync_protocol.names import NEVER_EXPIRES, points_account, split_actor
from tests.sessions.channel import VirtualClock

PROGRAMME = Programme(float_points_max=300)
DAY = "20260101"
ASK_DEADLINE_MS = 250

Result = TypeVar("Result")


def main_points(member: str) -> str:
    """Name a member's points account in the one programme of these tests."""
    return points_account(member, MAIN, NEVER_EXPIRES)


class Till:
    """A node that can be shut, opened again, and connected."""

    def __init__(self, directory: Path, actor: str, clock: VirtualClock) -> None:
        self.directory = directory
        self.actor = actor
        self.store = split_actor(actor).store
        self.clock = clock
        self.online = self.running = False
        self.events: list[EdgeEvent] = []
        self._baskets = 0
        self.open()

    # --- the process ----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Start the node: open its database, make a session. Not connected yet."""
        self.database = NodeDatabase(self.directory / "node.db", self.actor)
        self.keys = KeyRing(self.directory / "storage.key")
        self.sync_store = SqliteEdgeStore(self.database, self.keys, self.clock)
        self.session = EdgeSession(self.sync_store, plain_node_envelope(), software="test")
        self.running = True

    def close(self) -> None:
        """Stop the node as if power went: only what was committed stays."""
        if self.running:
            self.online = self.running = False
            self.database.close()

    def connect(self) -> None:
        """The broker accepts the node."""
        self.online = True
        self.session.connected(self.clock.now_ms())

    def disconnect(self) -> None:
        """The broker is gone."""
        self.online = False
        self._note(self.session.disconnected())

    def receive(self, payload: bytes) -> None:
        """Take a payload of the hub, as the agent does."""
        self._note(self.session.receive(payload, self.clock.now_ms()))

    def handle_timer(self) -> None:
        """Do what is due."""
        self._note(self.session.handle_timer(self.clock.now_ms()))

    def payloads(self) -> list[EdgePayload]:
        """Take what is to be published."""
        return self.session.payloads_to_send(self.clock.now_ms())

    def _note(self, events: list[EdgeEvent]) -> None:
        for event in events:
            if isinstance(event, PayloadRejected):
                self.sync_store.keep_dead_letter(event.code, event.reason, event.payload)
        self.events += events

    def write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run one transaction of the node, and tell the session how far the log goes then."""
        result = self.database.write(work)
        self.session.outbox_grew(self.node()["last_entry"])
        return result

    # --- the trade ------------------------------------------------------------------------------------------------

    def order(self, total_minor: int, member: str | None, points: int, coupons: tuple[Coupon, ...]) -> SaleOrder:
        """Put an order together for one line of apples, points first, the rest in cash."""
        self._baskets += 1
        priced = price([BasketLine("apple", "苹果", "Apples", 1_000, total_minor, 900)], coupons)
        paid_in_points = [Tender(POINTS, points)] if points else []
        rest_minor = priced.total_minor - points
        return SaleOrder(
            basket_ref=f"{self.actor}-{self.clock.now_ms()}-{self._baskets}",
            kind=SALE,
            priced=priced,
            member=member,
            tenders=(*paid_in_points, Tender(CASH if rest_minor % 2 else CARD, rest_minor)),
            programme=PROGRAMME,
            business_time_ms=self.clock.now_ms(),
            business_day=DAY,
            offline=not self.online,
            print_receipt=False,
        )

    def commit(self, order: SaleOrder) -> Committed:
        """Commit an order."""
        return self.write(lambda connection: commit_sale(connection, self.clock.read(), order))

    def sell(
        self, total_minor: int, *, member: str | None = None, points: int = 0, coupons: tuple[Coupon, ...] = ()
    ) -> Committed:
        """Sell apples."""
        return self.commit(self.order(total_minor, member, points, coupons))

    def enrol(self, card: str, name: str | None = None) -> str:
        """Enrol a member by card."""

        def work(connection: sqlite3.Connection) -> str:
            identities = {"card": card}
            at = self.clock.read()
            return enrol(connection, at, self.keys, identities=identities, name=name, home_store=self.store)

        return self.write(work)

    def sweep(self) -> None:
        """Hand rights above the float to the hub."""
        self.write(lambda connection: sweep(connection, self.clock.read()))

    def prune(self) -> None:
        """Forget old acknowledged entries."""
        self.database.write(lambda connection: prune_outbox(connection, self.clock.now_ms()))

    # --- questions ------------------------------------------------------------------------------------------------

    def want(self, account: str, target: int) -> WantRights:
        """Word the question for rights."""
        slots = self.slots(account)
        return WantRights(account, target, slots.made, slots.used, slots.to_hub)

    def ask_rights(self, account: str, target: int, deadline_ms: int = ASK_DEADLINE_MS) -> int:
        """Ask the hub for rights."""
        return self.session.ask(self.want(account, target), self.clock.now_ms(), deadline_ms)

    def ask_member(self, card: str) -> int:
        """Ask the hub who has this card; needs a welcome first."""
        key: bytes = self.node()["blind_index_key"]
        return self.session.ask(FindMember("card", blind(key, "card", card)), self.clock.now_ms(), ASK_DEADLINE_MS)

    # --- looking --------------------------------------------------------------------------------------------------

    def node(self) -> sqlite3.Row:
        """Read the row about the node itself."""
        row: sqlite3.Row = node_row(self.database.reader())
        return row

    def outbox_is_empty(self) -> bool:
        """Tell whether the hub acknowledged everything."""
        node = self.node()
        return bool(node["acknowledged"] == node["last_entry"])

    def slots(self, account: str) -> Slots:
        """Read this node's row of an account."""
        return own_slots(self.database.reader(), account, self.actor)

    def rights(self, account: str) -> int:
        """Compute this node's rights on an account."""
        return rights(self.slots(account))

    def account(self, account: str) -> dict[str, Slots]:
        """Read all rows of an account as they are known here."""
        return account_rows(self.database.reader(), account)

    def find(self, card: str) -> str | None:
        """Find a member held here by card."""
        return find_here(self.database.reader(), "card", card)

    def view(self, member: str) -> MemberView:
        """Read a member as the till shows them."""
        return view(self.database.reader(), self.keys, member)

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Read rows of the node's database."""
        return self.database.reader().execute(query, values).fetchall()
