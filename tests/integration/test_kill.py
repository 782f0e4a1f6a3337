"""Kill -9 of nodes and of the hub in the middle of a replay, twenty times; then exact equality."""

import random
from functools import partial
from pathlib import Path

import pytest

from simulators.demo.chain import Chain
from simulators.demo.command import is_good
from simulators.demo.run import Demo, Plan, programme_of
from simulators.demo.screen import Screen
from simulators.traffic.generator import generate
from tests.integration.conftest import eventually

KILLS = 20
SALES_BETWEEN = 6


def has_sold(demo: Demo, count: int) -> bool:
    return demo.sold_count() >= count


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_whatever_is_killed(tmp_path: Path) -> None:
    traffic = generate(seed=20, stores=2, receipts=4_000)
    plan = Plan(
        stores=traffic.store_names,
        baskets=traffic.baskets,
        catalogue=traffic.catalogue,
        households=traffic.households,
        currency="CNY",
        timezone="Asia/Shanghai",
        recorded=False,
        rate=0,
    )
    chance = random.Random(20)  # noqa: S311 - repeatable, not secret
    with Chain(tmp_path, plan.stores, printers=False) as chain:
        demo = Demo(plan, chain, Screen(len(plan.baskets)))
        demo.get_ready()
        demo.start_shopping()
        victims = [chain.hub, *chain.nodes.values()]
        for kill in range(KILLS):
            victim = victims[kill % len(victims)]
            eventually(partial(has_sold, demo, demo.sold_count() + chance.randint(1, SALES_BETWEEN)), "sales go on")
            victim.kill()
            victim.start()
            victim.wait_ready()
        eventually(partial(has_sold, demo, demo.sold_count() + SALES_BETWEEN), "sales go on after the last kill")
        demo.interrupt()
        demo.end_shopping()
        report = demo.settle()
        assert report["problems"] == []
        assert is_good(report)
        assert report["receipts_committed"] > KILLS
        assert report["receipts_at_hub"] == report["receipts_committed"]
        nets = {row["store"]: row["net_minor"] for row in chain.hub_client().get("/api/stores")["stores"]}
        assert nets == {store: ledger.net_minor for store, ledger in demo.ledgers().items()}
        assert programme_of(plan).welcome_coupon is not None
        assert report["points_balance"] == report["points_made"] - report["points_used"]
