"""The live view: everything the console needs in one answer, cheap to ask for."""

import threading
from collections.abc import Callable

import pytest

from hub.api.live.sums import KeptSums, Sums
from hub.api.stores.repository import create_store
from tests.hub.api.chain import START_MS, Sale
from tests.hub.api.conftest import Hub


def test_an_empty_chain_is_shown_as_such(hub: Hub) -> None:
    assert hub.get("/api/live") == {
        "now_ms": START_MS,
        "currency": {"code": "CNY", "symbol": "¥", "decimals": 2},
        "totals": {
            "stores": 0,
            "dark": 0,
            "members": 0,
            "receipts": 0,
            "net_minor": 0,
            "points_balance": 0,
            "dead_letters": 0,
            "quarantined": 0,
            "alarms": 0,
        },
        "stores": [],
        "receipts": [],
    }


def test_the_live_view_adds_up(hub: Hub) -> None:
    hub.create_store("a", "上海一店")
    hub.create_store("b", "上海二店", greet=False)
    node = hub.chain.node("a")
    member = node.enrol(card="VIP0001")
    nameless = node.enrol()
    node.sell(Sale(member=member, total_minor=1_000, points_earned=10, points_used=3, offline=True))
    hub.chain.deliver("a")
    hub.clock.now_ms += 10
    node.sell(Sale(member=nameless, total_minor=-200, kind="return"))
    node.sell(Sale(total_minor=50))
    hub.chain.deliver("a")
    hub.chain.hear("a-1", b"rubbish")
    live = hub.get("/api/live")
    assert live["now_ms"] == START_MS + 10
    assert live["totals"] == {
        "stores": 2,
        "dark": 1,
        "members": 2,
        "receipts": 3,
        "net_minor": 850,
        "points_balance": 7,
        "dead_letters": 1,
        "quarantined": 0,
        "alarms": 0,
    }
    assert [receipt["total_minor"] for receipt in live["receipts"]] == [50, -200, 1_000]
    assert [receipt["member"] for receipt in live["receipts"]] == [None, nameless, "***0001"]
    assert live["receipts"][2] == {
        "receipt": "a-1/000001",
        "store": "a",
        "store_name": "上海一店",
        "total_minor": 1_000,
        "business_time_ms": START_MS,
        "received_ms": START_MS,
        "member": "***0001",
        "offline": True,
        "points_earned": 10,
        "points_used": 3,
    }


def test_stores_that_need_looking_at_come_first(hub: Hub) -> None:
    for store in ("a", "b", "c", "d"):
        hub.create_store(store, greet=store != "c")
    hub.chain.spoil("b")
    live = hub.get("/api/live")
    assert [store["store"] for store in live["stores"]] == ["c", "b", "a", "d"]
    assert live["stores"][1]["state"] == "held"
    assert (live["totals"]["quarantined"], live["totals"]["alarms"]) == (1, 1)
    assert live["stores"] == sorted(
        live["stores"], key=lambda store: (not store["is_dark"], store["state"] == "active")
    )


def test_only_the_latest_twenty_receipts_and_five_hundred_stores_are_shown(hub: Hub) -> None:
    with hub.context.database.write() as connection:
        for n in range(501):
            assert create_store(connection, 1, f"s{n:03d}", f"Store {n}", START_MS)
    for total_minor in range(1, 26):
        hub.chain.node("s000").sell(Sale(total_minor=total_minor))
    hub.chain.deliver("s000")
    live = hub.get("/api/live")
    assert (len(live["stores"]), live["totals"]["stores"], live["totals"]["dark"]) == (500, 501, 500)
    assert [receipt["total_minor"] for receipt in live["receipts"]] == list(range(25, 5, -1))


def test_amounts_are_shown_in_the_programmes_currency(hub: Hub) -> None:
    assert hub.http.put("/api/programme", json={"currency": {"code": "JPY", "symbol": "円", "decimals": 0}}).is_success
    assert hub.get("/api/live")["currency"] == {"code": "JPY", "symbol": "円", "decimals": 0}


class Reader:
    """Reads sums; counts how often, and takes as long as the test wants."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.readings = 0
        self.takes_s = 0.0
        self.meanwhile: Callable[[], None] = lambda: None

    def __call__(self) -> Sums:
        self.readings += 1
        self.now_s += self.takes_s
        self.meanwhile()
        return Sums({}, self.readings, 0)


@pytest.mark.parametrize(("takes_s", "kept_s"), [(0.0, 1.0), (0.01, 1.0), (0.5, 5.0)])
def test_sums_are_kept_a_second_or_ten_times_what_they_take(takes_s: float, kept_s: float) -> None:
    reader = Reader()
    reader.takes_s = takes_s
    kept = KeptSums(reader, lambda: reader.now_s)
    assert kept.get().members == 1
    reader.now_s += kept_s - 0.001
    assert kept.get().members == 1
    reader.now_s += 0.002
    assert kept.get().members == 2
    assert reader.readings == 2


def test_nobody_waits_while_sums_are_read_anew() -> None:
    reader = Reader()
    kept = KeptSums(reader, lambda: reader.now_s)
    kept.get()
    reader.now_s += 2
    seen: list[int] = []

    def ask_from_another_thread() -> None:
        asking = threading.Thread(target=lambda: seen.append(kept.get().members))
        asking.start()
        asking.join(10)

    reader.meanwhile = ask_from_another_thread
    assert kept.get().members == 2
    assert seen == [1]


def test_sums_that_could_not_be_read_are_tried_again() -> None:
    reader = Reader()

    def fail() -> None:
        raise OSError("not now")

    kept = KeptSums(reader, lambda: reader.now_s)
    reader.meanwhile = fail
    with pytest.raises(OSError, match="not now"):
        kept.get()
    reader.meanwhile = lambda: None
    assert kept.get().members == 2
