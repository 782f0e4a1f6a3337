"""Page tokens of receipts, and bodies read for showing."""

import base64
import binascii
from collections.abc import Sequence

from hub.api.paging import ROW_ID_MAX
from hub.api.receipts.repository import ReceiptKey
from hub.api.receipts.schemas import CouponUse, LineDiscount, LineView, ReceiptSummary, ReceiptView, TenderView
from hub.api.rows import AnyRow
from loyalty.receipts import Receipt, ReceiptLine, decode_receipt


def write_token(key: ReceiptKey) -> str:
    """Write the token that goes on after a receipt; it holds no slash, which a receipt's number always does."""
    return base64.urlsafe_b64encode(f"{key.received_ms}|{key.receipt}".encode()).decode().rstrip("=")


def read_token(token: str) -> ReceiptKey | None:
    """Read a token; None when it is none."""
    try:
        padded = token + "=" * (-len(token) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        return None
    received_ms, mark, receipt = text.partition("|")
    is_number = received_ms.isascii() and received_ms.isdigit() and len(received_ms) <= len(str(ROW_ID_MAX))
    if not mark or not is_number or int(received_ms) > ROW_ID_MAX or "\x00" in receipt:
        return None
    return ReceiptKey(int(received_ms), receipt)


def summary(row: AnyRow) -> ReceiptSummary:
    """Show one receipt without its lines."""
    return ReceiptSummary.model_validate(row, from_attributes=True)


def view_receipt(row: AnyRow, bodies: Sequence[bytes]) -> ReceiptView:
    """Show one receipt whole, by the first of its bodies that has its number."""
    decoded = [decode_receipt(body) for body in bodies]
    body = next(one for one in decoded if one.receipt == row.receipt)
    return ReceiptView(
        **summary(row).model_dump(),
        discount_minor=body.discount_minor,
        tax_minor=body.tax_minor,
        change_minor=body.change_minor,
        programme_version=body.programme_version,
        lines=[_line(line) for line in body.lines],
        coupons=_coupons(body),
        tenders=[TenderView(kind=one.kind, amount_minor=one.amount_minor, points=one.points) for one in body.tenders],
        bodies_count=len(bodies),
    )


def _line(line: ReceiptLine) -> LineView:
    discounts = [LineDiscount(name=name, amount_minor=amount_minor) for name, amount_minor in line.discounts]
    return LineView(
        code=line.code,
        name_zh=line.name_zh,
        name_en=line.name_en,
        quantity_milli=line.quantity_milli,
        unit_price_minor=line.unit_price_minor,
        gross_minor=line.gross_minor,
        discount_minor=line.discount_minor,
        net_minor=line.net_minor,
        tax_bp=line.tax_bp,
        tax_minor=line.tax_minor,
        discounts=discounts,
    )


def _coupons(body: Receipt) -> list[CouponUse]:
    return [CouponUse(coupon=one.coupon, code=one.code, discount_minor=one.discount_minor) for one in body.coupons]
