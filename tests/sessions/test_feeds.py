"""What comes down: each change once, whole, in order, and noticed when it was lost."""

import pytest

from edge_node.errors import UnknownMember
from hub.storage.tables import marks
from sync_protocol.envelope import plain_hub_envelope
from sync_protocol.events import FeedApplied
from sync_protocol.limits import FEED_CHUNK_ENTITIES_MAX
from sync_protocol.messages import Answer, EntityState, Feed, FromHub
from tests.sessions.chain import Chain
from tests.sessions.checks import finally_all_is_well, finally_stores_equal_the_hub
from tests.sessions.forger import Forger
from tests.sessions.till import Till, main_points


def _hear(till: Till, message: FromHub) -> None:
    till.receive(plain_hub_envelope().seal(message))


def _applied(till: Till, stream: str) -> list[FeedApplied]:
    return [event for event in till.events if isinstance(event, FeedApplied) and event.stream == stream]


def _items(count: int, price_minor: int) -> dict[str, dict[str, str | int]]:
    return {f"i:{n:05d}": {"name_en": f"Item {n}", "price_minor": price_minor} for n in range(count)}


def test_a_lost_last_delta_is_noticed_by_the_next_heartbeat(chain: Chain) -> None:
    till = chain.till("a")
    chain.hub.write_registers({"i:1": {"price_minor": 100}})
    chain.work_hub()
    chain.channel.lose_all()
    chain.run(100)
    assert till.rows("SELECT 1 FROM entities WHERE entity = 'i:1'") == []
    chain.run(6_000)
    assert len(till.rows("SELECT 1 FROM entities WHERE entity = 'i:1'")) == 1


def test_a_delta_lost_in_the_middle_is_fetched_as_soon_as_the_next_one_comes(chain: Chain) -> None:
    till = chain.till("a")
    chain.hub.write_registers({"i:1": {"price_minor": 100}})
    chain.work_hub()
    chain.channel.lose_all()
    chain.hub.write_registers({"i:2": {"price_minor": 100}})
    chain.exchange()
    assert len(till.rows("SELECT 1 FROM entities WHERE entity IN ('i:1', 'i:2')")) == 2


def test_a_catch_up_in_chunks_carries_each_changed_entity_once(chain: Chain) -> None:
    till = chain.till("a")
    count = 2 * FEED_CHUNK_ENTITIES_MAX + 50
    till.disconnect()
    for price_minor in (100, 200, 300):
        chain.hub.write_registers(_items(count, price_minor))
        chain.run(100)
    till.events.clear()
    till.connect()
    chain.run(2_000)
    steps = _applied(till, "chain")
    carried = [entity for step in steps for entity in step.entities]
    assert sorted(carried) == sorted(_items(count, 0))
    assert len(steps) >= 3
    assert till.sync_store.position().cursors["chain"] == chain.till("b").sync_store.position().cursors["chain"]


def test_a_sale_made_during_a_catch_up_goes_out_between_two_chunks(chain: Chain) -> None:
    till = chain.till("a")
    till.disconnect()
    chain.hub.write_registers(_items(3 * FEED_CHUNK_ENTITIES_MAX, 100))
    chain.run(100)
    till.events.clear()
    till.connect()
    while not _applied(till, "chain"):
        chain.run(10)
    till.sell(100)
    while not till.outbox_is_empty():
        chain.run(10)
    assert len(_applied(till, "chain")) < 3
    chain.run(1_000)
    assert len(_applied(till, "chain")) >= 3


def test_a_long_absence_costs_each_member_once_however_often_they_changed(chain: Chain) -> None:
    a, b = chain.till("a"), chain.till("b")
    member = a.enrol("CARD-1")
    chain.run(500)
    b.ask_member("CARD-1")
    chain.run(500)
    b.disconnect()
    for _ in range(20):
        a.sell(1_000, member=member)
        chain.run(50)
    b.events.clear()
    b.connect()
    chain.settle()
    assert [step.entities for step in _applied(b, "store/b")] == [(member,)]
    assert b.view(member).balance_points == 200
    finally_all_is_well(chain)


