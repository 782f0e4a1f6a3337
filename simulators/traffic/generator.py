"""Make up shopping for demos: one seed gives one set of members and one run of baskets, always the same.

One rule: chance comes from the seed alone; no clock, no files, no global state. Nobody real is in it: members are
called by number, their mobile numbers begin with 154 (public lists of Chinese prefixes give it to no operator), and
the GTINs are in-store numbers.

Shape: hours, weekdays, visits per household, size of stores and of baskets, quantities and kinds of goods follow
aggregates of *The Complete Journey* (84.51°, CC0), the share of receipts without a member *Online Retail* (Chen 2015,
UCI, CC BY 4.0); the figures and how they were computed stand in `aggregates`. The Complete Journey is published as a
random sample of lines, too thin to take basket sizes from it as they stand; `aggregates` says how they were scaled up.

Our own choices, for want of a source: the constants below.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import accumulate

from simulators.traffic import aggregates
from simulators.traffic.baskets import CatalogueItem, Household, TrafficBasket, TrafficLine
from simulators.traffic.catalogue import catalogue
from simulators.traffic.errors import SettingError

ZONE = timezone(timedelta(hours=8))
FIRST_DAY = date(2026, 3, 2)
DAYS = 28
"""Four whole weeks, so that every weekday counts alike."""
OPEN_HOURS = range(7, 22)
RECEIPTS_PER_HOUSEHOLD = 6
SECOND_STORE_PERMILLE = 280
"""Households that also visit another store. Fewer than the 57 % of aggregates.STORES_PER_HOUSEHOLD, which covers half a
year in cities full of the chain's stores."""
POINTS_PERMILLE = 150
"""Member baskets, after the member's first, that pay with points; the same share at home and in the second store."""
COUPON_PERMILLE = 100
"""Member baskets that use a coupon; below the bound given at aggregates.COUPON_LINES_PERMILLE."""
LINES_MAX = 80
WEIGHED_GRAMS = (150, 600, 2500)
"""Least, likeliest and most of a loose article on one line."""
POPULARITY_HEAD = 4
"""Within a kind of goods the article of rank n is bought in proportion to 1 / (n + POPULARITY_HEAD)."""
STORES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Traffic:
    """Everything a demo needs: what is on sale, who the members are, and what they buy, in order of business time."""

    seed: int
    catalogue: tuple[CatalogueItem, ...]
    households: tuple[Household, ...]
    baskets: tuple[TrafficBasket, ...]
    store_names: dict[str, str]


@dataclass(slots=True)
class _Visit:
    moment: datetime
    store: str
    household: Household | None
    wants_points: bool = False
    wants_coupon: bool = False


