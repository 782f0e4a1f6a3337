"""Rounding and spreading: parts always sum to the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.money import allocate, divide_half_up, tax_inside

amounts = st.integers(0, 10**9)
weights = st.lists(st.integers(-(10**6), 10**6), max_size=12)


def test_a_thousand_off_three_equal_lines_is_334_333_333() -> None:
    assert allocate(1_000, [3_333, 3_333, 3_333]) == [334, 333, 333]


def test_a_trade_in_takes_no_share() -> None:
    assert allocate(600, [2_000, -500]) == [600, 0]


@given(amounts, weights)
def test_shares_sum_to_the_whole_wherever_there_is_a_weight(amount: int, found: list[int]) -> None:
    shares = allocate(amount, found)
    assert len(shares) == len(found)
    assert sum(shares) == (amount if any(weight > 0 for weight in found) else 0)


@given(amounts, weights)
def test_no_share_is_negative_and_lines_below_zero_take_none(amount: int, found: list[int]) -> None:
    for share, weight in zip(allocate(amount, found), found, strict=True):
        assert share >= 0
        assert weight > 0 or share == 0


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=12), st.data())
def test_no_line_gives_more_than_it_has(found: list[int], data: st.DataObject) -> None:
    amount = data.draw(st.integers(0, sum(found)))
    assert all(share <= weight for share, weight in zip(allocate(amount, found), found, strict=True))


@given(amounts, weights)
def test_each_share_is_within_one_of_its_exact_part(amount: int, found: list[int]) -> None:
    positive = [max(weight, 0) for weight in found]
    total = sum(positive)
    for share, weight in zip(allocate(amount, found), positive, strict=True):
        assert total == 0 or abs(share * total - amount * weight) < total


@given(amounts, st.permutations([7, 7, 7, 5, 3]))
def test_the_order_of_lines_changes_no_share_by_more_than_the_tie(amount: int, order: list[int]) -> None:
    by_weight = sorted(zip(order, allocate(amount, order), strict=True), key=lambda pair: (-pair[0], -pair[1]))
    assert [share for _, share in by_weight] == allocate(amount, [7, 7, 7, 5, 3])


def test_a_negative_amount_is_not_spread() -> None:
    with pytest.raises(ValueError):
        allocate(-1, [1])


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(5, 10, 1), (4, 10, 0), (-5, 10, -1), (-4, 10, 0), (15, 10, 2), (0, 3, 0), (18_963, 10, 1_896)],
)
def test_halves_are_rounded_away_from_zero(numerator: int, denominator: int, rounded: int) -> None:
    assert divide_half_up(numerator, denominator) == rounded


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_rounding_is_exact_to_half_a_unit_and_symmetric(numerator: int, denominator: int) -> None:
    rounded = divide_half_up(numerator, denominator)
    assert abs(2 * (rounded * denominator - numerator)) <= denominator
    assert divide_half_up(-numerator, denominator) == -rounded


@pytest.mark.parametrize("denominator", [0, -1])
def test_nothing_is_divided_by_zero_or_less(denominator: int) -> None:
    with pytest.raises(ValueError):
        divide_half_up(1, denominator)


@given(st.integers(0, 10**9), st.integers(0, 10_000))
def test_tax_inside_is_never_more_than_the_amount(net_minor: int, tax_bp: int) -> None:
    tax_minor = tax_inside(net_minor, tax_bp)
    assert 0 <= tax_minor <= net_minor
    assert abs(tax_minor * (10_000 + tax_bp) - net_minor * tax_bp) * 2 <= 10_000 + tax_bp


def test_tax_of_nothing_and_at_no_rate_is_nothing() -> None:
    assert (tax_inside(0, 1_300), tax_inside(999, 0)) == (0, 0)
