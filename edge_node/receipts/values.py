"""The values a receipt template may name: a closed list, each with its sentence, and how they are read from a sale.

One rule: every value is a text, empty where there is nothing to say; a template cannot compute.
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from loyalty.baskets import CASH, format_quantity
from loyalty.programme import Currency
from loyalty.receipts import RETURN, Receipt, ReceiptLine, ReceiptTender

Values = Mapping[str, str]

RECEIPT: Final = "receipt"
LINE: Final = "line"
DISCOUNT: Final = "discount"
COUPON: Final = "coupon"
TAX: Final = "tax"
TENDER: Final = "tender"

FIELDS: Final[dict[str, dict[str, str]]] = {
    RECEIPT: {
        "store": "name of the store",
        "number": "number of the receipt",
        "date": "day of the sale in the store's time zone, 2026-05-01",
        "time": "time of the sale, 14:05",
        "pieces": "how many lines were sold",
        "gross": "sum before everything that was taken off",
        "saved": "sum of everything that was taken off; empty if nothing was",
        "total": "what was to be paid",
        "tax": "tax inside, all rates together",
        "change": "change; empty unless cash was taken",
        "member": "phone or card of the member, masked; empty if none",
        "points_earned": "points of this sale; empty without a member",
        "points_used": "points spent in this sale; empty if none",
        "points_balance": "the member's balance; empty if it is not known here",
        "points_as_of": "when that balance was known, 05-01 14:05",
        "points_expiring": "points that expire next; empty if none do",
        "points_expiry": "the last day on which they count, 2026-05-31",
        "copy": "only in if and unless: this is a reprint",
        "return": "only in if and unless: goods were brought back",
        "offline": "only in if and unless: sold while the hub was out of reach",
    },
    LINE: {
        "line.name": "Chinese name, else the English one, else the code",
        "line.name_zh": "Chinese name",
        "line.name_en": "English name",
        "line.code": "item number",
        "line.quantity": "pieces, kilograms or litres, 0.735",
        "line.price": "price of one",
        "line.gross": "quantity times price",
        "line.net": "what is left after all that was taken off",
        "line.tax_rate": "tax rate in percent, 13",
    },
    DISCOUNT: {
        "discount.name": "what was taken off a line",
        "discount.amount": "how much, with its minus sign",
    },
    COUPON: {
        "coupon.name": "title of a coupon that was used, else its code",
        "coupon.code": "its code",
        "coupon.amount": "how much it took off, with its minus sign",
    },
    TAX: {
        "tax.rate": "rate in percent, 13",
        "tax.amount": "tax inside at this rate",
        "tax.net": "sum without tax at this rate",
    },
    TENDER: {
        "tender.name": "what was paid with, in the words of [tenders]",
        "tender.amount": "how much",
        "tender.points": "how many points; empty for other tenders",
    },
}
"""What there is, by the thing that is repeated; `receipt` holds everywhere, `line` in `discount` too."""

FLAGS: Final = frozenset({"copy", "return", "offline"})

_YES: Final = "yes"


class Letterhead(NamedTuple):
    """What a store's receipts have in common."""

    store_name: str
    timezone: str
    currency: Currency


class MemberExtras(NamedTuple):
    """What is known of the member at the moment of printing; `expiry_month` is yyyymm."""

    masked: str = ""
    balance_points: int | None = None
    as_of_ms: int | None = None
    expiring_points: int = 0
    expiry_month: str = ""


class ReceiptExtras(NamedTuple):
    """What is printed beside the sale itself; `coupon_names` by the coupon's id."""

    member: MemberExtras = MemberExtras()
    copy: bool = False
    coupon_names: Mapping[str, str] = {}


class ReceiptValues(NamedTuple):
    """One receipt as texts: its own, and those of each thing that is repeated; discounts stand with their line."""

    receipt: Values
    lines: tuple[tuple[Values, tuple[Values, ...]], ...]
    coupons: tuple[Values, ...]
    taxes: tuple[Values, ...]
    tenders: tuple[Values, ...]


def money(amount_minor: int, currency: Currency) -> str:
    """Write an amount with the currency's symbol and decimals."""
    unit = 10**currency.decimals
    whole, fraction = divmod(abs(amount_minor), unit)
    sign = "-" if amount_minor < 0 else ""
    digits = f".{fraction:0{currency.decimals}d}" if currency.decimals else ""
    return f"{sign}{currency.symbol}{whole}{digits}"


