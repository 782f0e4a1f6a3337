"""A running chain for the tests: hub, broker, stores, each a process; everything stops by itself."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loyalty.programme import Programme, WelcomeCoupon
from provisioning.broker_address import BrokerAddress
from simulators.demo.chain import Chain
from simulators.demo.http import JsonClient
from simulators.servers.brokers import temporary_broker
from simulators.servers.server import BrokerServer

ITEMS: list[dict[str, Any]] = [
    {"code": "rice", "gtin": "2900000000018", "name_zh": "大米", "name_en": "Rice", "price_minor": 2580, "tax_bp": 900},
    {"code": "tea", "gtin": "2900000000025", "name_zh": "绿茶", "name_en": "Tea", "price_minor": 1200, "tax_bp": 1300},
    {"code": "soap", "gtin": "2900000000032", "name_zh": "肥皂", "name_en": "Soap", "price_minor": 450, "tax_bp": 1300},
]
PROGRAMME = Programme(welcome_coupon=WelcomeCoupon(500, 3_000, "新会员满30减5", "Welcome: 5 off 30"))


def eventually(condition: Callable[[], object], what: str, patience_s: float = 20.0) -> None:
    """Wait until a condition holds; fail with its name when it does not."""
    until_s = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > until_s:
            pytest.fail(f"did not come about within {patience_s} s: {what}")
        time.sleep(0.02)


@contextlib.contextmanager
def ready_chain(directory: Path, broker: BrokerAddress | None = None) -> Iterator[Chain]:
    """Run a hub and two stores with printers, ready to sell; without a broker the hub runs its embedded one."""
    with Chain(directory, {"store1": "一号店", "store2": "二号店"}, broker=broker) as chain:
        chain.set_up(PROGRAMME, ITEMS)
        for node in chain.nodes.values():
            node.wait_ready()
        tills = [chain.node_client(store) for store in chain.stores]
        eventually(lambda: all(chain.is_ready(store) for store in chain.stores), "the stores meet the hub")
        eventually(
            lambda: all(till.get(f"/api/items?q={item['gtin']}")["items"] for till in tills for item in ITEMS),
            "the catalogue arrives",
        )
        yield chain


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """A hub and two stores with printers, ready to sell."""
    with ready_chain(tmp_path_factory.mktemp("chain")) as running:
        yield running


@pytest.fixture
def till(chain: Chain) -> JsonClient:
    """The local API of store 1."""
    return chain.node_client("store1")


@pytest.fixture
def other_till(chain: Chain) -> JsonClient:
    """The local API of store 2."""
    return chain.node_client("store2")


@pytest.fixture
def hub(chain: Chain) -> JsonClient:
    """The hub's API."""
    return chain.hub_client()


@pytest.fixture(scope="module")
def mosquitto() -> Iterator[BrokerServer]:
    """A broker without a chain."""
    with temporary_broker("mosquitto") as running:
        yield running
