"""Spending where the rights are, asking for them, calling them back, handing them over."""

import pytest

from edge_node.errors import CouponRefused, RightsShort
from edge_node.sales import SaleOrder, rights_to_ask
from hub.storage.tables import records
from loyalty.baskets import Coupon
from loyalty.programme import Programme, WelcomeCoupon
from sync_protocol.envelope import plain_hub_envelope
from sync_protocol.events import Answered
from sync_protocol.messages import CallBack
from tests.sessions.chain import Chain
from tests.sessions.checks import always_money_adds_up, finally_all_is_well
from tests.sessions.till import PROGRAMME, Till, main_points

WELCOME = WelcomeCoupon(500, 1_000, "欢迎", "Welcome")
TABLES = ("node", "outbox", "counters", "records", "receipts", "print_jobs", "entities")


def _database(till: Till) -> list[list[tuple[object, ...]]]:
    return [[tuple(row) for row in till.rows(f"SELECT * FROM {table}")] for table in TABLES]  # noqa: S608


def _answers(till: Till) -> list[tuple[int, str]]:
    return [(event.id, event.outcome) for event in till.events if isinstance(event, Answered)]


@pytest.fixture
def member(chain: Chain) -> str:
    """A member at home in store a with 1,000 points made there, known in store b, too."""
    a, b = chain.till("a"), chain.till("b")
    member = a.enrol("CARD-1")
    a.sell(100_000, member=member)
    chain.run(500)
    b.ask_member("CARD-1")
    chain.run(500)
    return member


def test_a_spend_beyond_the_rights_here_is_refused_and_nothing_is_written(chain: Chain, member: str) -> None:
    b = chain.till("b")
    before = _database(b)
    with pytest.raises(RightsShort) as refusal:
        b.sell(700, member=member, points=700)
    assert refusal.value.fields["spendable_here_points"] == 0
    assert refusal.value.fields["reason_code"] == "held-elsewhere"
    assert _database(b) == before


def test_a_store_that_is_offline_spends_up_to_its_rights_and_no_further(chain: Chain, member: str) -> None:
    b = chain.till("b")
    b.ask_rights(main_points(member), 400)
    chain.run(1_000)
    b.disconnect()
    earned = b.sell(300, member=member, points=300).receipt.points_earned
    with pytest.raises(RightsShort) as refusal:
        b.sell(200, member=member, points=200)
    assert refusal.value.fields["spendable_here_points"] == 100 + earned
    earned += b.sell(100, member=member, points=100).receipt.points_earned
    chain.settle()
    finally_all_is_well(chain)
    assert b.view(member).balance_points == 600 + earned


def test_rights_are_called_back_from_another_store_when_the_hub_is_short(chain: Chain, member: str) -> None:
    a, b = chain.till("a"), chain.till("b")
    account = main_points(member)
    assert chain.hub.free(account) == 0
    ask = b.ask_rights(account, 300)
    chain.exchange()
    assert (ask, "granted") in _answers(b)
    assert (a.rights(account), b.rights(account)) == (700, 300)
    chain.settle()
    finally_all_is_well(chain)


def test_a_request_is_answered_short_when_the_holder_is_out_of_reach(chain: Chain, member: str) -> None:
    a, b = chain.till("a"), chain.till("b")
    a.disconnect()
    ask = b.ask_rights(main_points(member), 300)
    chain.run(1_000)
    assert _answers(b)[-1][0] == ask
    assert _answers(b)[-1][1] in {"short", "timeout"}
    assert b.rights(main_points(member)) == 0
    chain.settle()
    finally_all_is_well(chain)


def test_a_request_on_an_account_nobody_knows_is_answered_so(chain: Chain) -> None:
    b = chain.till("b")
    ask = b.ask_rights(main_points("m:a-1:99"), 10)
    chain.exchange()
    assert (ask, "not-found") in _answers(b)


