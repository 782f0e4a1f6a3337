"""Part `edge`: a sale over HTTP against a real node process, offline.

The baselines are a bare durable SQLite commit of the same size, and a bare HTTP round trip to the same node.
"""

import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from edge_node.storage.database import connect
from provisioning.node_file import NodeFile
from simulators.bench.metrics import Metric, Part, percentile
from simulators.bench.samples import lonely_node, sample_traffic
from simulators.demo.http import JsonClient
from simulators.demo.processes import free_port, node_process

SALES = 400
WARM_UP = 30


def measure() -> Part:
    """Measure the part."""
    traffic = sample_traffic()
    with tempfile.TemporaryDirectory(prefix="tillsync-bench-") as name:
        directory = Path(name)
        with lonely_node(directory / "bench", traffic):
            pass  # makes the database and gives it programme and catalogue
        file = NodeFile(store="bench", broker=f"mqtt://127.0.0.1:{free_port()}", http_port=free_port())
        process = node_process(directory, file)
        process.start()
        client = JsonClient(process.command.address, 5.0)
        try:
            process.wait_ready()
            basket_ms, pay_ms = _sell(client)
            trip_ms = [_timed(lambda: client.call("GET", "/api/receipts?limit=1")) for _ in range(SALES)]
        finally:
            client.close()
            process.stop()
        commit_ms = _bare_commits(directory / "bare.db")
    bare, trip = "a bare durable commit", "a bare HTTP round trip"
    return {
        "price_basket_p50_ms": Metric(percentile(basket_ms, 50), "ms", percentile(trip_ms, 50), trip),
        "pay_p50_ms": Metric(percentile(pay_ms, 50), "ms", percentile(trip_ms, 50), trip),
        "pay_p99_ms": Metric(percentile(pay_ms, 99), "ms", percentile(trip_ms, 99), trip),
        "bare_commit_p50_ms": Metric(
            percentile(commit_ms, 50), "ms", percentile(pay_ms, 50), f"pay ({bare} beside it)"
        ),
    }


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1_000


def _sell(client: JsonClient) -> tuple[list[float], list[float]]:
    basket_ms, pay_ms = [], []
    for turn, basket in enumerate(sample_traffic().baskets[:SALES]):
        lines = [{"code": line.code, "quantity": f"{line.quantity:f}"} for line in basket.lines]
        path = f"/api/baskets/{basket.basket_ref}"
        started = time.perf_counter()
        priced = client.call("PUT", path, {"lines": lines})
        between = time.perf_counter()
        tenders = [{"kind": "cash", "amount_minor": priced.body["total_minor"]}]
        paid = client.call("POST", f"{path}/pay", {"tenders": tenders})
        done = time.perf_counter()
        if not paid.ok:
            raise RuntimeError(f"the sale was refused: {paid.body}")
        if turn >= WARM_UP:
            basket_ms.append((between - started) * 1_000)
            pay_ms.append((done - between) * 1_000)
    return basket_ms, pay_ms


def _bare_commits(path: Path) -> list[float]:
    connection: sqlite3.Connection = connect(path)
    connection.execute("CREATE TABLE plain (id INTEGER PRIMARY KEY, body BLOB)")
    taken = []
    for _ in range(SALES):
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO plain (body) VALUES (?)", (bytes(3_000),))
        connection.execute("COMMIT")
        taken.append((time.perf_counter() - started) * 1_000)
    connection.close()
    return taken
