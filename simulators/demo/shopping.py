"""One store's customers: baskets go through the store's local API as a till would send them.

One rule: what a customer may do is decided by the till's answers alone; this only asks, and takes no for an answer. A
basket's id is its reference, so that a call repeated after a crash is the same sale.
"""

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from simulators.demo.http import JsonClient, Reply
from simulators.traffic.baskets import TrafficBasket

POINTS_EVERY: Final = 4
"""In replays nothing says who wanted to pay with points: every fourth basket of a member does."""

_TIMING = re.compile(r"rights;dur=(?P<rights>[0-9.]+), commit;dur=(?P<commit>[0-9.]+)")
_NOT_AN_ID = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(slots=True)
class Ledger:
    """What a store's customers were told: the truth that the hub is compared with in the end."""

    store: str
    committed: dict[str, str] = field(default_factory=dict)  # basket id -> receipt number
    net_minor: int = 0
    commit_ms: list[float] = field(default_factory=list)
    pay_http_ms: list[float] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)  # reason -> count
    refused_offline: int = 0
    failed: list[str] = field(default_factory=list)
    members: dict[str, str] = field(default_factory=dict)  # member reference -> id at this store

    def refuse(self, what: str, reason: str, *, offline: bool) -> None:
        """Note a spend that was refused."""
        key = f"{what}: {reason}"
        self.refused[key] = self.refused.get(key, 0) + 1
        self.refused_offline += int(offline)


@dataclass(frozen=True, slots=True)
class Sold:
    """One committed sale of a member, for whoever measures how soon others see it."""

    store: str
    member_ref: str
    member: str
    done_s: float


def basket_id(basket: TrafficBasket) -> str:
    """Give the id under which a basket is sent: its store and reference."""
    return f"{basket.store}.{_NOT_AN_ID.sub('-', basket.basket_ref)}"[:120]


