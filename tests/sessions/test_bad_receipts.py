"""A receipt that PostgreSQL cannot index is one bad entry, not an outage of the database."""

import base64
import random

import pytest

from hub.storage.tables import quarantine
from loyalty.receipts import RECORD_KIND, Receipt, encode_receipt
from sync_protocol.cells import Record
from tests.databases import POSTGRESQL
from tests.sessions.chain import Chain
from tests.sessions.forger import Forger

LONG = base64.b64encode(random.Random(1).randbytes(12_000)).decode()  # noqa: S311 - only must not compress


def _receipt(**fields: str) -> bytes:
    usual = {"basket_ref": "b", "business_day": "20260101", "member": "m:a-1:1"} | fields
    return encode_receipt(
        Receipt(
            receipt="a-1/000001", kind="sale", store="a", business_time_ms=1, lines=[], coupons=[], total_minor=1,
            discount_minor=0, tax_minor=0, tenders=[], change_minor=0, points_earned=0, points_used=0, offline=True,
            programme_version=1, **usual,
        )
    )  # fmt: skip


@pytest.mark.parametrize("fresh_database", [POSTGRESQL], indirect=True)
@pytest.mark.parametrize("field", ["basket_ref", "business_day", "member"])
def test_a_receipt_that_no_index_can_hold_goes_to_quarantine_and_stops_nothing_else(chain: Chain, field: str) -> None:
    bad = Forger("a-1").append(records=[Record("a-1", 1, RECORD_KIND, _receipt(**{field: LONG}))])
    chain.hub.session.receive("a-1", "up", bad.batch())
    chain.till("b").sell(100)
    chain.settle()
    assert chain.till("b").outbox_is_empty(), "the other store waits for a receipt that is not its own"
    assert [row.actor for row in chain.hub.rows(quarantine)] == ["a-1"]
