"""Which points are spent first, and what is asked for."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from loyalty.points import PointsHeld, Spend, plan_request, plan_spend, usable
from sync_protocol.names import points_account

DAY = "20270315"


def held(month: str, balance: int, rights: int | None = None, n: int = 1) -> PointsHeld:
    """Hold points that expire at the end of a month."""
    return PointsHeld(points_account(f"m:a-1:{n}", "main", month), balance, balance if rights is None else rights)


wallets = st.lists(
    st.builds(
        held,
        month=st.sampled_from(["202612", "202702", "202703", "202706", "202712", "999912"]),
        balance=st.integers(0, 500),
        rights=st.integers(-50, 500),
        n=st.integers(1, 5),
    ),
    max_size=6,
    unique_by=lambda one: one.account,
)


def test_case_26_the_earlier_lot_is_emptied_before_the_later_one_is_touched() -> None:
    march, june = held("202703", 100), held("202706", 50)
    assert plan_spend([march, june], 120, DAY) == [Spend(march.account, 100), Spend(june.account, 20)]
    assert usable([march._replace(balance=0), june], "20270401") == [june]


def test_case_27_a_later_lot_with_an_earlier_expiry_is_spent_first() -> None:
    earned_first, earned_later = held("202712", 100, n=1), held("202706", 100, n=2)
    assert plan_spend([earned_first, earned_later], 50, DAY) == [Spend(earned_later.account, 50)]


def test_points_that_never_expire_are_spent_last() -> None:
    forever, june = held("999912", 100), held("202706", 100)
    assert [spend.account for spend in plan_spend([forever, june], 150, DAY)] == [june.account, forever.account]


def test_expired_points_are_not_planned_and_those_of_the_running_month_are() -> None:
    expired, running = held("202702", 100), held("202703", 100)
    assert plan_spend([expired, running], 150, DAY) == [Spend(running.account, 100)]
    assert plan_spend([running], 100, "20270331") == [Spend(running.account, 100)]
    assert plan_spend([running], 100, "20270401") == []


def test_nothing_is_planned_beyond_the_rights_here() -> None:
    account = held("202706", 500, rights=80)
    assert plan_spend([account], 200, DAY) == [Spend(account.account, 80)]


def test_only_what_is_missing_here_is_asked_for_as_a_target() -> None:
    enough, short = held("202703", 100, rights=100), held("202706", 500, rights=20)
    assert plan_request([enough, short], 250, DAY) == [Spend(short.account, 150)]
    assert plan_request([enough, short], 100, DAY) == []


@given(wallets, st.integers(0, 1_500), st.randoms(use_true_random=False))
def test_the_order_in_which_accounts_are_known_changes_no_plan(
    wallet: list[PointsHeld], points: int, chance: Random
) -> None:
    shuffled = list(wallet)
    chance.shuffle(shuffled)
    assert plan_spend(shuffled, points, DAY) == plan_spend(wallet, points, DAY)
    assert plan_request(shuffled, points, DAY) == plan_request(wallet, points, DAY)


@given(wallets, st.integers(0, 1_500))
def test_a_plan_spends_as_much_as_it_can_within_the_rights(wallet: list[PointsHeld], points: int) -> None:
    plan = plan_spend(wallet, points, DAY)
    alive = {one.account: one for one in usable(wallet, DAY)}
    assert sum(spend.points for spend in plan) == min(points, sum(max(one.rights, 0) for one in alive.values()))
    assert all(0 < spend.points <= alive[spend.account].rights for spend in plan)
    assert len({spend.account for spend in plan}) == len(plan)


@given(wallets, st.integers(0, 1_500))
def test_once_what_was_asked_for_is_granted_the_spend_goes_as_far_as_the_balance(
    wallet: list[PointsHeld], points: int
) -> None:
    targets = {spend.account: spend.points for spend in plan_request(wallet, points, DAY)}
    granted = [one._replace(rights=max(one.rights, targets.get(one.account, 0))) for one in wallet]
    planned = sum(spend.points for spend in plan_spend(granted, points, DAY))
    balance = sum(one.balance for one in usable(wallet, DAY))
    assert planned >= min(points, balance)
    for account, target in targets.items():
        (one,) = (one for one in wallet if one.account == account)
        assert max(one.rights, 0) < target <= one.balance
