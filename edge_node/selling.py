"""Selling: the way from a basket to a durable receipt, asking the hub for rights where they are short.

One rule: the hub is asked only for what is missing, with a deadline; without an answer the rule for offline decides.
"""

import asyncio
import sqlite3
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from edge_node.baskets import Baskets, BasketWish, OpenBasket
from edge_node.clock import SystemClock
from edge_node.errors import AlreadyEnrolled, BasketPaid, CouponRefused, RightsShort, UnknownBasket, UnknownMember
from edge_node.members import MemberView, blind_key, enrol, find_here, view
from edge_node.metrics import NodeMetrics
from edge_node.personal import KeyRing, blind
from edge_node.sales import Committed, SaleOrder, commit_sale, note_refusal, receipt_of_basket, rights_to_ask
from edge_node.storage.cells import node_row, own_slots
from edge_node.storage.database import CHORE, NodeDatabase
from edge_node.sync.agent import SyncAgent
from loyalty.baskets import Tender
from loyalty.points import Spend
from loyalty.receipts import Receipt
from sync_protocol.accounts import rights
from sync_protocol.messages import FindMember, WantRights


class Paid(NamedTuple):
    """A durable receipt, and how long the hub was waited for, in milliseconds."""

    receipt: Receipt
    rights_ms: float


