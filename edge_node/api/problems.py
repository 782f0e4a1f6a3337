"""Errors of the local API as problem details (RFC 9457).

One rule: every answer that is not a success says what is wrong, why, and what to do next, in a form that a page can
translate by its code.
"""

import logging
import sqlite3
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import Counter
from starlette.exceptions import HTTPException
from starlette.types import Scope

from edge_node.errors import NodeError
from edge_node.storage.faults import told
from loyalty.errors import RuleError, TenderShort
from sync_protocol.errors import EntryTooLarge

log = logging.getLogger(__name__)


def problem(
    status: int, code: str, title: str, detail: str, next_step: str, fields: dict[str, Any] | None = None
) -> JSONResponse:
    """Build one problem document."""
    body = {
        "type": f"urn:tillsync:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "next_step": next_step,
        **(fields or {}),
    }
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def install(app: FastAPI, refusals: Counter) -> None:
    """Answer all errors of an app as problem details, and count them by code."""

    def refuse(
        status: int, code: str, title: str, detail: str, next_step: str, fields: dict[str, Any] | None = None
    ) -> JSONResponse:
        refusals.labels(code).inc()
        return problem(status, code, title, detail, next_step, fields)

    @app.exception_handler(NodeError)
    async def on_node_error(_request: Request, error: NodeError) -> JSONResponse:
        return refuse(error.status, error.code, error.title, error.detail, error.next_step, error.fields)

    @app.exception_handler(RuleError)
    async def on_rule_error(_request: Request, error: RuleError) -> JSONResponse:
        fields = {"missing_minor": error.missing_minor} if isinstance(error, TenderShort) else {}
        step = "Take a further tender." if isinstance(error, TenderShort) else "Change the basket and try again."
        return refuse(422, error.code, "The basket cannot be sold like this", str(error), step, fields)

    @app.exception_handler(EntryTooLarge)
    async def on_entry_too_large(_request: Request, error: EntryTooLarge) -> JSONResponse:
        step = "Split the basket in two."
        return refuse(422, "basket-too-large", "The basket is too large for one receipt", str(error), step)

    @app.exception_handler(RequestValidationError)
    async def on_validation(_request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [{"field": ".".join(map(str, one["loc"])), "reason": str(one["msg"])} for one in error.errors()]
        first = f"{errors[0]['field']}: {errors[0]['reason']}" if errors else "the request cannot be read"
        step = "Mend the named field and send it again."
        return refuse(422, "validation", "The request cannot be used", first, step, {"errors": errors})

    @app.exception_handler(HTTPException)
    async def on_http(_request: Request, error: HTTPException) -> JSONResponse:
        code = "not-found" if error.status_code == 404 else "http-error"
        step = "See the list of calls at /openapi.json."
        return refuse(error.status_code, code, str(error.detail), str(error.detail), step)

    @app.exception_handler(sqlite3.Error)
    async def on_database_error(request: Request, error: sqlite3.Error) -> JSONResponse:
        fault = told(error)
        if isinstance(fault, NodeError):
            return await on_node_error(request, fault)
        raise error


def unexpected(scope: Scope, error: Exception) -> JSONResponse:
    """Log what nobody foresaw, once, and answer without its inside. The route is named: a path may name people."""
    route = getattr(scope.get("route"), "path", "no route")
    log.error("unexpected error", extra={"method": scope["method"], "route": route}, exc_info=error)
    detail = "the node met an error that it did not expect; look whether it was done"
    step = "Try again; call support if it stays."
    return problem(500, "unexpected", "Something went wrong in the node", detail, step)