def test_a_new_holder_gets_the_member_whole(chain: Chain) -> None:
    a, b = chain.till("a"), chain.till("b")
    member = a.enrol("CARD-1", "Li Na")
    a.sell(25_000, member=member)
    chain.run(1_000)
    with pytest.raises(UnknownMember):
        b.view(member)
    b.ask_member("CARD-1")
    chain.exchange()
    seen = b.view(member)
    assert (seen.name, seen.balance_points, seen.whole) == ("Li Na", 250, True)
    chain.settle()
    finally_all_is_well(chain)


def test_a_new_holder_gets_the_member_by_feed_when_the_answer_is_lost(chain: Chain) -> None:
    a, b = chain.till("a"), chain.till("b")
    member = a.enrol("CARD-1")
    chain.run(1_000)
    b.ask_member("CARD-1")
    chain.publish(b)
    while chain.hub.holdings().get("b") is None:
        chain.clock.time_ms += 10
        for parcel in chain.channel.arrived(chain.clock.time_ms):
            chain.hub.session.receive(parcel.actor, parcel.channel, parcel.payload)
        chain.work_hub()
    chain.channel.lose_all()
    chain.run(10_000)
    assert b.view(member).balance_points == 0


def test_no_balance_is_shown_before_the_whole_has_arrived(chain: Chain) -> None:
    a, b = chain.till("a"), chain.till("b")
    member = a.enrol("CARD-1")
    a.sell(10_000, member=member)
    chain.run(500)
    (whole,) = _states(chain, member)
    part = EntityState(member, whole.registers[:1], whole.counters[:1], None, whole=False)
    _hear(b, Answer(0, "granted", "", [part]))
    assert b.view(member).balance_points is None
    _hear(b, Answer(0, "found", "", [whole]))
    assert b.view(member).balance_points == 100


def test_a_member_whose_other_id_has_not_arrived_yet_is_still_known_here_without_a_balance(chain: Chain) -> None:
    a, b = chain.till("a"), chain.till("b")
    first = a.enrol("CARD-1")
    chain.run(500)
    b.disconnect()
    second = b.enrol("CARD-1")
    b.sell(10_000, member=second)
    b.connect()
    while not chain.hub.fields(second).get("alias_of"):
        chain.run(10)
    chain.channel.lose_all()
    (alias,) = _states(chain, second)
    _hear(b, Answer(0, "found", "", [alias]))
    assert b.view(second).balance_points is None
    chain.settle()
    assert b.view(second).member == first
    assert b.view(second).balance_points == 100
    finally_stores_equal_the_hub(chain)


def test_marks_that_nobody_holds_do_not_hold_up_others(chain: Chain) -> None:
    chain.hub.create_store("x")
    unheld = Forger("x-1")
    for n in range(FEED_CHUNK_ENTITIES_MAX + 20):
        unheld.append(registers=[(f"m:x-1:{n + 1}", "tag:regular", 1)])
    chain.hub.session.receive("x-1", "up", unheld.batch())
    chain.work_hub()
    assert chain.hub.rows(marks) == []


def test_a_feed_of_another_hub_incarnation_is_ignored(chain: Chain) -> None:
    till = chain.till("a")
    cursors = till.sync_store.position().cursors
    _hear(till, Feed(2, "chain", 0, 99, [EntityState("i:1")]))
    assert till.sync_store.position().cursors == cursors


def test_a_node_reads_no_stream_but_its_own(chain: Chain) -> None:
    a, b = chain.till("a"), chain.till("b")
    a.enrol("CARD-1")
    chain.run(500)
    b.session._fetch("store/a", chain.clock.time_ms)
    chain.run(1_000)
    assert ("b-1", "not-owner") in chain.hub.letters()
    assert "store/a" not in b.sync_store.position().cursors


def test_a_till_sees_points_of_another_store_as_balance_and_not_as_rights(chain: Chain) -> None:
    a, b = chain.till("a"), chain.till("b")
    member = a.enrol("CARD-1")
    a.sell(10_000, member=member)
    chain.run(500)
    b.ask_member("CARD-1")
    chain.run(500)
    (held,) = b.view(member).points
    assert (held.account, held.balance, held.rights) == (main_points(member), 100, 0)


def _states(chain: Chain, member: str) -> list[EntityState]:
    with chain.hub.store.transaction() as transaction:
        return transaction.entity_states([member], chain.clock.time_ms)
