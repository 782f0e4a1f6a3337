"""Wiring of the hub's HTTP API: domains, guards, problem details, the console page."""

import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI

from hub.api.balances import endpoints as balances
from hub.api.catalogue import endpoints as catalogue
from hub.api.console import install_console
from hub.api.docs_page import install_docs
from hub.api.exports import endpoints as exports
from hub.api.guards import AnswerHeaders, BodyLimits, ServedHosts, UnexpectedErrors
from hub.api.health import endpoints as health
from hub.api.health.chain_state import ChainState
from hub.api.incidents import endpoints as incidents
from hub.api.live import endpoints as live
from hub.api.live.lag import LagHistory
from hub.api.live.sampler import look_for_ever
from hub.api.live.service import read_all_stores, read_sums
from hub.api.live.sums import KeptSums
from hub.api.members import endpoints as members
from hub.api.parts import ApiParts
from hub.api.problems import MEDIA_TYPE, Problem, install_problem_handlers
from hub.api.programme import endpoints as programme
from hub.api.receipts import endpoints as receipts
from hub.api.stores import endpoints as stores
from hub.context import HubContext

DESCRIPTION: Final = """\
The record of the chain as headquarters has it: stores, members, receipts, balances, programme, catalogue.

- Amounts are integers in minor units, times are milliseconds since 1970.
- Every refusal is a problem document (RFC 9457) with a `code` for machines and a `next_step` for people.
- Lists come in pages: pass `next_after` of one as `after` of the next.
- Bodies are JSON (`Content-Type: application/json`) of at most 1 MiB, 16 MiB for the catalogue.

**In this version the API listens on the loopback interface only and asks for no login: whoever can reach it may do
everything. Staff login and rights come with the identity work; until then do not put it on a network.**
"""

_ROUTERS: Final = (
    health.router,
    live.router,
    stores.router,
    members.router,
    receipts.router,
    balances.router,
    exports.router,
    programme.router,
    catalogue.router,
    incidents.router,
)


class _HubApi(FastAPI):
    """FastAPI whose description of itself names problem documents as the answer to every refusal."""

    def openapi(self) -> dict[str, Any]:
        """Describe the API (OpenAPI 3.1)."""
        if self.openapi_schema is None:
            self.openapi_schema = _with_problems(super().openapi())
        return self.openapi_schema


def _with_problems(described: dict[str, Any]) -> dict[str, Any]:
    schemas = described["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**problem.pop("$defs"), "Problem": problem}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in described["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = {"description": "Refused, with the reason.", "content": content}
    return described


def _wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


def create_api(context: HubContext, now_ms: Callable[[], int] = _wall_clock_ms) -> FastAPI:
    """Make the hub's API and console on opened databases. Wakes the worker through `context.wake` after writes."""
    api = _HubApi(
        title="Tillsync hub",
        version=version("tillsync"),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=look_for_ever,
    )
    api.state.parts = ApiParts(
        context=context,
        now_ms=now_ms,
        sums=KeptSums(lambda: read_sums(context.database)),
        lags=LagHistory(context.settings.dark_after_ms, lambda: read_all_stores(context.database)),
        blind_index_key=context.keys.blind_index_key(),
    )
    context.metrics.registry.register(ChainState(context, now_ms))
    install_problem_handlers(api)
    for router in _ROUTERS:
        api.include_router(router)
    install_console(api)
    install_docs(api)
    # The one added last is met first.
    api.add_middleware(BodyLimits)
    api.add_middleware(ServedHosts, hosts=(context.settings.http_host,))
    api.add_middleware(UnexpectedErrors)
    api.add_middleware(AnswerHeaders)
    return api