def test_a_request_without_a_line_ends_at_once(chain: Chain, member: str) -> None:
    b = chain.till("b")
    b.disconnect()
    ask = b.ask_rights(main_points(member), 10)
    chain.run(10)
    assert (ask, "timeout") in _answers(b)


def test_a_lost_answer_ends_by_its_deadline_and_is_a_hint_only(chain: Chain, member: str) -> None:
    b = chain.till("b")
    ask = b.ask_rights(main_points(member), 100)
    chain.publish(b)
    chain.channel.lose_all()
    chain.run(1_000)
    assert (ask, "timeout") in _answers(b)
    chain.settle()
    finally_all_is_well(chain)


def test_a_grant_comes_by_feed_when_its_answer_is_lost(chain: Chain, member: str) -> None:
    a, b = chain.till("a"), chain.till("b")
    account = main_points(member)
    a.sweep()
    chain.run(1_000)
    b.ask_rights(account, 200)
    (ask,) = b.payloads()
    chain.say(b.actor, ask.payload, "rpc")
    chain.channel.lose_all()
    assert b.rights(account) == 0
    chain.run(10_000)
    assert b.rights(account) == 200


def test_a_request_counts_what_was_spent_here_before_the_hub_has_heard_of_it(chain: Chain, member: str) -> None:
    a, b = chain.till("a"), chain.till("b")
    account = main_points(member)
    a.sweep()
    chain.run(1_000)
    b.ask_rights(account, 200)
    chain.exchange()
    b.sell(150, member=member, points=150)
    here = b.rights(account)
    assert here == 50 + 1
    b.payloads()  # the batch of this sale is lost
    ask = b.ask_rights(account, 120)
    chain.exchange()
    assert (ask, "granted") in _answers(b)
    assert b.rights(account) == 120
    chain.settle()
    finally_all_is_well(chain)


def test_a_call_back_takes_no_more_than_is_there(chain: Chain, member: str) -> None:
    a = chain.till("a")
    account = main_points(member)
    for amount in (400, 400, 400, 400):
        a.receive(plain_hub_envelope().seal(CallBack(account, amount)))
    assert a.rights(account) == 0
    chain.settle()
    assert chain.hub.free(account) == 1_000
    finally_all_is_well(chain)


def test_the_sweep_leaves_the_float_at_home_and_hands_over_the_rest(chain: Chain, member: str) -> None:
    a, b = chain.till("a"), chain.till("b")
    b.sell(50_000, member=member)
    a.sweep()
    b.sweep()
    chain.settle()
    account = main_points(member)
    assert (a.rights(account), b.rights(account)) == (PROGRAMME.float_points_max, 0)
    assert chain.hub.free(account) == 1_500 - PROGRAMME.float_points_max
    finally_all_is_well(chain)


def test_a_person_with_two_ids_is_swept_once(chain: Chain) -> None:
    a, b = chain.till("a"), chain.till("b")
    a.disconnect()
    b.disconnect()
    first, second = a.enrol("CARD-1"), b.enrol("CARD-1")
    a.sell(60_000, member=first)
    b.sell(60_000, member=second)
    chain.settle()
    assert b.find("CARD-1") == first
    b.sell(10_000, member=first)
    b.sweep()
    chain.settle()
    assert b.rights(main_points(first)) == b.rights(main_points(second)) == 0
    finally_all_is_well(chain)


def test_a_card_enrolled_in_two_stores_while_disconnected_becomes_one_person(chain: Chain) -> None:
    a, b = chain.till("a"), chain.till("b")
    a.disconnect()
    b.disconnect()
    first, second = a.enrol("CARD-1", "Li Na"), b.enrol("CARD-1", "Li Na")
    a.sell(10_000, member=first)
    b.sell(20_000, member=second)
    chain.settle()
    for till in (a, b):
        assert till.find("CARD-1") == first
        assert till.view(first) == till.view(second)
        seen = till.view(second)
        assert (seen.member, seen.name, seen.balance_points) == (first, "Li Na", 300)
    finally_all_is_well(chain)


