"""A cashier's day by HTTP: look up, enrol, price, pay, print; and what a till refuses."""

import re
from functools import partial
from typing import Any

import pytest

from simulators.demo.chain import Chain
from simulators.demo.http import JsonClient
from tests.integration.conftest import eventually
from tests.integration.tills import enrol, has_balance, new_basket, pay, put, sell


def test_a_sale_gives_receipt_points_and_change(till: JsonClient) -> None:
    member = enrol(till)
    basket = new_basket()
    priced = put(till, basket, member=member["member"], lines=[{"code": "2900000000018", "quantity": "0.735"}])
    assert priced.body["total_minor"] == 1896
    assert priced.body["points_to_earn"] == 18
    receipt = pay(till, basket, cash=2000)
    assert receipt.ok
    assert (receipt.body["change_minor"], receipt.body["points_earned"]) == (104, 18)
    assert re.fullmatch(r"store1-1/\d{6}", receipt.body["receipt"])
    assert till.get(f"/api/members/{member['member']}")["balance_points"] == 18
    assert till.get(f"/api/receipts/{receipt.body['receipt']}") == receipt.body


def test_paying_again_gives_the_same_receipt(till: JsonClient) -> None:
    basket = new_basket()
    put(till, basket)
    first = pay(till, basket, cash=3600)
    again = pay(till, basket, cash=3600)
    assert first.ok
    assert again.body == first.body


def test_a_paid_basket_cannot_change(till: JsonClient) -> None:
    basket = new_basket()
    put(till, basket)
    assert pay(till, basket, cash=3600).ok
    assert put(till, basket, lines=[]).code == "basket-paid"


def test_receipt_numbers_have_no_gaps(till: JsonClient) -> None:
    before = int(sell(till, None)["receipt"].rpartition("/")[2])
    assert not pay(till, new_basket(), cash=1).ok
    assert int(sell(till, None)["receipt"].rpartition("/")[2]) == before + 1


def test_receipt_is_printed_in_chinese_and_the_drawer_opens_after_the_commit(chain: Chain, till: JsonClient) -> None:
    printer = chain.printers["store1"]
    openings = printer.drawer_openings
    receipt = sell(till, None)
    assert printer.wait_for(lambda one: any(receipt["receipt"] in text for text in one.receipts), 15)
    printed = next(text for text in printer.receipts if receipt["receipt"] in text)
    assert "一号店" in printed
    assert "绿茶" in printed
    assert "￥36.00" in printed
    assert printer.drawer_openings > openings


def test_a_sale_refused_opens_no_drawer_and_prints_nothing(chain: Chain, till: JsonClient) -> None:
    sell(till, None)
    printer = chain.printers["store1"]
    count = int(till.get("/api/receipts?limit=1")["receipts"][0]["receipt"].rpartition("/")[2])
    assert printer.wait_for(lambda one: any(f"/{count:06d}" in text for text in one.receipts), 15)
    printed, openings = len(printer.receipts), printer.drawer_openings
    basket = new_basket()
    put(till, basket)
    assert pay(till, basket, cash=1).code == "tender-short"
    sell(till, None)
    assert printer.wait_for(lambda one: any(f"/{count + 1:06d}" in text for text in one.receipts), 15)
    assert (len(printer.receipts), printer.drawer_openings) == (printed + 1, openings + 1)


def test_reprint_is_marked_as_a_copy(chain: Chain, till: JsonClient) -> None:
    receipt = sell(till, None)
    assert till.call("POST", f"/api/receipts/{receipt['receipt']}/reprint", {}).ok
    assert chain.printers["store1"].wait_for(
        lambda one: any(receipt["receipt"] in text and "副本" in text for text in one.receipts), 15
    )


def test_points_earned_in_one_store_are_spent_in_the_other_through_the_hub(
    till: JsonClient, other_till: JsonClient
) -> None:
    reply = till.call("POST", "/api/members", {"card": "TRAVELLER", "consent": True})
    member = reply.body["member"]
    sell(till, member, "100")  # 120000 fen, 1200 points, at home
    eventually(lambda: till.get("/api/status")["outbox_count"] == 0, "the hub has it")
    found = other_till.call("POST", "/api/members/find", {"kind": "card", "value": "traveller"})
    assert found.body["balance_points"] == 1200
    assert found.body["spendable_here_points"] == 0
    basket = new_basket()
    put(other_till, basket, member=member)
    receipt = pay(other_till, basket, points=1000, cash=2600)
    assert receipt.ok, receipt.body
    assert receipt.body["points_used"] == 1000
    eventually(lambda: till.get(f"/api/members/{member}")["balance_points"] == 236, "the first store sees it")


