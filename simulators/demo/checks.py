"""Comparing the hub with its stores when all is quiet.

One rule: apart from the code under test; only public doors are read, and the ledger of what customers were told.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import quote

from simulators.demo.http import JsonClient
from simulators.demo.shopping import Ledger


class ReceiptCheck(NamedTuple):
    """How the receipts of stores and hub compare."""

    at_hub: int
    missing: list[str]
    doubled: list[str]


def pages(client: JsonClient, path: str, key: str, limit: int = 1_000) -> Iterable[dict[str, Any]]:
    """Read a paged list to its end."""
    after: Any = ""
    while after is not None:
        query = f"?limit={limit}" + (f"&after={quote(str(after), safe='')}" if after else "")
        body = client.get(path + query)
        yield from body[key]
        after = body["next_after"]


def hub_balances(hub: JsonClient) -> dict[str, dict[str, Any]]:
    """Read all accounts of the hub."""
    return {row["account"]: row for row in pages(hub, "/api/balances", "balances")}


def unequal_balances(hub: dict[str, dict[str, Any]], nodes: dict[str, JsonClient]) -> list[str]:
    """List accounts whose balance at a store that holds them differs from the hub's."""
    found = []
    for store, client in nodes.items():
        for row in pages(client, "/api/balances", "balances"):
            at_hub = hub.get(row["account"], {}).get("balance")
            if at_hub != row["balance"]:
                found.append(f"{store} {row['account']}: {row['balance']}, hub: {at_hub}")
    return found


def check_receipts(hub: JsonClient, nodes: dict[str, JsonClient], ledgers: dict[str, Ledger]) -> ReceiptCheck:
    """Find receipts that the hub lacks, and baskets that became more than one receipt."""
    at_hub = list(pages(hub, "/api/receipt-refs", "receipts"))
    numbers = {row["receipt"] for row in at_hub}
    baskets = Counter((row["store"], row["basket_ref"]) for row in at_hub)
    wanted: set[str] = set()
    for client in nodes.values():
        wanted |= {row["receipt"] for row in pages(client, "/api/receipt-refs", "receipts")}
    for ledger in ledgers.values():
        wanted |= set(ledger.committed.values())
    doubled = sorted(f"{store} {basket}" for (store, basket), count in baskets.items() if count > 1)
    doubled += sorted(number for number, count in Counter(row["receipt"] for row in at_hub).items() if count > 1)
    return ReceiptCheck(len(at_hub), sorted(wanted - numbers), doubled)


def outbox_left(nodes: dict[str, JsonClient]) -> int:
    """Count the entries that still wait for the hub, over all stores."""
    return sum(int(client.get("/api/status")["outbox_count"]) for client in nodes.values())


def percentiles(values: list[float]) -> dict[str, float | None]:
    """Give p50 and p99 in milliseconds; None without a single value."""
    if not values:
        return {"p50": None, "p99": None}
    ordered = sorted(values)
    pick = [ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] for percent in (50, 99)]
    return {"p50": round(pick[0], 3), "p99": round(pick[1], 3)}
