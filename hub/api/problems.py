"""Problem details (RFC 9457): the one shape of everything the API refuses.

One rule: a caller learns what to do next, and never the inside of the hub. What is unexpected is logged once, here.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import Scope

from hub.errors import HubError
from sync_protocol.hub_ports import StoreUnavailable

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
ERRORS_MAX: Final = 50
"""Bound on the listed errors of one request, so that a bad bulk document does not come back as megabytes."""


class FieldError(BaseModel):
    """What is wrong with one field of a request."""

    field: str = Field(description="Where it stands: `body.items.3.price_minor`, `query.limit`, `path.store`.")
    message: str = Field(description="What is wrong with it.")
    kind: str = Field(description="Kind of error, for machines.")


class Problem(BaseModel):
    """Problem details, RFC 9457."""

    type: str = Field(description="`urn:tillsync:problem:<code>`.")
    title: str = Field(description="What kind of problem it is, the same sentence each time.")
    status: int = Field(description="HTTP status.")
    detail: str = Field(description="What happened this time.")
    code: str = Field(description="The problem's code, for machines.")
    next_step: str = Field(description="What to do about it; empty where there is nothing to do.")
    errors: list[FieldError] | None = Field(default=None, description="Fields at fault, at most 50; only of `invalid`.")


class ProblemKind:
    """Code, status and sentences of a problem that is no HubError."""

    def __init__(self, code: str, status: int, title: str, next_step: str) -> None:
        self.code = code
        self.status = status
        self.title = title
        self.next_step = next_step


INVALID: Final = ProblemKind("invalid", 422, "The request is not valid", "Mend the named fields and send it again.")
MALFORMED: Final = ProblemKind("malformed-json", 400, "The body is no JSON", "Send a JSON document in UTF-8.")
NOT_JSON: Final = ProblemKind("not-json", 415, "Only JSON is taken", "Send the header Content-Type: application/json.")
TOO_LARGE: Final = ProblemKind("too-large", 413, "The body is too large", "Send it in several smaller requests.")
FOREIGN_HOST: Final = ProblemKind(
    "unknown-host", 400, "This host name is not served", "Use the address that the hub was started with."
)
NO_ROUTE: Final = ProblemKind("no-such-path", 404, "There is nothing at this path", "The paths are listed at /docs.")
NO_METHOD: Final = ProblemKind(
    "method-not-allowed", 405, "This method is not allowed here", "See /docs for the methods."
)
UNAVAILABLE: Final = ProblemKind(
    "unavailable", 503, "The database cannot be worked with right now", "Try again in a moment; nothing was changed."
)
UNEXPECTED: Final = ProblemKind(
    "unexpected",
    500,
    "Something went wrong inside the hub",
    "Look whether it was done; the hub's log tells what happened.",
)
HTTP_KINDS: Final = {404: NO_ROUTE, 405: NO_METHOD}


def problem_response(
    kind: ProblemKind | type[HubError],
    detail: str,
    *,
    errors: Sequence[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Write a problem as a response."""
    problem = Problem(
        type=f"urn:tillsync:problem:{kind.code}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        code=kind.code,
        next_step=kind.next_step,
        errors=list(errors) if errors is not None else None,
    )
    content = problem.model_dump(exclude_none=True)
    return JSONResponse(content, kind.status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def invalid(field: tuple[str, ...], message: str, kind: str = "value_error") -> RequestValidationError:
    """Make the error of a request whose field does not hold what the schema cannot say."""
    return RequestValidationError([{"loc": field, "msg": message, "type": kind}])


def unexpected_response(scope: Scope, error: Exception) -> JSONResponse:
    """Log what nobody foresaw, with its trace, and answer without its inside."""
    log.error("unexpected error", extra=_call(scope), exc_info=error)
    return problem_response(UNEXPECTED, "The hub could not answer this request.")


def _call(scope: Scope) -> dict[str, str]:
    """Name a call for the log by its route: a path may name people."""
    return {"method": scope["method"], "route": getattr(scope.get("route"), "path", "no route")}


def install_problem_handlers(api: FastAPI) -> None:
    """Make every refusal of an application a problem."""
    api.exception_handler(HubError)(_on_hub_error)
    api.exception_handler(RequestValidationError)(_on_invalid)
    api.exception_handler(HTTPException)(_on_http_exception)
    api.exception_handler(StoreUnavailable)(_on_unavailable)


def _on_hub_error(_request: Request, error: HubError) -> JSONResponse:
    return problem_response(type(error), error.detail)


def _on_invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
    found = [_field_error(one) for one in error.errors()]
    if any(one.kind == "json_invalid" for one in found):
        return problem_response(MALFORMED, "The body cannot be read as JSON.")
    named = ", ".join(one.field for one in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return problem_response(INVALID, f"Not valid: {named}{more}.", errors=found[:ERRORS_MAX])


def _field_error(error: Mapping[str, Any]) -> FieldError:
    # Only place, sentence and kind: what was sent is not repeated, it may be personal or a megabyte long.
    place = ".".join(str(part)[:100] for part in error["loc"])
    return FieldError(field=place, message=str(error["msg"])[:300], kind=str(error["type"]))


def _on_http_exception(request: Request, error: HTTPException) -> JSONResponse:
    if error.status_code == MALFORMED.status:
        return problem_response(MALFORMED, "The body cannot be read as JSON.")
    if error.status_code == TOO_LARGE.status:
        return problem_response(TOO_LARGE, error.detail, headers=error.headers)
    kind = HTTP_KINDS.get(error.status_code)
    if kind is None:
        kind = ProblemKind(f"http-{error.status_code}", error.status_code, error.detail, "")
    return problem_response(kind, f"{request.method} {request.url.path[:200]}", headers=error.headers)


def _on_unavailable(request: Request, error: StoreUnavailable) -> JSONResponse:
    request.app.state.parts.context.metrics.database_errors.labels("api").inc()
    log.warning("database unavailable", extra={**_call(request.scope), "cause": str(error)})
    detail = "The hub's database is locked, full or out of reach."
    return problem_response(UNAVAILABLE, detail, headers={"Retry-After": "1"})
