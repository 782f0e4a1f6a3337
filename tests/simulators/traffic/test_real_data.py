"""Recorded shopping is read to the cent as answers computed apart from this project say.

Needs a folder named by TILLSYNC_DATA with `cj/transactions.csv.gz`, `uci/lines.csv.gz` and the answers in `expected/`.
"""

import csv
import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from simulators.traffic.baskets import TrafficBasket
from simulators.traffic.recorded import RecordedTraffic, read_baskets

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif("TILLSYNC_DATA" not in os.environ, reason="TILLSYNC_DATA names no folder"),
]


def folder() -> Path:
    return Path(os.environ["TILLSYNC_DATA"])


def answers(name: str) -> list[dict[str, str]]:
    with (folder() / "expected" / name).open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def hundredths(amount: str) -> int:
    return int((Decimal(amount) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def net_minor(baskets: Iterable[TrafficBasket]) -> int:
    return sum(line.amount_minor or 0 for basket in baskets for line in basket.lines)


def by_store_name(recorded: RecordedTraffic) -> dict[str, list[TrafficBasket]]:
    grouped: defaultdict[str, list[TrafficBasket]] = defaultdict(list)
    for basket in recorded.baskets:
        grouped[recorded.store_names[basket.store]].append(basket)
    return dict(grouped)


@pytest.fixture(scope="module")
def journey() -> RecordedTraffic:
    return read_baskets(folder() / "cj", "journey")


@pytest.fixture(scope="module")
def online_retail() -> RecordedTraffic:
    return read_baskets(folder() / "uci", "online-retail")


def test_no_row_of_the_journey_is_lost(journey: RecordedTraffic) -> None:
    assert journey.rejected == ()
    assert journey.rows_left_out == 0
    assert journey.rows_read == sum(len(basket.lines) for basket in journey.baskets)
    assert all(a.business_time_ms <= b.business_time_ms for a, b in pairwise(journey.baskets))


def test_every_store_of_the_journey_has_its_baskets_and_its_revenue(journey: RecordedTraffic) -> None:
    read = {
        name: (
            len(baskets),
            len({basket.member_ref for basket in baskets}),
            sum(len(basket.lines) for basket in baskets),
            net_minor(baskets),
            *(discount_minor(baskets, name) for name in ("retail_disc", "coupon_disc", "coupon_match_disc")),
        )
        for name, baskets in by_store_name(journey).items()
    }
    assert read == {
        row["store_id"]: (
            int(row["baskets"]),
            int(row["households"]),
            int(row["lines"]),
            *(hundredths(row[name]) for name in ("revenue", "retail_disc", "coupon_disc", "coupon_match_disc")),
        )
        for row in answers("cj/store_summary.csv")
    }


def discount_minor(baskets: Iterable[TrafficBasket], name: str) -> int:
    lines = (line for basket in baskets for line in basket.lines)
    return sum(minor for line in lines for discount, minor in line.discounts if discount == name)


def test_every_household_of_the_journey_has_its_baskets_and_its_sum(journey: RecordedTraffic) -> None:
    """The answers also list households that got a campaign and bought nothing."""
    grouped: defaultdict[str | None, list[TrafficBasket]] = defaultdict(list)
    for basket in journey.baskets:
        grouped[basket.member_ref].append(basket)
    read = {
        member: (
            len(baskets),
            sum(len(basket.lines) for basket in baskets),
            len({basket.store for basket in baskets}),
            sum(line.quantity for basket in baskets for line in basket.lines),
            net_minor(baskets),
        )
        for member, baskets in grouped.items()
    }
    assert read == {
        row["household_id"]: (
            int(row["baskets"]),
            int(row["lines"]),
            int(row["stores"]),
            Decimal(row["units"]),
            hundredths(row["sales_value"]),
        )
        for row in answers("cj/household_summary.csv")
        if row["baskets"] != "0"
    }


def test_every_country_has_its_invoices_and_credit_notes_and_its_net(online_retail: RecordedTraffic) -> None:
    """One line in the whole file, 1 x 0.001, is no whole number of pence; so half up per country is exact."""
    assert online_retail.rejected == ()
    read = {}
    for name, baskets in by_store_name(online_retail).items():
        credits_ = [basket for basket in baskets if basket.kind == "return"]
        invoices = [basket for basket in baskets if basket.kind != "return"]
        lines = sum(len(basket.lines) for basket in baskets)
        read[name] = (
            len(invoices), len(credits_), lines, net_minor(invoices), net_minor(credits_), net_minor(baskets),
        )  # fmt: skip
    assert read == {
        row["country"]: (
            *(int(row[name]) for name in ("invoices", "credit_notes", "lines")),
            *(hundredths(row[name]) for name in ("sales", "credits", "net")),
        )
        for row in answers("uci/country_summary.csv")
    }


def test_every_customer_has_invoices_and_credit_notes_as_counted_apart(online_retail: RecordedTraffic) -> None:
    kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for basket in online_retail.baskets:
        kinds[basket.member_ref or "(none)"][basket.kind] += 1
    read = {member: (counts["sale"] + counts["adjustment"], counts["return"]) for member, counts in kinds.items()}
    assert read == {
        row["customer_id"]: (int(row["invoices"]), int(row["credit_notes"]))
        for row in answers("uci/customer_summary.csv")
    }


def test_the_three_busiest_stores_are_the_published_three(journey: RecordedTraffic) -> None:
    chosen = read_baskets(folder() / "cj", "journey", None, 3, 100)
    published = sorted(answers("cj/store_summary.csv"), key=lambda row: (-int(row["baskets"]), row["store_id"]))
    assert list(chosen.store_names.values()) == [row["store_id"] for row in published[:3]]
    whole = [basket for basket in journey.baskets if basket.store in chosen.store_names]
    assert chosen.baskets == tuple(whole[:100])
