"""How a node is welcomed, whatever the line does to its first words."""

from sync_protocol.edge_session import GREETING, OFFLINE, WELCOMED
from sync_protocol.envelope import plain_hub_envelope
from sync_protocol.messages import Acknowledge, Birth, Feed, Refuse, Welcome
from tests.sessions.chain import Chain
from tests.sessions.checks import finally_all_is_well
from tests.sessions.conftest import MakeChain
from tests.sessions.forger import sealed


def test_a_node_greets_again_until_it_is_welcomed(make_chain: MakeChain) -> None:
    chain = make_chain("a")
    till = chain.till("a")
    till.connect()
    for _ in range(3):
        chain.publish(till)
        chain.channel.lose_all()
        chain.clock.time_ms += 10_000
        till.handle_timer()
    assert till.session.state == GREETING
    chain.run(1_000)
    assert till.session.state == WELCOMED


def test_a_birth_that_arrives_again_after_later_batches_fences_nobody(chain: Chain) -> None:
    till = chain.till("a")
    till.disconnect()
    till.connect()
    (birth,) = till.payloads()
    chain.say(till.actor, birth.payload)
    for total_minor in (100, 200, 300):
        till.sell(total_minor)
        chain.exchange()
    chain.hub.session.receive(till.actor, "up", birth.payload)
    chain.settle()
    assert chain.hub.actor(till.actor).state == "active"
    finally_all_is_well(chain)


def test_a_repeated_welcome_changes_nothing(chain: Chain) -> None:
    till = chain.till("a")
    till.sell(100)
    till.disconnect()
    till.connect()
    (birth,) = till.payloads()
    (welcome,) = (one for one in chain.say(till.actor, birth.payload) if isinstance(one, Welcome))
    for _ in range(5):
        till.receive(plain_hub_envelope().seal(welcome))
    chain.settle()
    finally_all_is_well(chain)


def test_a_late_welcome_does_not_welcome_a_node_whose_line_is_cut(chain: Chain) -> None:
    till = chain.till("a")
    node = till.node()
    till.disconnect()
    welcome = Welcome(1, node["acknowledged"], node["last_chain"], chain.clock.time_ms, {}, node["blind_index_key"])
    till.receive(plain_hub_envelope().seal(welcome))
    assert till.session.state == OFFLINE


def test_a_store_without_a_slot_is_refused_and_welcomed_once_it_has_one(make_chain: MakeChain) -> None:
    chain = make_chain("a")
    stranger = chain.make_till("z-1", chain.directory / "z")
    chain.tills["z"] = stranger
    stranger.sell(500)
    stranger.connect()
    chain.run(5_000)
    assert stranger.session.state == GREETING
    assert {code for actor, code in chain.hub.letters() if actor == "z-1"} == {"unknown-actor"}
    assert not stranger.outbox_is_empty()
    chain.hub.create_store("z")
    chain.settle()
    assert stranger.session.state == WELCOMED
    assert stranger.outbox_is_empty()


def test_an_unknown_node_is_told_so(make_chain: MakeChain) -> None:
    chain = make_chain("a")
    (refusal,) = chain.say("nobody-1", sealed(Birth("nobody-1", "boot-1", 0, b"", 0, {}, "test")))
    assert isinstance(refusal, Refuse)
    assert refusal.code == "unknown-actor"


def test_acknowledgements_of_another_hub_incarnation_are_ignored(chain: Chain) -> None:
    till = chain.till("a")
    till.sell(100)
    last_entry = till.node()["last_entry"]
    till.receive(plain_hub_envelope().seal(Acknowledge(2, last_entry, {"chain": 99})))
    assert till.node()["acknowledged"] == last_entry - 1
    chain.settle()
    finally_all_is_well(chain)


def test_acknowledgements_and_feeds_of_an_older_hub_incarnation_are_ignored(chain: Chain) -> None:
    till = chain.till("a")
    node = till.node()
    cursor = node["acknowledged"]
    welcome = Welcome(2, cursor, node["last_chain"], chain.clock.time_ms, {}, node["blind_index_key"])
    till.receive(plain_hub_envelope().seal(welcome))
    till.sell(100)
    cursors = till.sync_store.position().cursors
    till.receive(plain_hub_envelope().seal(Acknowledge(1, cursor + 1, {"chain": 99})))
    till.receive(plain_hub_envelope().seal(Feed(1, "chain", 0, 99, [])))
    assert till.node()["acknowledged"] == cursor
    assert till.sync_store.position().cursors == cursors
    assert till.session.state == WELCOMED


def test_a_node_greets_anew_when_the_hub_speaks_in_a_later_incarnation(chain: Chain) -> None:
    till = chain.till("a")
    till.receive(plain_hub_envelope().seal(Acknowledge(2, 0, {})))
    assert till.session.state == GREETING
    births = [plain_hub_envelope().open(payload.payload) for payload in till.payloads()]
    assert [type(message) for message in births] == [Birth]


def test_a_late_welcome_of_an_older_hub_incarnation_does_not_turn_the_node_back(chain: Chain) -> None:
    till = chain.till("a")
    node = till.node()
    key, cursor = node["blind_index_key"], node["acknowledged"]
    for hub_n in (3, 2):
        welcome = Welcome(hub_n, cursor, node["last_chain"], chain.clock.time_ms, {}, key)
        till.receive(plain_hub_envelope().seal(welcome))
    assert till.node()["hub_n"] == 3
