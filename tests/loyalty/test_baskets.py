"""Pricing and paying: the worked cases, and what holds for every basket."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.baskets import (
    CARD,
    CASH,
    MILLI,
    POINTS,
    BasketLine,
    Bounds,
    Coupon,
    Tender,
    check_bounds,
    format_quantity,
    gross_of,
    parse_quantity,
    price,
    settle,
)
from loyalty.errors import QuantityOutOfRange, TenderRefused, TenderShort
from tests.loyalty.shelf import baskets, coupon, coupons, line

# --- worked cases -----------------------------------------------------------------------------------------------------


def test_case_1_a_thousand_off_three_equal_lines() -> None:
    priced = price([line(3_333)] * 3, [coupon(1_000)])
    assert [one.discount_minor for one in priced.lines] == [334, 333, 333]
    assert [one.net_minor for one in priced.lines] == [2_999, 3_000, 3_000]
    assert priced.total_minor == 8_999


def test_case_2_shares_total_and_tax_inside() -> None:
    basket = [line(9_900, 1_300), line(5_950, 900), line(4_500, 1_300)]
    priced = price(basket, [coupon(3_000, threshold_minor=20_000)])
    assert [one.discount_minor for one in priced.lines] == [1_460, 877, 663]
    assert priced.total_minor == 17_350
    tax_by_rate = {rate: sum(one.tax_minor for one in priced.lines if one.line.tax_bp == rate) for rate in (1_300, 900)}
    assert tax_by_rate == {1_300: 1_412, 900: 419}
    assert priced.tax_minor == 1_412 + 419


def test_case_10_a_coupon_worth_more_than_the_basket_pays_it_and_no_more() -> None:
    priced = price([line(3_000)], [coupon(5_000)])
    (effect,) = priced.coupons
    assert (priced.total_minor, priced.tax_minor) == (0, 0)
    assert effect.applied
    assert effect.discount_minor == 3_000
    assert effect.coupon.value_minor - effect.discount_minor == 2_000


def test_case_13_a_weight_is_priced_and_counts_towards_thresholds() -> None:
    weighed = BasketLine("rib", "排骨", "Ribs", parse_quantity("0.735"), 2_580, 900)
    assert gross_of(weighed) == 1_896
    at, above = price([weighed], [coupon(100, 1_896)]), price([weighed], [coupon(100, 1_897)])
    assert at.total_minor == 1_796
    assert above.total_minor == 1_896


def test_case_15_a_trade_in_takes_no_share_of_a_discount() -> None:
    priced = price([line(2_000), line(-500)], [coupon(600)])
    assert [one.discount_minor for one in priced.lines] == [600, 0]
    assert priced.total_minor == 900


def test_a_coupon_below_its_threshold_says_what_is_missing() -> None:
    (effect,) = price([line(18_800)], [coupon(3_000, 20_000)]).coupons
    assert (effect.applied, effect.reason_code, effect.missing_minor) == (False, "threshold", 1_200)


def test_one_coupon_does_not_take_the_next_below_its_threshold() -> None:
    priced = price([line(10_000)], [coupon(4_000, 10_000, "c:1"), coupon(2_000, 10_000, "c:2")])
    assert [effect.applied for effect in priced.coupons] == [True, True]
    assert priced.total_minor == 4_000


def test_a_recorded_line_keeps_its_amount_and_its_discounts() -> None:
    recorded = BasketLine("x", "货", "Item", -2_000, 999, 0, recorded_minor=-1_500, recorded_discounts=(("old", 300),))
    priced = price([recorded], [])
    assert (priced.lines[0].gross_minor, priced.lines[0].discount_minor, priced.total_minor) == (-1_200, 300, -1_500)


def test_an_empty_basket_costs_nothing_and_uses_up_no_coupon_with_a_threshold() -> None:
    priced = price([], [coupon(500, 1)])
    assert (priced.total_minor, priced.discount_minor) == (0, 0)
    assert not priced.coupons[0].applied


# --- what always holds ------------------------------------------------------------------------------------------------


@given(baskets, coupons)
def test_lines_sum_to_the_whole(basket: list[BasketLine], found: list[Coupon]) -> None:
    priced = price(basket, found)
    assert priced.total_minor == sum(one.net_minor for one in priced.lines)
    assert priced.gross_minor == sum(one.gross_minor for one in priced.lines)
    assert priced.discount_minor == priced.gross_minor - priced.total_minor
    assert priced.discount_minor == sum(effect.discount_minor for effect in priced.coupons)
    assert priced.tax_minor == sum(one.tax_minor for one in priced.lines)


@given(baskets, coupons)
def test_a_positive_line_stays_between_nothing_and_its_price(basket: list[BasketLine], found: list[Coupon]) -> None:
    for one in price(basket, found).lines:
        if one.gross_minor > 0:
            assert 0 <= one.net_minor <= one.gross_minor
            assert 0 <= one.tax_minor <= one.net_minor
        else:
            assert one.net_minor == one.gross_minor


@given(baskets, coupons, st.randoms(use_true_random=False))
def test_the_order_of_scanning_changes_nothing_in_total(
    basket: list[BasketLine], found: list[Coupon], chance: Random
) -> None:
    shuffled, others = list(basket), list(found)
    chance.shuffle(shuffled)
    chance.shuffle(others)
    before, after = price(basket, found), price(shuffled, others)
    assert (after.total_minor, after.gross_minor, after.coupons) == (
        before.total_minor,
        before.gross_minor,
        before.coupons,
    )


@given(baskets, coupons)
def test_no_coupon_gives_more_than_its_value(basket: list[BasketLine], found: list[Coupon]) -> None:
    for effect in price(basket, found).coupons:
        assert 0 <= effect.discount_minor <= effect.coupon.value_minor
        assert effect.applied or effect.discount_minor == 0


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_what_is_just_within_the_bounds_is_sold() -> None:
    check_bounds([line(100_000_000)] * 200, Bounds())
    check_bounds([line(1)._replace(quantity_milli=999 * MILLI)], Bounds())


@pytest.mark.parametrize(
    ("basket", "reason"),
    [
        ([line(1)] * 201, "201 lines, this till takes at most 200"),
        ([line(1), line(1)._replace(quantity_milli=999_001)], "line 2: quantity 999.001, at most 999"),
        ([line(1)._replace(quantity_milli=0)], "line 1: the quantity must be above zero"),
        ([line(1)._replace(quantity_milli=-1_000)], "line 1: the quantity must be above zero"),
        ([line(100_000_001)], "line 1: amount 100000001"),
        ([line(-100_000_001)], "line 1: amount -100000001"),
    ],
)
def test_what_is_beyond_the_bounds_is_refused_with_line_value_and_maximum(
    basket: list[BasketLine], reason: str
) -> None:
    with pytest.raises(QuantityOutOfRange, match=reason):
        check_bounds(basket, Bounds())


# --- quantities -------------------------------------------------------------------------------------------------------


@given(st.integers(-(10**12) + 1, 10**12 - 1))
def test_a_written_quantity_reads_back(quantity_milli: int) -> None:
    assert parse_quantity(format_quantity(quantity_milli)) == quantity_milli


@pytest.mark.parametrize(
    ("text", "quantity_milli"),
    [("1", 1_000), ("0.735", 735), ("2.5", 2_500), ("-1.05", -1_050), ("007", 7_000), ("-0", 0), ("0.000", 0)],
)
def test_quantities_are_read_in_thousandths(text: str, quantity_milli: int) -> None:
    assert parse_quantity(text) == quantity_milli


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        ".",
        "1.",
        ".5",
        "1.2345",
        "1,5",
        "1e3",
        " 1",
        "1 ",
        "+1",
        "--1",
        "1.-5",
        "0x1",
        "١",
        "½",
        "1_0",
        "1111111111",
    ],
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(QuantityOutOfRange):
        parse_quantity(text)


@given(st.text(max_size=14))
def test_any_text_as_quantity_is_read_or_refused(text: str) -> None:
    try:
        quantity_milli = parse_quantity(text)
    except QuantityOutOfRange:
        return
    assert abs(quantity_milli) < 10**12


# --- paying -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total_minor", "tenders", "change_minor"),
    [
        (1_000, [Tender(CASH, 1_000)], 0),
        (1_000, [Tender(CASH, 2_000)], 1_000),
        (1_000, [Tender(CARD, 1_000)], 0),
        (1_000, [Tender(POINTS, 400), Tender(CARD, 600)], 0),
        (1_000, [Tender(POINTS, 400), Tender(CASH, 700)], 100),
        (0, [], 0),
        (0, [Tender(CASH, 0)], 0),
        (0, [Tender(CASH, 500)], 500),
        (-1_000, [Tender(CASH, -1_000)], 0),
        (-1_000, [Tender(CARD, -1_000)], 0),
    ],
)
def test_tenders_that_pay_the_total_give_change_in_cash_only(
    total_minor: int, tenders: list[Tender], change_minor: int
) -> None:
    assert settle(total_minor, tenders) == change_minor


@pytest.mark.parametrize(
    ("total_minor", "tenders"),
    [
        (1_000, [Tender(CARD, 1_001)]),
        (1_000, [Tender(POINTS, 1_001)]),
        (1_000, [Tender(CARD, 1_500), Tender(CASH, 400)]),
        (1_000, [Tender(CASH, 500), Tender(CASH, 500)]),
        (1_000, [Tender("cheque", 1_000)]),
        (1_000, [Tender(CASH, 2_000), Tender(CARD, -1_000)]),
        (0, [Tender(CASH, -1)]),
        (-1_000, [Tender(CASH, -900)]),
        (-1_000, [Tender(CASH, -1_100)]),
        (-1_000, [Tender(CASH, 1_000)]),
        (-1_000, []),
        (-1_000, [Tender(POINTS, -1_000)]),
        (-1_000, [Tender(CASH, -400), Tender(CARD, -600)]),
    ],
)
def test_tenders_that_cannot_be_taken_like_this_are_refused(total_minor: int, tenders: list[Tender]) -> None:
    with pytest.raises(TenderRefused):
        settle(total_minor, tenders)


@pytest.mark.parametrize("tenders", [[], [Tender(CASH, 400)], [Tender(POINTS, 100), Tender(CARD, 300)]])
def test_tenders_that_fall_short_say_by_how_much(tenders: list[Tender]) -> None:
    paid_minor = sum(tender.amount_minor for tender in tenders)
    with pytest.raises(TenderShort) as refusal:
        settle(1_000, tenders)
    assert refusal.value.missing_minor == 1_000 - paid_minor


@given(
    st.integers(-5_000, 5_000),
    st.lists(st.builds(Tender, st.sampled_from([CASH, CARD, POINTS]), st.integers(-6_000, 6_000)), max_size=3),
)
def test_what_is_taken_less_the_change_is_always_the_total(total_minor: int, tenders: list[Tender]) -> None:
    try:
        change_minor = settle(total_minor, tenders)
    except (TenderRefused, TenderShort):
        return
    assert sum(tender.amount_minor for tender in tenders) - change_minor == total_minor
    assert 0 <= change_minor <= max([0, *(tender.amount_minor for tender in tenders if tender.kind == CASH)])
