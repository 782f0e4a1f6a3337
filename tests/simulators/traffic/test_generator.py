"""Made-up shopping is the same for the same seed, names nobody real, and has the shape of the published aggregates."""

import random
from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

import pytest

from simulators.traffic import aggregates, generator
from simulators.traffic.baskets import TrafficBasket
from simulators.traffic.catalogue import catalogue, with_check_digit
from simulators.traffic.errors import SettingError
from simulators.traffic.generator import Traffic, generate, share_out

STORES = 4
RECEIPTS = 3000


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return generate(seed=1, stores=STORES, receipts=RECEIPTS)


def stores_by_member(traffic: Traffic) -> dict[str, Counter[str]]:
    visited: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for basket in traffic.baskets:
        if basket.member_ref is not None:
            visited[basket.member_ref][basket.store] += 1
    return dict(visited)


def is_home(traffic: Traffic, basket: TrafficBasket) -> bool:
    homes = {household.ref: household.home_store for household in traffic.households}
    assert basket.member_ref is not None
    return homes[basket.member_ref] == basket.store


def test_the_same_seed_makes_the_same_traffic(traffic: Traffic) -> None:
    assert generate(seed=1, stores=STORES, receipts=RECEIPTS) == traffic


def test_another_seed_makes_other_baskets(traffic: Traffic) -> None:
    other = generate(seed=2, stores=STORES, receipts=RECEIPTS)
    assert other.baskets != traffic.baskets
    assert other.catalogue == traffic.catalogue


def test_a_seed_means_the_same_on_every_machine() -> None:
    eighth = generate(seed=7, stores=3, receipts=50).baskets[7]
    where_when_who = (eighth.store, eighth.business_time_local, eighth.member_ref)
    assert where_when_who == ("store2", "2026-03-06T17:23:42+08:00", "m00004")
    assert [(line.code, line.quantity) for line in eighth.lines] == [("13022", Decimal(2)), ("17013", Decimal(1))]


def test_baskets_are_as_many_as_asked_for_and_in_order_of_time(traffic: Traffic) -> None:
    assert len(traffic.baskets) == RECEIPTS
    assert len({basket.basket_ref for basket in traffic.baskets}) == RECEIPTS
    assert all(a.business_time_ms <= b.business_time_ms for a, b in pairwise(traffic.baskets))


def test_local_time_and_instant_agree(traffic: Traffic) -> None:
    for basket in traffic.baskets[:200]:
        assert datetime.fromisoformat(basket.business_time_local).timestamp() * 1000 == basket.business_time_ms


def test_every_store_is_known_and_visited(traffic: Traffic) -> None:
    assert {basket.store for basket in traffic.baskets} == set(traffic.store_names)
    assert set(traffic.store_names) == {"store1", "store2", "store3", "store4"}


def test_shops_are_open_in_the_day_only_and_busiest_in_the_afternoon(traffic: Traffic) -> None:
    hours = Counter(datetime.fromisoformat(basket.business_time_local).hour for basket in traffic.baskets)
    assert set(hours) <= set(generator.OPEN_HOURS)
    expected = sum(aggregates.HOUR_BASKETS[16:19]) / sum(aggregates.HOUR_BASKETS[7:22])
    assert sum(hours[hour] for hour in (16, 17, 18)) / RECEIPTS == pytest.approx(expected, abs=0.03)


def test_the_weekend_sells_more_than_the_middle_of_the_week(traffic: Traffic) -> None:
    days = Counter(datetime.fromisoformat(basket.business_time_local).weekday() for basket in traffic.baskets)
    for weekday, baskets in enumerate(aggregates.WEEKDAY_BASKETS):
        expected = baskets / sum(aggregates.WEEKDAY_BASKETS)
        assert days[weekday] / RECEIPTS == pytest.approx(expected, abs=0.03)


