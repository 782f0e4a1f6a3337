"""What every request passes before it reaches an endpoint: host, size, kind of body; and headers on every answer.

One rule: a guard refuses with a problem document, like everything else, and looks at nothing but the outside of a
request. A body in JSON only is also what keeps foreign pages from writing: a browser asks first, and is not allowed.
"""

from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.api.problems import FOREIGN_HOST, NOT_JSON, TOO_LARGE, problem_response, unexpected_response

BODY_BYTES_MAX: Final = 1024 * 1024
BULK_BODY_BYTES_MAX: Final = 16 * 1024 * 1024
BULK_PATHS: Final = frozenset({"/api/catalogue/items"})
WRITING_METHODS: Final = frozenset({"POST", "PUT", "PATCH"})
ALWAYS_SERVED_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "[::1]", "testserver"})

_SAFE_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_CLOSED: Final = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'"
_PAGE_POLICY: Final = f"default-src 'self'; {_CLOSED}"
_API_POLICY: Final = f"default-src 'none'; {_CLOSED}"
# FastAPI's page of documentation starts an inline script.
_DOCS_POLICY: Final = (
    f"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    f"img-src 'self' data:; {_CLOSED}"
)


def body_bytes_max(path: str) -> int:
    """Give the most bytes that a body sent to this path may have."""
    return BULK_BODY_BYTES_MAX if path in BULK_PATHS else BODY_BYTES_MAX


class AnswerHeaders:
    """Puts the headers for browsers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _headers_for(scope["path"]).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _headers_for(path: str) -> dict[str, str]:
    if path.startswith("/docs"):
        policy, caching = _DOCS_POLICY, "no-cache"
    elif path.startswith("/api/") or path == "/openapi.json":
        policy, caching = _API_POLICY, "no-store"
    else:
        policy, caching = _PAGE_POLICY, "no-cache"
    return {**_SAFE_HEADERS, "Content-Security-Policy": policy, "Cache-Control": caching}


class UnexpectedErrors:
    """Answers what nobody foresaw with a problem, and logs it once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:  # noqa: BLE001 - the edge of the system: logged here, once
            response = unexpected_response(scope, error)
            if not started:  # else the answer is cut off, which the caller notices
                await response(scope, receive, send)


class ServedHosts:
    """Refuses requests for other host names, so that no foreign name can be pointed at the loopback address."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._app = app
        bracketed = {f"[{host}]" if ":" in host and not host.startswith("[") else host for host in hosts}
        self._hosts = ALWAYS_SERVED_HOSTS | {host.lower() for host in bracketed if host}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _host_of(Headers(scope=scope)) not in self._hosts:
            response = problem_response(FOREIGN_HOST, "The Host header names another host, or none.")
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _host_of(headers: Headers) -> str | None:
    """Read the host without its port; None where the header is missing, doubled or out of form."""
    values = headers.getlist("host")
    if len(values) != 1:
        return None
    host, bracket, port = values[0].lower().partition("]")
    if bracket:
        return host + bracket if port == "" or port.startswith(":") else None
    return host.partition(":")[0]


class BodyLimits:
    """Refuses bodies that are too large, by their declared size or while they arrive, and writes that are no JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit_bytes = body_bytes_max(scope["path"])
        detail = f"At most {limit_bytes} bytes are taken here."
        declared = headers.get("content-length", "0")
        if not declared.isdigit() or int(declared[:18]) > limit_bytes:
            await _discard(receive, BULK_BODY_BYTES_MAX)
            response = problem_response(TOO_LARGE, detail, headers={"Connection": "close"})
            await response(scope, receive, send)
            return
        if scope["method"] in WRITING_METHODS and not _is_json(headers.get("content-type", "")):
            await _discard(receive, limit_bytes)
            await problem_response(NOT_JSON, "The body's content type is not JSON.")(scope, receive, send)
            return
        received_bytes = 0

        async def receive_limited() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > limit_bytes:
                raise HTTPException(TOO_LARGE.status, detail, headers={"Connection": "close"})
            return message

        await self._app(scope, receive_limited, send)


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))


async def _discard(receive: Receive, limit_bytes: int) -> None:
    """Read a body that nobody wants, up to a bound, so that a caller still sending gets to read the answer."""
    seen_bytes = 0
    while seen_bytes <= limit_bytes:
        message = await receive()
        seen_bytes += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