def generate(seed: int, stores: int, receipts: int, first_day: date = FIRST_DAY) -> Traffic:
    """Make `receipts` baskets in `stores` stores over the four weeks from `first_day`, in order of business time.

    Stores are called store1, store2 and so on; there is about one household to six receipts.

    Raises: SettingError where `stores` or `receipts` is out of range.
    """
    if not 1 <= stores <= STORES_MAX:
        raise SettingError(f"stores must be between 1 and {STORES_MAX}, not {stores}")
    if receipts < 0:
        raise SettingError(f"receipts must not be negative, not {receipts}")
    rng = random.Random(seed)
    store_ids = [f"store{number}" for number in range(1, stores + 1)]
    sizes = [aggregates.STORE_BASKETS[place % len(aggregates.STORE_BASKETS)] for place in range(stores)]
    households = _households(rng, store_ids, sizes, receipts)
    visits = _visits(rng, store_ids, sizes, households, receipts, first_day)
    _add_wishes(rng, visits)
    shelves = _Shelves(rng, catalogue())
    return Traffic(
        seed,
        catalogue(),
        tuple(households),
        tuple(_basket(number, visit, shelves.fill_basket()) for number, visit in enumerate(visits, start=1)),
        {store: f"{number}号店" for number, store in enumerate(store_ids, start=1)},
    )


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights` by largest remainder, ties to the earlier; the parts add up exactly."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -(total * weights[place] % whole))
    for place in by_remainder[: total - sum(parts)]:
        parts[place] += 1
    return parts


def _households(rng: random.Random, store_ids: Sequence[str], sizes: Sequence[int], receipts: int) -> list[Household]:
    count = max(min(receipts, 1), round(receipts / RECEIPTS_PER_HOUSEHOLD))
    homes = [store for store, members in zip(store_ids, share_out(count, sizes), strict=True) for _ in range(members)]
    rng.shuffle(homes)
    return [
        Household(f"m{number:05d}", home, f"154{number:08d}", f"会员{number:04d}")
        for number, home in enumerate(homes, start=1)
    ]


def _visits(
    rng: random.Random,
    store_ids: Sequence[str],
    sizes: Sequence[int],
    households: Sequence[Household],
    receipts: int,
    first_day: date,
) -> list[_Visit]:
    """Lay out who comes where and when, in order of time."""
    without_member = receipts * aggregates.NO_MEMBER_PERMILLE // 1000
    whereabouts: list[tuple[str, Household | None]] = [
        (store, None)
        for store, visits in zip(store_ids, share_out(without_member, sizes), strict=True)
        for _ in range(visits)
    ]
    counts = _visits_per_household(rng, len(households), receipts - without_member)
    seconds = _second_stores(rng, store_ids, sizes, households, counts)
    for household, count in zip(households, counts, strict=True):
        away_count = 0
        if household.ref in seconds:
            away = sum(rng.randrange(1000) >= aggregates.HOME_VISITS_PERMILLE for _ in range(count))
            away_count = min(max(away, 1), count // 2)
            whereabouts += [(seconds[household.ref], household)] * away_count
        whereabouts += [(household.home_store, household)] * (count - away_count)
    visits = [
        _Visit(moment, store, household)
        for moment, (store, household) in zip(_moments(rng, first_day, len(whereabouts)), whereabouts, strict=True)
    ]
    visits.sort(key=lambda visit: visit.moment)
    return visits


def _visits_per_household(rng: random.Random, households: int, visits: int) -> list[int]:
    """Give every household at least one visit and spread the rest as the quantiles of the aggregate do."""
    if not households:
        return []
    quantiles = aggregates.VISITS_PER_HOUSEHOLD
    weights: list[int] = []
    for _ in range(households):
        step, hundredths = divmod(rng.randrange(100 * (len(quantiles) - 1)), 100)
        weights.append(100 * quantiles[step] + hundredths * (quantiles[step + 1] - quantiles[step]))
    return [1 + more for more in share_out(visits - households, weights)]


def _second_stores(
    rng: random.Random,
    store_ids: Sequence[str],
    sizes: Sequence[int],
    households: Sequence[Household],
    counts: Sequence[int],
) -> dict[str, str]:
    """Choose which households also visit another store, and which one; only those that come twice can."""
    if len(store_ids) == 1:
        return {}
    able = [household for household, count in zip(households, counts, strict=True) if count > 1]
    wanted = (len(households) * SECOND_STORE_PERMILLE + 500) // 1000
    seconds: dict[str, str] = {}
    bounds = list(accumulate(sizes))
    for household in rng.sample(able, min(wanted, len(able))):
        second = household.home_store
        while second == household.home_store:
            second = rng.choices(store_ids, cum_weights=bounds)[0]
        seconds[household.ref] = second
    return seconds


def _moments(rng: random.Random, first_day: date, count: int) -> list[datetime]:
    """Draw business times by weekday and hour, to the second."""
    days = [first_day + timedelta(days=day) for day in range(DAYS)]
    opening = [datetime.combine(day, time(), ZONE) for day in days]
    day_bounds = list(accumulate(aggregates.WEEKDAY_BASKETS[day.weekday()] for day in days))
    hour_bounds = list(accumulate(aggregates.HOUR_BASKETS[hour] for hour in OPEN_HOURS))
    return [
        midnight + timedelta(seconds=3600 * hour + rng.randrange(3600))
        for midnight, hour in zip(
            rng.choices(opening, cum_weights=day_bounds, k=count),
            rng.choices(OPEN_HOURS, cum_weights=hour_bounds, k=count),
            strict=True,
        )
    ]


def _add_wishes(rng: random.Random, visits: Sequence[_Visit]) -> None:
    """Mark the visits at which a member pays with points or brings a coupon.

    Points are drawn apart for home and elsewhere, rounded up, so that even a short run has both. Nobody spends points
    on the first visit: there are none yet.
    """
    seen: set[str] = set()
    at_home: list[_Visit] = []
    elsewhere: list[_Visit] = []
    for visit in visits:
        if visit.household is None:
            continue
        if visit.household.ref in seen:
            (at_home if visit.store == visit.household.home_store else elsewhere).append(visit)
        seen.add(visit.household.ref)
    for group in (at_home, elsewhere):
        for visit in rng.sample(group, -(-len(group) * POINTS_PERMILLE // 1000)):
            visit.wants_points = True
    of_members = [visit for visit in visits if visit.household is not None]
    for visit in rng.sample(of_members, -(-len(of_members) * COUPON_PERMILLE // 1000)):
        visit.wants_coupon = True


def _basket(number: int, visit: _Visit, lines: tuple[TrafficLine, ...]) -> TrafficBasket:
    return TrafficBasket(
        basket_ref=f"g{number:06d}",
        store=visit.store,
        business_time_ms=int(visit.moment.timestamp()) * 1000,
        business_time_local=visit.moment.isoformat(),
        member_ref=visit.household.ref if visit.household else None,
        lines=lines,
        kind="sale",
        wants_points=visit.wants_points,
        wants_coupon=visit.wants_coupon,
    )


class _Shelves:
    """The assortment with the odds of each article; the seed decides which articles sell best."""

    def __init__(self, rng: random.Random, items: Sequence[CatalogueItem]) -> None:
        self._rng = rng
        self._items = items
        self._item_bounds = list(accumulate(_odds_of_items(rng, items)))
        self._sizes = range(1, LINES_MAX + 1)
        self._size_bounds = list(accumulate(_odds_of_sizes()))
        self._quantities = [Decimal(quantity) for quantity in aggregates.QUANTITY_LINES]
        self._quantity_bounds = list(accumulate(aggregates.QUANTITY_LINES.values()))

    def fill_basket(self) -> tuple[TrafficLine, ...]:
        """Draw one basket of different articles; the till is to price it."""
        count = self._rng.choices(self._sizes, cum_weights=self._size_bounds)[0]
        chosen: dict[str, CatalogueItem] = {}
        while len(chosen) < count:
            for item in self._rng.choices(self._items, cum_weights=self._item_bounds, k=count - len(chosen)):
                chosen[item.code] = item
        return tuple(
            TrafficLine(item.code, item.name_zh, self._quantity(item), None, item.price_minor, ())
            for item in chosen.values()
        )

    def _quantity(self, item: CatalogueItem) -> Decimal:
        if not item.weighed:
            return self._rng.choices(self._quantities, cum_weights=self._quantity_bounds)[0]
        least, likeliest, most = WEIGHED_GRAMS
        return Decimal(int(self._rng.triangular(least, most, likeliest))).scaleb(-3)


def _odds_of_items(rng: random.Random, items: Sequence[CatalogueItem]) -> list[float]:
    odds: dict[str, float] = {}
    for category, permille in aggregates.CATEGORY_PERMILLE.items():
        ranked = [item.code for item in items if item.category == category]
        rng.shuffle(ranked)
        appeal = [1 / (rank + POPULARITY_HEAD) for rank in range(len(ranked))]
        odds |= {code: permille * part / sum(appeal) for code, part in zip(ranked, appeal, strict=True)}
    return [odds[item.code] for item in items]


def _odds_of_sizes() -> list[float]:
    """Compute how likely a basket of 1, 2, ... lines is: the negative binomial of `aggregates`, without zero."""
    shape, mean = aggregates.BASKET_LINES_SHAPE, aggregates.BASKET_LINES_MEAN_WITH_ZERO
    odds = [1.0]
    for lines in range(1, LINES_MAX):
        odds.append(odds[-1] * (lines + shape) / (lines + 1) * mean / (mean + shape))
    return odds