def test_points_of_both_ids_of_one_person_can_be_spent_together(chain: Chain) -> None:
    a, b = chain.till("a"), chain.till("b")
    a.disconnect()
    b.disconnect()
    first, second = a.enrol("CARD-1"), b.enrol("CARD-1")
    a.sell(10_000, member=first)
    b.sell(20_000, member=second)
    chain.settle()
    order = b.order(250, first, 250, ())
    _ask_for(b, order)
    chain.exchange()
    earned = b.commit(order).receipt.points_earned
    chain.settle()
    assert a.view(second).balance_points == 300 - 250 + earned
    finally_all_is_well(chain)


# --- coupons ----------------------------------------------------------------------------------------------------------


def _ask_for(till: Till, order: SaleOrder) -> None:
    for spend in rights_to_ask(till.database.reader(), order, till.actor):
        till.ask_rights(spend.account, spend.points)


@pytest.fixture
def coupon(chain: Chain) -> Coupon:
    """The welcome coupon of a member at home in store a; its right lies with a."""
    chain.hub.write_programme(Programme(float_points_max=300, welcome_coupon=WELCOME))
    a, b = chain.till("a"), chain.till("b")
    member = a.enrol("CARD-1")
    chain.run(500)
    b.ask_member("CARD-1")
    chain.run(500)
    (view,) = a.view(member).coupons
    assert view.usable_here
    (elsewhere,) = b.view(member).coupons
    assert (elsewhere.usable_here, elsewhere.reason_code) == (False, "held-elsewhere")
    return Coupon(view.coupon, view.code, view.value_minor, view.threshold_minor)


def test_a_coupon_whose_right_is_at_one_store_cannot_be_used_at_another(chain: Chain, coupon: Coupon) -> None:
    a, b = chain.till("a"), chain.till("b")
    b.disconnect()
    before = _database(b)
    with pytest.raises(CouponRefused) as refusal:
        b.sell(2_000, member="m:a-1:1", coupons=(coupon,))
    assert refusal.value.fields["reason_code"] == "held-elsewhere"
    assert _database(b) == before
    assert a.sell(2_000, member="m:a-1:1", coupons=(coupon,)).receipt.total_minor == 1_500
    chain.settle()
    finally_all_is_well(chain)


def test_a_coupon_is_used_once_and_then_gone_everywhere(chain: Chain, coupon: Coupon) -> None:
    a, b = chain.till("a"), chain.till("b")
    a.sell(2_000, member="m:a-1:1", coupons=(coupon,))
    with pytest.raises(CouponRefused):
        a.sell(2_000, member="m:a-1:1", coupons=(coupon,))
    chain.settle()
    assert a.view("m:a-1:1").coupons == b.view("m:a-1:1").coupons == ()
    with pytest.raises(CouponRefused):
        b.sell(2_000, member="m:a-1:1", coupons=(coupon,))
    assert len(chain.hub.rows(records)) == 1


def test_the_right_to_a_coupon_moves_to_the_store_that_asks(chain: Chain, coupon: Coupon) -> None:
    a, b = chain.till("a"), chain.till("b")
    order = b.order(2_000, "m:a-1:1", 0, (coupon,))
    _ask_for(b, order)
    chain.exchange()
    assert b.commit(order).receipt.discount_minor == 500
    with pytest.raises(CouponRefused):
        a.sell(2_000, member="m:a-1:1", coupons=(coupon,))
    chain.settle()
    always_money_adds_up(chain)
    finally_all_is_well(chain)


def test_a_person_enrolled_twice_gets_one_welcome_coupon(chain: Chain) -> None:
    chain.hub.write_programme(Programme(welcome_coupon=WELCOME))
    a, b = chain.till("a"), chain.till("b")
    a.disconnect()
    b.disconnect()
    first = a.enrol("CARD-1")
    b.enrol("CARD-1")
    chain.settle()
    assert len(a.view(first).coupons) == len(b.view(first).coupons) == 1
    finally_all_is_well(chain)
