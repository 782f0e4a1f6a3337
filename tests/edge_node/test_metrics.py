"""What a node tells about itself: metrics, health and readiness; and how it bears a disk that fails."""

import asyncio
import re
import threading
from collections.abc import Iterator

import httpx
import pytest

from edge_node.api.app import create_api
from edge_node.baskets import BasketWish, LineWish
from edge_node.errors import StorageUnavailable
from edge_node.metrics import among
from edge_node.node import Node
from loyalty.baskets import Tender
from provisioning.service.listening import listen
from provisioning.service.stopping import Stopping
from provisioning.service.web_server import serve
from tests.integration.conftest import eventually


@pytest.fixture
def http(node: Node) -> Iterator[httpx.Client]:
    """The node's local API over real HTTP."""
    stopping = Stopping()
    with listen("127.0.0.1", 0) as listener:
        server = threading.Thread(target=serve, args=(create_api(node), listener, stopping))
        server.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=address, verify=False, trust_env=False) as client:  # noqa: S501 - plain HTTP
            yield client
        stopping.tell("end of the test")
        server.join()


def put(node: Node, basket: str, member: str | None = None) -> int:
    node.selling.put_basket(BasketWish(basket, (LineWish("10001", "2", None),), member, ()))
    return node.selling.basket(basket).priced.total_minor


def pay(node: Node, basket: str, **amounts: int) -> None:
    asyncio.run(node.selling.pay(basket, tuple(Tender(kind, amount) for kind, amount in amounts.items())))


def metrics(http: httpx.Client) -> dict[str, float]:
    answer = http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = [line for line in answer.text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_what_waits_for_the_hub_and_what_was_sold_is_counted(node: Node, http: httpx.Client) -> None:
    for number in range(3):
        total = put(node, f"b{number}")
        pay(node, f"b{number}", cash=total)
    eventually(lambda: metrics(http)["tillsync_edge_commit_seconds_count"] == 3, "all commits are measured")
    found = metrics(http)
    assert found["tillsync_edge_outbox_entries"] == 3
    assert found["tillsync_edge_last_entry"] == 3
    assert found["tillsync_edge_acknowledged_entry"] == 0
    assert found["tillsync_edge_receipts_total"] == 3
    assert found["tillsync_edge_broker_connected"] == 0
    assert found['tillsync_edge_feed_cursor{stream="chain"}'] == 1
    assert found['tillsync_edge_database_bytes{file="main"}'] > 0
    assert found["process_resident_memory_bytes"] > 0


def test_refusals_are_counted_by_code_and_lack_of_rights_by_kind(node: Node, http: httpx.Client) -> None:
    assert http.get("/api/baskets/none").status_code == 404
    assert http.get("/api/receipts/a/b").status_code == 404
    assert http.put("/api/baskets/b1", json={"lines": "x"}).status_code == 422

    member = asyncio.run(node.selling.enrol({"phone": "15400001234"}, None)).member
    total = put(node, "b2", member)
    answer = http.post("/api/baskets/b2/pay", json={"tenders": [{"kind": "points", "amount_minor": total}]})
    assert answer.json()["code"] == "insufficient-rights"
    found = metrics(http)
    assert found['tillsync_edge_refusals_total{code="unknown-basket"}'] == 1
    assert found['tillsync_edge_refusals_total{code="unknown-receipt"}'] == 1
    assert found['tillsync_edge_refusals_total{code="validation"}'] == 1
    assert found['tillsync_edge_refusals_total{code="insufficient-rights"}'] == 1
    assert found['tillsync_edge_rights_refused_total{kind="points",reason="no-balance"}'] == 1


def test_no_label_tells_who_buys_or_what(node: Node, http: httpx.Client) -> None:
    asyncio.run(node.selling.enrol({"phone": "15400001234", "card": "CARD777"}, "不该出现的名字"))
    http.post("/api/members/find", json={"kind": "phone", "value": "15400009999"})
    http.get("/api/members/15400001234")
    http.put("/api/baskets/15400001234", json={"lines": [{"code": "CARD777", "quantity": "1"}]})
    page = http.get("/metrics").text
    for secret in ("15400001234", "15400009999", "CARD777", "不该出现的名字"):
        assert secret not in page


def test_labels_from_a_peer_are_only_those_known() -> None:
    assert among("held", frozenset({"held", "gap"})) == "held"
    assert among("made-up-by-a-peer", frozenset({"held", "gap"})) == "other"


def test_a_node_that_sells_alone_is_alive_and_ready(node: Node, http: httpx.Client) -> None:
    assert http.get("/healthz").json() == {"alive": True}
    ready = http.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "ready": True, "reasons": [], "online": False, "introduced": True, "outbox_entries": 0,
    }  # fmt: skip
    assert node.agent.is_online() is False


