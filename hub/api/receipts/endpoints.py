"""Endpoints of receipts."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection

from hub.api.paging import ID_PATTERN, After, Limit, LongLimit, cut_page
from hub.api.parts import Parts
from hub.api.problems import invalid
from hub.api.receipts import repository, service
from hub.api.receipts.repository import ReceiptKey
from hub.api.receipts.schemas import ReceiptPage, ReceiptRef, ReceiptRefPage, ReceiptView
from hub.errors import NotFound

router = APIRouter(prefix="/api", tags=["receipts"])

StoreFilter = Annotated[str | None, Query(pattern=ID_PATTERN, description="Only receipts of this store.")]
Newest = Annotated[bool, Query(description="Newest first instead of oldest first.")]


@router.get("/receipts")
def list_receipts(
    parts: Parts, after: After = None, store: StoreFilter = None, limit: Limit = 100, newest: Newest = False
) -> ReceiptPage:
    """List receipts in the order in which they arrived. `after` is a page's `next_after`, or a receipt's number."""
    with parts.context.database.read() as connection:
        key = None if after is None else _key_of(connection, after)
        rows = repository.read_page(connection, key, store, limit + 1, newest=newest)
    rows, next_after = cut_page(rows, limit, lambda row: service.write_token(ReceiptKey(row.received_ms, row.receipt)))
    return ReceiptPage(receipts=[service.summary(row) for row in rows], next_after=next_after)


def _key_of(connection: Connection, after: str) -> ReceiptKey:
    if "/" not in after:
        key = service.read_token(after)
        if key is None:
            raise invalid(("query", "after"), "neither a receipt's number nor a page's next_after")
        return key
    row = repository.read_summary(connection, after)
    if row is None:
        raise NotFound(f"there is no receipt {after} to go on after")
    return ReceiptKey(row.received_ms, row.receipt)


@router.get("/receipts/{receipt:path}")
def read_receipt(receipt: Annotated[str, Path(pattern=ID_PATTERN)], parts: Parts) -> ReceiptView:
    """Read one receipt whole; its number has a slash: `/api/receipts/0042-1/000123`."""
    with parts.context.database.read() as connection:
        row = repository.read_summary(connection, receipt)
        if row is None:
            raise NotFound(f"there is no receipt {receipt}")
        bodies = repository.read_bodies(connection, row.actor, row.record)
    return service.view_receipt(row, bodies)


@router.get("/receipt-refs")
def list_receipt_refs(parts: Parts, after: After = None, limit: LongLimit = 5_000) -> ReceiptRefPage:
    """List what a machine compares of receipts, by number."""
    with parts.context.database.read() as connection:
        rows = repository.read_refs(connection, after, limit + 1)
    rows, next_after = cut_page(rows, limit, lambda row: str(row.receipt))
    refs = [ReceiptRef.model_validate(row, from_attributes=True) for row in rows]
    return ReceiptRefPage(receipts=refs, next_after=next_after)
