"""Part `visible`: how soon a sale in one store can be read in another, over Mosquitto, with the hub on PostgreSQL.

Stores and hub are processes as in production, and every commit goes to the disk; a sale counts as readable when the
other store's local API shows what it changed. Sales are followed one at a time; at the lowest rate they are so few that
p99 is the slowest. The baseline is a bare message over the same broker at the same rate.
"""

import itertools
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final

from loyalty.programme import Programme
from provisioning.broker_address import BrokerAddress
from simulators.bench.metrics import Metric, Part, percentile
from simulators.demo.chain import Chain
from simulators.demo.command import SWITCH_INTERVAL_S
from simulators.demo.headquarters import items_of
from simulators.demo.probe import VisibilityProbe
from simulators.demo.processes import free_port
from simulators.demo.shopping import Ledger, Shoppers
from simulators.network.mqtt_peer import MqttPeer
from simulators.servers.brokers import temporary_broker
from simulators.servers.postgres import temporary_cluster
from simulators.traffic.baskets import TrafficBasket, TrafficLine
from simulators.traffic.generator import generate

STORES: Final = {"a": "A", "b": "B"}
TILLS_PER_STORE: Final = 3
MEMBERS: Final = 60
SECONDS_BY_RATE: Final = {1: 16, 20: 9, 100: 8}
BARE_SECONDS_BY_RATE: Final = {1: 6, 20: 3, 100: 2}
PERCENTS: Final = (50, 99)
READY_PATIENCE_S: Final = 30.0
BARE: Final = "a bare message"


def measure() -> Part:
    """Measure the part."""
    found: Part = {}
    with (
        _quick_turns(),
        tempfile.TemporaryDirectory(prefix="tillsync-bench-") as name,
        temporary_cluster(free_port()) as cluster,
        temporary_broker("mosquitto") as broker,
        Chain(Path(name), STORES, printers=False, database=cluster.url(), broker=broker.address) as chain,
    ):
        bench = _Bench(chain)
        for rate, seconds in SECONDS_BY_RATE.items():
            bare_ms = bare_round_trips_ms(broker.address, rate, rate * BARE_SECONDS_BY_RATE[rate])
            found |= bench.run(rate, rate * seconds, bare_ms)
    return found


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Let the customers, the probe and the bare clients, who share this process, take turns quickly."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before_s)


def bare_round_trips_ms(broker: BrokerAddress, rate: int, count: int) -> list[float]:
    """Send messages at a rate from one client to another; give what each took from publish to receipt."""
    receiver, sender = MqttPeer(broker, "bench-receiver"), MqttPeer(broker, "bench-sender")
    receiver.connect()
    sender.connect()
    receiver.subscribe("tillsync-bench/bare")
    sent_s = []
    start_s = time.perf_counter()
    for number in range(count):
        time.sleep(max(start_s + number / rate - time.perf_counter(), 0))
        sent_s.append(time.perf_counter())
        sender.publish("tillsync-bench/bare", b"%d" % number)
    receiver.wait(lambda: len(receiver.got) >= count, "all bare messages arrive")
    receiver.leave()
    sender.leave()
    return [(got.at_s - sent_s[int(got.payload)]) * 1_000 for got in receiver.got]


class _Bench:
    """Two stores that hold the same members, and sell to them in turn."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        catalogue = generate(seed=1, stores=1, receipts=1).catalogue
        self._code = catalogue[0].code
        self._numbers = itertools.count()
        chain.set_up(Programme(), items_of(catalogue))
        for node in chain.nodes.values():
            node.wait_ready()
        _wait(lambda: all(chain.is_ready(store) for store in STORES), "the stores meet the hub")
        tills = {store: chain.node_client(store) for store in STORES}
        _wait(
            lambda: all(till.get(f"/api/items?q={catalogue[0].gtin}")["items"] for till in tills.values()),
            "the catalogue arrives",
        )
        self._cards = [f"BENCH{number:03d}" for number in range(MEMBERS)]
        members = {}
        for card in self._cards:
            reply = tills["a"].call("POST", "/api/members", {"card": card, "consent": True})
            members[card] = reply.body["member"]
        _wait(lambda: tills["a"].get("/api/status")["outbox_count"] == 0, "the hub has the members")
        for card in self._cards:
            found = tills["b"].call("POST", "/api/members/find", {"kind": "card", "value": card})
            if not found.ok or found.body["member"] != members[card]:
                raise RuntimeError(f"store b does not find {card}: {found.body}")
        self._held = {store: Ledger(store, members=dict(members)) for store in STORES}

    def run(self, rate: int, count: int, bare_ms: list[float]) -> Part:
        """Sell at a rate, half in each store; follow what the probe can."""
        clients = {store: self._chain.node_client(store) for store in STORES}
        probe = VisibilityProbe(clients, lambda: self._held, lambda _: False)
        start_s = time.monotonic()
        tills = [
            Shoppers(
                store,
                self._chain.node_client(store),
                baskets,
                recorded=False,
                phones={},
                start_s=start_s,
                rate=rate,
                is_dark=lambda: False,
                on_sold=probe.offer,
                stopped=threading.Event(),
            )
            for store, baskets in self._baskets(count)
        ]
        probe.thread.start()
        for till in tills:
            till.thread.start()
        for till in tills:
            till.thread.join()
        took_s = time.monotonic() - start_s
        probe.stop()
        sold = sum(len(till.ledger.committed) for till in tills)
        failed = [failure for till in tills for failure in till.ledger.failed]
        if failed or probe.unseen:
            raise RuntimeError(f"{probe.unseen} sales were not seen in time; first failure: {failed[:1]}")
        found = {
            f"p{percent}_ms_at_{rate}": Metric(
                percentile(probe.visible_ms, percent), "ms", percentile(bare_ms, percent), BARE
            )
            for percent in PERCENTS
        }
        found[f"followed_at_{rate}"] = Metric(len(probe.visible_ms), "sales", float(sold), "all sales")
        found[f"sold_per_s_at_{rate}"] = Metric(sold / took_s, "/s", float(rate), "the rate asked for")
        return found

    def _baskets(self, count: int) -> Iterator[tuple[str, Sequence[tuple[int, TrafficBasket]]]]:
        """Deal baskets out to all tills in turn; each is a member's, of one piece of one item."""
        line = TrafficLine(self._code, "", Decimal(1), None, None, ())
        tills: list[tuple[str, list[tuple[int, TrafficBasket]]]] = [
            (store, []) for _ in range(TILLS_PER_STORE) for store in STORES
        ]
        for turn in range(count):
            store, queue = tills[turn % len(tills)]
            reference = f"visible-{next(self._numbers)}"
            card = self._cards[turn % len(self._cards)]
            queue.append((turn, TrafficBasket(reference, store, 0, "", card, (line,), "sale", False, False)))
        yield from tills


def _wait(condition: Callable[[], bool], what: str) -> None:
    until_s = time.monotonic() + READY_PATIENCE_S
    while not condition():
        if time.monotonic() > until_s:
            raise RuntimeError(f"did not come about within {READY_PATIENCE_S:g} s: {what}")
        time.sleep(0.05)
