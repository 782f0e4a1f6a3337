"""The local API: look up or enrol a member, price a basket, pay it, get the receipt; and the till page.

One rule: handlers only translate; what a sale is stands in `edge_node.selling` and below.
"""

import time
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from prometheus_client import Counter
from starlette.background import BackgroundTask
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from edge_node.api import health, problems
from edge_node.api.schemas import BasketIn, EnrolIn, FindIn, Id, PayIn, show_basket, show_member, show_receipt
from edge_node.catalogue import read_programme, search_items
from edge_node.errors import NotIntroduced
from edge_node.members import MemberView
from edge_node.node import Node
from edge_node.reports import account_slots, page_balances, page_receipts, page_refusals, recent_receipts
from edge_node.sales import read_receipt
from edge_node.selling import member_fields
from edge_node.storage.cells import node_row
from loyalty.baskets import format_quantity
from loyalty.programme import Programme
from loyalty.receipts import Receipt
from pos_drivers import receipt_to_text
from provisioning import look

PAGES: Final = Path(__file__).parent.parent / "pages"
BODY_BYTES_MAX: Final = 2 * 1024 * 1024
_POLICY: Final = "default-src 'self'; img-src 'self' data:; frame-ancestors "
_NOBODY: Final = "'none'"
_HEADERS: Final = [
    (b"content-security-policy", (_POLICY + _NOBODY).encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]


ARRIVED: Final = "tillsync.arrived"
"""Where a request's scope keeps the time of its arrival (`perf_counter`)."""


class Json(Response):
    """An answer encoded by msgspec, several times as fast as validating what was just built."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Encode the body."""
        return msgspec.json.encode(content)


class Guard:
    """Refuses bodies that are too large or no JSON, answers what nobody foresaw, and sets the headers of all answers.

    A header that an answer states for itself stays as it is.
    """

    def __init__(self, app: ASGIApp, refusals: Counter) -> None:
        self._app = app
        self._refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[ARRIVED] = time.perf_counter()
        has_begun = False

        async def send_with_headers(message: Any) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                stated = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(header for header in _HEADERS if header[0] not in stated)]
            await send(message)

        refusal = _refuse(Request(scope))
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - the edge of the system: logged here, once
            self._refusals.labels("unexpected").inc()
            answer = problems.unexpected(scope, error)
            if not has_begun:  # else the answer is cut off, which the caller notices
                await answer(scope, receive, send_with_headers)


def _refuse(request: Request) -> Response | None:
    if request.method not in {"POST", "PUT"}:
        return None
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > BODY_BYTES_MAX:
        detail = f"the body needs a Content-Length of at most {BODY_BYTES_MAX} bytes"
        return problems.problem(413, "too-large", "The request is too large", detail, "Send less at once.")
    # Asking for JSON keeps other sites' forms from selling on this till.
    if int(length) and request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        detail = "bodies are JSON: Content-Type: application/json"
        return problems.problem(415, "not-json", "The request is no JSON", detail, "Send JSON.")
    return None


def create_api(node: Node) -> FastAPI:
    """Build the app of one node."""
    app = FastAPI(
        title="Tillsync node",
        version=version("tillsync"),
        docs_url=None,  # its page would come from the internet, which a till need not reach; /openapi.json stays
        redoc_url=None,
        description="One store's local API. It listens on the loopback only: the till is on the same machine.",
    )
    problems.install(app, node.metrics.refusals)
    app.add_middleware(Guard, refusals=node.metrics.refusals)
    hosts = ["127.0.0.1", "localhost", "[::1]", "testserver", node.file.http_host]
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts)
    health.install(app, node)
    _status(app, node)
    _members(app, node)
    _baskets(app, node)
    _receipts(app, node)
    _comparison(app, node)
    if PAGES.is_dir():
        app.mount("/static", StaticFiles(directory=PAGES), name="static")
        app.mount(look.PATH, StaticFiles(directory=look.STATIC), name="look")

        @app.get("/", include_in_schema=False)
        async def till_page() -> FileResponse:
            policy = _POLICY + (node.file.framed_by or _NOBODY)
            return FileResponse(PAGES / "till.html", headers={"Content-Security-Policy": policy})

    return app


