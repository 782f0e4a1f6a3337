"""Endpoint of the live page."""

from fastapi import APIRouter

from hub.api.live import service
from hub.api.live.schemas import LiveView
from hub.api.parts import Parts

router = APIRouter(prefix="/api/live", tags=["live"])


@router.get("")
def read_live(parts: Parts) -> LiveView:
    """Read the chain at this moment: totals, stores, latest receipts. Made to be asked once a second."""
    context = parts.context
    sums = parts.sums.get()
    with context.database.read() as connection:
        return service.live_view(connection, context.keys, sums, parts.now_ms(), context.settings.dark_after_ms)
