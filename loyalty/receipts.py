"""The receipt as it is kept for ever: the body of a record of kind `receipt`.

One rule: fields are only added at the end, with defaults; a body once written is never changed.
"""

from typing import Final

import msgspec

RECORD_KIND: Final = "receipt"
SALE = "sale"
RETURN = "return"
ADJUSTMENT = "adjustment"
KINDS = (SALE, RETURN, ADJUSTMENT)


class ReceiptLine(msgspec.Struct, frozen=True, array_like=True):
    """One line: what, how much, at which price, what came off and why, tax inside."""

    code: str
    name_zh: str
    name_en: str
    quantity_milli: int
    unit_price_minor: int
    gross_minor: int
    discount_minor: int
    net_minor: int
    tax_bp: int
    tax_minor: int
    discounts: list[tuple[str, int]] = []


class ReceiptTender(msgspec.Struct, frozen=True, array_like=True):
    """One tender; `points` where points paid."""

    kind: str
    amount_minor: int
    points: int = 0


class ReceiptCoupon(msgspec.Struct, frozen=True, array_like=True):
    """A coupon that was used."""

    coupon: str
    code: str
    discount_minor: int


class Receipt(msgspec.Struct, frozen=True, array_like=True):
    """One receipt. `offline`: the hub was out of reach. `basket_ref` makes a repeated payment the same sale."""

    receipt: str
    kind: str
    store: str
    business_time_ms: int
    business_day: str
    member: str | None
    lines: list[ReceiptLine]
    coupons: list[ReceiptCoupon]
    total_minor: int
    discount_minor: int
    tax_minor: int
    tenders: list[ReceiptTender]
    change_minor: int
    points_earned: int
    points_used: int
    offline: bool
    basket_ref: str
    programme_version: int


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Receipt)


def encode_receipt(receipt: Receipt) -> bytes:
    """Encode a receipt for its record."""
    return _encoder.encode(receipt)


def decode_receipt(body: bytes) -> Receipt:
    """Decode a receipt's body. Raises: msgspec.MsgspecError when it is none."""
    return _decoder.decode(body)


def receipt_number(actor: str, n: int) -> str:
    """Write the number that is printed: `0042-1/000123`."""
    return f"{actor}/{n:06d}"