def test_a_fenced_node_is_alive_but_not_ready(node: Node, http: httpx.Client) -> None:
    node.store.fence("another node writes under this name")
    assert http.get("/healthz").status_code == 200
    ready = http.get("/readyz")
    assert ready.status_code == 503
    assert [reason["code"] for reason in ready.json()["reasons"]] == ["fenced"]
    assert "another node writes under this name" in ready.json()["reasons"][0]["detail"]
    assert metrics(http)["tillsync_edge_fenced"] == 1


def set_on_disk(node: Node, pragma: str) -> None:
    """Make the node's own connection meet what a full or read-only disk makes it meet."""
    node.database._writer.execute(f"PRAGMA {pragma}")


def sell_until_refused(node: Node, http: httpx.Client) -> int:
    """Sell until the disk refuses; return how many were sold."""
    for sold in range(500):
        total = put(node, f"until{sold}")
        tenders = {"tenders": [{"kind": "cash", "amount_minor": total}]}
        answer = http.post(f"/api/baskets/until{sold}/pay", json=tenders)
        if answer.status_code != 200:
            assert answer.status_code == 503
            assert answer.json()["code"] == "storage-unavailable"
            assert answer.json()["detail"] == "the disk is full"
            assert "support" in answer.json()["next_step"]
            return sold
    pytest.fail("the disk never was full")


def test_a_full_disk_refuses_the_sale_and_the_node_says_so_until_there_is_room(node: Node, http: httpx.Client) -> None:
    pages = node.database.reader().execute("PRAGMA page_count").fetchone()[0]
    set_on_disk(node, f"max_page_count = {pages}")
    sold = sell_until_refused(node, http)
    receipts = http.get("/api/receipts", params={"limit": 200}).json()["receipts"]
    assert len(receipts) == min(sold, 200)
    assert http.get("/healthz").status_code == 200
    ready = http.get("/readyz")
    assert ready.status_code == 503
    assert [reason["code"] for reason in ready.json()["reasons"]] == ["disk-full"]
    assert metrics(http)['tillsync_edge_write_faults_total{reason="disk-full"}'] >= 1

    set_on_disk(node, "max_page_count = 1073741823")
    total = put(node, "after")
    pay(node, "after", cash=total)
    assert http.get("/readyz").status_code == 200


def test_a_read_only_disk_refuses_the_sale_and_nothing_is_half_sold(node: Node, http: httpx.Client) -> None:
    total = put(node, "b1")
    set_on_disk(node, "query_only = ON")
    with pytest.raises(StorageUnavailable, match="read-only"):
        pay(node, "b1", cash=total)
    assert [reason["code"] for reason in http.get("/readyz").json()["reasons"]] == ["read-only"]
    set_on_disk(node, "query_only = OFF")
    pay(node, "b1", cash=total)
    eventually(lambda: http.get("/readyz").status_code == 200, "the node is ready again")
    assert metrics(http)["tillsync_edge_receipts_total"] == 1


def test_an_error_that_nobody_foresaw_is_answered_and_logged_once_by_its_route(
    node: Node, http: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError("15400001234")

    monkeypatch.setattr(node.selling, "member", broken)
    answer = http.get("/api/members/15400001234")
    assert answer.status_code == 500
    assert answer.json()["code"] == "unexpected"
    assert "15400001234" not in answer.text
    logged = [record for record in caplog.records if record.exc_info]
    assert len(logged) == 1
    assert re.fullmatch("unexpected error", logged[0].getMessage())
    assert vars(logged[0])["route"] == "/api/members/{member}"
