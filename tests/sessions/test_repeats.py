"""Delivery happens at least once; what it does, happens once."""

import random
from typing import Any

import pytest

from hub.storage.tables import counters, entities, heads, receipts, records
from sync_protocol.envelope import plain_hub_envelope, plain_node_envelope
from sync_protocol.messages import Acknowledge, Heartbeat
from tests.sessions.chain import Chain
from tests.sessions.channel import Line
from tests.sessions.checks import finally_all_is_well
from tests.sessions.conftest import MakeChain
from tests.sessions.till import Till, main_points

MERGED = (entities, counters, heads, records, receipts)


def _snapshot(chain: Chain) -> list[Any]:
    return [sorted(tuple(row) for row in chain.hub.rows(table)) for table in MERGED]


def _batches(till: Till, count: int) -> list[bytes]:
    """Write a few sales, each going out as a batch of its own."""
    member = till.enrol("CARD-1")
    payloads = []
    for n in range(count):
        till.sell(1_000 + n, member=member)
        payloads += [payload.payload for payload in till.payloads()]
    return payloads


def test_one_batch_sent_five_times_has_one_effect(chain: Chain) -> None:
    till = chain.till("a")
    (batch,) = _batches(till, 1)
    chain.say(till.actor, batch)
    once = _snapshot(chain)
    for _ in range(4):
        chain.clock.time_ms += 1_000
        (answer,) = (one for one in chain.say(till.actor, batch) if isinstance(one, Acknowledge))
        assert answer.cursor == till.node()["last_entry"]
    assert _snapshot(chain) == once


@pytest.mark.parametrize("seed", range(5))
def test_several_batches_sent_five_times_and_shuffled_have_one_effect(make_chain: MakeChain, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    chain = make_chain("a")
    chain.connect_all()
    till = chain.till("a")
    batches = _batches(till, 4)
    shuffled = batches * 5
    chance.shuffle(shuffled)
    for payload in shuffled:
        chain.hub.session.receive(till.actor, "up", payload)
        if chance.random() < 0.5:
            chain.work_hub()
    for payload in batches:
        chain.say(till.actor, payload)
    once = _snapshot(chain)
    assert chain.hub.actor(till.actor).cursor == till.node()["last_entry"]
    for payload in shuffled:
        chain.say(till.actor, payload)
    assert _snapshot(chain) == once
    chain.settle()
    finally_all_is_well(chain)


def test_a_request_for_rights_repeated_five_times_grants_once(chain: Chain) -> None:
    a, b = chain.till("a"), chain.till("b")
    member = a.enrol("CARD-1")
    a.sell(100_000, member=member)
    chain.run(1_000)
    a.sweep()
    b.ask_member("CARD-1")
    chain.run(1_000)
    account = main_points(member)
    assert chain.hub.free(account) == 700
    b.ask_rights(account, 200)
    (ask,) = b.payloads()
    for _ in range(5):
        chain.say(b.actor, ask.payload, "rpc")
    chain.settle()
    assert b.rights(account) == 200
    assert chain.hub.free(account) == 500
    finally_all_is_well(chain)


def test_feeds_applied_twice_and_in_any_order_change_nothing(make_chain: MakeChain) -> None:
    chain = make_chain("a", "b", seed=3)
    chain.connect_all()
    chain.channel.line = Line(doubled=1.0, delay_ms_max=800)
    a, b = chain.till("a"), chain.till("b")
    member = a.enrol("CARD-1")
    for total_minor in range(1_000, 11_000, 1_000):
        a.sell(total_minor, member=member)
        b.ask_member("CARD-1")
        chain.run(100)
    chain.settle()
    finally_all_is_well(chain)
    assert b.view(member).balance_points == a.view(member).balance_points == 550


def test_a_lost_batch_is_not_sent_again_for_every_refusal_it_causes(make_chain: MakeChain) -> None:
    chain = make_chain("a", seed=5)
    chain.connect_all()
    till = chain.till("a")
    till.disconnect()
    for n in range(1_500):
        till.sell(1_000 + n)
    till.connect()
    chain.run(100)
    needed = 6
    chain.channel.line = Line(lost=0.3, delay_ms_max=400)
    before = chain.channel.sent_count
    chain.run(60_000)
    assert till.outbox_is_empty()
    heartbeats = 2 * 60_000 // 5_000
    assert chain.channel.sent_count - before < heartbeats + 20 * needed


def test_a_lost_batch_is_sent_again_though_heartbeats_are_acknowledged_all_the_time(chain: Chain) -> None:
    till = chain.till("a")
    till.sell(1_000)
    lost = [payload for payload in till.payloads() if payload.channel == "up"]
    assert lost
    for _ in range(10):  # over five seconds; the first retry is due after one
        chain.run(500)
        beat = Heartbeat(till.actor, till.node()["last_entry"], {}, chain.clock.now_ms())
        for answer in chain.say(till.actor, plain_node_envelope().seal(beat)):
            till.receive(plain_hub_envelope().seal(answer))
    assert till.outbox_is_empty()
