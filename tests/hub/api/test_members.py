"""Members: people with all their ids, opened only as far as they may be seen."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from edge_node import personal as sealing
from hub import personal as opening
from loyalty.programme import Programme, WelcomeCoupon, encode_programme
from sync_protocol.names import NEVER_EXPIRES, points_account
from tests.hub.api.chain import START_MS, Sale
from tests.hub.api.conftest import Hub

WELCOME = Programme(welcome_coupon=WelcomeCoupon(500, 2_000, "新会员券", "Welcome"))


@pytest.fixture
def stores(hub: Hub) -> Hub:
    """Two stores of a chain whose programme welcomes new members with a coupon."""
    hub.create_store("a")
    hub.create_store("b")
    response = hub.http.put(
        "/api/programme", content=encode_programme(WELCOME), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 200, response.text
    return hub


def test_a_member_is_listed_with_masked_identities(stores: Hub) -> None:
    node = stores.chain.node("a")
    member = node.enrol(card="VIP 0001", phone="138 0013 8000", name="王小明")
    node.sell(Sale(member=member, points_earned=70, points_used=20))
    stores.chain.deliver("a")
    assert stores.get("/api/members") == {
        "members": [
            {
                "member": "m:a-1:1",
                "aliases": [],
                "name": "王小明",
                "phone_masked": "*********8000",
                "card_masked": "****0001",
                "home_store": "a",
                "balance_points": 50,
                "stores_holding": ["a"],
            }
        ],
        "next_after": None,
    }


def test_members_come_in_pages_by_id(stores: Hub) -> None:
    for n in range(5):
        stores.chain.node("a").enrol(card=f"card{n}")
    stores.chain.deliver("a")
    first = stores.get("/api/members", limit=3)
    assert [member["member"] for member in first["members"]] == ["m:a-1:1", "m:a-1:2", "m:a-1:3"]
    rest = stores.get("/api/members", limit=3, after=first["next_after"])
    assert [member["member"] for member in rest["members"]] == ["m:a-1:4", "m:a-1:5"]
    assert rest["next_after"] is None


def join_two_ids(hub: Hub) -> tuple[str, str]:
    """Let one person enrol in two stores with one card; return both ids, the joined-to one first."""
    first = hub.chain.node("a").enrol(card="SAME", name="First")
    hub.chain.node("a").sell(Sale(member=first, total_minor=1_000, points_earned=10))
    hub.chain.deliver("a")
    hub.clock.now_ms += 1_000
    second = hub.chain.node("b").enrol(card=" same ", phone="10086", name="Second")
    hub.chain.node("b").sell(Sale(member=second, total_minor=2_000, points_earned=20))
    hub.chain.deliver("b")
    return first, second


def test_a_person_with_two_ids_is_one(stores: Hub) -> None:
    first, second = join_two_ids(stores)
    members = stores.get("/api/members")["members"]
    assert len(members) == 1
    person = members[0]
    assert (person["member"], person["aliases"]) == (first, [second])
    assert person["balance_points"] == 30
    assert person["name"] == "First"
    assert person["phone_masked"] == "*0086"
    assert person["stores_holding"] == ["a", "b"]


def test_any_id_of_a_person_leads_to_them(stores: Hub) -> None:
    first, second = join_two_ids(stores)
    person = stores.get(f"/api/members/{second}")
    assert person == stores.get(f"/api/members/{first}")
    assert person["enrolled_at_ms"] == START_MS
    assert [receipt["total_minor"] for receipt in person["receipts"]] == [2_000, 1_000]
    assert person["accounts"] == [
        {
            "account": points_account(member, "main", NEVER_EXPIRES),
            "owner": member,
            "expires": None,
            "balance_points": points,
        }
        for member, points in ((first, 10), (second, 20))
    ]


def test_points_that_expire_say_when(stores: Hub) -> None:
    node = stores.chain.node("a")
    member = node.enrol(card="X1")
    node.append(counters=[(points_account(member, "main", "202701"), "made", 5)])
    stores.chain.deliver("a")
    assert stores.get(f"/api/members/{member}")["accounts"][0]["expires"] == "202701"


def test_a_coupon_says_who_may_accept_it(stores: Hub) -> None:
    node = stores.chain.node("a")
    member = node.enrol(card="X1")
    stores.chain.deliver("a")
    coupon = stores.get(f"/api/members/{member}")["coupons"][0]
    assert coupon["code"].startswith("C-")
    assert coupon | {"code": ""} == {
        "coupon": "c:hub-1:1",
        "owner": member,
        "code": "",
        "title_zh": "新会员券",
        "title_en": "Welcome",
        "value_minor": 500,
        "threshold_minor": 2_000,
        "state": "open",
        "right_with": ["a-1"],
    }
    node.sell(Sale(member=member, coupon="c:hub-1:1"))
    stores.chain.deliver("a")
    coupon = stores.get(f"/api/members/{member}")["coupons"][0]
    assert (coupon["state"], coupon["right_with"]) == ("used", [])


def test_a_right_handed_back_lies_with_the_hub(stores: Hub) -> None:
    node = stores.chain.node("a")
    member = node.enrol(card="X1")
    stores.chain.deliver("a")
    node.append(counters=[("c:hub-1:1", "to:hub", 1)])
    stores.chain.deliver("a")
    coupon = stores.get(f"/api/members/{member}")["coupons"][0]
    assert (coupon["state"], coupon["right_with"]) == ("open", ["hub"])


@pytest.mark.parametrize("card", ["VIP 0001", "vip0001", "\uff36\uff29\uff30\uff10\uff10\uff10\uff11"])
def test_a_card_is_found_however_it_is_written(stores: Hub, card: str) -> None:
    stores.chain.node("a").enrol(card="other")
    member = stores.chain.node("a").enrol(card="VIP0001")
    stores.chain.deliver("a")
    found = stores.get("/api/members", external_id=card)
    assert [one["member"] for one in found["members"]] == [member]
    assert found["next_after"] is None


def test_looking_up_an_alias_by_card_gives_the_person(stores: Hub) -> None:
    first, second = join_two_ids(stores)
    found = stores.get("/api/members", external_id="SAME")["members"]
    assert [(one["member"], one["aliases"]) for one in found] == [(first, [second])]


@pytest.mark.parametrize("card", ["nobody", "", "10086", "\x00"])
def test_an_unknown_card_finds_nobody(stores: Hub, card: str) -> None:
    join_two_ids(stores)
    assert stores.get("/api/members", external_id=card)["members"] == []


def test_only_the_latest_fifty_receipts_are_shown(stores: Hub) -> None:
    node = stores.chain.node("a")
    member = node.enrol(card="X1")
    for total_minor in range(1, 61):
        stores.clock.now_ms += 1
        node.sell(Sale(member=member, total_minor=total_minor))
    stores.chain.deliver("a")
    receipts = stores.get(f"/api/members/{member}")["receipts"]
    assert [receipt["total_minor"] for receipt in receipts] == list(range(60, 10, -1))


@pytest.mark.parametrize("member", ["m:a-1:99", "c:hub-1:1", "programme:main", "s:a"])
def test_what_is_no_member_is_told_as_such(stores: Hub, member: str) -> None:
    stores.chain.node("a").enrol(card="X1")
    stores.chain.deliver("a")
    assert stores.http.get(f"/api/members/{member}").json()["code"] == "not-found"


def test_a_member_whose_key_is_destroyed_has_no_name_any_more(stores: Hub) -> None:
    member = stores.chain.node("a").enrol(card="VIP0001", phone="10086", name="Gone")
    stores.chain.deliver("a")
    with stores.context.keys._database.write() as connection:
        connection.execute(text("DELETE FROM keys WHERE name = :name"), {"name": member})
    person = stores.get(f"/api/members/{member}")
    assert (person["name"], person["phone_masked"], person["card_masked"]) == (None, None, None)


def test_nothing_personal_is_answered_in_the_clear(stores: Hub) -> None:
    member = stores.chain.node("a").enrol(card="VIP0001", phone="13800138000")
    stores.chain.node("a").sell(Sale(member=member))
    stores.chain.deliver("a")
    for path in ("/api/members", f"/api/members/{member}", "/api/live", "/api/receipts", "/api/receipt-refs"):
        answer = json.dumps(stores.get(path))
        assert "VIP0001" not in answer
        assert "13800138000" not in answer


@given(st.sampled_from(["phone", "card"]), st.text(max_size=40))
def test_hub_and_nodes_compute_one_blind_index(kind: str, value: str) -> None:
    key = b"k" * 32
    assert opening.blind(key, kind, value) == sealing.blind(key, kind, value)
    assert opening.masked(value) == sealing.masked(value)


@given(st.text(max_size=40))
def test_what_a_node_sealed_opens_in_its_place_only(value: str) -> None:
    key = b"k" * 32
    sealed = sealing.seal_field(key, "m:a-1:1", "phone", value)
    assert opening.open_field(key, "m:a-1:1", "phone", sealed) == value
    assert opening.open_field(key, "m:a-1:2", "phone", sealed) is None
    assert opening.open_field(key, "m:a-1:1", "card", sealed) is None
    assert opening.open_field(b"l" * 32, "m:a-1:1", "phone", sealed) is None


@given(st.binary(max_size=60))
def test_no_bytes_whatever_upset_the_opening(sealed: bytes) -> None:
    assert opening.open_field(b"k" * 32, "m:a-1:1", "phone", sealed) is None
