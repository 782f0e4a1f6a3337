"""Real sales to measure on: generated baskets, committed by a node that never meets its hub."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_node.node import Node
from loyalty.programme import MAIN, Programme, encode_programme
from provisioning.node_file import NodeFile
from simulators.demo.processes import free_port
from simulators.traffic.generator import Traffic, generate
from sync_protocol.cells import Register, Value
from sync_protocol.messages import EntityState
from sync_protocol.names import item_entity, programme_entity

_STAMP = 1 << 16


def _entity(entity: str, values: dict[str, Value]) -> EntityState:
    return EntityState(entity, [Register(entity, field, value, _STAMP, "hub-1") for field, value in values.items()])


def introduce(node: Node, traffic: Traffic) -> None:
    """Give a node what its hub would have fed it: the key of the blind index, the programme and the catalogue."""
    entities = [_entity(programme_entity(MAIN), {"document": encode_programme(Programme())})]
    for item in traffic.catalogue:
        values: dict[str, Value] = {
            "name_zh": item.name_zh,
            "name_en": item.name_en,
            "gtin": item.gtin,
            "price_minor": item.price_minor,
            "tax_bp": item.tax_bp,
        }
        entities.append(_entity(item_entity(item.code), values))
    node.store.note_welcome(1, bytes(32), 0)
    node.store.apply_feed("chain", 1, entities, node.clock.now_ms())


@contextmanager
def lonely_node(directory: Path, traffic: Traffic, printer: str | None = None) -> Iterator[Node]:
    """Start a node whose broker is not there."""
    file = NodeFile(store="bench", broker=f"mqtt://127.0.0.1:{free_port()}", http_port=free_port(), printer=printer)
    node = Node(file, directory)
    introduce(node, traffic)
    node.start()
    try:
        yield node
    finally:
        node.stop()


def sample_traffic() -> Traffic:
    """Give the baskets that all parts measure on."""
    return generate(seed=7, stores=1, receipts=400)
