"""What the local API takes and gives. Amounts are integers in minor units; quantities are decimal strings.

One rule: every field that comes in has a bound.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from edge_node.baskets import BasketWish, LineWish, OpenBasket, RecordedLine
from edge_node.members import MemberView
from loyalty.baskets import Tender, format_quantity
from loyalty.programme import Programme, points_earned
from loyalty.receipts import SALE, Receipt

Id = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9:._-]+$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]
Minor = Annotated[int, Field(ge=-(10**12), le=10**12, strict=True)]


class Model(BaseModel):
    """What all models share: unknown fields are an error, not ignored."""

    model_config = ConfigDict(extra="forbid")


Discount = tuple[Annotated[str, StringConstraints(max_length=60)], Minor]


class RecordedLineIn(Model):
    """What a replayed line brings along."""

    name: Annotated[str, StringConstraints(max_length=200)] = ""
    amount_minor: Minor
    unit_price_minor: Minor = 0
    discounts: Annotated[list[Discount], Field(max_length=20)] = []


class LineIn(Model):
    """One line of a basket."""

    code: Code
    quantity: Annotated[str, StringConstraints(min_length=1, max_length=20)] = "1"
    recorded: RecordedLineIn | None = None


class BasketIn(Model):
    """A whole basket; a PUT replaces what was there."""

    lines: Annotated[list[LineIn], Field(max_length=2_000)]
    member: Id | None = None
    coupons: Annotated[list[Code], Field(max_length=20)] = []
    language: Literal["zh", "en"] = "zh"
    kind: Literal["sale", "return", "adjustment"] = "sale"
    business_time_ms: Annotated[int, Field(ge=0, le=253_402_300_799_000)] | None = None
    business_day: Annotated[str, StringConstraints(pattern=r"^\d{8}$")] | None = None

    def wish(self, basket_id: str) -> BasketWish:
        """Turn the request into what the node works with."""
        lines = tuple(
            LineWish(
                line.code,
                line.quantity,
                None
                if line.recorded is None
                else RecordedLine(
                    line.recorded.name,
                    line.recorded.amount_minor,
                    line.recorded.unit_price_minor,
                    tuple(line.recorded.discounts),
                ),
            )
            for line in self.lines
        )
        coupons = tuple(dict.fromkeys(code.upper() for code in self.coupons))
        return BasketWish(basket_id, lines, self.member, coupons, self.kind, self.business_time_ms, self.business_day)


class TenderIn(Model):
    """One tender."""

    kind: Literal["cash", "card", "points"]
    amount_minor: Minor


class PayIn(Model):
    """How a basket is paid."""

    tenders: Annotated[list[TenderIn], Field(max_length=3)]

    def wishes(self) -> tuple[Tender, ...]:
        """Turn the request into tenders; those of zero are left out."""
        return tuple(Tender(tender.kind, tender.amount_minor) for tender in self.tenders if tender.amount_minor)


class FindIn(Model):
    """Whom to look up."""

    kind: Literal["phone", "card"]
    value: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class EnrolIn(Model):
    """Whom to enrol: a phone or a card, and consent."""

    phone: Annotated[str, StringConstraints(pattern=r"^[+0-9 ()-]{5,24}$")] | None = None
    card: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 -]{1,40}$")] | None = None
    name: Annotated[str, StringConstraints(max_length=60)] | None = None
    consent: Literal[True]


def show_basket(basket: OpenBasket, member: dict[str, Any] | None) -> dict[str, Any]:
    """Show a priced basket."""
    priced = basket.priced
    return {
        "basket_id": basket.wish.basket_id,
        "lines": [
            {
                "no": line.no,
                "code": line.line.code,
                "name_zh": line.line.name_zh,
                "name_en": line.line.name_en,
                "quantity": format_quantity(line.line.quantity_milli),
                "unit_price_minor": line.line.unit_price_minor,
                "gross_minor": line.gross_minor,
                "discount_minor": line.discount_minor,
                "net_minor": line.net_minor,
            }
            for line in priced.lines
        ],
        "coupons": [
            {
                "code": effect.coupon.code,
                "applied": effect.applied,
                "discount_minor": effect.discount_minor,
                "reason": None,
                "reason_code": effect.reason_code,
                "missing_minor": effect.missing_minor,
            }
            for effect in priced.coupons
        ],
        "gross_minor": priced.gross_minor,
        "discount_minor": priced.discount_minor,
        "total_minor": priced.total_minor,
        "tax_minor": priced.tax_minor,
        "points_to_earn": _points_to_earn(basket),
        "member": member,
    }


def _points_to_earn(basket: OpenBasket) -> int:
    if basket.member is None or basket.wish.kind != SALE:
        return 0
    return points_earned(basket.programme, basket.priced.total_minor)


def show_member(
    member: MemberView, points: dict[str, Any], programme: Programme | None, as_of_ms: int | None
) -> dict[str, Any]:
    """Show a member: what they have, and what can be spent here now."""
    value_minor = programme.point_value_minor if programme else 0
    return {
        "member": member.member,
        "name": member.name,
        "phone_masked": member.phone_masked,
        "card_masked": member.card_masked,
        **points,
        "spendable_here_minor": points["spendable_here_points"] * value_minor,
        "whole": member.whole,
        "home_store": member.home_store,
        "as_of_ms": as_of_ms,
        "coupons": [coupon._asdict() for coupon in member.coupons],
    }


def show_receipt(receipt: Receipt, text: str) -> dict[str, Any]:
    """Show a committed receipt."""
    return {
        "receipt": receipt.receipt,
        "basket_id": receipt.basket_ref,
        "kind": receipt.kind,
        "member": receipt.member,
        "total_minor": receipt.total_minor,
        "discount_minor": receipt.discount_minor,
        "tax_minor": receipt.tax_minor,
        "paid": [
            {"kind": tender.kind, "amount_minor": tender.amount_minor, "points": tender.points}
            for tender in receipt.tenders
        ],
        "change_minor": receipt.change_minor,
        "points_earned": receipt.points_earned,
        "points_used": receipt.points_used,
        "offline": receipt.offline,
        "business_time_ms": receipt.business_time_ms,
        "text": text,
    }
