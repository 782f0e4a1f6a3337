"""What stands behind the pages: one running chain for the till page; for the console, hubs whose clock a test sets."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simulators.demo.chain import Chain
from simulators.demo.http import JsonClient
from tests.databases import FreshDatabase
from tests.hub.api.conftest import hub, make_hub, served
from tests.integration.conftest import ITEMS, PROGRAMME, eventually

__all__ = ["hub", "make_hub", "served"]

STORES = {"store1": "南京路店", "store2": "静安寺店"}

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """The chain; a test that cuts a line mends it."""
    with Chain(tmp_path_factory.mktemp("shops"), STORES) as running:
        running.set_up(PROGRAMME, ITEMS)
        for node in running.nodes.values():
            node.wait_ready()
        tills = [running.node_client(store) for store in running.stores]
        eventually(lambda: all(running.is_ready(store) for store in running.stores), "the stores meet the hub")
        eventually(
            lambda: all(till.get(f"/api/items?q={item['gtin']}")["items"] for till in tills for item in ITEMS),
            "the catalogue arrives",
        )
        yield running


@pytest.fixture
def fresh_database() -> FreshDatabase:
    """Let hubs be on SQLite: which database it is makes no difference to a page."""
    return lambda: ""


@pytest.fixture
def enrolled(shops: Chain) -> Callable[[], str]:
    """Enrol a member in store 1 who has 720 points and a coupon of 5 off 30; gives the phone number."""

    def enrol() -> str:
        number = next(_numbers)
        phone = f"138{number:08d}"
        till = shops.node_client("store1")
        member = till.call("POST", "/api/members", {"phone": phone, "name": "张丽", "consent": True}).body["member"]
        _sell(till, f"earning-{number}", member)
        eventually(lambda: till.get(f"/api/members/{member}")["coupons"], "the coupon arrives")
        eventually(lambda: till.get("/api/status")["outbox_count"] == 0, "the hub has it")
        till.close()
        return phone

    return enrol


def _sell(till: JsonClient, basket: str, member: str) -> None:
    body: dict[str, Any] = {"lines": [{"code": "tea", "quantity": "60"}], "member": member}
    total_minor = till.call("PUT", f"/api/baskets/{basket}", body).body["total_minor"]
    tenders = [{"kind": "cash", "amount_minor": total_minor}]
    assert till.call("POST", f"/api/baskets/{basket}/pay", {"tenders": tenders}).ok
