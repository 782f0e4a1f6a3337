"""What endpoints are given: the hub's context, its wall clock, and what is kept for the live page.

One rule: an endpoint opens its one transaction itself, with `read()` or `write()` of the database, and answers after
it has ended, so that nothing is answered before it is durable.
"""

from collections.abc import Callable
from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from hub.api.live.lag import LagHistory
from hub.api.live.sums import KeptSums
from hub.context import HubContext


class ApiParts(NamedTuple):
    """What all endpoints share. `now_ms` tells milliseconds since 1970."""

    context: HubContext
    now_ms: Callable[[], int]
    sums: KeptSums
    lags: LagHistory
    blind_index_key: bytes


async def _parts(request: Request) -> ApiParts:
    parts: ApiParts = request.app.state.parts
    return parts


Parts = Annotated[ApiParts, Depends(_parts)]
