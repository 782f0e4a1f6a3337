"""Kill -9 of nodes, the hub, its workers, its database and the broker in the middle of sales; then exact equality."""

import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from simulators.demo.chain import Chain
from simulators.demo.command import is_good
from simulators.demo.processes import free_port
from simulators.demo.run import Demo, Plan, programme_of
from simulators.demo.screen import Screen
from simulators.servers.brokers import temporary_broker
from simulators.servers.postgres import temporary_cluster
from simulators.traffic.generator import generate
from tests.integration.conftest import eventually

KILLS = 20
SALES_BETWEEN = 6
FIRST_WORKER, SECOND_WORKER = "worker 0-800", "worker 801-1023"  # store 1 is in partition 603, store 2 in 1015


class Victim(Protocol):
    """What can be killed and started again."""

    def kill(self) -> None:
        """End at once."""

    def start(self) -> None:
        """Start again, on the state that there is."""


def has_sold(demo: Demo, count: int) -> bool:
    return demo.sold_count() >= count


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_whatever_is_killed(tmp_path: Path) -> None:
    plan = _plan()
    with Chain(tmp_path, plan.stores, printers=False) as chain:
        _sell_through_kills(plan, chain, [chain.hub, *chain.nodes.values()])


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_on_real_parts_whatever_is_killed(tmp_path: Path) -> None:
    plan = _plan()
    with (
        temporary_cluster(free_port()) as cluster,
        temporary_broker("mosquitto") as broker,
        Chain(
            tmp_path,
            plan.stores,
            printers=False,
            database=cluster.url(),
            broker=broker.address,
            hub_parts=("api", FIRST_WORKER, SECOND_WORKER, "jobs"),
        ) as chain,
    ):
        parts = chain.hub_parts
        _sell_through_kills(
            plan,
            chain,
            [parts[FIRST_WORKER], cluster, chain.nodes["store1"], parts[SECOND_WORKER], broker, chain.nodes["store2"]],
        )


def _plan() -> Plan:
    traffic = generate(seed=20, stores=2, receipts=4_000)
    return Plan(
        stores=traffic.store_names,
        baskets=traffic.baskets,
        catalogue=traffic.catalogue,
        households=traffic.households,
        currency="CNY",
        timezone="Asia/Shanghai",
        recorded=False,
        rate=0,
    )


def _sell_through_kills(plan: Plan, chain: Chain, victims: Sequence[Victim]) -> None:
    chance = random.Random(20)  # noqa: S311 - repeatable, not secret
    demo = Demo(plan, chain, Screen(len(plan.baskets)))
    demo.get_ready()
    demo.start_shopping()
    for kill in range(KILLS):
        victim = victims[kill % len(victims)]
        eventually(partial(has_sold, demo, demo.sold_count() + chance.randint(1, SALES_BETWEEN)), "sales go on")
        victim.kill()
        victim.start()
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
