"""Open baskets: what the till has put together, priced anew at every change, kept until paid.

One rule: a basket keeps the catalogue prices and the programme it was last priced with; paying changes neither.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

from edge_node.catalogue import find_item, read_programme
from edge_node.errors import CouponRefused, RecordedNotAllowed, UnknownBasket, UnknownCoupon
from edge_node.members import CouponView, coupon_view
from edge_node.storage.cells import node_row, person, unpack
from loyalty.baskets import BasketLine, Bounds, Coupon, PricedBasket, check_bounds, parse_quantity, price
from loyalty.programme import Programme
from loyalty.receipts import SALE

OPEN_BASKETS_MAX: Final = 500


class RecordedLine(NamedTuple):
    """What a replayed line brings along: its name, its net amount, and the discounts it was recorded with."""

    name: str
    amount_minor: int
    unit_price_minor: int
    discounts: tuple[tuple[str, int], ...]


class LineWish(NamedTuple):
    """One line as the till asks for it."""

    code: str
    quantity: str
    recorded: RecordedLine | None


class BasketWish(NamedTuple):
    """A whole basket as the till asks for it."""

    basket_id: str
    lines: tuple[LineWish, ...]
    member: str | None
    coupons: tuple[str, ...]
    kind: str = SALE
    business_time_ms: int | None = None
    business_day: str | None = None


class OpenBasket(NamedTuple):
    """A basket resolved and priced."""

    wish: BasketWish
    member: str | None
    priced: PricedBasket
    programme: Programme


class Baskets:
    """The open baskets of all tills of this node, the oldest forgotten first."""

    def __init__(self, bounds: Bounds, recorded_bounds: Bounds | None) -> None:
        self._bounds = bounds
        self._recorded_bounds = recorded_bounds
        self._open: OrderedDict[str, OpenBasket] = OrderedDict()

    def put(self, connection: sqlite3.Connection, wish: BasketWish) -> OpenBasket:
        """Resolve and price a basket, and keep it.

        Raises: UnknownItem, UnknownCoupon, CouponRefused, RecordedNotAllowed, QuantityOutOfRange, NotIntroduced.
        """
        is_recorded = wish.business_time_ms is not None or any(line.recorded for line in wish.lines)
        if is_recorded and self._recorded_bounds is None:
            raise RecordedNotAllowed("this node sells by its own catalogue and clock")
        lines = [_resolve(connection, line) for line in wish.lines]
        check_bounds(lines, self._recorded_bounds if is_recorded and self._recorded_bounds else self._bounds)
        people = person(connection, wish.member) if wish.member else []
        coupons = [_coupon(connection, code, people) for code in wish.coupons]
        basket = OpenBasket(
            wish=wish,
            member=people[0] if people else None,
            priced=price(lines, coupons),
            programme=read_programme(connection),
        )
        self._open[wish.basket_id] = basket
        self._open.move_to_end(wish.basket_id)
        while len(self._open) > OPEN_BASKETS_MAX:
            self._open.popitem(last=False)
        return basket

    def get(self, basket_id: str) -> OpenBasket:
        """Give an open basket. Raises: UnknownBasket."""
        try:
            return self._open[basket_id]
        except KeyError:
            raise UnknownBasket(f"no basket {basket_id[:60]!r} is open here") from None

    def close(self, basket_id: str) -> None:
        """Forget a basket that was paid."""
        self._open.pop(basket_id, None)


def _resolve(connection: sqlite3.Connection, line: LineWish) -> BasketLine:
    quantity_milli = parse_quantity(line.quantity)
    if line.recorded is not None:
        return BasketLine(
            code=line.code,
            name_zh=line.recorded.name,
            name_en=line.recorded.name,
            quantity_milli=quantity_milli,
            unit_price_minor=line.recorded.unit_price_minor,
            tax_bp=0,
            recorded_minor=line.recorded.amount_minor,
            recorded_discounts=line.recorded.discounts,
        )
    item = find_item(connection, line.code)
    return BasketLine(item.code, item.name_zh, item.name_en, quantity_milli, item.price_minor, item.tax_bp)


def find_coupon(connection: sqlite3.Connection, code: str) -> tuple[CouponView, str | None]:
    """Find a coupon by its code, and its owner. Raises: UnknownCoupon."""
    row = connection.execute(
        "SELECT entity, owner, fields FROM entities WHERE kind = 'c' AND code = ?", (code.strip().upper(),)
    ).fetchone()
    if row is None:
        raise UnknownCoupon(f"no coupon {code[:40]!r} is held in this store", coupon=code[:40])
    return coupon_view(connection, row["entity"], unpack(row["fields"]), node_row(connection)["actor"]), row["owner"]


def _coupon(connection: sqlite3.Connection, code: str, people: Sequence[str]) -> Coupon:
    view, owner = find_coupon(connection, code)
    if owner is not None and owner not in people:
        raise CouponRefused("this coupon belongs to another member", coupon=view.code, reason_code="other-member")
    if view.reason_code == "used":
        raise CouponRefused("this coupon was used already", coupon=view.code, reason_code="used")
    return Coupon(view.coupon, view.code, view.value_minor, view.threshold_minor)
