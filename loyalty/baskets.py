"""Pricing a basket, first cut: base prices, then coupons, then tax by line (layers of the trade; offers come between).

One rule: a pure function of lines and coupons. Scanning order never changes what is paid; a discount is spread over the
lines by largest remainder, so that parts always sum to the whole.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from loyalty.errors import QuantityOutOfRange, TenderRefused, TenderShort
from loyalty.money import allocate, divide_half_up, tax_inside

MILLI: Final = 1000
"""Quantities are counted in thousandths of a piece, kilogram or gallon."""

CASH = "cash"
CARD = "card"
POINTS = "points"
TENDER_KINDS = (CASH, CARD, POINTS)


class Bounds(NamedTuple):
    """What one till accepts at the most."""

    quantity_milli_max: int = 999 * MILLI
    lines_max: int = 200
    line_minor_max: int = 100_000_000


class BasketLine(NamedTuple):
    """One line as it stands in the basket. `recorded_minor` is the net amount of a replayed line, kept as it is."""

    code: str
    name_zh: str
    name_en: str
    quantity_milli: int
    unit_price_minor: int
    tax_bp: int
    recorded_minor: int | None = None
    recorded_discounts: tuple[tuple[str, int], ...] = ()


class Coupon(NamedTuple):
    """A single-use coupon worth an amount from a threshold on."""

    coupon: str
    code: str
    value_minor: int
    threshold_minor: int


class PricedLine(NamedTuple):
    """One line with its price, its share of discounts, and its tax."""

    no: int
    line: BasketLine
    gross_minor: int
    discount_minor: int
    net_minor: int
    tax_minor: int


class CouponEffect(NamedTuple):
    """What a coupon did, or why not (`threshold`), and what is missing."""

    coupon: Coupon
    applied: bool
    discount_minor: int
    reason_code: str | None = None
    missing_minor: int | None = None


class PricedBasket(NamedTuple):
    """The whole basket priced."""

    lines: tuple[PricedLine, ...]
    coupons: tuple[CouponEffect, ...]
    gross_minor: int
    discount_minor: int
    total_minor: int
    tax_minor: int


class Tender(NamedTuple):
    """A means of payment with its amount."""

    kind: str
    amount_minor: int


def check_bounds(lines: Sequence[BasketLine], bounds: Bounds) -> None:
    """Refuse what no till should sell. Raises: QuantityOutOfRange naming line, value and maximum."""
    if len(lines) > bounds.lines_max:
        raise QuantityOutOfRange(f"{len(lines)} lines, this till takes at most {bounds.lines_max}")
    for no, line in enumerate(lines, start=1):
        if line.recorded_minor is None and line.quantity_milli <= 0:
            raise QuantityOutOfRange(f"line {no}: the quantity must be above zero")
        if abs(line.quantity_milli) > bounds.quantity_milli_max:
            most = format_quantity(bounds.quantity_milli_max)
            raise QuantityOutOfRange(
                f"line {no}: quantity {format_quantity(line.quantity_milli)}, at most {most} on one line"
            )
        if abs(gross_of(line)) > bounds.line_minor_max:
            raise QuantityOutOfRange(
                f"line {no}: amount {gross_of(line)} (minor units), at most {bounds.line_minor_max} on one line"
            )


def gross_of(line: BasketLine) -> int:
    """Price one line before any discount. A recorded line's gross is its net and its recorded discounts."""
    if line.recorded_minor is not None:
        return line.recorded_minor + sum(amount for _, amount in line.recorded_discounts)
    return divide_half_up(line.quantity_milli * line.unit_price_minor, MILLI)


def price(lines: Sequence[BasketLine], coupons: Sequence[Coupon]) -> PricedBasket:
    """Price a basket. Coupons are tested on the amount at the start of their layer and never take more than is left."""
    gross = [gross_of(line) for line in lines]
    nets = [line.recorded_minor if line.recorded_minor is not None else gross[i] for i, line in enumerate(lines)]
    at_start_minor = sum(nets)
    effects: list[CouponEffect] = []
    for coupon in sorted(coupons, key=lambda one: (-one.value_minor, one.coupon)):
        if at_start_minor < coupon.threshold_minor:
            missing_minor = coupon.threshold_minor - at_start_minor
            effects.append(CouponEffect(coupon, False, 0, "threshold", missing_minor))
            continue
        left_minor = sum(max(net, 0) for net in nets)
        discount_minor = min(coupon.value_minor, left_minor)
        shares = allocate(discount_minor, nets)
        nets = [net - share for net, share in zip(nets, shares, strict=True)]
        effects.append(CouponEffect(coupon, True, discount_minor))
    priced = tuple(
        PricedLine(i + 1, line, gross[i], gross[i] - nets[i], nets[i], tax_inside(nets[i], line.tax_bp))
        for i, line in enumerate(lines)
    )
    total_minor = sum(nets)
    return PricedBasket(
        lines=priced,
        coupons=tuple(effects),
        gross_minor=sum(gross),
        discount_minor=sum(gross) - total_minor,
        total_minor=total_minor,
        tax_minor=sum(line.tax_minor for line in priced),
    )


def settle(total_minor: int, tenders: Sequence[Tender]) -> int:
    """Check that tenders pay the total; return the change, which only cash gives.

    A negative total (a return) is paid out by one cash or card tender of that amount. Raises: TenderShort,
    TenderRefused.
    """
    if len({tender.kind for tender in tenders}) != len(tenders):
        raise TenderRefused("each kind of tender may be named once")
    for tender in tenders:
        if tender.kind not in TENDER_KINDS:
            raise TenderRefused(f"tender {tender.kind!r} is not known; known are {', '.join(TENDER_KINDS)}")
        if (tender.amount_minor < 0) != (total_minor < 0) and tender.amount_minor != 0:
            raise TenderRefused(f"tender {tender.kind}: {tender.amount_minor} does not fit a total of {total_minor}")
    paid_minor = sum(tender.amount_minor for tender in tenders)
    if total_minor < 0:
        if len(tenders) != 1 or tenders[0].kind == POINTS or paid_minor != total_minor:
            raise TenderRefused(f"a return of {total_minor} is paid out by one cash or card tender of exactly that")
        return 0
    if paid_minor < total_minor:
        raise TenderShort(total_minor - paid_minor)
    cash_minor = sum(tender.amount_minor for tender in tenders if tender.kind == CASH)
    if paid_minor - total_minor > cash_minor:
        raise TenderRefused("only cash gives change; lower the other tender")
    return paid_minor - total_minor


def parse_quantity(text: str) -> int:
    """Read a signed decimal with up to three decimals into thousandths. Raises: QuantityOutOfRange."""
    sign = -1 if text.startswith("-") else 1
    whole, point, fraction = text.removeprefix("-").partition(".")
    digits = whole + fraction
    if not (digits.isascii() and digits.isdigit()) or not whole or len(whole) > 9 or len(fraction) > 3:
        raise QuantityOutOfRange(f"quantity {text[:20]!r} is no decimal number with up to three decimals")
    if point and not fraction:
        raise QuantityOutOfRange(f"quantity {text[:20]!r} ends with a point")
    return sign * (int(whole) * MILLI + int(fraction.ljust(3, "0") or "0"))


def format_quantity(quantity_milli: int) -> str:
    """Write thousandths as a decimal, without trailing zeros."""
    whole, fraction = divmod(abs(quantity_milli), MILLI)
    text = f"{whole}.{fraction:03d}".rstrip("0").rstrip(".")
    return f"-{text}" if quantity_milli < 0 else text
