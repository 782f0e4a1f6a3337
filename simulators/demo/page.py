"""The demo's page: each store's till, to sell on, and beside it what comes out of its printer, as pictures.

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
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
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
_HOST: Final = "127.0.0.1"
_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class Till(NamedTuple):
    """One store as the page shows it; `origin` is where its till page is."""

    name: str
    origin: str
    printer: SimulatedPrinter


def create_page(tills: Mapping[str, Till], check_font: Callable[[], object]) -> FastAPI:
    """Build the page over running printers; `check_font` raises NoReceiptFont where receipts cannot be drawn."""
    app = FastAPI(title="Tillsync demo", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[_HOST, "localhost"])
    framed = " ".join(till.origin for till in tills.values())
    policy = f"default-src 'self'; frame-src {framed}; frame-ancestors 'none'"
    drawing = threading.Lock()
    hint: str | None = None
    try:
        check_font()
    except NoReceiptFont as error:
        hint = str(error)

    @app.middleware("http")
    async def with_headers(request: Request, answer: RequestResponseEndpoint) -> Response:
        response = await answer(request)
        response.headers.update({**_HEADERS, "Content-Security-Policy": policy})
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
    async def page(request: Request) -> Response:
        if request.url.hostname != _HOST:  # the tills let themselves be framed by this one origin only
            return RedirectResponse(str(request.url.replace(hostname=_HOST)))
        return FileResponse(PAGES / "demo.html")

    return app


def _show(till: Till) -> dict[str, Any]:
    printed = till.printer.printed
    newest = printed[: -RECEIPTS_LISTED - 1 : -1]
    return {
        "name": till.name,
        "till": f"{till.origin}/",
        "plugged": till.printer.plugged,
        "printed_count": printed[-1].number if printed else 0,
        "receipts": [{"number": one.number, "drawer": one.drawer_openings > 0, "text": one.text} for one in newest],
    }


class DemoPage:
    """The page, for a `with` block: its origin is known, and kept, from the beginning; it answers from `show` on.

    The tills must know who frames them before they run, and the page needs the tills.
    """

    def __init__(self, port: int = PAGE_PORT) -> None:
        self._listener = listen(_HOST, free_port(port))
        self.origin = f"http://{_HOST}:{self._listener.getsockname()[1]}"
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def show(self, tills: Mapping[str, Till], *, check_font: Callable[[], object] = find_font) -> None:
        """Serve the page over running tills and printers, from a thread of its own; once only."""
        app = create_page(tills, check_font)
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", access_log=False, ws="none", timeout_graceful_shutdown=1)
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, name="demo-page", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(STOP_PATIENCE_S)
        with contextlib.suppress(OSError):
            self._listener.close()
