"""Endpoints of the live page."""

from typing import Annotated

from fastapi import APIRouter, Query

from hub.api.live import service
from hub.api.live.schemas import LagView, LiveView
from hub.api.parts import Parts

router = APIRouter(prefix="/api/live", tags=["live"])


@router.get("")
def read_live(parts: Parts) -> LiveView:
    """Read the chain at this moment: totals, stores, latest receipts. Made to be asked once a second."""
    context = parts.context
    sums = parts.sums.get()
    with context.database.read() as connection:
        return service.live_view(connection, context.keys, sums, parts.now_ms(), context.settings.dark_after_ms)


@router.get("/lag")
def read_lag(parts: Parts, worst: Annotated[int, Query(ge=1, le=12)] = 5) -> LagView:
    """Read how far the stores were behind over the last hour: all summed up, the `worst` one by one."""
    now_ms = parts.now_ms()
    parts.lags.look(now_ms)
    return parts.lags.view(now_ms, worst)
