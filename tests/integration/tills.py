"""What cashiers do in tests, by HTTP."""

import itertools
from typing import Any

from simulators.demo.http import JsonClient, Reply

_numbers = itertools.count(1)


def new_basket() -> str:
    """Name a basket that is none yet."""
    return f"basket-{next(_numbers)}"


def enrol(till: JsonClient, card: str = "") -> dict[str, Any]:
    """Enrol a new customer by card; without one by a card that nobody has."""
    body = {"card": card or f"CARD{next(_numbers):05d}", "name": "测试", "consent": True}
    reply = till.call("POST", "/api/members", body)
    assert reply.status == 201, reply.body
    return dict(reply.body)


def put(till: JsonClient, basket: str, **body: Any) -> Reply:
    """Send a basket: three packets of tea, unless told otherwise."""
    return till.call("PUT", f"/api/baskets/{basket}", {"lines": [{"code": "tea", "quantity": "3"}], **body})


def pay(till: JsonClient, basket: str, **amounts: int) -> Reply:
    """Pay a basket, with amounts in minor units by kind of tender."""
    tenders = [{"kind": kind, "amount_minor": amount} for kind, amount in amounts.items()]
    return till.call("POST", f"/api/baskets/{basket}/pay", {"tenders": tenders})


def has_balance(till: JsonClient, member: str, points: int) -> bool:
    """Tell whether a till shows a member with so many points."""
    reply = till.call("GET", f"/api/members/{member}")
    return reply.ok and reply.body["balance_points"] == points


def sell(till: JsonClient, member: str | None, quantity: str = "3") -> dict[str, Any]:
    """Sell packets of tea for cash; return the receipt."""
    basket = new_basket()
    priced = put(till, basket, member=member, lines=[{"code": "tea", "quantity": quantity}])
    receipt = pay(till, basket, cash=priced.body["total_minor"])
    assert receipt.ok, receipt.body
    return dict(receipt.body)
