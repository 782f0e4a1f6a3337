"""A chain sells on every broker: points travel, a dark store comes back, nonsense stops nothing."""

import os
from functools import partial

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from simulators.demo.chain import Chain
from simulators.demo.http import JsonClient
from sync_protocol.limits import MESSAGE_BYTES_MAX
from sync_protocol.names import node_topic
from tests.integration.conftest import ITEMS, eventually
from tests.integration.tills import enrol, has_balance, new_basket, pay, put, sell


@pytest.fixture
def till(chain: Chain) -> JsonClient:
    """The local API of store 1."""
    return chain.node_client("store1")


@pytest.fixture
def other_till(chain: Chain) -> JsonClient:
    """The local API of store 2."""
    return chain.node_client("store2")


@pytest.fixture
def hub(chain: Chain) -> JsonClient:
    """The hub's API."""
    return chain.hub_client()


def receipts_at_hub(hub: JsonClient) -> list[str]:
    return [row["receipt"] for row in hub.get("/api/receipt-refs?limit=1000")["receipts"]]


def costs(till: JsonClient, code: str, price_minor: int) -> bool:
    return bool(till.get(f"/api/items?q={code}")["items"][0]["price_minor"] == price_minor)


def test_points_earned_in_one_store_are_spent_in_the_other(till: JsonClient, other_till: JsonClient) -> None:
    member = enrol(till, "TRAVELLER")["member"]
    sell(till, member, "100")  # 120000 fen, 1200 points, at home
    eventually(lambda: till.get("/api/status")["outbox_count"] == 0, "the hub has it")
    found = other_till.call("POST", "/api/members/find", {"kind": "card", "value": "traveller"})
    assert found.body["balance_points"] == 1200
    basket = new_basket()
    put(other_till, basket, member=member)
    receipt = pay(other_till, basket, points=1000, cash=2600)
    assert receipt.ok, receipt.body
    eventually(lambda: has_balance(till, member, 236), "the first store sees it")


def test_a_store_that_was_dark_brings_everything_when_it_comes_back(
    chain: Chain, hub: JsonClient, till: JsonClient, other_till: JsonClient
) -> None:
    member = enrol(till, "REGULAR")["member"]
    eventually(lambda: till.get("/api/status")["outbox_count"] == 0, "the hub has the member")
    assert other_till.call("POST", "/api/members/find", {"kind": "card", "value": "regular"}).ok
    chain.links["store2"].cut()
    eventually(lambda: not chain.is_ready("store2"), "store 2 notices")
    sold = [sell(one, member)["receipt"] for _ in range(15) for one in (till, other_till)]
    chain.links["store2"].mend()
    eventually(lambda: chain.is_ready("store2"), "store 2 comes back")
    eventually(lambda: set(sold) <= set(receipts_at_hub(hub)), "all receipts arrive at the hub")
    assert len(receipts_at_hub(hub)) == len(set(receipts_at_hub(hub)))
    for one in (till, other_till):
        eventually(partial(has_balance, one, member, 30 * 36), "both stores know all points")


def test_a_change_of_price_reaches_every_store(hub: JsonClient, till: JsonClient, other_till: JsonClient) -> None:
    soap = {**ITEMS[2], "price_minor": 475}
    assert hub.call("POST", "/api/catalogue/items", {"items": [soap]}).ok
    for one in (till, other_till):
        eventually(partial(costs, one, "soap", 475), "the price arrives")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "bad-envelope"),
        (b"hello", "bad-envelope"),
        (bytes([9, 0]) + bytes(40), "bad-envelope"),
        (os.urandom(MESSAGE_BYTES_MAX + 1), "bad-envelope"),
    ],
    ids=["empty", "text", "version", "oversized"],
)
def test_nonsense_on_the_broker_becomes_a_dead_letter_and_stops_nothing(
    chain: Chain, hub: JsonClient, till: JsonClient, payload: bytes, code: str
) -> None:
    count = len(hub.get("/api/dead-letters?limit=1000")["dead_letters"])
    stranger = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="stranger")
    stranger.connect(*chain.broker)
    stranger.loop_start()
    stranger.publish(node_topic("up", "store1-1"), payload, qos=1).wait_for_publish(10)
    stranger.disconnect()
    stranger.loop_stop()
    eventually(
        lambda: len(hub.get("/api/dead-letters?limit=1000")["dead_letters"]) == count + 1, "the dead letter is kept"
    )
    letters = hub.get("/api/dead-letters?limit=1000")["dead_letters"]
    assert code in {letter["code"] for letter in letters}
    assert till.call("PUT", "/api/baskets/after", {"lines": [{"code": "tea", "quantity": "1"}]}).ok
    eventually(lambda: chain.is_ready("store1"), "store 1 goes on")
