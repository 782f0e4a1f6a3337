"""The look at all stores every few seconds, whether a page is open or not.

One rule: it lives as long as the API does, and a look that fails stops nothing but itself; the plot shows the gap.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final

from fastapi import FastAPI

from hub.api.parts import ApiParts

log = logging.getLogger(__name__)

_ASK_EVERY_S: Final = 1.0
"""More often than looks are due, so that a tick that comes a little early does not leave one out."""


async def _look_again_and_again(parts: ApiParts) -> None:
    is_failing = False
    while True:
        try:
            await asyncio.to_thread(parts.lags.look, parts.now_ms())
            is_failing = False
        except Exception:  # whatever ails the database, the API tells it; looks go on
            if not is_failing:
                log.warning("cannot look at the stores; going on trying", exc_info=True)
            is_failing = True
        await asyncio.sleep(_ASK_EVERY_S)


@contextlib.asynccontextmanager
async def look_for_ever(api: FastAPI) -> AsyncIterator[None]:
    """Look at the stores for as long as the API is served (ASGI lifespan)."""
    task = asyncio.create_task(_look_again_and_again(api.state.parts))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
