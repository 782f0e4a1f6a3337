"""No personal data in any log of a running chain, whatever goes right or wrong, at the most talkative level."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from simulators.demo.chain import Chain
from simulators.demo.http import JsonClient, Reply
from sync_protocol.envelope import plain_hub_envelope, plain_node_envelope
from sync_protocol.messages import Batch, Refuse
from sync_protocol.names import down_topic, node_topic
from tests.integration.conftest import ITEMS, PROGRAMME, eventually

PHONE, OTHER_PHONE, CARD, NAME = "15400001234", "15400005678", "CARD777001", "不该出现的名字"


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """A hub and a store that log everything they can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILLSYNC_LOG_LEVEL", "debug")
        with Chain(tmp_path_factory.mktemp("talkative"), {"store1": "一号店"}) as running:
            running.set_up(PROGRAMME, ITEMS)
            running.nodes["store1"].wait_ready()
            till = running.node_client("store1")
            eventually(lambda: running.is_ready("store1"), "the store meets the hub")
            eventually(lambda: till.get("/api/items?q=rice")["items"], "the catalogue arrives")
            yield running


def sell_and_be_refused(till: JsonClient) -> list[str]:
    """Enrol, sell, spend and be refused, with everything that can be mistaken; return the member's coupon codes."""
    enrolled = till.call("POST", "/api/members", {"phone": PHONE, "card": CARD, "name": NAME, "consent": True})
    assert enrolled.status == 201, enrolled.body
    member = enrolled.body["member"]
    eventually(lambda: till.get(f"/api/members/{member}")["coupons"], "the welcome coupon arrives")
    codes = [coupon["code"] for coupon in till.get(f"/api/members/{member}")["coupons"]]

    refused: list[Reply] = [
        till.call("POST", "/api/members", {"phone": PHONE, "name": NAME, "consent": True}),
        till.call("POST", "/api/members/find", {"kind": "phone", "value": OTHER_PHONE}),
        till.call("POST", "/api/members/find", {"kind": NAME, "value": [OTHER_PHONE]}),
        till.call("POST", "/api/members", {"phone": PHONE * 50, "name": NAME * 500, "consent": True}),
        till.call("POST", "/api/members/find", f'{{"kind": "phone", "value": {PHONE}'.encode()),
        till.call("GET", f"/api/members/{PHONE}"),
        till.call("GET", f"/api/receipts/{PHONE}/{CARD}"),
        till.call("GET", f"/api/members/{quote(NAME)}?phone={PHONE}&card={CARD}"),
        till.call("PUT", "/api/baskets/b0", {"lines": [{"code": CARD, "quantity": PHONE}], "member": PHONE}),
        till.call("PUT", "/api/baskets/b1", {"lines": [{"code": "rice", "quantity": "2"}], "coupons": [CARD]}),
        till.call("DELETE", f"/api/baskets/{PHONE}"),
    ]
    assert [reply.status for reply in refused if reply.ok] == []

    for basket in ("b2", "b3"):  # the coupon pays once
        body = {"lines": [{"code": "rice", "quantity": "2"}], "member": member, "coupons": codes}
        priced = till.call("PUT", f"/api/baskets/{basket}", body)
        if priced.ok:
            total = priced.body["total_minor"]
            points = [{"kind": "points", "amount_minor": total}]
            assert not till.call("POST", f"/api/baskets/{basket}/pay", {"tenders": points}).ok
            cash = [{"kind": "cash", "amount_minor": total}]
            till.call("POST", f"/api/baskets/{basket}/pay", {"tenders": cash})
    return codes


def publish_nonsense(chain: Chain) -> None:
    """Say to both sides over the broker what nobody should say, with personal data inside."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.connect(*chain.broker)
    client.loop_start()
    said = f"{PHONE} {CARD} {NAME}"
    tagged = plain_node_envelope().seal(Batch("store1-1", 99, 99, b"", [said.encode()], []))
    payloads = [
        (node_topic("up", "store1-1"), said.encode()),
        (node_topic("up", "store1-1"), tagged),
        (node_topic("rpc", "store1-1"), tagged[:20] + said.encode()),
        (down_topic("store1-1"), said.encode()),
        (down_topic("store1-1"), plain_hub_envelope().seal(Refuse(CARD, said, 1, 0))),
    ]
    for topic, payload in payloads:
        client.publish(topic, payload, qos=1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def be_refused_by_the_hub(hub: JsonClient) -> None:
    """Ask the hub what it refuses, with personal data in paths, queries and bodies."""
    refused = [
        hub.call("GET", f"/api/members/{PHONE}"),
        hub.call("GET", f"/api/members?limit={PHONE}&external_id={CARD}"),
        hub.call("GET", f"/api/{quote(NAME)}/{PHONE}"),
        hub.call("POST", "/api/stores", {"store": PHONE + "too-long", "name": [NAME, CARD]}),
        hub.call("POST", "/api/stores", f'{{"name": "{PHONE}'.encode()),
        hub.call("PUT", "/api/programme", {"phone": PHONE, "name": NAME}),
    ]
    assert [reply.status for reply in refused if reply.ok] == []
    assert hub.call("GET", f"/api/members?external_id={CARD}").body["members"]


def test_no_log_tells_who_buys(chain: Chain) -> None:
    till, hub = chain.node_client("store1"), chain.hub_client()
    codes = sell_and_be_refused(till)
    eventually(lambda: till.get("/api/status")["outbox_count"] == 0, "the hub has everything")
    publish_nonsense(chain)
    be_refused_by_the_hub(hub)
    eventually(lambda: hub.get("/api/dead-letters")["dead_letters"], "the hub keeps what did not open")
    chain.links["store1"].cut()
    eventually(lambda: not chain.status("store1")["online"], "the store is offline")
    assert not till.call("POST", "/api/members/find", {"kind": "phone", "value": OTHER_PHONE}).ok
    chain.links["store1"].mend()
    eventually(lambda: chain.status("store1")["online"], "the store is back")
    chain.nodes["store1"].stop()
    chain.hub.stop()

    logs = {name: (chain.directory / f"{name}.log").read_text(encoding="utf-8") for name in ("hub", "store1")}
    secrets = [PHONE, PHONE[-8:], OTHER_PHONE, OTHER_PHONE[-8:], CARD, NAME, quote(NAME), *codes]
    secrets += [json.dumps(NAME).strip('"')]
    for name, text in logs.items():
        assert [secret for secret in secrets if secret in text] == [], name
        lines: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        assert {"started", "stopping", "stopped"} <= {line["message"] for line in lines}
        assert "DEBUG" in {line["level"] for line in lines}, "the most talkative level was asked for"
    assert "lost the broker, trying again" in logs["store1"]
    assert "reconnected to the broker" in logs["store1"]