def read_values(
    receipt: Receipt, head: Letterhead, extras: ReceiptExtras, tender_names: Mapping[str, str]
) -> ReceiptValues:
    """Give all texts of a receipt, every name of `FIELDS` among them."""
    currency = head.currency
    return ReceiptValues(
        _receipt(receipt, head, extras),
        tuple((_line(line, currency), _discounts(line, currency)) for line in receipt.lines),
        tuple(
            {
                "coupon.name": extras.coupon_names.get(coupon.coupon) or coupon.code,
                "coupon.code": coupon.code,
                "coupon.amount": money(-coupon.discount_minor, currency),
            }
            for coupon in receipt.coupons
        ),
        _taxes(receipt, currency),
        tuple(_tender(tender, currency, tender_names) for tender in receipt.tenders),
    )


def _receipt(receipt: Receipt, head: Letterhead, extras: ReceiptExtras) -> Values:
    zone = ZoneInfo(head.timezone)
    when = datetime.fromtimestamp(receipt.business_time_ms / 1000, zone)
    member, currency = extras.member, head.currency
    as_of = None if member.as_of_ms is None else datetime.fromtimestamp(member.as_of_ms / 1000, zone)
    has_member, has_balance = receipt.member is not None, member.balance_points is not None
    return {
        "store": head.store_name,
        "number": receipt.receipt,
        "date": f"{when:%Y-%m-%d}",
        "time": f"{when:%H:%M}",
        "pieces": str(len(receipt.lines)),
        "gross": money(receipt.total_minor + receipt.discount_minor, currency),
        "saved": money(-receipt.discount_minor, currency) if receipt.discount_minor else "",
        "total": money(receipt.total_minor, currency),
        "tax": money(receipt.tax_minor, currency),
        "change": money(receipt.change_minor, currency) if any(one.kind == CASH for one in receipt.tenders) else "",
        "member": member.masked,
        "points_earned": str(receipt.points_earned) if has_member else "",
        "points_used": str(receipt.points_used) if receipt.points_used else "",
        "points_balance": str(member.balance_points) if has_balance else "",
        "points_as_of": f"{as_of:%m-%d %H:%M}" if as_of and has_balance else "",
        "points_expiring": str(member.expiring_points) if member.expiring_points else "",
        "points_expiry": _last_day(member.expiry_month) if member.expiring_points else "",
        "copy": _YES if extras.copy else "",
        "return": _YES if receipt.kind == RETURN else "",
        "offline": _YES if receipt.offline else "",
    }


def _line(line: ReceiptLine, currency: Currency) -> Values:
    return {
        "line.name": line.name_zh or line.name_en or line.code,
        "line.name_zh": line.name_zh,
        "line.name_en": line.name_en,
        "line.code": line.code,
        "line.quantity": format_quantity(line.quantity_milli),
        "line.price": money(line.unit_price_minor, currency),
        "line.gross": money(line.gross_minor, currency),
        "line.net": money(line.net_minor, currency),
        "line.tax_rate": _percent(line.tax_bp),
    }


def _discounts(line: ReceiptLine, currency: Currency) -> tuple[Values, ...]:
    return tuple(
        {"discount.name": name, "discount.amount": money(-amount_minor, currency)}
        for name, amount_minor in line.discounts
        if amount_minor
    )


def _taxes(receipt: Receipt, currency: Currency) -> tuple[Values, ...]:
    sums: dict[int, tuple[int, int]] = {}
    for line in receipt.lines:
        tax_minor, net_minor = sums.get(line.tax_bp, (0, 0))
        sums[line.tax_bp] = tax_minor + line.tax_minor, net_minor + line.net_minor
    return tuple(
        {
            "tax.rate": _percent(rate_bp),
            "tax.amount": money(tax_minor, currency),
            "tax.net": money(net_minor - tax_minor, currency),
        }
        for rate_bp, (tax_minor, net_minor) in sorted(sums.items())
        if tax_minor
    )


def _tender(tender: ReceiptTender, currency: Currency, names: Mapping[str, str]) -> Values:
    return {
        "tender.name": names.get(tender.kind, tender.kind),
        "tender.amount": money(tender.amount_minor, currency),
        "tender.points": str(tender.points) if tender.points else "",
    }


def _percent(rate_bp: int) -> str:
    whole, hundredths = divmod(rate_bp, 100)
    return f"{whole}.{hundredths:02d}".rstrip("0").rstrip(".")


def _last_day(month: str) -> str:
    year, number = int(month[:4]), int(month[4:6])
    return f"{year:04d}-{number:02d}-{monthrange(year, number)[1]:02d}"
