"""The demo's page of receipts: what comes out of each store's printer, as pictures, beside the way to its till.

One rule: nothing is drawn before somebody looks, and then one receipt at a time: the demo's customers share this
process, and what they measure must not be the page.
"""

import contextlib
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Final, NamedTuple, Self

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware.base import RequestResponseEndpoint
from starlette.middleware.trustedhost import TrustedHostMiddleware

from provisioning import look
from provisioning.service.listening import listen
from simulators.demo.processes import free_port
from simulators.devices.escpos_printer import SimulatedPrinter
from simulators.devices.receipt_font import NoReceiptFont, find_font

PAGES: Final = Path(__file__).parent / "pages"
PAGE_PORT: Final = 8090
RECEIPTS_LISTED: Final = 12
STOP_PATIENCE_S: Final = 3.0
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Till(NamedTuple):
    """One store as the page shows it."""

    name: str
    address: str
    printer: SimulatedPrinter


def create_page(tills: Mapping[str, Till], check_font: Callable[[], object]) -> FastAPI:
    """Build the page over running printers; `check_font` raises NoReceiptFont where receipts cannot be drawn."""
    app = FastAPI(title="Tillsync receipts", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    drawing = threading.Lock()
    hint: str | None = None
    try:
        check_font()
    except NoReceiptFont as error:
        hint = str(error)

    @app.middleware("http")
    async def with_headers(request: Request, answer: RequestResponseEndpoint) -> Response:
        response = await answer(request)
        response.headers.update(_HEADERS)
        return response

    @app.get("/api/printers")
    def printers() -> Response:
        stores = [{"store": store, **_show(till)} for store, till in tills.items()]
        return JSONResponse({"stores": stores, "no_pictures": hint}, headers={"Cache-Control": "no-store"})

    @app.get("/receipts/{store}/{number}.png")
    def picture(store: str, number: Annotated[int, InPath(ge=1)]) -> Response:
        till = tills.get(store)
        printed = till.printer.printed if till is not None else []
        receipt = next((one for one in printed if one.number == number), None)
        if receipt is None or hint is not None:
            raise HTTPException(404)
        with drawing:
            png = receipt.png()
        return Response(png, media_type="image/png", headers={"Cache-Control": "max-age=3600, immutable"})

    app.mount(look.PATH, StaticFiles(directory=look.STATIC))
    app.mount("/static", StaticFiles(directory=PAGES))

    @app.get("/")
    async def page() -> FileResponse:
        return FileResponse(PAGES / "receipts.html")

    return app


def _show(till: Till) -> dict[str, Any]:
    printed = till.printer.printed
    newest = printed[: -RECEIPTS_LISTED - 1 : -1]
    return {
        "name": till.name,
        "till": till.address,
        "plugged": till.printer.plugged,
        "printed_count": printed[-1].number if printed else 0,
        "receipts": [{"number": one.number, "drawer": one.drawer_openings > 0, "text": one.text} for one in newest],
    }


class ReceiptPage:
    """The page, served from a thread of its own while a `with` block lasts."""

    def __init__(
        self, tills: Mapping[str, Till], port: int = PAGE_PORT, *, check_font: Callable[[], object] = find_font
    ) -> None:
        app = create_page(tills, check_font)
        self._listener = listen("127.0.0.1", free_port(port))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", access_log=False, ws="none", timeout_graceful_shutdown=1)
        )
        self._thread = threading.Thread(target=self._run, name="receipt-page", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(STOP_PATIENCE_S)
        with contextlib.suppress(OSError):
            self._listener.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._listener])
