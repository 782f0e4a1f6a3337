"""Endpoints of exports.

One rule: rows are read to the end before the first one is sent, so that an export is whole or a problem, never a torn
file.
"""

from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from hub.api.exports.service import MEMBER_COLUMNS, STORE_COLUMNS, csv_text, member_rows, store_rows
from hub.api.parts import Parts


class CsvResponse(StreamingResponse):
    """A CSV file in UTF-8."""

    media_type = "text/csv"


router = APIRouter(prefix="/api/export", tags=["export"], default_response_class=CsvResponse)

_OF_CSV: dict[int | str, dict[str, object]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.get("/members.csv", responses=_OF_CSV)
def export_members(parts: Parts) -> CsvResponse:
    """Export one row a person: `external_id,receipts,net_minor,points_balance`.

    `external_id` is the card, else the phone, else the member's id; the rest is summed over all ids of the person.
    """
    with parts.context.database.read() as connection:
        rows = member_rows(connection, parts.context.keys)
    return _file("members.csv", csv_text(MEMBER_COLUMNS, rows))


@router.get("/stores.csv", responses=_OF_CSV)
def export_stores(parts: Parts) -> CsvResponse:
    """Export one row a store: `store,receipts,net_minor`, the store by its name."""
    with parts.context.database.read() as connection:
        rows = store_rows(connection)
    return _file("stores.csv", csv_text(STORE_COLUMNS, rows))


def _file(name: str, text: Iterator[str]) -> CsvResponse:
    return CsvResponse(text, headers={"Content-Disposition": f'attachment; filename="{name}"'})
