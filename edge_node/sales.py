"""The sale: one transaction that spends rights, earns points, uses coupons, writes the receipt and queues its print.

One rule: everything or nothing. A basket that was paid already gives its receipt again, so that paying may be repeated
after a crash or a lost answer.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from edge_node.clock import Instant
from edge_node.errors import CouponRefused, RightsShort, UnknownReceipt
from edge_node.members import points_held
from edge_node.storage.cells import node_row, person
from edge_node.storage.log import Body, Raise, append
from loyalty.baskets import POINTS, PricedBasket, Tender, settle
from loyalty.errors import TenderRefused
from loyalty.points import Spend, plan_request, plan_spend, usable
from loyalty.programme import MAIN, Programme, expiry_month, points_earned, points_for_amount
from loyalty.receipts import (
    RECORD_KIND,
    SALE,
    Receipt,
    ReceiptCoupon,
    ReceiptLine,
    ReceiptTender,
    decode_receipt,
    encode_receipt,
    receipt_number,
)
from sync_protocol.accounts import MADE, USED
from sync_protocol.errors import InsufficientRights
from sync_protocol.names import points_account


class SaleOrder(NamedTuple):
    """A priced basket with its tenders, ready to be committed."""

    basket_ref: str
    kind: str
    priced: PricedBasket
    member: str | None
    tenders: tuple[Tender, ...]
    programme: Programme
    business_time_ms: int
    business_day: str
    offline: bool
    print_receipt: bool


class Committed(NamedTuple):
    """A durable sale: its receipt, the log's end, and whether this call made it (False: it was paid before)."""

    receipt: Receipt
    last_entry: int
    is_new: bool


def commit_sale(connection: sqlite3.Connection, at: Instant, order: SaleOrder) -> Committed:
    """Commit a sale inside the caller's transaction.

    Raises: RightsShort, CouponRefused, TenderShort, TenderRefused, NodeFenced, EntryTooLarge; nothing is written then.
    """
    paid = receipt_of_basket(connection, order.basket_ref)
    if paid is not None:
        return Committed(paid, node_row(connection)["last_entry"], is_new=False)
    change_minor = settle(order.priced.total_minor, order.tenders)
    node = node_row(connection)
    spends = _plan_points(connection, order, node["actor"])
    earned = points_earned(order.programme, order.priced.total_minor) if order.member and order.kind == SALE else 0
    receipt = _receipt(order, node, change_minor, earned, sum(spend.points for spend in spends))
    raises = [Raise(spend.account, USED, spend.points) for spend in spends]
    if earned and order.member:
        month = expiry_month(order.programme, order.business_day)
        raises.append(Raise(points_account(order.member, MAIN, month), MADE, earned))
    raises += [Raise(coupon.coupon, USED, 1) for coupon in receipt.coupons]
    body = encode_receipt(receipt)
    try:
        appended = append(connection, at, counters=raises, records=[Body(RECORD_KIND, body)])
    except InsufficientRights as error:
        # Points were planned within rights in this very transaction: only a coupon can be short.
        raise CouponRefused(
            "the right to this coupon lies with another store or the hub",
            coupon=error.account,
            reason_code="held-elsewhere",
        ) from error
    _project(connection, order, receipt, appended.entry, appended.first_record, at.wall_ms)
    return Committed(receipt, appended.entry, is_new=True)


def _plan_points(connection: sqlite3.Connection, order: SaleOrder, actor: str) -> list[Spend]:
    amount_minor = sum(tender.amount_minor for tender in order.tenders if tender.kind == POINTS)
    if amount_minor == 0:
        return []
    if amount_minor < 0 or order.member is None:
        raise TenderRefused("points pay for a member's purchase only")
    points = points_for_amount(order.programme, amount_minor)
    held = points_held(connection, person(connection, order.member), actor)
    plan = plan_spend(held, points, order.business_day)
    here = sum(max(one.rights, 0) for one in usable(held, order.business_day))
    if here < points:
        balance_points = sum(one.balance for one in usable(held, order.business_day))
        raise RightsShort(
            f"{points} points are wanted, {here} can be spent here now",
            spendable_here_points=here,
            balance_points=balance_points,
            wanted_points=points,
            reason_code="no-balance" if balance_points < points else "held-elsewhere",
        )
    return plan


