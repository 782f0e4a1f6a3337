"""Two histories under one name: a disk set back, a disk cloned. Either way the name stops selling."""

import shutil
from collections.abc import Iterator

import pytest

from edge_node.errors import NodeFenced
from hub.storage.tables import records
from sync_protocol.edge_session import FENCED, WELCOMED
from sync_protocol.envelope import plain_hub_envelope
from sync_protocol.messages import Acknowledge, Fence
from tests.sessions.chain import Chain
from tests.sessions.till import Till


def _sell(chain: Chain, till: Till, count: int) -> None:
    for n in range(count):
        till.sell(1_000 + n)
    chain.exchange()


def _clone(chain: Chain, till: Till) -> Till:
    """Copy the node's disk while it is switched off, and start a second node from the copy."""
    till.close()
    copy = chain.directory / "copy"
    shutil.copytree(till.directory, copy)
    till.open()
    till.connect()
    chain.exchange()
    return chain.make_till(till.actor, copy)


@pytest.fixture
def two(chain: Chain) -> Iterator[tuple[Till, Till]]:
    """A till with three sales at the hub, and its clone, which is not connected."""
    till = chain.till("a")
    _sell(chain, till, 3)
    clone = _clone(chain, till)
    assert till.outbox_is_empty()
    yield till, clone
    clone.close()


def _take_over(chain: Chain, clone: Till) -> None:
    """Let the clone take the name's place on the line; the original is gone."""
    chain.tills["a"].close()
    chain.tills["a"] = clone
    clone.connect()


def test_a_node_set_back_stops_selling(chain: Chain, two: tuple[Till, Till]) -> None:
    till, copy = two
    _sell(chain, till, 2)
    _take_over(chain, copy)
    chain.settle()
    assert copy.session.state == FENCED
    with pytest.raises(NodeFenced):
        copy.sell(100)
    assert chain.hub.actor(copy.actor).state == "fenced"
    assert len(chain.hub.rows(records)) == 5


def test_a_node_set_back_that_sold_on_offline_is_fenced_and_both_sides_are_kept(
    chain: Chain, two: tuple[Till, Till]
) -> None:
    till, copy = two
    _sell(chain, till, 2)
    for n in range(4):
        copy.sell(7_000 + n)
    _take_over(chain, copy)
    chain.settle()
    assert copy.session.state == FENCED
    assert chain.hub.actor(copy.actor).state == "fenced"
    assert sorted(row.number for row in chain.hub.rows(records)) == [1, 2, 3, 4, 5]
    assert copy.rows("SELECT count(*) AS n FROM records")[0]["n"] == 7


def test_a_clone_with_as_many_entries_is_fenced(chain: Chain, two: tuple[Till, Till]) -> None:
    till, clone = two
    _sell(chain, till, 1)
    clone.sell(9_999)
    _take_over(chain, clone)
    chain.settle()
    assert clone.session.state == FENCED
    assert chain.hub.actor(clone.actor).state == "fenced"


def test_a_clone_writing_on_is_fenced_by_its_first_batch(chain: Chain, two: tuple[Till, Till]) -> None:
    till, clone = two
    clone.connect()
    (birth,) = clone.payloads()
    for message in chain.say(till.actor, birth.payload):
        clone.receive(plain_hub_envelope().seal(message))
    assert clone.session.state == WELCOMED
    _sell(chain, till, 2)
    for n in range(3):
        clone.sell(9_000 + n)
    answers = [answer for payload in clone.payloads() for answer in chain.say(clone.actor, payload.payload)]
    assert [type(answer) for answer in answers] == [Fence]
    assert chain.hub.actor(clone.actor).state == "fenced"


def test_a_clone_is_not_told_that_its_sale_arrived(chain: Chain, two: tuple[Till, Till]) -> None:
    till, clone = two
    clone.connect()
    (birth,) = clone.payloads()
    for message in chain.say(till.actor, birth.payload):
        clone.receive(plain_hub_envelope().seal(message))
    _sell(chain, till, 2)
    clone.sell(9_999)
    for payload in clone.payloads():
        for message in chain.say(clone.actor, payload.payload):
            clone.receive(plain_hub_envelope().seal(message))
    assert not clone.outbox_is_empty()
    assert clone.session.state == FENCED


def test_an_acknowledgement_beyond_the_own_log_fences_the_node(chain: Chain) -> None:
    till = chain.till("a")
    _sell(chain, till, 1)
    till.receive(plain_hub_envelope().seal(Acknowledge(1, 5, {})))
    assert till.session.state == FENCED
    assert till.node()["acknowledged"] == 1


def test_a_fenced_node_stays_fenced_after_a_restart_and_says_nothing_more_than_that(
    chain: Chain, two: tuple[Till, Till]
) -> None:
    till, copy = two
    _sell(chain, till, 1)
    _take_over(chain, copy)
    chain.settle()
    copy.close()
    copy.open()
    copy.connect()
    chain.run(60_000)
    assert copy.session.state == FENCED
    assert len(chain.hub.rows(records)) == 4
    with pytest.raises(NodeFenced):
        copy.enrol("CARD-9")


def test_the_other_store_goes_on_while_one_is_fenced(chain: Chain, two: tuple[Till, Till]) -> None:
    till, copy = two
    _sell(chain, till, 1)
    _take_over(chain, copy)
    other = chain.till("b")
    other.sell(100)
    chain.settle()
    assert copy.session.state == FENCED
    assert other.outbox_is_empty()
    assert other.session.state == WELCOMED
