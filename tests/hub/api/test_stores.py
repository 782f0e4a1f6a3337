"""Stores: slots are created whole, once; how far a store is follows from what its node said."""

from typing import Any

import pytest
from sqlalchemy import select

from hub.storage.tables import actors, feed_index
from sync_protocol.entries import chain_start
from sync_protocol.messages import FeedAcknowledge
from sync_protocol.names import store_stream
from tests.hub.api.chain import START_MS, Sale
from tests.hub.api.conftest import Hub


def test_a_new_store_has_a_node_that_may_introduce_itself(hub: Hub) -> None:
    response = hub.http.post("/api/stores", json={"store": "0042", "name": "南京路店"})
    assert response.status_code == 201
    assert response.json() == {
        "store": "0042",
        "name": "南京路店",
        "actor": "0042-1",
        "state": "active",
        "is_dark": True,
        "last_contact_ms": None,
        "offline_hint_ms": None,
        "cursor": 0,
        "last_entry": 0,
        "lag_entries": 0,
        "feed_lag": 0,
        "receipts_count": 0,
        "net_minor": 0,
        "last_receipt_ms": None,
    }
    with hub.context.database.read() as connection:
        row = connection.execute(select(actors)).one()
    assert (row.actor, row.incarnation, row.cursor, row.high_stamp) == ("0042-1", 1, 0, 0)
    assert row.chain == chain_start("0042-1")
    assert hub.wakes == [START_MS]
    hub.chain.greet("0042")
    assert not hub.get("/api/stores/0042")["is_dark"]


def test_the_name_of_a_new_store_goes_to_the_whole_chain(hub: Hub) -> None:
    hub.create_store("0042", "One")
    hub.chain.work()
    with hub.context.database.read() as connection:
        fed = connection.execute(select(feed_index.c.stream, feed_index.c.entity)).all()
    assert [tuple(row) for row in fed] == [("chain", "s:0042")]


def test_a_store_is_created_once(hub: Hub) -> None:
    hub.create_store("0042", "One")
    response = hub.http.post("/api/stores", json={"store": "0042", "name": "Two"})
    assert response.status_code == 409
    assert response.json() == {
        "type": "urn:tillsync:problem:store-exists",
        "title": "This store exists already",
        "status": 409,
        "detail": "the store 0042 was created before",
        "code": "store-exists",
        "next_step": "Choose another id, or use the store that is there.",
    }
    assert hub.get("/api/stores/0042")["name"] == "One"
    assert len(hub.wakes) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"store": "hub", "name": "x"}, "body.store"),
        ({"store": "UPPER", "name": "x"}, "body.store"),
        ({"store": "a" * 13, "name": "x"}, "body.store"),
        ({"store": "0042\n", "name": "x"}, "body.store"),
        ({"store": 42, "name": "x"}, "body.store"),
        ({"name": "x"}, "body.store"),
        ({"store": "0042"}, "body.name"),
        ({"store": "0042", "name": "  "}, "body.name"),
        ({"store": "0042", "name": "a\nb"}, "body.name"),
        ({"store": "0042", "name": "a\u202eb"}, "body.name"),
        ({"store": "0042", "name": "x" * 81}, "body.name"),
        ({"store": "0042", "name": "x", "owner": "y"}, "body.owner"),
    ],
)
def test_a_store_out_of_form_is_refused_by_field(hub: Hub, body: Any, field: str) -> None:
    response = hub.http.post("/api/stores", json=body)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert hub.get("/api/stores") == {"stores": []}


def test_stores_are_listed_by_id_with_what_they_sold(hub: Hub) -> None:
    for store in ("b", "a", "c"):
        hub.create_store(store)
    node = hub.chain.node("b")
    node.sell(Sale(total_minor=1_500))
    node.sell(Sale(total_minor=-500, kind="return"))
    hub.clock.now_ms += 100
    hub.chain.deliver("b")
    listed = hub.get("/api/stores")["stores"]
    assert [store["store"] for store in listed] == ["a", "b", "c"]
    sold = listed[1]
    assert (sold["receipts_count"], sold["net_minor"], sold["last_receipt_ms"]) == (2, 1_000, START_MS + 100)
    assert (sold["cursor"], sold["last_entry"], sold["lag_entries"]) == (2, 2, 0)
    assert hub.get("/api/stores/b") == sold


def test_lag_is_what_a_node_has_and_the_hub_has_not(hub: Hub) -> None:
    hub.create_store("a")
    node = hub.chain.node("a")
    node.sell(Sale())
    hub.chain.deliver("a")
    node.sell(Sale())
    node.sell(Sale())
    node.waiting.clear()
    hub.chain.deliver("a")
    store = hub.get("/api/stores/a")
    assert (store["cursor"], store["last_entry"], store["lag_entries"]) == (1, 3, 2)


def test_feed_lag_is_what_the_node_has_not_applied(hub: Hub) -> None:
    hub.create_store("a")
    node = hub.chain.node("a")
    node.enrol(card="1")
    node.enrol(card="2")
    hub.chain.deliver("a")
    assert hub.get("/api/stores/a")["feed_lag"] >= 2
    head = hub.get("/api/stores/a")["feed_lag"]
    hub.chain.say("a-1", FeedAcknowledge(store_stream("a"), head - 1))
    assert hub.get("/api/stores/a")["feed_lag"] == 1


def test_a_store_not_heard_for_long_is_dark(hub: Hub) -> None:
    hub.create_store("a")
    hub.clock.now_ms += hub.context.settings.dark_after_ms
    assert not hub.get("/api/stores/a")["is_dark"]
    hub.clock.now_ms += 1
    assert hub.get("/api/stores/a")["is_dark"]
    assert hub.get("/api/stores/a")["last_contact_ms"] == START_MS


def test_the_brokers_word_on_a_lost_connection_is_shown_as_a_hint(hub: Hub) -> None:
    hub.create_store("a")
    hub.chain.session.gone("a-1")
    hub.chain.work()
    assert hub.get("/api/stores/a")["offline_hint_ms"] == START_MS
    assert not hub.get("/api/stores/a")["is_dark"]


def test_an_unknown_store_is_told_as_such(hub: Hub) -> None:
    response = hub.http.get("/api/stores/9999")
    assert response.status_code == 404
    assert response.json()["code"] == "not-found"