class Shoppers:
    """Sends the baskets of one store, in order, each when its turn has come."""

    def __init__(
        self,
        store: str,
        client: JsonClient,
        baskets: Sequence[tuple[int, TrafficBasket]],
        *,
        recorded: bool,
        phones: dict[str, tuple[str, str]],
        start_s: float,
        rate: float,
        is_dark: Callable[[], bool],
        on_sold: Callable[[Sold], None],
        stopped: threading.Event,
    ) -> None:
        self.ledger = Ledger(store)
        self._client = client
        self._baskets = baskets
        self._recorded = recorded
        self._phones = phones
        self._start_s = start_s
        self._rate = rate
        self._is_dark = is_dark
        self._on_sold = on_sold
        self._stopped = stopped
        self.thread = threading.Thread(target=self._run, name=f"shoppers-{store}", daemon=True)

    def _run(self) -> None:
        for turn, basket in self._baskets:
            if self._rate:
                wait_s = self._start_s + turn / self._rate - time.monotonic()
                if wait_s > 0 and self._stopped.wait(wait_s):
                    return
            if self._stopped.is_set():
                return
            try:
                self._shop(basket, turn)
            except Exception as error:  # noqa: BLE001 - told at the end, the others shop on
                self.ledger.failed.append(f"{basket.basket_ref}: {error}")

    def _shop(self, basket: TrafficBasket, turn: int) -> None:
        member = self._identify(basket.member_ref) if basket.member_ref else None
        body = self._body(basket, member)
        name = basket_id(basket)
        priced = self._put(name, body)
        if self._wants_coupon(basket) and member is not None:
            usable = [coupon["code"] for coupon in member["coupons"]]
            if usable:
                priced = self._put(name, {**body, "coupons": usable[:1]})
        self._pay(basket, turn, name, body, priced)

    def _wants_coupon(self, basket: TrafficBasket) -> bool:
        return basket.wants_coupon and not self._recorded

    def _identify(self, reference: str) -> dict[str, Any]:
        found = self._client.call("POST", "/api/members/find", {"kind": "card", "value": reference})
        if not found.ok:
            phone, name = self._phones.get(reference, ("", ""))
            body: dict[str, Any] = {"card": reference, "consent": True}
            if phone:
                body |= {"phone": phone, "name": name}
            found = self._client.call("POST", "/api/members", body)
            if found.code == "already-enrolled":  # by a call whose answer was lost
                found = self._client.call("POST", "/api/members/find", {"kind": "card", "value": reference})
        if not found.ok:
            raise RuntimeError(f"member {reference}: {found.body}")
        self.ledger.members[reference] = found.body["member"]
        return dict(found.body)

    def _body(self, basket: TrafficBasket, member: dict[str, Any] | None) -> dict[str, Any]:
        lines: list[dict[str, Any]] = []
        for line in basket.lines:
            entry: dict[str, Any] = {"code": line.code[:60] or "-", "quantity": f"{line.quantity:f}"}
            if self._recorded:
                entry["recorded"] = {
                    "name": line.name[:200],
                    "amount_minor": line.amount_minor,
                    "unit_price_minor": line.unit_price_minor or 0,
                    "discounts": [[name[:60], amount] for name, amount in line.discounts],
                }
            lines.append(entry)
        body: dict[str, Any] = {"lines": lines, "member": member["member"] if member else None, "kind": basket.kind}
        if self._recorded:
            body["business_time_ms"] = basket.business_time_ms
            body["business_day"] = basket.business_time_local[:10].replace("-", "")
        return body

    def _put(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        reply = self._client.call("PUT", f"/api/baskets/{name}", body)
        if not reply.ok:
            raise RuntimeError(f"basket {name}: {reply.body}")
        return dict(reply.body)

    def _wishes_points(self, basket: TrafficBasket, turn: int, member: dict[str, Any] | None) -> int:
        """Say how many minor units the customer asks to pay with points."""
        if member is None or not member["balance_points"]:
            return 0
        if self._recorded:
            wishes = turn % POINTS_EVERY == 0
        else:
            # A guest in a dark store asks for their points too: that is where rights show.
            wishes = basket.wants_points or (self._is_dark() and member["home_store"] != self.ledger.store)
        return int(member["balance_points"]) if wishes else 0

    def _pay(self, basket: TrafficBasket, turn: int, name: str, body: dict[str, Any], priced: dict[str, Any]) -> None:
        member = priced["member"]
        points_minor = self._wishes_points(basket, turn, member)
        reply = self._call_pay(name, priced["total_minor"], points_minor)
        if reply.code == "coupon-refused":
            self.ledger.refuse("coupon", reply.body["reason_code"], offline=reply.body["reason_code"] == "offline")
            priced = self._put(name, body)
            reply = self._call_pay(name, priced["total_minor"], points_minor)
        if reply.code == "insufficient-rights":
            reason = reply.body["reason_code"]
            self.ledger.refuse("points", reason, offline=reason == "offline")
            reply = self._call_pay(name, priced["total_minor"], member["spendable_here_minor"])
        if reply.code == "unknown-basket":  # the node was restarted between pricing and paying
            priced = self._put(name, body)
            reply = self._call_pay(name, priced["total_minor"], 0)
        if not reply.ok:  # whatever it was about points or coupons: cash always sells
            priced = self._put(name, body)
            reply = self._call_pay(name, priced["total_minor"], 0)
        if not reply.ok:
            raise RuntimeError(f"paying {name}: {reply.body}")
        self.ledger.committed[name] = reply.body["receipt"]
        self.ledger.net_minor += reply.body["total_minor"]
        if member is not None and basket.member_ref is not None:
            self._on_sold(Sold(self.ledger.store, basket.member_ref, member["member"], time.monotonic()))

    def _call_pay(self, name: str, total_minor: int, points_minor: int) -> Reply:
        """Pay. Times are kept without what the node waited for the hub's rights, which it tells apart."""
        by_points = min(max(points_minor, 0), max(total_minor, 0))
        amounts = {"points": by_points, "cash": total_minor - by_points}
        tenders = [{"kind": kind, "amount_minor": amount_minor} for kind, amount_minor in amounts.items()]
        started_s = time.perf_counter()
        reply = self._client.call("POST", f"/api/baskets/{name}/pay", {"tenders": tenders})
        elapsed_ms = (time.perf_counter() - started_s) * 1_000
        timing = _TIMING.fullmatch(reply.headers.get("server-timing", ""))
        if timing is not None:
            self.ledger.commit_ms.append(float(timing["commit"]))
            self.ledger.pay_http_ms.append(elapsed_ms - float(timing["rights"]))
        return reply