def rights_to_ask(connection: sqlite3.Connection, order: SaleOrder, actor: str) -> list[Spend]:
    """List the rights this sale would need beyond those held here: targets per account, in order."""
    wanted = [Spend(effect.coupon.coupon, 1) for effect in order.priced.coupons if effect.applied]
    amount_minor = sum(tender.amount_minor for tender in order.tenders if tender.kind == POINTS)
    if amount_minor > 0 and order.member is not None:
        held = points_held(connection, person(connection, order.member), actor)
        points = points_for_amount(order.programme, amount_minor)
        wanted += plan_request(held, points, order.business_day)
    return wanted


def _receipt(order: SaleOrder, node: sqlite3.Row, change_minor: int, earned: int, used: int) -> Receipt:
    lines = [
        ReceiptLine(
            code=priced.line.code,
            name_zh=priced.line.name_zh,
            name_en=priced.line.name_en,
            quantity_milli=priced.line.quantity_milli,
            unit_price_minor=priced.line.unit_price_minor,
            gross_minor=priced.gross_minor,
            discount_minor=priced.discount_minor,
            net_minor=priced.net_minor,
            tax_bp=priced.line.tax_bp,
            tax_minor=priced.tax_minor,
            discounts=list(priced.line.recorded_discounts),
        )
        for priced in order.priced.lines
    ]
    coupons = [
        ReceiptCoupon(effect.coupon.coupon, effect.coupon.code, effect.discount_minor)
        for effect in order.priced.coupons
        if effect.applied
    ]
    return Receipt(
        receipt=receipt_number(node["actor"], node["last_receipt"] + 1),
        kind=order.kind,
        store=node["store"],
        business_time_ms=order.business_time_ms,
        business_day=order.business_day,
        member=order.member,
        lines=lines,
        coupons=coupons,
        total_minor=order.priced.total_minor,
        discount_minor=order.priced.discount_minor,
        tax_minor=order.priced.tax_minor,
        tenders=_tenders(order.tenders, used),
        change_minor=change_minor,
        points_earned=earned,
        points_used=used,
        offline=order.offline,
        basket_ref=order.basket_ref,
        programme_version=order.programme.version,
    )


def _tenders(tenders: Sequence[Tender], points_used: int) -> list[ReceiptTender]:
    return [
        ReceiptTender(tender.kind, tender.amount_minor, points_used if tender.kind == POINTS else 0)
        for tender in tenders
    ]


def _project(
    connection: sqlite3.Connection, order: SaleOrder, receipt: Receipt, entry: int, record: int, now_ms: int
) -> None:
    n = int(receipt.receipt.rpartition("/")[2])
    connection.execute("UPDATE node SET last_receipt = ?", (n,))
    connection.execute(
        "INSERT INTO receipts (n, receipt, basket_ref, record, entry, member, business_time_ms, total_minor) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            n,
            receipt.receipt,
            order.basket_ref,
            record,
            entry,
            receipt.member,
            receipt.business_time_ms,
            receipt.total_minor,
        ),
    )
    if order.print_receipt:
        has_cash = any(tender.kind == "cash" for tender in order.tenders)
        connection.execute(
            "INSERT INTO print_jobs (receipt, copy, drawer, state, queued_ms) VALUES (?, 0, ?, 'queued', ?)",
            (receipt.receipt, int(has_cash), now_ms),
        )


def receipt_of_basket(connection: sqlite3.Connection, basket_ref: str) -> Receipt | None:
    """Read the receipt of a basket that was paid; None where it was not."""
    row = connection.execute("SELECT record FROM receipts WHERE basket_ref = ?", (basket_ref,)).fetchone()
    return None if row is None else _read_record(connection, row["record"])


def read_receipt(connection: sqlite3.Connection, number: str) -> Receipt:
    """Read a receipt that this node issued. Raises: UnknownReceipt."""
    row = connection.execute("SELECT record FROM receipts WHERE receipt = ?", (number,)).fetchone()
    if row is None:
        raise UnknownReceipt(f"no receipt {number[:40]!r} was issued here")
    return _read_record(connection, row["record"])


def _read_record(connection: sqlite3.Connection, record: int) -> Receipt:
    actor = node_row(connection)["actor"]
    row = connection.execute(
        "SELECT body FROM records WHERE actor = ? AND number = ? ORDER BY hash LIMIT 1", (actor, record)
    ).fetchone()
    return decode_receipt(row["body"])


def note_refusal(connection: sqlite3.Connection, at: Instant, *, kind: str, code: str, offline: bool, why: str) -> None:
    """Remember that a spend was refused for lack of rights, for staff to see."""
    connection.execute(
        "INSERT INTO refusals (at_ms, kind, code, offline, detail) VALUES (?, ?, ?, ?, ?)",
        (at.wall_ms, kind, code, int(offline), why),
    )