def _programme(node: Node) -> Programme | None:
    try:
        return read_programme(node.database.reader())
    except NotIntroduced:
        return None


def _as_of_ms(node: Node) -> int | None:
    contact_ms: int | None = node.agent.last_contact_ms or node_row(node.database.reader())["last_contact_ms"]
    return contact_ms


def _member_body(node: Node, member: MemberView) -> dict[str, Any]:
    points = member_fields(member, node.business_day())
    return show_member(member, points, _programme(node), _as_of_ms(node))


def _receipt_body(node: Node, receipt: Receipt) -> dict[str, Any]:
    return show_receipt(receipt, receipt_to_text(node.desk.document(receipt), columns=node.file.printer_columns))


def _status(app: FastAPI, node: Node) -> None:
    @app.get("/api/status", tags=["status"])
    async def status() -> Json:
        """Tell how the node is: online or not, what waits for the hub, printer, limits, programme."""
        row = node_row(node.database.reader())
        programme = _programme(node)
        bounds = node.bounds
        return Json(
            {
                "store": node.database.store,
                "store_name": node.file.store_name or node.database.store,
                "actor": node.database.actor,
                "timezone": node.file.timezone,
                "online": node.agent.is_online(),
                "last_contact_ms": _as_of_ms(node),
                "now_ms": node.clock.now_ms(),
                "outbox_count": row["last_entry"] - row["acknowledged"],
                "last_entry": row["last_entry"],
                "fenced": row["fenced"],
                "introduced": row["blind_index_key"] is not None and programme is not None,
                "currency": None
                if programme is None
                else {
                    "code": programme.currency.code,
                    "symbol": programme.currency.symbol,
                    "decimals": programme.currency.decimals,
                },
                "printer": node.desk.status()._asdict(),
                "limits": {
                    "quantity_max": format_quantity(bounds.quantity_milli_max),
                    "lines_max": bounds.lines_max,
                    "line_minor_max": bounds.line_minor_max,
                },
                "programme": None
                if programme is None
                else {
                    "earn_per_minor": programme.earn_per_minor,
                    "points_per": 1,
                    "point_value_minor": programme.point_value_minor,
                },
            }
        )

    @app.get("/api/items", tags=["catalogue"])
    async def items(
        q: Annotated[str, Query(max_length=80)] = "", limit: Annotated[int, Query(ge=1, le=50)] = 12
    ) -> Json:
        """Search items by code, GTIN or name; an exact code comes first."""
        return Json({"items": [item._asdict() for item in search_items(node.database.reader(), q, limit)]})


def _members(app: FastAPI, node: Node) -> None:
    @app.post("/api/members/find", tags=["members"])
    async def find(body: FindIn) -> Json:
        """Find a member by phone or card, here or at the hub; from then on this store holds them."""
        return Json(_member_body(node, await node.selling.find_member(body.kind, body.value)))

    @app.post("/api/members", tags=["members"], status_code=201)
    async def enrol(body: EnrolIn) -> Response:
        """Enrol a member who has given consent; works offline too."""
        identities = {kind: value for kind, value in (("phone", body.phone), ("card", body.card)) if value}
        if not identities:
            raise RequestValidationError([{"loc": ("body", "phone"), "msg": "name a phone or a card"}])
        return Json(_member_body(node, await node.selling.enrol(identities, body.name)), status_code=201)

    @app.get("/api/members/{member}", tags=["members"])
    async def member(member: Id) -> Json:
        """Read a member that this store holds."""
        return Json(_member_body(node, node.selling.member(member)))


