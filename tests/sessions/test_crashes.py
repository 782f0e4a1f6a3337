"""Power cuts, failing commits, an unavailable database: nothing is lost, and nothing is acknowledged too early."""

import pytest

from hub.storage.tables import alarms, contacts, quarantine, records
from sync_protocol.hub_ports import StoreUnavailable
from sync_protocol.messages import Acknowledge, Answer
from tests.sessions.chain import Chain
from tests.sessions.checks import finally_all_is_well
from tests.sessions.forger import Forger
from tests.sessions.till import main_points


def test_a_node_that_loses_power_between_commit_and_send_loses_nothing(chain: Chain) -> None:
    till = chain.till("a")
    member = till.enrol("CARD-1")
    receipt = till.sell(12_300, member=member).receipt
    till.close()
    till.open()
    assert not till.outbox_is_empty()
    chain.settle()
    (record,) = chain.hub.rows(records)
    assert (record.actor, receipt.receipt) == (till.actor, "a-1/000001")
    finally_all_is_well(chain)


def test_a_node_that_loses_power_before_the_acknowledgement_sends_again_and_nothing_doubles(chain: Chain) -> None:
    till = chain.till("a")
    till.sell(500)
    chain.publish(till)
    till.close()
    chain.run(1_000)
    till.open()
    assert not till.outbox_is_empty()
    chain.settle()
    finally_all_is_well(chain)


def test_numbers_and_stamps_go_on_rising_after_a_restart_with_the_clock_set_back(chain: Chain) -> None:
    till = chain.till("a")
    till.sell(100)
    high_stamp = till.node()["high_stamp"]
    till.close()
    chain.clock.time_ms -= 3_600_000
    till.open()
    assert till.sell(100).receipt.receipt == "a-1/000002"
    assert till.node()["high_stamp"] == high_stamp + 1


def test_a_stamp_is_above_every_stamp_seen_though_the_own_clock_is_behind(chain: Chain) -> None:
    a, b = chain.till("a"), chain.till("b")
    chain.clock.time_ms += 30_000
    member = a.enrol("CARD-1")
    seen = a.node()["high_stamp"]
    chain.run(500)
    b.ask_member("CARD-1")
    chain.run(500)
    chain.clock.time_ms -= 60_000
    b.enrol("CARD-2")
    assert b.view(member).whole
    assert b.node()["high_stamp"] > seen


def test_a_commit_that_fails_once_is_tried_again_and_acknowledged_only_then(chain: Chain) -> None:
    till = chain.till("a")
    till.sell(500)
    (batch,) = till.payloads()
    chain.hub.store.failures = [RuntimeError("the disk said no")]
    answers = chain.say(till.actor, batch.payload)
    assert [type(answer) for answer in answers] == [Acknowledge]
    assert chain.hub.actor(till.actor).cursor == 1
    assert len(chain.hub.rows(records)) == 1
    chain.settle()
    finally_all_is_well(chain)


def test_nothing_is_said_while_the_database_is_unavailable(chain: Chain) -> None:
    till = chain.till("a")
    till.sell(500)
    (batch,) = till.payloads()
    chain.hub.store.failures = [StoreUnavailable("locked")] * 3
    chain.hub.session.receive(till.actor, "up", batch.payload)
    chain.forget_told()
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            chain.hub.session.work(chain.clock.time_ms)
        assert chain.hub.session.payloads_to_send() == []
        assert chain.hub.actor(till.actor).cursor == 0
        assert chain.hub.rows(records) == []
    chain.work_hub()
    assert [type(answer) for answer in chain.told(till.actor)] == [Acknowledge]
    assert chain.hub.actor(till.actor).cursor == 1
    chain.settle()
    finally_all_is_well(chain)


def test_an_unavailable_database_keeps_the_letters_of_all_nodes_in_order(chain: Chain) -> None:
    tills = [chain.till("a"), chain.till("b")]
    for till in tills:
        for total_minor in (100, 200, 300):
            till.sell(total_minor)
            for payload in till.payloads():
                chain.hub.session.receive(till.actor, "up", payload.payload)
    chain.hub.store.failures = [StoreUnavailable("locked")]
    chain.work_hub()
    assert [chain.hub.actor(till.actor).cursor for till in tills] == [0, 0]
    chain.clock.time_ms += 1_000
    chain.forget_told()
    chain.work_hub()
    assert [chain.hub.actor(till.actor).cursor for till in tills] == [3, 3]
    told = chain.told("a-1")
    assert [message.cursor for message in told if isinstance(message, Acknowledge)] == [1, 2, 3]


def test_a_pending_request_for_rights_survives_an_unavailable_database(chain: Chain) -> None:
    a, b = chain.till("a"), chain.till("b")
    member = a.enrol("CARD-1")
    a.sell(10_000, member=member)
    b_finds = b.ask_member("CARD-1")
    chain.run(1_000)
    assert b_finds == 1
    a.disconnect()
    b.ask_rights(main_points(member), 60, deadline_ms=2_000)
    chain.publish(b)
    chain.run(100)
    chain.hub.store.failures = [StoreUnavailable("locked")]
    chain.work_hub()
    chain.forget_told()
    chain.run(5_000)
    answers = [message for message in chain.told(b.actor) if isinstance(message, Answer)]
    assert [answer.outcome for answer in answers] == ["short"]


def test_a_till_that_went_offline_is_noted_though_another_node_sent_nonsense(chain: Chain) -> None:
    chain.hub.create_store("x")
    unissued = Forger("x-1").append(counters=[("c:hub-1:999", "used", 1)])
    chain.hub.session.receive("x-1", "up", unissued.batch())
    chain.hub.session.gone("a-1")
    chain.work_hub()
    assert len(chain.hub.rows(quarantine)) == 1
    (contact,) = chain.hub.rows(contacts, contacts.c.actor == "a-1")
    assert contact.offline_ms == chain.clock.time_ms


def test_a_worker_that_restarts_forgets_nothing_that_was_committed(chain: Chain) -> None:
    till = chain.till("a")
    member = till.enrol("CARD-1")
    till.sell(50_000, member=member)
    chain.publish(till)
    chain.run(20)
    chain.hub.start()
    chain.settle()
    assert chain.hub.rows(alarms) == []
    finally_all_is_well(chain)


def test_entries_are_pruned_only_once_acknowledged(chain: Chain) -> None:
    till = chain.till("a")
    till.sell(100)
    chain.run(1_000)
    till.disconnect()
    till.sell(200)
    till.sell(300)
    chain.clock.time_ms += 36 * 24 * 3600 * 1000
    till.prune()
    kept = [row["number"] for row in till.rows("SELECT number FROM outbox ORDER BY number")]
    assert kept == [2, 3]
    chain.settle()
    finally_all_is_well(chain)
