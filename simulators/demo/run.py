"""The demo from start to end: set up, shop, go dark, come back, compare, report.

One rule: the report says what was found by comparing through public doors, never what ought to be.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loyalty.programme import Currency, Programme
from simulators.demo.chain import Chain
from simulators.demo.checks import check_receipts, hub_balances, outbox_left, percentiles, unequal_balances
from simulators.demo.headquarters import WELCOME, items_of
from simulators.demo.http import Gone, JsonClient
from simulators.demo.probe import VisibilityProbe
from simulators.demo.screen import Screen, StoreRow
from simulators.demo.shopping import Ledger, Shoppers
from simulators.traffic.baskets import CatalogueItem, Household, TrafficBasket

READY_PATIENCE_S: Final = 40.0
QUIET_PATIENCE_S: Final = 120.0
LOOK_EVERY_S: Final = 0.25

CURRENCIES: Final = {"CNY": Currency(), "USD": Currency("USD", "$", 2), "GBP": Currency("GBP", "£", 2)}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a demo runs on."""

    stores: dict[str, str]
    baskets: tuple[TrafficBasket, ...]
    catalogue: tuple[CatalogueItem, ...]
    households: tuple[Household, ...]
    currency: str
    timezone: str
    recorded: bool
    rate: float
    notes: tuple[str, ...] = ()


def dark_store(stores: Mapping[str, str]) -> str:
    """Choose the store that is cut off: the third, or the last of fewer."""
    return list(stores)[min(2, len(stores) - 1)]


def programme_of(plan: Plan) -> Programme:
    """Give the demo chain's programme: a point per whole unit of currency, worth a hundredth of it."""
    return Programme(
        currency=CURRENCIES.get(plan.currency, Currency("XXX", "¤", 2)),
        welcome_coupon=None if plan.recorded else WELCOME,
    )