def test_baskets_have_as_many_lines_as_the_scaled_aggregate_says(traffic: Traffic) -> None:
    sizes = sorted(len(basket.lines) for basket in traffic.baskets)
    assert sizes[0] == 1
    assert sizes[-1] <= generator.LINES_MAX
    assert 9.0 <= sum(sizes) / RECEIPTS <= 10.5
    assert 4 <= sizes[RECEIPTS // 2] <= 6


def test_sampling_the_lines_again_gives_the_published_sample(traffic: Traffic) -> None:
    """One line in twenty, as the published table was drawn, shows mostly baskets of a single line again."""
    rng = random.Random(0)  # noqa: S311 - no secret
    kept = 75_000 / 1_469_307
    seen = Counter(sum(rng.random() < kept for _ in basket.lines) for basket in traffic.baskets)
    del seen[0]
    published = aggregates.SAMPLED_LINES_PER_BASKET
    assert seen[1] / seen.total() == pytest.approx(published[1] / sum(published.values()), abs=0.06)


def test_quantities_are_mostly_one_and_weighed_goods_have_three_decimals(traffic: Traffic) -> None:
    weighed = {item.code: item.weighed for item in traffic.catalogue}
    lines = [line for basket in traffic.baskets for line in basket.lines]
    pieces = Counter(line.quantity for line in lines if not weighed[line.code])
    expected = aggregates.QUANTITY_LINES[1] / sum(aggregates.QUANTITY_LINES.values())
    assert pieces[Decimal(1)] / pieces.total() == pytest.approx(expected, abs=0.02)
    loose = [line.quantity for line in lines if weighed[line.code]]
    assert all(Decimal("0.150") <= kilograms <= Decimal("2.500") for kilograms in loose)
    assert {kilograms.as_tuple().exponent for kilograms in loose} == {-3}


def test_the_till_prices_the_lines(traffic: Traffic) -> None:
    prices = {item.code: item.price_minor for item in traffic.catalogue}
    for line in (line for basket in traffic.baskets for line in basket.lines):
        assert line.amount_minor is None
        assert line.unit_price_minor == prices[line.code]
        assert line.discounts == ()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_prices_spread_as_the_published_deciles(seed: int) -> None:
    made = generate(seed, stores=2, receipts=1500)
    prices = sorted(line.unit_price_minor or 0 for basket in made.baskets for line in basket.lines)
    median = prices[len(prices) // 2]
    for decile, percent in enumerate(aggregates.PRICE_DECILES_PERCENT_OF_MEDIAN, start=1):
        ours = 100 * prices[len(prices) * decile // 10] / median
        assert percent / 1.6 <= ours <= percent * 1.6


def test_no_article_is_twice_in_a_made_up_basket(traffic: Traffic) -> None:
    for basket in traffic.baskets:
        assert len({line.code for line in basket.lines}) == len(basket.lines)


def test_there_is_about_one_household_to_six_receipts_and_each_of_them_comes(traffic: Traffic) -> None:
    assert len(traffic.households) == RECEIPTS // generator.RECEIPTS_PER_HOUSEHOLD
    assert set(stores_by_member(traffic)) == {household.ref for household in traffic.households}


def test_some_customers_are_no_members(traffic: Traffic) -> None:
    nobody = sum(basket.member_ref is None for basket in traffic.baskets)
    assert nobody == RECEIPTS * aggregates.NO_MEMBER_PERMILLE // 1000
    assert not any(basket.wants_points or basket.wants_coupon for basket in traffic.baskets if not basket.member_ref)


@pytest.mark.parametrize("receipts", [100, 1000, 3000])
def test_between_a_quarter_and_three_tenths_of_the_households_visit_a_second_store(receipts: int) -> None:
    made = generate(seed=5, stores=3, receipts=receipts)
    several = [visited for visited in stores_by_member(made).values() if len(visited) > 1]
    assert 0.25 <= len(several) / len(made.households) <= 0.30
    assert all(len(visited) == 2 for visited in several)


def test_no_store_sees_a_household_more_often_than_its_home_store(traffic: Traffic) -> None:
    visited = stores_by_member(traffic)
    for household in traffic.households:
        counts = visited[household.ref]
        assert counts[household.home_store] == max(counts.values())


def test_a_few_households_come_much_more_often_than_most(traffic: Traffic) -> None:
    visits = sorted(counts.total() for counts in stores_by_member(traffic).values())
    assert visits[0] == 1
    assert visits[len(visits) // 2] <= 5
    assert visits[-1] >= 15


@pytest.mark.parametrize("receipts", [100, 3000])
def test_points_are_spent_at_home_and_elsewhere(receipts: int) -> None:
    made = generate(seed=4, stores=3, receipts=receipts)
    spending = [basket for basket in made.baskets if basket.wants_points]
    assert {is_home(made, basket) for basket in spending} == {True, False}
    assert 0.05 <= len(spending) / receipts <= 0.16


def test_nobody_spends_points_on_the_first_visit(traffic: Traffic) -> None:
    seen: set[str] = set()
    for basket in traffic.baskets:
        if basket.member_ref is not None:
            assert not basket.wants_points or basket.member_ref in seen
            seen.add(basket.member_ref)


def test_coupons_are_used_in_one_member_basket_of_ten(traffic: Traffic) -> None:
    members = [basket for basket in traffic.baskets if basket.member_ref]
    assert sum(basket.wants_coupon for basket in members) == pytest.approx(len(members) / 10, abs=1)


def test_mobile_numbers_are_all_different_and_belong_to_nobody(traffic: Traffic) -> None:
    phones = {household.phone for household in traffic.households}
    assert len(phones) == len(traffic.households)
    assert all(len(phone) == 11 and phone.isdigit() and phone.startswith("154") for phone in phones)


def test_members_are_called_by_number(traffic: Traffic) -> None:
    assert traffic.households[0].name == "会员0001"
    assert len({household.name for household in traffic.households}) == len(traffic.households)


def test_one_store_alone_has_no_second_store_to_visit() -> None:
    made = generate(seed=1, stores=1, receipts=300)
    assert {basket.store for basket in made.baskets} == {"store1"}


@pytest.mark.parametrize("receipts", [0, 1, 2, 5])
def test_very_few_receipts_are_no_trouble(receipts: int) -> None:
    assert len(generate(seed=1, stores=3, receipts=receipts).baskets) == receipts


@pytest.mark.parametrize(("stores", "receipts"), [(0, 1), (-1, 1), (1, -1), (generator.STORES_MAX + 1, 1)])
def test_senseless_numbers_of_stores_and_receipts_are_refused(stores: int, receipts: int) -> None:
    with pytest.raises(SettingError):
        generate(seed=1, stores=stores, receipts=receipts)


def test_shares_add_up_and_ties_go_to_the_earlier() -> None:
    assert share_out(1000, [1, 1, 1]) == [334, 333, 333]
    assert share_out(0, [2, 1]) == [0, 0]


def test_every_gtin_is_an_in_store_number_with_a_right_check_digit() -> None:
    for item in catalogue():
        assert len(item.gtin) == 13
        assert 20 <= int(item.gtin[:2]) <= 29
        weighted = sum(int(digit) * weight for digit, weight in zip(item.gtin, (1, 3) * 6 + (1,), strict=True))
        assert weighted % 10 == 0


def test_the_check_digit_is_that_of_the_gs1_example() -> None:
    assert with_check_digit("629104150021") == "6291041500213"


def test_the_catalogue_is_a_small_supermarket_without_two_articles_of_one_name() -> None:
    items = catalogue()
    assert 300 <= len(items) <= 600
    for distinct in (
        {item.code for item in items},
        {item.gtin for item in items},
        {item.name_zh for item in items},
        {item.name_en for item in items},
    ):
        assert len(distinct) == len(items)
    assert {item.tax_bp for item in items} == {900, 1300}
    assert {item.category for item in items} == set(aggregates.CATEGORY_PERMILLE)
    assert all(0 < item.price_minor < 100_000 for item in items)


def test_kinds_of_goods_sell_in_the_published_shares(traffic: Traffic) -> None:
    category = {item.code: item.category for item in traffic.catalogue}
    sold = Counter(category[line.code] for basket in traffic.baskets for line in basket.lines)
    whole = sum(aggregates.CATEGORY_PERMILLE.values())
    for name, permille in aggregates.CATEGORY_PERMILLE.items():
        assert sold[name] / sold.total() == pytest.approx(permille / whole, rel=0.35)
