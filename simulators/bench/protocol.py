"""Part `protocol`: encoding, decoding, merging, and bytes a receipt.

The baseline of the codec is the standard library's JSON on the same receipt; of merging, one plain insert a cell.
"""

import asyncio
import json
import sqlite3
import tempfile
import time
from pathlib import Path

import msgspec

from edge_node.baskets import BasketWish, LineWish
from edge_node.node import Node
from hub.context import open_context
from hub.settings import HubSettings
from hub.storage.kernel_store import SqlHubStore
from loyalty.baskets import Tender
from loyalty.receipts import decode_receipt
from simulators.bench.metrics import Metric, Part, best_us
from simulators.bench.samples import lonely_node, sample_traffic
from sync_protocol.cells import Register, join_registers
from sync_protocol.entries import chain_start, decode_entry, encode_entry
from sync_protocol.envelope import plain_hub_envelope, plain_node_envelope
from sync_protocol.hub_ports import Accepted
from sync_protocol.messages import Batch

SALES = 200
BATCH = 50


def measure() -> Part:
    """Measure the part."""
    with tempfile.TemporaryDirectory(prefix="tillsync-bench-") as directory:
        entries, actor = _entries(Path(directory) / "node")
        found = _codec(entries, actor)
        found |= _merge(entries, actor, Path(directory) / "hub")
    return found


def _entries(directory: Path) -> tuple[list[bytes], str]:
    traffic = sample_traffic()
    with lonely_node(directory, traffic) as node:
        asyncio.run(_sell(node))
        return node.store.outbox(1, 1 << 30).entries, node.database.actor


async def _sell(node: Node) -> None:
    member = await node.selling.enrol({"card": "BENCH"}, None)
    for basket in sample_traffic().baskets[:SALES]:
        lines = tuple(LineWish(line.code, f"{line.quantity:f}", None) for line in basket.lines)
        priced = node.selling.put_basket(BasketWish(basket.basket_ref, lines, member.member, ())).priced
        await node.selling.pay(basket.basket_ref, (Tender("cash", priced.total_minor),))


def _codec(entries: list[bytes], actor: str) -> Part:
    sales = [data for data in entries if decode_entry(data).records]
    typical = sorted(sales, key=len)[len(sales) // 2]
    entry = decode_entry(typical)
    as_json = json.dumps(msgspec.to_builtins(decode_receipt(entry.records[0].body))).encode()
    node, hub = plain_node_envelope(), plain_hub_envelope()
    batch = Batch(actor, 1, BATCH, chain_start(actor), sales[:BATCH])
    sealed = node.seal(batch)
    alone = node.seal(Batch(actor, 1, 1, chain_start(actor), [typical]))
    json_encode_us = best_us(lambda: json.dumps(msgspec.to_builtins(entry), default=str), 500)
    json_decode_us = best_us(lambda: json.loads(as_json), 500)
    name = "JSON of the standard library"
    left = Register("m:a-1:1", "name", "x", 1, "a-1")
    right = Register("m:a-1:1", "name", "y", 2, "b-1")
    return {
        "entry_encode_us": Metric(best_us(lambda: encode_entry(entry), 2_000), "µs", json_encode_us, name),
        "entry_decode_us": Metric(best_us(lambda: decode_entry(typical), 2_000), "µs", json_decode_us, name),
        "batch_seal_us": Metric(best_us(lambda: node.seal(batch), 100), "µs"),
        "batch_open_us": Metric(best_us(lambda: hub.open(sealed), 100), "µs"),
        "register_join_us": Metric(best_us(lambda: join_registers(left, right), 5_000), "µs"),
        "receipt_bytes": Metric(len(typical), "bytes", float(len(as_json)), "the receipt as JSON"),
        "receipt_wire_bytes_alone": Metric(len(alone), "bytes", float(len(typical)), "the entry before compression"),
        "receipt_wire_bytes_in_50": Metric(
            len(sealed) / BATCH, "bytes", sum(map(len, sales[:BATCH])) / BATCH, "the entries before compression"
        ),
    }


def _merge(entries: list[bytes], actor: str, directory: Path) -> Part:
    """Merge all entries at a hub in batches, and insert as many plain rows as there are cells."""
    context = open_context(HubSettings(directory=directory))
    store = SqlHubStore(context.database, context.keys)
    decoded = [Accepted(actor, decode_entry(data), data) for data in entries]
    cells = sum(len(one.entry.registers) + len(one.entry.counters) + len(one.entry.records) for one in decoded)
    started = time.perf_counter()
    for start in range(0, len(decoded), BATCH):
        with store.transaction() as transaction:
            transaction.merge(decoded[start : start + BATCH], [], 1)
    merge_us = (time.perf_counter() - started) / cells * 1_000_000
    context.database.close()
    plain = sqlite3.connect(directory / "plain.db", isolation_level=None)
    plain.execute("PRAGMA journal_mode = WAL")
    plain.execute("CREATE TABLE cells (id INTEGER PRIMARY KEY, body BLOB)")
    body = bytes(sum(map(len, entries)) // cells)
    started = time.perf_counter()
    for start in range(0, cells, BATCH):
        plain.execute("BEGIN")
        plain.executemany("INSERT INTO cells (body) VALUES (?)", [(body,)] * min(BATCH, cells - start))
        plain.execute("COMMIT")
    plain_us = (time.perf_counter() - started) / cells * 1_000_000
    plain.close()
    return {"hub_merge_us_per_cell": Metric(merge_us, "µs", plain_us, "a plain insert")}
