"""Brokers and parts of the hub are killed in the middle of selling; then exact equality."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from simulators.demo.chain import Chain
from simulators.demo.command import is_good
from simulators.demo.run import Demo, Plan
from simulators.demo.screen import Screen
from simulators.servers.server import BrokerServer
from simulators.traffic.generator import generate
from tests.integration.conftest import eventually

SALES_BETWEEN = 8
HUB_APART = ("api", "worker", "jobs")


def replay(seed: int) -> Plan:
    """More customers than any of these tests waits for, as fast as the tills go."""
    traffic = generate(seed=seed, stores=2, receipts=20_000)
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


def sales_go_on(demo: Demo) -> None:
    """Wait until every store has sold some more."""
    before = {store: len(ledger.committed) for store, ledger in demo.ledgers().items()}

    def has_sold(store: str) -> bool:
        return len(demo.ledgers()[store].committed) >= before[store] + SALES_BETWEEN

    for store in before:
        eventually(partial(has_sold, store), f"{store} sells on")


def assert_nothing_lost_or_doubled(chain: Chain, faults: Callable[[Demo], None]) -> None:
    """Let customers shop while faults happen; then compare the hub with what customers were told."""
    plan = replay(seed=7)
    demo = Demo(plan, chain, Screen(len(plan.baskets)))
    demo.get_ready()
    demo.start_shopping()
    sales_go_on(demo)
    faults(demo)
    sales_go_on(demo)
    demo.interrupt()
    demo.end_shopping()
    report = demo.settle()
    assert report["problems"] == []
    assert is_good(report)
    assert report["receipts_committed"] == report["receipts_at_hub"] > 2 * SALES_BETWEEN
    assert report["points_balance"] == report["points_made"] - report["points_used"]


@pytest.mark.slow
def test_a_broker_and_a_hub_killed_in_the_middle_of_selling_lose_and_double_nothing(
    broker: BrokerServer, tmp_path: Path
) -> None:
    def faults(demo: Demo) -> None:
        broker.kill()
        sales_go_on(demo)
        broker.start()
        eventually(lambda: all(chain.is_ready(store) for store in chain.stores), "the stores find the broker again")
        chain.hub.kill()
        sales_go_on(demo)
        chain.hub.start()
        chain.hub.wait_ready()

    with Chain(tmp_path, replay(seed=7).stores, printers=False, broker=broker.address) as chain:
        assert_nothing_lost_or_doubled(chain, faults)


@pytest.mark.slow
def test_api_worker_and_jobs_run_as_processes_of_their_own_and_each_may_be_killed(
    broker: BrokerServer, tmp_path: Path
) -> None:
    def faults(demo: Demo) -> None:
        for part in chain.hub_parts.values():
            part.kill()
            sales_go_on(demo)
            part.start()
        chain.hub.wait_ready()

    stores = replay(seed=7).stores
    with Chain(tmp_path, stores, printers=False, broker=broker.address, hub_parts=HUB_APART) as chain:
        assert_nothing_lost_or_doubled(chain, faults)
        first = next(iter(stores))
        chain.links[first].cut()
        live = chain.hub_client()
        eventually(
            lambda: {row["store"] for row in live.get("/api/stores")["stores"] if row["is_dark"]} == {first},
            "the hub shows the store as dark",
        )
