"""How a receipt looks: the document that the printer driver turns into bytes and the till page shows as text.

One rule: everything on paper comes from the stored receipt, so that a reprint says what the original said.
"""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from loyalty.baskets import CASH, POINTS, format_quantity
from loyalty.programme import Currency
from loyalty.receipts import RETURN, Receipt, ReceiptLine
from pos_drivers import Align, Columns, Cut, Element, QrCode, Rule, Text

_TENDERS = {"cash": "现金 Cash", "card": "银行卡 Card", "points": "积分 Points"}


class Letterhead(NamedTuple):
    """What a store's receipts have in common."""

    store_name: str
    timezone: str
    currency: Currency


class ReceiptExtras(NamedTuple):
    """What is printed beside the sale itself."""

    member_masked: str = ""
    balance_points: int | None = None
    copy: bool = False


def money(amount_minor: int, currency: Currency) -> str:
    """Write an amount with the currency's symbol and decimals."""
    unit = 10**currency.decimals
    whole, fraction = divmod(abs(amount_minor), unit)
    sign = "-" if amount_minor < 0 else ""
    digits = f".{fraction:0{currency.decimals}d}" if currency.decimals else ""
    return f"{sign}{currency.symbol}{whole}{digits}"


def lay_out_receipt(receipt: Receipt, head: Letterhead, extras: ReceiptExtras) -> list[Element]:
    """Give the printable document of a receipt, Chinese and English side by side."""
    when = datetime.fromtimestamp(receipt.business_time_ms / 1000, ZoneInfo(head.timezone))
    document: list[Element] = [Text(head.store_name, align=Align.CENTRE, bold=True, double=True)]
    if extras.copy:
        document.append(Text("副本 COPY", align=Align.CENTRE, bold=True))
    if receipt.kind == RETURN:
        document.append(Text("退货 RETURN", align=Align.CENTRE, bold=True))
    document += [
        Columns(f"单号 No. {receipt.receipt}", when.strftime("%Y-%m-%d %H:%M")),
        Rule(),
    ]
    for line in receipt.lines:
        document += _line(line, head.currency)
    document += [Rule(), *_totals(receipt, head.currency), *_member(receipt, extras)]
    if receipt.offline:
        document.append(Text("* 离线交易 Sold offline *", align=Align.CENTRE))
    document += [QrCode(f"TS1:{receipt.receipt}"), Text("谢谢惠顾 Thank you", align=Align.CENTRE), Cut()]
    return document


def _line(line: ReceiptLine, currency: Currency) -> list[Element]:
    elements: list[Element] = [Text(line.name_zh or line.name_en or line.code)]
    amount = money(line.gross_minor, currency)
    elements.append(
        Columns(f"  {format_quantity(line.quantity_milli)} × {money(line.unit_price_minor, currency)}", amount)
    )
    for name, amount_minor in line.discounts:
        if amount_minor:
            elements.append(Columns(f"  {name}", money(-amount_minor, currency)))
    return elements


def _totals(receipt: Receipt, currency: Currency) -> list[Element]:
    elements: list[Element] = [
        Columns(f"优惠券 Coupon {coupon.code}", money(-coupon.discount_minor, currency)) for coupon in receipt.coupons
    ]
    elements.append(Columns("合计 Total", money(receipt.total_minor, currency), bold=True))
    taxes: dict[int, int] = {}
    for line in receipt.lines:
        taxes[line.tax_bp] = taxes.get(line.tax_bp, 0) + line.tax_minor
    for rate_bp, tax_minor in sorted(taxes.items()):
        if tax_minor:
            elements.append(Columns(f"  含税 Tax {rate_bp / 100:g}%", money(tax_minor, currency)))
    for tender in receipt.tenders:
        name = _TENDERS.get(tender.kind, tender.kind)
        if tender.kind == POINTS:
            name = f"{name} ({tender.points})"
        elements.append(Columns(name, money(tender.amount_minor, currency)))
    if any(tender.kind == CASH for tender in receipt.tenders):
        elements.append(Columns("找零 Change", money(receipt.change_minor, currency)))
    return elements


def _member(receipt: Receipt, extras: ReceiptExtras) -> list[Element]:
    if receipt.member is None:
        return []
    elements: list[Element] = [Rule()]
    if extras.member_masked:
        elements.append(Columns("会员 Member", extras.member_masked))
    elements.append(Columns("本次积分 Points earned", str(receipt.points_earned)))
    if extras.balance_points is not None:
        elements.append(Columns("积分余额 Points balance", str(extras.balance_points)))
    return elements
