"""One bad entry is kept apart with its reason, and nobody else waits for it."""

import hashlib

import pytest

from hub.storage.tables import alarms, quarantine, records
from sync_protocol.cells import Record
from sync_protocol.clock import stamp_of
from sync_protocol.messages import Acknowledge, Refuse
from tests.sessions.chain import Chain
from tests.sessions.channel import START_MS
from tests.sessions.checks import always_money_adds_up
from tests.sessions.forger import Forger
from tests.sessions.till import main_points

MEMBER = "m:x-1:1"
POINTS = main_points(MEMBER)


@pytest.fixture
def forger(chain: Chain) -> Forger:
    chain.hub.create_store("x")
    return Forger("x-1")


def _bad_entries(chain: Chain) -> list[tuple[str, int]]:
    return [(row.actor, row.number) for row in chain.hub.rows(quarantine)]


def test_what_stands_before_the_bad_entry_is_kept_and_the_cursor_passes_it(chain: Chain, forger: Forger) -> None:
    forger.append(counters=[(POINTS, "made", 10)])
    forger.append(counters=[("c:hub-1:7", "made", 1)])
    forger.append(counters=[(POINTS, "made", 30)])
    answers = chain.say("x-1", forger.batch())
    (refusal,) = (one for one in answers if isinstance(one, Refuse))
    assert (refusal.code, refusal.number, refusal.cursor) == ("quarantined", 2, 2)
    (kept,) = chain.hub.rows(quarantine)
    assert (kept.number, kept.hash) == (2, hashlib.sha256(kept.data).digest())
    assert "was not issued by x-1" in kept.reason
    assert chain.hub.accounts()[POINTS]["x-1"].made == 10
    assert chain.hub.actor("x-1").state == "held"
    assert [row.kind for row in chain.hub.rows(alarms)] == ["quarantine"]


def test_later_batches_of_that_node_wait_until_it_is_settled(chain: Chain, forger: Forger) -> None:
    chain.say("x-1", forger.append(counters=[("c:hub-1:7", "made", 1)]).batch())
    later = forger.append(counters=[(POINTS, "made", 30)]).batch()
    for _ in range(3):
        (refusal,) = chain.say("x-1", later)
        assert isinstance(refusal, Refuse)
        assert (refusal.code, refusal.cursor) == ("held", 1)
    assert POINTS not in chain.hub.accounts()
    chain.hub.settle("x-1", 1)
    (answer,) = (one for one in chain.say("x-1", later) if isinstance(one, Acknowledge))
    assert answer.cursor == 2
    assert chain.hub.accounts()[POINTS]["x-1"].made == 30


def test_other_nodes_in_the_same_group_go_on(chain: Chain, forger: Forger) -> None:
    till = chain.till("a")
    till.sell(500)
    (batch,) = till.payloads()
    bad = forger.append(counters=[("c:hub-1:7", "used", 1)]).batch()
    chain.hub.session.receive("x-1", "up", bad)
    chain.hub.session.receive(till.actor, "up", batch.payload)
    chain.work_hub()
    assert chain.hub.actor(till.actor).cursor == 1
    assert _bad_entries(chain) == [("x-1", 1)]
    assert chain.hub.actor(till.actor).state == "active"


def test_an_entry_that_only_the_database_refuses_is_found_among_good_ones(chain: Chain, forger: Forger) -> None:
    forger.append(counters=[(POINTS, "made", 10)])
    forger.append(counters=[("c:hub-1:999", "used", 1)])
    forger.append(counters=[(POINTS, "made", 30)])
    chain.say("x-1", forger.batch())
    assert _bad_entries(chain) == [("x-1", 2)]
    assert chain.hub.accounts()[POINTS]["x-1"].made == 10
    assert chain.hub.actor("x-1").cursor == 2


def test_an_entry_that_is_no_entry_is_kept_and_passed(chain: Chain, forger: Forger) -> None:
    chain.say("x-1", forger.append_raw(b"\xc1 nonsense").batch())
    (kept,) = chain.hub.rows(quarantine)
    assert kept.data == b"\xc1 nonsense"
    assert chain.hub.actor("x-1").cursor == 1


def test_an_entry_in_anothers_name_is_refused(chain: Chain, forger: Forger) -> None:
    forger.append(records=[Record("a-1", 1, "note", b"not mine")])
    chain.say("x-1", forger.batch())
    assert _bad_entries(chain) == [("x-1", 1)]
    assert chain.hub.rows(records) == []


def test_a_register_of_a_clock_far_ahead_is_skipped_and_its_entry_counts(chain: Chain, forger: Forger) -> None:
    ahead_ms = START_MS + 3_600_000
    forger.append(registers=[(MEMBER, "tag:gold", 1)], counters=[(POINTS, "made", 10)], time_ms=ahead_ms)
    answers = chain.say("x-1", forger.batch())
    assert [(one.code, one.number) for one in answers if isinstance(one, Refuse)] == [("clock-ahead", 1)]
    assert [one.cursor for one in answers if isinstance(one, Acknowledge)] == [1]
    assert chain.hub.fields(MEMBER) == {}
    assert chain.hub.accounts()[POINTS]["x-1"].made == 10
    assert ("x-1", "clock-ahead") in chain.hub.letters()


def test_a_clock_far_ahead_does_not_drag_the_hubs_bound_along(chain: Chain, forger: Forger) -> None:
    year_ahead_ms = START_MS + 365 * 24 * 3_600_000
    for made in range(10, 110, 10):
        chain.say("x-1", forger.append(counters=[(POINTS, "made", made)], time_ms=year_ahead_ms).batch())
    ten_minutes_ahead_ms = START_MS + 600_000
    chain.say("x-1", forger.append(registers=[(MEMBER, "tag:gold", 1)], time_ms=ten_minutes_ahead_ms).batch())
    assert chain.hub.fields(MEMBER) == {}
    assert chain.hub.actor("x-1").high_stamp <= stamp_of(chain.clock.time_ms + 60_000)


def test_two_bodies_under_one_record_number_are_both_kept_and_raise_an_alarm(chain: Chain, forger: Forger) -> None:
    chain.say("x-1", forger.append(records=[Record("x-1", 1, "note", b"one")]).batch())
    chain.say("x-1", forger.append(records=[Record("x-1", 1, "note", b"another")]).batch())
    assert sorted(row.body for row in chain.hub.rows(records)) == [b"another", b"one"]
    assert [row.kind for row in chain.hub.rows(alarms)] == ["record-doubled"]


@pytest.mark.parametrize("slot", ["used", "to:hub"])
def test_a_node_that_spends_or_gives_what_it_has_no_rights_to_does_not_go_unseen(
    chain: Chain, forger: Forger, slot: str
) -> None:
    forger.append(counters=[(POINTS, "made", 10)])
    forger.append(counters=[(POINTS, slot, 1_000)])
    chain.say("x-1", forger.batch())
    assert chain.hub.rows(alarms) != []
    assert chain.hub.free(POINTS) <= 10
    always_money_adds_up(chain)


def test_points_that_were_never_made_are_granted_to_nobody(chain: Chain, forger: Forger) -> None:
    a = chain.till("a")
    member = a.enrol("CARD-1")
    a.sell(10_000, member=member)
    a.sweep()
    chain.run(1_000)
    chain.say("x-1", forger.append(counters=[(main_points(member), "to:hub", 5_000)]).batch())
    a.ask_rights(main_points(member), 4_000)
    chain.run(10_000)
    assert a.rights(main_points(member)) == 100
