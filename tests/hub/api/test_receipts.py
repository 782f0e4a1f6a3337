"""Receipts: pages in the order of arrival, whole bodies, references for machines."""

from typing import Any

import pytest

from hub.api.receipts.repository import ReceiptKey
from hub.api.receipts.service import read_token, write_token
from tests.hub.api.chain import START_MS, Sale
from tests.hub.api.conftest import Hub

PAST_THE_MAX = "OTIyMzM3MjAzNjg1NDc3NTgwOHxhLTEvMDAwMDAx"
"""Token of 2^63 milliseconds."""


@pytest.fixture
def selling(hub: Hub) -> Hub:
    """Two stores; five receipts arrived together from one, then two from the other."""
    hub.create_store("a")
    hub.create_store("b")
    for total_minor in (100, 200, 300, 400, 500):
        hub.chain.node("a").sell(Sale(total_minor=total_minor))
    hub.chain.deliver("a")
    hub.clock.now_ms += 1_000
    hub.chain.node("b").sell(Sale(total_minor=600, offline=True))
    hub.chain.node("b").sell(Sale(total_minor=-50, kind="return"))
    hub.chain.deliver("b")
    return hub


def pages(hub: Hub, path: str, rows: str, **query: Any) -> list[list[Any]]:
    """Read a list to its end, page by page."""
    found: list[list[Any]] = []
    after: dict[str, Any] = {}
    while True:
        page = hub.get(path, **query, **after)
        found.append(page[rows])
        if page["next_after"] is None:
            return found
        after = {"after": page["next_after"]}


def test_receipts_come_in_the_order_of_arrival(selling: Hub) -> None:
    receipts = selling.get("/api/receipts")["receipts"]
    assert [receipt["total_minor"] for receipt in receipts] == [100, 200, 300, 400, 500, 600, -50]
    assert receipts[5] == {
        "receipt": "b-1/000001",
        "actor": "b-1",
        "store": "b",
        "kind": "sale",
        "member": None,
        "basket_ref": "basket-b-1/000001",
        "business_time_ms": START_MS + 1_000,
        "business_day": "20260101",
        "total_minor": 600,
        "points_earned": 0,
        "points_used": 0,
        "offline": True,
        "received_ms": START_MS + 1_000,
    }


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
@pytest.mark.parametrize("newest", [False, True])
def test_pages_hold_every_receipt_once(selling: Hub, limit: int, newest: bool) -> None:
    found = pages(selling, "/api/receipts", "receipts", limit=limit, newest=newest)
    assert all(len(page) == limit for page in found[:-1])
    numbers = [receipt["receipt"] for page in found for receipt in page]
    expected = [f"a-1/00000{n}" for n in range(1, 6)] + ["b-1/000001", "b-1/000002"]
    assert numbers == (expected[::-1] if newest else expected)


def test_a_page_may_go_on_after_a_receipts_number(selling: Hub) -> None:
    receipts = selling.get("/api/receipts", after="a-1/000004")["receipts"]
    assert [receipt["receipt"] for receipt in receipts] == ["a-1/000005", "b-1/000001", "b-1/000002"]


def test_what_arrives_between_pages_is_neither_lost_nor_doubled(selling: Hub) -> None:
    first = selling.get("/api/receipts", limit=7)
    assert first["next_after"] is None
    first = selling.get("/api/receipts", limit=6)
    selling.clock.now_ms += 1
    selling.chain.node("a").sell(Sale(total_minor=700))
    selling.chain.deliver("a")
    rest = selling.get("/api/receipts", after=first["next_after"])["receipts"]
    assert [receipt["total_minor"] for receipt in rest] == [-50, 700]


def test_receipts_of_one_store(selling: Hub) -> None:
    receipts = selling.get("/api/receipts", store="b", newest=True)["receipts"]
    assert [receipt["total_minor"] for receipt in receipts] == [-50, 600]
    assert selling.get("/api/receipts", store="nowhere")["receipts"] == []


@pytest.mark.parametrize("after", ["rubbish", "%00", "YWJj", "äöü", PAST_THE_MAX])
def test_a_token_that_is_none_is_refused(hub: Hub, after: str) -> None:
    response = hub.http.get("/api/receipts", params={"after": after})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "query.after"


def test_a_token_reads_back() -> None:
    key = ReceiptKey(START_MS, "0042-1/000123")
    token = write_token(key)
    assert read_token(token) == key
    assert token.isascii()
    assert "/" not in token
    assert "=" not in token


def test_going_on_after_an_unknown_receipt_is_refused(hub: Hub) -> None:
    assert hub.http.get("/api/receipts", params={"after": "a-1/000009"}).status_code == 404


@pytest.mark.parametrize("limit", [0, -1, 1_001, "x"])
def test_limits_are_bounded(hub: Hub, limit: Any) -> None:
    response = hub.http.get("/api/receipts", params={"limit": limit})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "query.limit"


def test_a_receipt_is_shown_whole(selling: Hub) -> None:
    member = selling.chain.node("a").enrol(card="VIP1")
    selling.chain.node("a").sell(Sale(member=member, total_minor=900, points_earned=9, points_used=0))
    selling.chain.deliver("a")
    receipt = selling.get("/api/receipts/a-1/000006")
    assert receipt["member"] == member
    assert receipt["lines"] == [
        {
            "code": "apple",
            "name_zh": "苹果",
            "name_en": "Apples",
            "quantity_milli": 1_000,
            "unit_price_minor": 900,
            "gross_minor": 900,
            "discount_minor": 0,
            "net_minor": 900,
            "tax_bp": 900,
            "tax_minor": 0,
            "discounts": [{"name": "offer", "amount_minor": 0}],
        }
    ]
    assert receipt["tenders"] == [{"kind": "cash", "amount_minor": 900, "points": 0}]
    assert (receipt["points_earned"], receipt["change_minor"], receipt["bodies_count"]) == (9, 0, 1)
    assert receipt["programme_version"] == 1
    assert selling.get("/api/receipts/a-1%2F000006") == receipt


@pytest.mark.parametrize("number", ["a-1/000099", "rubbish", "a-1/000001/x", "%00"])
def test_an_unknown_receipt_is_told_as_such(selling: Hub, number: str) -> None:
    response = selling.http.get(f"/api/receipts/{number}")
    assert response.status_code in {404, 422}
    assert response.json()["code"] in {"not-found", "invalid"}


def test_references_serve_comparison_by_machines(selling: Hub) -> None:
    found = pages(selling, "/api/receipt-refs", "receipts", limit=3)
    assert [len(page) for page in found] == [3, 3, 1]
    assert found[0][0] == {
        "receipt": "a-1/000001",
        "basket_ref": "basket-a-1/000001",
        "store": "a",
        "member": None,
        "total_minor": 100,
    }
    assert sum(ref["total_minor"] for page in found for ref in page) == 2_050
