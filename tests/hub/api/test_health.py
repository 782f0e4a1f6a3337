"""What the hub tells supervisors and monitors: alive, ready, metrics."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from hub.api.health import chain_state
from hub.metrics import CountingEnvelope, HubMetrics
from hub.storage.database import HubDatabase
from simulators.demo.processes import free_port
from sync_protocol.envelope import plain_hub_envelope, plain_node_envelope
from sync_protocol.errors import PeerError
from sync_protocol.messages import Acknowledge, Answer, Batch, Feed, Heartbeat, Refuse
from sync_protocol.names import CHAIN_STREAM
from tests.hub.api.chain import Sale
from tests.hub.api.conftest import Hub


def metrics(hub: Hub) -> dict[str, float]:
    answer = hub.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = [line for line in answer.text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_a_hub_with_its_database_is_alive_and_ready(hub: Hub) -> None:
    assert hub.get("/healthz") == {"alive": True}
    assert hub.get("/readyz") == {"ready": True, "reasons": []}


def lose_database(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hub look for its database where there is none, as when a disk or a server is gone."""
    gone = HubDatabase(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/gone")
    monkeypatch.setattr(hub.context.database, "_reader", gone._reader)


def test_without_its_database_the_hub_lives_but_is_not_ready(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    lose_database(hub, monkeypatch)
    assert hub.http.get("/healthz").status_code == 200
    ready = hub.http.get("/readyz")
    assert ready.status_code == 503
    assert [reason["code"] for reason in ready.json()["reasons"]] == ["database"]
    assert hub.http.get("/api/stores").status_code == 503
    found = metrics(hub)
    assert found["tillsync_hub_database_up"] == 0
    assert found['tillsync_hub_database_errors_total{part="api"}'] == 1
    assert "tillsync_hub_stores" not in found


def test_a_database_migrated_by_another_version_makes_the_hub_unready(hub: Hub) -> None:
    with hub.context.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    ready = hub.http.get("/readyz")
    assert ready.status_code == 503
    reason = ready.json()["reasons"][0]
    assert reason["code"] == "schema"
    assert "9999" in reason["detail"]
    assert "start it again" in reason["detail"]


def test_stores_are_shown_with_what_waits_and_how_long_they_are_silent(hub: Hub) -> None:
    hub.create_store("a")
    hub.create_store("b", greet=False)
    hub.chain.node("a").sell(Sale())
    hub.chain.say("a-1", Heartbeat("a-1", 7, {}, hub.clock.now_ms))
    hub.clock.now_ms += 60_000
    found = metrics(hub)
    assert found["tillsync_hub_database_up"] == 1
    assert found["tillsync_hub_stores"] == 2
    assert found["tillsync_hub_stores_dark"] == 2
    assert found["tillsync_hub_entries_waiting"] == 7
    assert found['tillsync_hub_store_waiting_entries{store="a"}'] == 7
    assert found['tillsync_hub_store_contact_age_seconds{store="a"}'] == 60
    assert found['tillsync_hub_store_contact_age_seconds{store="b"}'] == float("inf")


def test_no_more_stores_are_shown_one_by_one_than_the_bound(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_state, "STORES_MAX", 1)
    for store, entries in (("a", 1), ("b", 5), ("c", 2)):
        hub.create_store(store)
        hub.chain.say(f"{store}-1", Heartbeat(f"{store}-1", entries, {}, hub.clock.now_ms))
    shown = [name for name in metrics(hub) if name.startswith("tillsync_hub_store_waiting_entries")]
    assert shown == ['tillsync_hub_store_waiting_entries{store="b"}']
    assert metrics(hub)["tillsync_hub_entries_waiting"] == 8


def test_what_was_set_apart_is_counted_by_code(hub: Hub) -> None:
    hub.create_store("a")
    hub.chain.hear("a-1", b"nonsense")
    hub.chain.spoil("a")
    found = metrics(hub)
    assert found['tillsync_hub_dead_letters{code="bad-envelope"}'] == 1
    assert found["tillsync_hub_quarantined"] == 1
    assert found["tillsync_hub_alarms"] >= 1


def test_what_passes_the_envelope_is_counted(hub: Hub) -> None:
    counted, node = HubMetrics(), plain_node_envelope()
    envelope = CountingEnvelope(plain_hub_envelope(), counted)
    with pytest.raises(PeerError):
        envelope.open(b"nonsense")
    envelope.open(node.seal(Batch("a-1", 1, 1, b"", [b"x"], [])))
    envelope.open(node.seal(Heartbeat("a-1", 1, {}, hub.clock.now_ms)))
    envelope.seal(Acknowledge(1, 1, {}))
    envelope.seal(Refuse("gap", "a gap", 1, 0))
    envelope.seal(Answer(1, "short", "3 short", []))
    envelope.seal(Feed(1, CHAIN_STREAM, 0, 1, []))
    counted.merged(20, 0.01)
    read = counted.registry.get_sample_value
    assert read("tillsync_hub_payloads_rejected_total", {"code": "bad-envelope"}) == 1
    assert read("tillsync_hub_batches_total") == 1
    assert read("tillsync_hub_acknowledgements_total") == 1
    assert read("tillsync_hub_refusals_total", {"code": "gap"}) == 1
    assert read("tillsync_hub_answers_total", {"outcome": "short"}) == 1
    assert read("tillsync_hub_feeds_total") == 1
    assert read("tillsync_hub_commit_entries_sum") == 20


def test_two_hubs_in_one_process_count_apart(make_hub: Callable[..., Hub]) -> None:
    first, second = make_hub(), make_hub()
    first.context.metrics.batches.inc()
    assert metrics(second)["tillsync_hub_batches_total"] == 0
