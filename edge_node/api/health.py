"""What supervisors and monitors ask: does it live, can it do its job, how is it doing.

One rule: being offline is no illness. A node that sells alone is doing its job.
"""

import asyncio
import shutil
import sqlite3
from typing import Any, Final

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse

from edge_node.errors import DatabaseRefused, StorageUnavailable
from edge_node.node import Node
from edge_node.storage.cells import node_row
from edge_node.storage.database import CHORE, check_schema
from provisioning.service.metrics import CONTENT_TYPE, page

FREE_BYTES_MIN: Final = 16 * 1024 * 1024
"""Room that a node wants on its disk: a few thousand sales, and a write-ahead log."""

PROBE_S: Final = 2.0


def install(app: FastAPI, node: Node) -> None:
    """Add `/healthz`, `/readyz` and `/metrics`."""

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, bool]:
        return {"alive": True}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        reasons = await _reasons(node)
        row = node_row(node.database.reader())
        body = {
            "ready": not reasons,
            "reasons": reasons,
            "online": node.agent.is_online(),
            "introduced": row["blind_index_key"] is not None,
            "outbox_entries": row["last_entry"] - row["acknowledged"],
        }
        return JSONResponse(body, status_code=503 if reasons else 200)

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(page(node.metrics.registry), media_type=CONTENT_TYPE)


async def _reasons(node: Node) -> list[dict[str, str]]:
    """List what keeps a node from selling: each with a code for machines and a sentence for people."""
    found = []
    fenced = node_row(node.database.reader())["fenced"]
    if fenced:
        found.append(_reason("fenced", f"{fenced}. Enrol this store again as the next incarnation."))
    try:
        check_schema(node.database.reader(), node.database.path.name)
    except DatabaseRefused as error:
        found.append(_reason("schema", error.detail))
    free_bytes = shutil.disk_usage(node.database.path.parent).free
    if free_bytes < FREE_BYTES_MIN:
        found.append(_reason("disk-full", f"{free_bytes} bytes are free, {FREE_BYTES_MIN} are wanted. Make room."))
    found += await _storage_reasons(node)
    return found


async def _storage_reasons(node: Node) -> list[dict[str, str]]:
    """Write a little where nothing has to be waited for, and see whether it can be done."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE node SET fenced = fenced")

    fault = node.database.fault  # of the latest transaction: a small write may succeed where a sale did not
    probe = asyncio.wrap_future(node.database.submit(work, CHORE, durable=False))
    try:
        await asyncio.wait_for(probe, PROBE_S)
    except StorageUnavailable as error:
        fault = error
    except TimeoutError:
        return [_reason("busy", f"the writer did not get to a small transaction within {PROBE_S:.0f} s")]
    if fault is None:
        return []
    return [_reason(str(fault.fields["reason_code"]), f"{fault.detail}. {fault.next_step}")]


def _reason(code: str, detail: str) -> dict[str, Any]:
    return {"code": code, "detail": detail}