def test_welcome_coupon_is_used_once(till: JsonClient) -> None:
    member = enrol(till)["member"]
    eventually(lambda: till.get(f"/api/members/{member}")["coupons"], "the coupon arrives")
    code = till.get(f"/api/members/{member}")["coupons"][0]["code"]
    basket = new_basket()
    priced = put(till, basket, member=member, coupons=[code])
    assert priced.body["total_minor"] == 3100
    assert pay(till, basket, cash=3100).ok
    again = put(till, new_basket(), member=member, coupons=[code])
    assert (again.code, again.body["reason_code"]) == ("coupon-refused", "used")


def test_coupon_below_its_threshold_says_what_is_missing(till: JsonClient) -> None:
    member = enrol(till)["member"]
    eventually(lambda: till.get(f"/api/members/{member}")["coupons"], "the coupon arrives")
    code = till.get(f"/api/members/{member}")["coupons"][0]["code"]
    priced = put(till, new_basket(), member=member, coupons=[code], lines=[{"code": "tea", "quantity": "2"}])
    coupon = priced.body["coupons"][0]
    assert (coupon["applied"], coupon["reason_code"], coupon["missing_minor"]) == (False, "threshold", 600)


def test_cut_off_store_sells_on_and_refuses_what_it_has_no_rights_to(
    chain: Chain, till: JsonClient, other_till: JsonClient, hub: JsonClient
) -> None:
    reply = till.call("POST", "/api/members", {"card": "OFFLINER", "consent": True})
    member = reply.body["member"]
    sell(till, member, "100")
    eventually(lambda: till.get("/api/status")["outbox_count"] == 0, "the hub has it")
    assert other_till.call("POST", "/api/members/find", {"kind": "card", "value": "OFFLINER"}).ok
    chain.links["store2"].cut()
    eventually(lambda: not other_till.get("/api/status")["online"], "store 2 notices")
    basket = new_basket()
    put(other_till, basket, member=member)
    refused = pay(other_till, basket, points=1000, cash=2600)
    assert refused.status == 409
    assert (refused.code, refused.body["reason_code"]) == ("insufficient-rights", "offline")
    assert refused.body["spendable_here_points"] == 0
    assert refused.body["next_step"]
    sold = pay(other_till, basket, cash=3600)
    assert sold.ok
    assert sold.body["offline"] is True
    spent_at_home = new_basket()
    put(till, spent_at_home, member=member)
    assert pay(till, spent_at_home, points=1200, cash=2400).ok  # all rights lie at home: the same points, once
    chain.links["store2"].mend()
    eventually(lambda: other_till.get("/api/status")["outbox_count"] == 0, "store 2 comes back")
    eventually(
        lambda: (
            till.get(f"/api/members/{member}")["balance_points"]
            == other_till.get(f"/api/members/{member}")["balance_points"]
            == 72
        ),
        "both stores agree",
    )
    assert hub.get(f"/api/receipts/{sold.body['receipt']}")


