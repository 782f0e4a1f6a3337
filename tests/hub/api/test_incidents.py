"""Incidents: what was kept apart is shown, settled with a note, and never lost."""

import pytest
from sqlalchemy import update

from hub.storage.tables import actors
from sync_protocol.messages import Birth
from tests.hub.api.chain import START_MS, Sale
from tests.hub.api.conftest import Hub


def test_an_entry_that_cannot_be_applied_is_shown_in_quarantine(hub: Hub) -> None:
    hub.create_store("a")
    hub.chain.spoil("a")
    entries = hub.get("/api/quarantine")["entries"]
    assert len(entries) == 1
    entry = entries[0]
    assert (entry["actor"], entry["number"], entry["at_ms"], entry["data_bytes"]) == ("a-1", 1, START_MS, 15)
    assert (entry["settled_ms"], entry["settled_note"]) == (None, None)
    assert len(entry["hash"]) == 64
    assert "entry" in entry["reason"]
    assert hub.get("/api/stores/a")["state"] == "held"
    alarm = hub.get("/api/alarms")["alarms"][0]
    assert (alarm["kind"], alarm["at_ms"]) == ("quarantine", START_MS)


def test_a_settled_entry_lets_its_node_go_on(hub: Hub) -> None:
    hub.create_store("a")
    node = hub.chain.spoil("a")
    hub.clock.now_ms += 5_000
    response = hub.http.post("/api/quarantine/a-1/1/settle", json={"note": "  Torn by a bad disk.\nBooked by hand. "})
    assert response.status_code == 200, response.text
    settled = response.json()
    assert settled["actor_state"] == "active"
    assert settled["entry"]["settled_ms"] == START_MS + 5_000
    assert settled["entry"]["settled_note"] == "Torn by a bad disk.\nBooked by hand."
    assert hub.get("/api/quarantine")["entries"] == [settled["entry"]]
    node.sell(Sale(total_minor=700))
    hub.chain.deliver("a")
    assert hub.get("/api/stores/a")["net_minor"] == 700


def test_a_node_goes_on_only_when_nothing_of_it_waits(hub: Hub) -> None:
    hub.create_store("a")
    hub.create_store("b")
    hub.chain.spoil("a")
    hub.chain.spoil("b")
    with hub.chain.store.transaction() as tx:
        tx.quarantine("a-1", 2, b"another", "for the test", START_MS)
    first = hub.http.post("/api/quarantine/a-1/1/settle", json={"note": "one"}).json()
    assert first["actor_state"] == "held"
    second = hub.http.post("/api/quarantine/a-1/2/settle", json={"note": "two"}).json()
    assert second["actor_state"] == "active"
    assert hub.get("/api/stores/b")["state"] == "held"
    waiting_first = [entry["actor"] for entry in hub.get("/api/quarantine")["entries"]]
    assert waiting_first == ["b-1", "a-1", "a-1"]


def test_settling_again_keeps_the_first_note(hub: Hub) -> None:
    hub.create_store("a")
    hub.chain.spoil("a")
    first = hub.http.post("/api/quarantine/a-1/1/settle", json={"note": "first"}).json()
    hub.clock.now_ms += 1
    again = hub.http.post("/api/quarantine/a-1/1/settle", json={"note": "second"})
    assert again.status_code == 200
    assert again.json() == first


def test_settling_never_frees_a_fenced_node(hub: Hub) -> None:
    hub.create_store("a")
    hub.chain.spoil("a")
    with hub.context.database.write() as connection:
        connection.execute(update(actors).values(state="fenced"))
    settled = hub.http.post("/api/quarantine/a-1/1/settle", json={"note": "done"}).json()
    assert settled["actor_state"] == "fenced"


@pytest.mark.parametrize("path", ["a-1/2", "b-1/1", "zzz/1"])
def test_what_is_not_in_quarantine_cannot_be_settled(hub: Hub, path: str) -> None:
    hub.create_store("a")
    hub.chain.spoil("a")
    response = hub.http.post(f"/api/quarantine/{path}/settle", json={"note": "x"})
    assert (response.status_code, response.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("number", ["0", "-1", "x", "9223372036854775808", "1" * 400])
def test_an_entry_has_a_number(hub: Hub, number: str) -> None:
    response = hub.http.post(f"/api/quarantine/a-1/{number}/settle", json={"note": "x"})
    assert response.status_code == 422


@pytest.mark.parametrize(
    "body", [{}, {"note": ""}, {"note": "  "}, {"note": "x" * 1_001}, {"note": "\x00"}, {"note": 1}]
)
def test_settling_wants_a_note(hub: Hub, body: dict[str, object]) -> None:
    hub.create_store("a")
    hub.chain.spoil("a")
    response = hub.http.post("/api/quarantine/a-1/1/settle", json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "body.note"
    assert hub.get("/api/stores/a")["state"] == "held"


def test_what_does_not_open_is_listed_newest_first_in_pages(hub: Hub) -> None:
    hub.create_store("a")
    for n in range(3):
        hub.clock.now_ms += 1
        hub.chain.hear("a-1", b"\x09" * (20 + n))
    hub.chain.say("x-1", Birth("x-1", "boot-1", 0, b"", 0, {}, "test"))
    page = hub.get("/api/dead-letters", limit=3)
    letters = page["dead_letters"]
    assert [letter["actor"] for letter in letters] == ["x-1", "a-1", "a-1"]
    assert [letter["code"] for letter in letters] == ["unknown-actor", "bad-envelope", "bad-envelope"]
    assert letters[1] | {"id": 0, "reason": ""} == {
        "id": 0,
        "at_ms": START_MS + 3,
        "actor": "a-1",
        "channel": "up",
        "code": "bad-envelope",
        "reason": "",
        "payload_bytes": 22,
    }
    rest = hub.get("/api/dead-letters", limit=3, after=page["next_after"])
    assert [letter["payload_bytes"] for letter in rest["dead_letters"]] == [20]
    assert rest["next_after"] is None


def test_alarms_come_in_pages_newest_first(hub: Hub) -> None:
    for store in ("a", "b", "c"):
        hub.create_store(store)
        hub.chain.spoil(store)
    page = hub.get("/api/alarms", limit=2)
    assert ["c-1" in page["alarms"][0]["detail"], "b-1" in page["alarms"][1]["detail"]] == [True, True]
    rest = hub.get("/api/alarms", limit=2, after=page["next_after"])
    assert len(rest["alarms"]) == 1
    assert rest["next_after"] is None


def test_a_chain_without_incidents_says_so(hub: Hub) -> None:
    assert hub.get("/api/dead-letters") == {"dead_letters": [], "next_after": None}
    assert hub.get("/api/quarantine") == {"entries": []}
    assert hub.get("/api/alarms") == {"alarms": [], "next_after": None}