def _baskets(app: FastAPI, node: Node) -> None:
    def show(basket_id: str) -> dict[str, Any]:
        basket = node.selling.basket(basket_id)
        member = node.selling.member(basket.member) if basket.member else None
        return show_basket(basket, _member_body(node, member) if member else None)

    @app.put("/api/baskets/{basket_id}", tags=["baskets"])
    async def put_basket(basket_id: Id, body: BasketIn) -> Json:
        """Put a whole basket and get it priced; send it again after every change."""
        node.selling.put_basket(body.wish(basket_id))
        return Json(show(basket_id))

    @app.get("/api/baskets/{basket_id}", tags=["baskets"])
    async def basket(basket_id: Id) -> Json:
        """Read an open basket."""
        return Json(show(basket_id))

    @app.post("/api/baskets/{basket_id}/pay", tags=["baskets"])
    async def pay(basket_id: Id, body: PayIn, request: Request) -> Json:
        """Pay a basket. The receipt is durable when the answer comes; paying again gives the same receipt.

        `Server-Timing` tells how long the hub was waited for (`rights`), and how long all else took from the request's
        arrival until the sale was durable (`commit`).
        """
        paid = await node.selling.pay(basket_id, body.wishes())
        elapsed_ms = (time.perf_counter() - request.scope[ARRIVED]) * 1_000
        timing = f"rights;dur={paid.rights_ms:.3f}, commit;dur={elapsed_ms - paid.rights_ms:.3f}"
        printing = BackgroundTask(_notify_desk, node)
        return Json(_receipt_body(node, paid.receipt), headers={"Server-Timing": timing}, background=printing)


async def _notify_desk(node: Node) -> None:
    """Let the desk print once the till has its answer: both would only slow each other down."""
    node.desk.notify()


def _receipts(app: FastAPI, node: Node) -> None:
    @app.get("/api/receipts", tags=["receipts"])
    async def receipts(limit: Annotated[int, Query(ge=1, le=200)] = 20) -> Json:
        """List the latest receipts of this store."""
        return Json({"receipts": recent_receipts(node.database.reader(), node.keys, limit)})

    @app.get("/api/receipts/{actor}/{number}", tags=["receipts"])
    async def receipt(actor: Id, number: Id) -> Json:
        """Read a receipt that this node issued."""
        return Json(_receipt_body(node, read_receipt(node.database.reader(), f"{actor}/{number}")))

    @app.get("/api/receipts/{actor}/{number}/text", tags=["receipts"], response_class=PlainTextResponse)
    async def text(actor: Id, number: Id, columns: Annotated[int, Query(ge=32, le=48)] = 48) -> str:
        """Read a receipt as it is printed."""
        found = read_receipt(node.database.reader(), f"{actor}/{number}")
        return receipt_to_text(node.desk.document(found), columns=columns)

    @app.post("/api/receipts/{actor}/{number}/reprint", tags=["receipts"])
    async def reprint(actor: Id, number: Id) -> Json:
        """Queue a copy of a receipt, marked as such; `printed` is false while no printer can take it."""
        node.desk.reprint(f"{actor}/{number}")
        status = node.desk.status()
        return Json({"printed": status.configured and status.message is None, "message": status.message})


def _comparison(app: FastAPI, node: Node) -> None:
    @app.get("/api/balances", tags=["comparison"])
    async def balances(
        after: Annotated[str, Query(max_length=200)] = "", limit: Annotated[int, Query(ge=1, le=5_000)] = 1_000
    ) -> Json:
        """List the balances of all accounts held here, by account, for comparing with the hub."""
        return Json(page_balances(node.database.reader(), after, limit))

    @app.get("/api/members/{member}/accounts", tags=["comparison"])
    async def accounts(member: Id) -> Json:
        """Show what each node has written on a member's points accounts, as far as it is known here."""
        return Json({"accounts": account_slots(node.database.reader(), member)})

    @app.get("/api/receipt-refs", tags=["comparison"])
    async def receipt_refs(
        after: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=5_000)] = 1_000
    ) -> Json:
        """List all receipts issued here, by number, for comparing with the hub."""
        return Json(page_receipts(node.database.reader(), after, limit))

    @app.get("/api/refusals", tags=["comparison"])
    async def refusals(
        after: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=1_000)] = 200
    ) -> Json:
        """List spends that were refused for lack of rights, and why."""
        return Json(page_refusals(node.database.reader(), after, limit))
