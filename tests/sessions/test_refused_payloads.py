"""What does not open, is not allowed, or would hurt others: kept with its reason, and it stops nothing else."""

import os

import msgspec
import zstandard

from edge_node.personal import blind
from hub.storage.tables import dead_letters
from sync_protocol.edge_session import WELCOMED
from sync_protocol.envelope import HEADER_BYTES
from sync_protocol.limits import DECOMPRESSED_BYTES_MAX, MESSAGE_BYTES_MAX
from sync_protocol.messages import Heartbeat, MemberKey, Refuse
from tests.sessions.chain import Chain
from tests.sessions.checks import finally_all_is_well
from tests.sessions.forger import Forger, sealed
from tests.sessions.till import main_points

HEADER = b"\x01\x00" + bytes(16)


def test_an_undecodable_payload_is_kept_with_its_reason_and_answered(chain: Chain) -> None:
    payload = HEADER + zstandard.compress(msgspec.msgpack.encode(["no-such-tag", 1]))
    (refusal,) = chain.say("a-1", payload)
    assert isinstance(refusal, Refuse)
    assert refusal.code == "undecodable"
    (letter,) = chain.hub.rows(dead_letters)
    assert (letter.actor, letter.channel, letter.code, letter.payload) == ("a-1", "up", "undecodable", payload)
    assert "no-such-tag" in letter.reason
    chain.settle()
    assert chain.till("a").session.state == WELCOMED


def test_an_oversized_payload_is_kept_with_its_reason(chain: Chain) -> None:
    payload = HEADER + os.urandom(MESSAGE_BYTES_MAX)
    chain.say("a-1", payload)
    (letter,) = chain.hub.rows(dead_letters)
    assert (letter.code, letter.payload) == ("bad-envelope", payload)
    assert str(MESSAGE_BYTES_MAX) in letter.reason


def test_a_bomb_is_kept_and_not_unpacked(chain: Chain) -> None:
    bomb = HEADER + zstandard.compress(bytes(DECOMPRESSED_BYTES_MAX + 1))
    assert len(bomb) < 1_000 + HEADER_BYTES
    chain.say("a-1", bomb)
    assert chain.hub.letters() == [("a-1", "bad-envelope")]


def test_nonsense_between_good_payloads_stops_none_of_them(chain: Chain) -> None:
    till = chain.till("a")
    for n in range(4):
        till.sell(100 + n)
        for payload in till.payloads():
            chain.hub.session.receive("a-1", "up", os.urandom(40))
            chain.hub.session.receive("a-1", "up", payload.payload)
    chain.work_hub()
    assert chain.hub.actor("a-1").cursor == 4
    assert len(chain.hub.letters()) == 4


def test_a_message_in_anothers_name_is_kept_and_not_believed(chain: Chain) -> None:
    before = chain.hub.actor("b-1")
    chain.say("a-1", sealed(Heartbeat("b-1", 99, {}, 0)))
    assert chain.hub.letters() == [("a-1", "not-owner")]
    assert chain.hub.actor("b-1") == before


def test_a_node_keeps_a_payload_of_the_hub_that_does_not_open(chain: Chain) -> None:
    till = chain.till("a")
    till.receive(b"\x02" + bytes(40))
    (letter,) = till.rows("SELECT code, reason, payload FROM dead_letters")
    assert (letter["code"], letter["payload"]) == ("bad-envelope", b"\x02" + bytes(40))
    assert "version 2" in letter["reason"]
    assert till.session.state == WELCOMED


def test_numbers_beyond_the_database_are_kept_apart_and_stop_nothing(chain: Chain) -> None:
    till = chain.till("a")
    till.sell(100)
    (batch,) = till.payloads()
    chain.hub.session.receive("b-1", "up", sealed(Heartbeat("b-1", 2**64 - 1, {"chain": 2**64 - 1}, 0)))
    chain.hub.session.receive("a-1", "up", batch.payload)
    chain.work_hub()
    assert chain.hub.actor("a-1").cursor == 1
    assert chain.hub.letters() == [("b-1", "unappliable")]


def test_a_link_out_of_form_written_by_one_node_stops_no_other(chain: Chain) -> None:
    a, member = chain.till("a"), _member_held_by_both(chain)
    chain.hub.create_store("x")
    chain.say("x-1", Forger("x-1").append(registers=[(member, "link:oops", 1)]).batch())
    chain.run(1_000)
    a.sell(10_000, member=member)
    chain.settle()
    assert a.view(member).balance_points == chain.till("b").view(member).balance_points == 200


def test_an_account_out_of_form_written_by_one_node_spoils_no_spending(chain: Chain) -> None:
    a, member = chain.till("a"), _member_held_by_both(chain)
    chain.hub.create_store("x")
    chain.say("x-1", Forger("x-1").append(counters=[(f"p:{member}", "made", 5)]).batch())
    chain.run(1_000)
    a.sell(500, member=member, points=50)
    assert a.rights(main_points(member)) == 50 + 5


def test_a_member_too_big_for_one_message_stops_nobody_else(chain: Chain) -> None:
    a, member = chain.till("a"), _member_held_by_both(chain)
    chain.hub.create_store("x")
    forger = Forger("x-1")
    for _ in range(30):
        accounts = [f"p:{member}:{os.urandom(40).hex()}:209912" for _ in range(200)]
        forger.append(counters=[(account, "made", 1) for account in accounts])
        chain.hub.session.receive("x-1", "up", forger.batch())
        chain.run(50)
    other = a.enrol("CARD-2")
    a.sell(10_000, member=other)
    chain.settle()
    assert a.outbox_is_empty()
    assert chain.hub.accounts()[main_points(other)]["a-1"].made == 100


def test_an_answer_too_large_for_one_message_is_kept_as_a_dead_letter_and_the_feed_brings_it(chain: Chain) -> None:
    b = chain.till("b")
    chain.hub.create_store("x")
    chain.run(500)
    key: bytes = b.node()["blind_index_key"]
    link = f"link:card:{blind(key, 'card', 'CARD-9')}"
    forger = Forger("x-1")
    for n in range(1, 5):
        member = f"m:x-1:{n}"
        forger.append(registers=[(member, link, 1), (member, "note:long", os.urandom(44_000))])
        chain.say("x-1", forger.batch())
    chain.forget_told()
    b.ask_member("CARD-9")
    chain.settle()
    assert ("b-1", "too-large") in chain.hub.letters()
    assert b.view("m:x-1:1").whole
    assert b.session.state == WELCOMED


def test_a_node_cannot_slip_in_the_key_of_a_member_it_did_not_enrol(chain: Chain) -> None:
    a, b = chain.till("a"), chain.till("b")
    chain.hub.create_store("x")
    forger = Forger("x-1").append(counters=[(main_points("m:x-1:1"), "made", 1)])
    chain.say("x-1", forger.batch(keys=[MemberKey("m:a-1:1", bytes(32))]))
    member = a.enrol("CARD-1", "Li Na")
    assert member == "m:a-1:1"
    chain.run(1_000)
    b.ask_member("CARD-1")
    chain.settle()
    assert b.view(member).name == "Li Na"


def test_a_chain_without_nonsense_has_no_dead_letters(chain: Chain) -> None:
    _member_held_by_both(chain)
    chain.settle()
    finally_all_is_well(chain)


def _member_held_by_both(chain: Chain) -> str:
    a, b = chain.till("a"), chain.till("b")
    member = a.enrol("CARD-1")
    a.sell(10_000, member=member)
    chain.run(1_000)
    b.ask_member("CARD-1")
    chain.run(1_000)
    assert b.view(member).balance_points == 100
    return member
