"""Balances and exports: what machines compare, and sums over whole people."""

import csv
import io
import time
from typing import Any

import pytest
from sqlalchemy import delete, insert

from hub.storage.tables import entities, receipts
from sync_protocol.names import NEVER_EXPIRES, points_account
from tests.hub.api.chain import START_MS, Sale
from tests.hub.api.conftest import Hub

MEMBERS_HEADER = ["external_id", "receipts", "net_minor", "points_balance"]
EXPORT_S_MAX = 10
"""Far above what it takes (about a second), so that a slow machine does not fail the test; a query a member would."""


def export(hub: Hub, name: str) -> list[list[str]]:
    response = hub.http.get(f"/api/export/{name}")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == f'attachment; filename="{name}"'
    return list(csv.reader(io.StringIO(response.text)))


@pytest.fixture
def stores(hub: Hub) -> Hub:
    hub.create_store("a", "上海一店")
    hub.create_store("b", 'Zweite, "neue"')
    return hub


def test_every_account_has_its_balance(stores: Hub) -> None:
    node = stores.chain.node("a")
    members = [node.enrol(card=f"card{n}") for n in range(3)]
    for n, member in enumerate(members):
        node.sell(Sale(member=member, points_earned=10 * (n + 1), points_used=n))
    stores.chain.deliver("a")
    found: list[Any] = []
    after: dict[str, Any] = {}
    while True:
        page = stores.get("/api/balances", limit=2, **after)
        found += page["balances"]
        if page["next_after"] is None:
            break
        after = {"after": page["next_after"]}
    assert found == [
        {
            "account": points_account(member, "main", NEVER_EXPIRES),
            "owner": member,
            "made": 10 * (n + 1),
            "used": n,
            "balance": 10 * (n + 1) - n,
        }
        for n, member in enumerate(members)
    ]
    assert stores.get("/api/balances")["balances"] == found


def test_coupons_are_among_the_balances(stores: Hub) -> None:
    coupon = {"value_minor": 500, "threshold_minor": 0, "title_zh": "券", "title_en": "Coupon"}
    assert stores.http.put("/api/programme", json={"welcome_coupon": coupon}).status_code == 200
    member = stores.chain.node("a").enrol(card="card")
    stores.chain.deliver("a")
    assert stores.get("/api/balances")["balances"] == [
        {"account": "c:hub-1:1", "owner": member, "made": 1, "used": 0, "balance": 1}
    ]


def test_members_are_exported_a_row_a_person(stores: Hub) -> None:
    node = stores.chain.node("a")
    with_card = node.enrol(card="ZZ9", phone="10010")
    with_phone = node.enrol(phone="10086")
    without_receipts = node.enrol(card="AA1")
    nameless = node.enrol()
    node.sell(Sale(member=with_card, total_minor=1_000, points_earned=10))
    node.sell(Sale(member=with_card, total_minor=-300, kind="return", points_used=3))
    node.sell(Sale(member=with_phone, total_minor=500, points_earned=5))
    node.sell(Sale(total_minor=99))
    stores.chain.deliver("a")
    assert without_receipts
    assert export(stores, "members.csv") == [
        MEMBERS_HEADER,
        ["10086", "1", "500", "5"],
        ["AA1", "0", "0", "0"],
        ["ZZ9", "2", "700", "7"],
        [nameless, "0", "0", "0"],
    ]


def test_all_ids_of_a_person_are_summed_up(stores: Hub) -> None:
    for store, phone, points in (("a", "10010", 10), ("b", None, 20)):
        member = stores.chain.node(store).enrol(card="SAME", phone=phone)
        stores.chain.node(store).sell(Sale(member=member, total_minor=points * 100, points_earned=points))
        stores.chain.node(store).append(counters=[(points_account(member, "main", "202712"), "made", 1)])
        stores.chain.deliver(store)
    assert export(stores, "members.csv") == [MEMBERS_HEADER, ["SAME", "2", "3000", "32"]]


def test_a_person_known_by_receipts_and_points_alone_is_exported_too(stores: Hub) -> None:
    stores.chain.node("a").sell(Sale(member="m:a-1:77", total_minor=100, points_earned=1))
    stores.chain.deliver("a")
    assert export(stores, "members.csv") == [MEMBERS_HEADER, ["m:a-1:77", "1", "100", "1"]]


def test_every_store_of_the_chain_is_exported_by_name(stores: Hub) -> None:
    stores.create_store("c", "Ärger")
    for total_minor in (100, 200):
        stores.chain.node("b").sell(Sale(total_minor=total_minor))
    stores.chain.deliver("b")
    assert export(stores, "stores.csv") == [
        ["store", "receipts", "net_minor"],
        ['Zweite, "neue"', "2", "300"],
        ["Ärger", "0", "0"],
        ["上海一店", "0", "0"],
    ]


def test_exports_of_an_empty_chain_have_a_header_alone(hub: Hub) -> None:
    assert export(hub, "members.csv") == [MEMBERS_HEADER]
    assert hub.http.get("/api/export/stores.csv").text == "store,receipts,net_minor\n"


@pytest.mark.slow
def test_ten_thousand_members_are_exported_without_a_query_a_member(stores: Hub) -> None:
    node = stores.chain.node("a")
    for n in range(10_000):
        node.enrol(card=f"{n:06d}")
        if n % 200 == 199:
            stores.chain.deliver("a")
    _sell_in_bulk(stores, 30_000, 10_000)
    started_s = time.monotonic()
    rows = export(stores, "members.csv")
    took_s = time.monotonic() - started_s
    assert len(rows) == 10_001
    assert rows[1] == ["000000", "3", "300", "0"]
    assert rows[1:] == sorted(rows[1:])
    assert took_s < EXPORT_S_MAX


def _sell_in_bulk(hub: Hub, count: int, members: int) -> None:
    """Write receipts straight into their table: this test is about reading them."""
    rows = [
        {
            "receipt": f"a-1/{n:06d}",
            "actor": "a-1",
            "record": n + 1,
            "store": "a",
            "kind": "sale",
            "member": f"m:a-1:{n % members + 1}",
            "basket_ref": f"ref-{n}",
            "business_time_ms": START_MS,
            "business_day": "20260101",
            "total_minor": 100,
            "points_earned": 0,
            "points_used": 0,
            "offline": 0,
            "received_ms": START_MS + n,
        }
        for n in range(count)
    ]
    with hub.context.database.write() as connection:
        connection.execute(delete(receipts))
        connection.execute(insert(receipts), rows)
        assert connection.execute(entities.select().limit(1)).first() is not None