class Selling:
    """What the local API calls: one node's members, baskets and sales."""

    def __init__(
        self,
        database: NodeDatabase,
        keys: KeyRing,
        clock: SystemClock,
        agent: SyncAgent,
        baskets: Baskets,
        *,
        timezone: str,
        prints: bool,
        metrics: NodeMetrics,
    ) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._agent = agent
        self._baskets = baskets
        self._zone = ZoneInfo(timezone)
        self._prints = prints
        self._metrics = metrics

    # --- members --------------------------------------------------------------------------------------------------

    async def find_member(self, kind: str, value: str) -> MemberView:
        """Find a member here, else at the hub, from then on held here. Raises: UnknownMember, NotIntroduced."""
        member = find_here(self._database.reader(), kind, value)
        asked = False
        if member is None and self._agent.is_online():
            asked = True
            index = blind(blind_key(self._database.reader()), kind, value)
            answer = await asyncio.wrap_future(self._agent.ask(FindMember(kind, index)))
            asked = answer.outcome != "timeout"
            member = find_here(self._database.reader(), kind, value)
        if member is None:
            reason = "unknown" if asked else "offline"
            detail = "nobody is enrolled under this number" if asked else "not known here, and the hub is out of reach"
            raise UnknownMember(detail, hub_asked=asked, reason_code=reason)
        return self.member(member)

    def member(self, member: str) -> MemberView:
        """Read a member held here. Raises: UnknownMember."""
        return view(self._database.reader(), self._keys, member)

    async def enrol(self, identities: dict[str, str], name: str | None) -> MemberView:
        """Enrol a member, offline too. Raises: AlreadyEnrolled, NotIntroduced."""
        for kind, value in identities.items():
            try:
                await self.find_member(kind, value)
            except UnknownMember:
                continue
            raise AlreadyEnrolled(f"this {kind} belongs to a member already", kind=kind)

        def work(connection: sqlite3.Connection) -> tuple[str, int]:
            home_store = self._database.store
            at = self._clock.read()
            member = enrol(connection, at, self._keys, identities=identities, name=name, home_store=home_store)
            return member, node_row(connection)["last_entry"]

        member, last_entry = await asyncio.wrap_future(self._database.submit(work))
        self._agent.grew(last_entry)
        return self.member(member)

    # --- baskets and sales ----------------------------------------------------------------------------------------

    def put_basket(self, wish: BasketWish) -> OpenBasket:
        """Price a basket and keep it open. Raises: BasketPaid, and what `Baskets.put` raises."""
        paid = receipt_of_basket(self._database.reader(), wish.basket_id)
        if paid is not None:
            raise BasketPaid(f"basket {wish.basket_id} was paid: receipt {paid.receipt}", receipt=paid.receipt)
        return self._baskets.put(self._database.reader(), wish)

    def basket(self, basket_id: str) -> OpenBasket:
        """Give an open basket. Raises: UnknownBasket."""
        return self._baskets.get(basket_id)

    async def pay(self, basket_id: str, tenders: tuple[Tender, ...]) -> Paid:
        """Pay a basket; the receipt is durable when this returns. Paying again gives the same receipt.

        Raises: UnknownBasket, RightsShort, CouponRefused, TenderShort, TenderRefused, NodeFenced.
        """
        try:
            basket = self._baskets.get(basket_id)
        except UnknownBasket:
            paid = receipt_of_basket(self._database.reader(), basket_id)
            if paid is None:
                raise
            return Paid(paid, 0.0)
        order = self._order(basket, tenders)
        started_ms = self._clock.monotonic_ms()
        await self._gather_rights(order)
        rights_ms = self._clock.monotonic_ms() - started_ms
        try:
            committed = await self._commit(order)
        except (RightsShort, CouponRefused) as refusal:
            self._explain(refusal, offline=order.offline)
            raise
        self._baskets.close(basket_id)
        if committed.is_new:
            self._agent.grew(committed.last_entry)
        return Paid(committed.receipt, rights_ms)

    async def _commit(self, order: SaleOrder) -> Committed:
        def work(connection: sqlite3.Connection) -> Committed:
            return commit_sale(connection, self._clock.read(), order)

        return await asyncio.wrap_future(self._database.submit(work))

    async def _gather_rights(self, order: SaleOrder) -> None:
        """Ask the hub for the rights that the sale needs and this node lacks."""
        reader = self._database.reader()
        wanted = rights_to_ask(reader, order, self._database.actor)
        asks = [want for spend in wanted if (want := _want(reader, spend, self._database.actor)) is not None]
        if asks and self._agent.is_online():
            await asyncio.gather(*(asyncio.wrap_future(self._agent.ask(want)) for want in asks))

    def _explain(self, refusal: RightsShort | CouponRefused, *, offline: bool) -> None:
        """Say why rights were short, and remember it for staff."""
        if offline and refusal.fields.get("reason_code") == "held-elsewhere":
            refusal.fields["reason_code"] = "offline"
            refusal.detail += "; the hub is out of reach, so no more can be asked for"
        is_points = isinstance(refusal, RightsShort)
        kind, code = ("points", str(refusal.fields["reason_code"])) if is_points else ("coupon", refusal.code)
        self._metrics.rights_refused.labels(kind, str(refusal.fields.get("reason_code", refusal.code))).inc()
        at = self._clock.read()
        why = refusal.detail

        def work(connection: sqlite3.Connection) -> None:
            note_refusal(connection, at, kind=kind, code=code, offline=offline, why=why)

        self._database.submit(work, CHORE, durable=False)

    def _order(self, basket: OpenBasket, tenders: tuple[Tender, ...]) -> SaleOrder:
        now_ms = self._clock.now_ms()
        time_ms = basket.wish.business_time_ms if basket.wish.business_time_ms is not None else now_ms
        day = basket.wish.business_day or datetime.fromtimestamp(time_ms / 1000, self._zone).strftime("%Y%m%d")
        return SaleOrder(
            basket_ref=basket.wish.basket_id,
            kind=basket.wish.kind,
            priced=basket.priced,
            member=basket.member,
            tenders=tenders,
            programme=basket.programme,
            business_time_ms=time_ms,
            business_day=day,
            offline=not self._agent.is_online(),
            print_receipt=self._prints,
        )


def _want(reader: sqlite3.Connection, spend: Spend, actor: str) -> WantRights | None:
    slots = own_slots(reader, spend.account, actor)
    if rights(slots) >= spend.points:
        return None
    return WantRights(spend.account, spend.points, slots.made, slots.used, slots.to_hub)


def member_fields(member: MemberView, business_day: str) -> dict[str, Any]:
    """Say how many points count, and how many of them can be spent here, on a business day."""
    alive = [held for held in member.points if held.account.split(":")[5] >= business_day[:6]]
    return {
        "balance_points": None if member.balance_points is None else sum(held.balance for held in alive),
        "spendable_here_points": sum(max(held.rights, 0) for held in alive),
    }
