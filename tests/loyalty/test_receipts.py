"""The receipt's body: kept for ever, so old and new versions must read one another."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.receipts import (
    KINDS,
    Receipt,
    ReceiptCoupon,
    ReceiptLine,
    ReceiptTender,
    decode_receipt,
    encode_receipt,
    receipt_number,
)

words = st.text(st.characters(codec="utf-8"), max_size=20)
amounts = st.integers(-(2**62), 2**62)
lines = st.builds(
    ReceiptLine,
    code=words,
    name_zh=words,
    name_en=words,
    quantity_milli=amounts,
    unit_price_minor=amounts,
    gross_minor=amounts,
    discount_minor=amounts,
    net_minor=amounts,
    tax_bp=amounts,
    tax_minor=amounts,
    discounts=st.lists(st.tuples(words, amounts), max_size=2),
)
receipts = st.builds(
    Receipt,
    receipt=words,
    kind=st.sampled_from(KINDS),
    store=words,
    business_time_ms=amounts,
    business_day=words,
    member=st.one_of(st.none(), words),
    lines=st.lists(lines, max_size=3),
    coupons=st.lists(st.builds(ReceiptCoupon, coupon=words, code=words, discount_minor=amounts), max_size=2),
    total_minor=amounts,
    discount_minor=amounts,
    tax_minor=amounts,
    tenders=st.lists(st.builds(ReceiptTender, kind=words, amount_minor=amounts, points=amounts), max_size=2),
    change_minor=amounts,
    points_earned=amounts,
    points_used=amounts,
    offline=st.booleans(),
    basket_ref=words,
    programme_version=amounts,
)

SMALL = Receipt(
    receipt="0042-1/000123",
    kind="sale",
    store="0042",
    business_time_ms=1_767_225_600_000,
    business_day="20260101",
    member=None,
    lines=[ReceiptLine("a", "苹果", "Apples", 1_000, 500, 500, 0, 500, 900, 41)],
    coupons=[],
    total_minor=500,
    discount_minor=0,
    tax_minor=41,
    tenders=[ReceiptTender("cash", 500)],
    change_minor=0,
    points_earned=5,
    points_used=0,
    offline=True,
    basket_ref="b-1",
    programme_version=1,
)
PINNED = (
    "dc0012ad303034322d312f303030313233a473616c65a430303432cf0000019b76daa800a83230323630313031c0919ba161"
    "a6e88bb9e69e9ca64170706c6573cd03e8cd01f4cd01f400cd01f4cd0384299090cd01f400299193a463617368cd01f40000"
    "0500c3a3622d3101"
)
"""The body of SMALL as the first version wrote it."""


@given(receipts)
def test_a_receipt_reads_back_as_it_was_written(receipt: Receipt) -> None:
    body = encode_receipt(receipt)
    assert decode_receipt(body) == receipt
    assert encode_receipt(decode_receipt(body)) == body


def test_a_receipt_of_the_first_version_is_still_read_and_written_alike() -> None:
    assert decode_receipt(bytes.fromhex(PINNED)) == SMALL
    assert encode_receipt(SMALL).hex() == PINNED


@given(receipts, st.lists(st.one_of(st.none(), amounts, words), min_size=1, max_size=3))
def test_fields_of_a_later_version_are_ignored(receipt: Receipt, later: list[object]) -> None:
    body = msgspec.msgpack.encode([*msgspec.to_builtins(receipt), *later])
    assert decode_receipt(body) == receipt


def test_fields_of_a_later_version_within_a_line_are_ignored() -> None:
    fields = msgspec.to_builtins(SMALL)
    fields[6][0] = [*fields[6][0], "later"]
    assert decode_receipt(msgspec.msgpack.encode(fields)) == SMALL


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x90", b"\x80", encode_receipt(SMALL)[:-1]])
def test_what_is_no_receipt_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_receipt(body)


@pytest.mark.parametrize(("n", "number"), [(1, "0042-1/000001"), (123, "0042-1/000123"), (1_234_567, "0042-1/1234567")])
def test_receipt_numbers_read_as_printed(n: int, number: str) -> None:
    assert receipt_number("0042-1", n) == number
