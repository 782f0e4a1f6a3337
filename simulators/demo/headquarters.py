"""What headquarters does before stores can sell: programme, catalogue, and a slot for each store.

One rule: only calls of the hub's API; doing it again changes nothing.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from loyalty.programme import Programme, WelcomeCoupon, encode_programme
from provisioning.node_file import NodeFile, write_node_file
from simulators.demo.http import JsonClient
from simulators.traffic.baskets import CatalogueItem
from simulators.traffic.generator import generate

ITEMS_PER_CALL: Final = 500
WELCOME: Final = WelcomeCoupon(
    value_minor=500, threshold_minor=3_000, title_zh="新会员满30减5", title_en="Welcome: 5 off 30"
)


class Refused(RuntimeError):
    """The hub refused a call; the message says which, and why."""


def set_up(hub: JsonClient, programme: Programme, items: list[dict[str, Any]], stores: Mapping[str, str]) -> None:
    """Tell a hub its programme, its catalogue, and its stores with their names. Raises: Refused, Gone."""
    _must(hub, "PUT", "/api/programme", encode_programme(programme))
    for start in range(0, len(items), ITEMS_PER_CALL):
        _must(hub, "POST", "/api/catalogue/items", {"items": items[start : start + ITEMS_PER_CALL]})
    known = {row["store"] for row in _must(hub, "GET", "/api/stores", None)["stores"]}
    for store, name in stores.items():
        if store not in known:
            _must(hub, "POST", "/api/stores", {"store": store, "name": name[:80]})


def items_of(catalogue: Sequence[CatalogueItem]) -> list[dict[str, Any]]:
    """Write a catalogue as the hub's API takes it."""
    return [
        {
            "code": item.code,
            "gtin": item.gtin,
            "name_zh": item.name_zh,
            "name_en": item.name_en,
            "price_minor": item.price_minor,
            "tax_bp": item.tax_bp,
        }
        for item in catalogue
    ]


def open_stores(hub: JsonClient, stores: Sequence[str], broker: str, directory: Path, first_port: int) -> list[Path]:
    """Open stores at a hub with the demo's programme and catalogue; write their node files, those missing.

    Their tills get ports from `first_port` on. Return the node files, in the order of the stores.
    Raises: Refused, Gone, OSError.
    """
    named = {store: f"门店 {store}" for store in stores}
    set_up(hub, Programme(welcome_coupon=WELCOME), items_of(generate(seed=1, stores=1, receipts=1).catalogue), named)
    directory.mkdir(parents=True, exist_ok=True)
    files = []
    for place, (store, name) in enumerate(named.items()):
        path = directory / f"{store}.toml"
        if not path.exists():
            file = NodeFile(store=store, store_name=name, broker=broker, http_port=first_port + place)
            path.write_text(write_node_file(file), encoding="utf-8")
        files.append(path)
    return files


def _must(client: JsonClient, method: str, path: str, body: object) -> Any:
    reply = client.call(method, path, body)
    if not reply.ok:
        raise Refused(f"{method} {path}: {reply.body}")
    return reply.body