def test_member_enrolled_in_two_stores_while_apart_becomes_one(
    chain: Chain, till: JsonClient, other_till: JsonClient
) -> None:
    chain.links["store2"].cut()
    eventually(lambda: not other_till.get("/api/status")["online"], "store 2 notices")
    here = till.call("POST", "/api/members", {"phone": "15400000044", "consent": True}).body["member"]
    there = other_till.call("POST", "/api/members", {"phone": "154 0000 0044", "consent": True}).body["member"]
    assert here != there
    sell(till, here, "10")
    sell(other_till, there, "20")
    chain.links["store2"].mend()
    for client, member in ((till, here), (till, there), (other_till, here), (other_till, there)):
        eventually(partial(has_balance, client, member, 360), "both ids resolve to one balance")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"lines": [{"code": "nothing", "quantity": "1"}]}, 404, "unknown-item"),
        ({"lines": [{"code": "tea", "quantity": "1000"}]}, 422, "quantity-out-of-range"),
        ({"lines": [{"code": "tea", "quantity": "999999999999"}]}, 422, "quantity-out-of-range"),
        ({"lines": [{"code": "tea", "quantity": "-1"}]}, 422, "quantity-out-of-range"),
        ({"lines": [{"code": "tea", "quantity": "0"}]}, 422, "quantity-out-of-range"),
        ({"lines": [{"code": "tea", "quantity": "1.2345"}]}, 422, "quantity-out-of-range"),
        ({"lines": [{"code": "tea", "quantity": "NaN"}]}, 422, "quantity-out-of-range"),
        ({"lines": [{"code": "tea"}] * 201}, 422, "quantity-out-of-range"),
        ({"lines": [], "coupons": ["C-NOBODY"]}, 404, "unknown-coupon"),
        ({"lines": "tea"}, 422, "validation"),
        ({"lines": [], "surprise": 1}, 422, "validation"),
        ({"lines": [{"code": "x", "recorded": {"amount_minor": 1}}]}, 403, "recorded-not-allowed"),
        ({"lines": [], "business_time_ms": 5}, 403, "recorded-not-allowed"),
    ],
)
def test_bad_basket_is_a_typed_problem(till: JsonClient, body: dict[str, Any], status: int, code: str) -> None:
    reply = till.call("PUT", f"/api/baskets/{new_basket()}", body)
    assert (reply.status, reply.code) == (status, code)
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.body["title"]
    assert reply.body["detail"]


@pytest.mark.parametrize(
    ("tenders", "code"),
    [
        ([{"kind": "cash", "amount_minor": 3599}], "tender-short"),
        ([{"kind": "card", "amount_minor": 3601}], "tender-refused"),
        ([{"kind": "cash", "amount_minor": 5000}, {"kind": "cash", "amount_minor": 1}], "tender-refused"),
        ([{"kind": "cash", "amount_minor": -3600}], "tender-refused"),
        ([{"kind": "points", "amount_minor": 3600}], "tender-refused"),
        ([{"kind": "gold", "amount_minor": 3600}], "validation"),
        ([{"kind": "cash", "amount_minor": 36.5}], "validation"),
    ],
)
def test_bad_payment_is_refused_and_nothing_is_sold(till: JsonClient, tenders: list[Any], code: str) -> None:
    basket = new_basket()
    put(till, basket)
    before = till.get("/api/status")["last_entry"]
    reply = till.call("POST", f"/api/baskets/{basket}/pay", {"tenders": tenders})
    assert reply.code == code
    assert till.get("/api/status")["last_entry"] == before


def test_more_points_than_the_balance_are_refused(till: JsonClient) -> None:
    member = enrol(till)["member"]
    basket = new_basket()
    put(till, basket, member=member)
    reply = pay(till, basket, points=3600)
    assert (reply.code, reply.body["reason_code"]) == ("insufficient-rights", "no-balance")


def test_unknown_member_is_told_apart_from_an_unreachable_hub(till: JsonClient) -> None:
    reply = till.call("POST", "/api/members/find", {"kind": "card", "value": "NOBODY"})
    assert (reply.status, reply.code) == (404, "member-not-found")
    assert reply.body["hub_asked"] is True


def test_malformed_json_foreign_hosts_and_forms_are_refused(till: JsonClient) -> None:
    basket = new_basket()
    assert till.call("PUT", f"/api/baskets/{basket}", b"{not json").code == "validation"
    reply = till.call("POST", f"/api/baskets/{basket}/pay", b"x" * (2 * 1024 * 1024 + 1))
    assert (reply.status, reply.code) == (413, "too-large")
    assert till.call("GET", "/api/nothing").code == "not-found"


def test_items_are_found_by_code_gtin_and_name_in_both_languages(till: JsonClient) -> None:
    for text in ("tea", "2900000000025", "绿", "TEA"):
        assert [item["code"] for item in till.get(f"/api/items?q={_quoted(text)}")["items"]] == ["tea"]
    assert till.get("/api/items?q=%25")["items"] == []


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())