class Demo:
    """One run of the demo over a started chain."""

    def __init__(self, plan: Plan, chain: Chain, screen: Screen) -> None:
        self._plan = plan
        self._chain = chain
        self._screen = screen
        self._started_s = time.monotonic()
        self._stopped = threading.Event()
        self._shoppers: dict[str, Shoppers] = {}
        clients = {store: chain.node_client(store) for store in chain.nodes}
        self._probe = VisibilityProbe(clients, self.ledgers, self._is_dark)
        self._dark_store = dark_store(plan.stores)

    def ledgers(self) -> dict[str, Ledger]:
        """Give what each store's customers were told so far."""
        return {store: shoppers.ledger for store, shoppers in self._shoppers.items()}

    def _is_dark(self, store: str) -> bool:
        return self._chain.links[store].is_cut

    def get_ready(self) -> None:
        """Set the hub up and wait until all stores can sell. Raises: RuntimeError."""
        self._chain.set_up(programme_of(self._plan), items_of(self._plan.catalogue))
        until_s = time.monotonic() + READY_PATIENCE_S
        for node in self._chain.nodes.values():
            node.wait_ready()
        waiting = list(self._plan.stores)
        while waiting and time.monotonic() < until_s:
            waiting = [store for store in waiting if not self._chain.is_ready(store)]
            time.sleep(0.05)
        if waiting:
            raise RuntimeError(
                f"stores {', '.join(waiting)} did not meet the hub; see the logs in {self._chain.directory}"
            )

    def shop(self) -> None:
        """Let all customers shop; cut one store off for a third of the run."""
        self.start_shopping()
        total = len(self._plan.baskets)
        cut_at, mend_at = total // 3, 2 * total // 3
        link = self._chain.links[self._dark_store]
        name = self._plan.stores[self._dark_store]
        was_cut = False
        while self.is_shopping():
            sold = self.sold_count()
            if not was_cut and sold >= cut_at:
                was_cut = True
                link.cut()
                self._screen.note(f"{name} is cut off from the network, and goes on selling")
            elif link.is_cut and sold >= mend_at:
                link.mend()
                self._screen.note(f"{name} is back on the network")
            self._screen.show(self._rows())
            time.sleep(LOOK_EVERY_S)
        if link.is_cut:
            link.mend()
            self._screen.note(f"{name} is back on the network")
        self.end_shopping()
        self._screen.show(self._rows())

    def interrupt(self) -> None:
        """Send no more customers."""
        self._stopped.set()

    def sold_count(self) -> int:
        """Count the sales that customers were told of so far."""
        return sum(len(ledger.committed) for ledger in self.ledgers().values())

    def is_shopping(self) -> bool:
        """Tell whether customers are still in the stores."""
        return any(shoppers.thread.is_alive() for shoppers in self._shoppers.values())

    def end_shopping(self) -> None:
        """Wait until the last customer has left."""
        for shoppers in self._shoppers.values():
            shoppers.thread.join()
        self._probe.stop()

    def start_shopping(self) -> None:
        """Let the customers in."""
        queues: dict[str, list[tuple[int, TrafficBasket]]] = {store: [] for store in self._plan.stores}
        for turn, basket in enumerate(self._plan.baskets):
            queues[basket.store].append((turn, basket))
        phones = {household.ref: (household.phone, household.name) for household in self._plan.households}
        start_s = time.monotonic()
        self._probe.thread.start()
        for store, baskets in queues.items():
            self._shoppers[store] = Shoppers(
                store,
                self._chain.node_client(store),
                baskets,
                recorded=self._plan.recorded,
                phones=phones,
                start_s=start_s,
                rate=self._plan.rate,
                is_dark=self._dark_check(store),
                on_sold=self._probe.offer,
                stopped=self._stopped,
            )
        for shoppers in self._shoppers.values():
            shoppers.thread.start()

    def _dark_check(self, store: str) -> Callable[[], bool]:
        return lambda: self._is_dark(store)

    def _rows(self) -> list[StoreRow]:
        rows = []
        for store, name in self._plan.stores.items():
            ledger = self.ledgers()[store]
            try:
                lag = int(self._chain.status(store)["outbox_count"])
            except (Gone, RuntimeError):
                lag = 0
            refused = sum(ledger.refused.values())
            till = self._chain.nodes[store].command.address
            rows.append(StoreRow(name, till, len(ledger.committed), lag, self._is_dark(store), refused))
        return rows

    def settle(self) -> dict[str, Any]:
        """Wait until all is in sync, or patience ends; return the report."""
        hub = self._chain.hub_client()
        nodes = {store: self._chain.node_client(store) for store in self._plan.stores}
        until_s = time.monotonic() + QUIET_PATIENCE_S
        while True:
            left = outbox_left(nodes)
            balances = hub_balances(hub)
            unequal = unequal_balances(balances, nodes) if not left else ["entries are waiting"]
            if not unequal or time.monotonic() > until_s:
                break
            self._screen.show(self._rows())
            time.sleep(LOOK_EVERY_S)
        return self._report(hub, nodes, balances, unequal, left)

    def _report(
        self,
        hub: JsonClient,
        nodes: dict[str, JsonClient],
        balances: dict[str, dict[str, Any]],
        unequal: list[str],
        left: int,
    ) -> dict[str, Any]:
        ledgers = self.ledgers()
        receipts = check_receipts(hub, nodes, ledgers)
        points = [row for account, row in balances.items() if account.startswith("p:")]
        refused: Counter[str] = Counter()
        for ledger in ledgers.values():
            refused.update(ledger.refused)
        failed = [f"{store}: {text}" for store, ledger in ledgers.items() for text in ledger.failed]
        return {
            "stores": len(self._plan.stores),
            "receipts_committed": sum(len(ledger.committed) for ledger in ledgers.values()),
            "receipts_at_hub": receipts.at_hub,
            "receipts_missing": len(receipts.missing),
            "receipts_doubled": len(receipts.doubled),
            "outbox_left": left,
            "members": hub.get("/api/live")["totals"]["members"],
            "balances_equal": not unequal,
            "points_made": sum(row["made"] for row in points),
            "points_used": sum(row["used"] for row in points),
            "points_balance": sum(row["balance"] for row in points),
            "spends_refused_offline": sum(ledger.refused_offline for ledger in ledgers.values()),
            "commit_ms": percentiles([value for ledger in ledgers.values() for value in ledger.commit_ms]),
            "pay_http_ms": percentiles([value for ledger in ledgers.values() for value in ledger.pay_http_ms]),
            "visible_ms": percentiles(self._probe.visible_ms),
            "visible_count": len(self._probe.visible_ms),
            "visible_unseen": self._probe.unseen,
            "refused": dict(refused.most_common()),
            "baskets_failed": len(failed),
            "problems": (receipts.missing + receipts.doubled + unequal + failed)[:20],
            "notes": list(self._plan.notes),
            "wall_s": round(time.monotonic() - self._started_s, 3),
        }


def export(chain: Chain, directory: Path) -> list[Path]:
    """Write members and stores as the hub holds them."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name in ("members.csv", "stores.csv"):
        path = directory / name
        path.write_text(str(chain.hub_client().get(f"/api/export/{name}")), encoding="utf-8", newline="")
        written.append(path)
    return written
