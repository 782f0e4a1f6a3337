"""The live console page: static files out of `hub/pages` and the look.

One rule: the page shows what `/api/live` says and computes nothing of its own.
"""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from provisioning import look

PAGES: Final = Path(__file__).parent.parent / "pages"

_router = APIRouter(include_in_schema=False)


@_router.get("/")
def read_console() -> FileResponse:
    """Give the console page."""
    return FileResponse(PAGES / "console.html", media_type="text/html; charset=utf-8")


def install_console(api: FastAPI) -> None:
    """Serve the page at `/`, its parts at `/static`, and the look it shares with the till page."""
    api.include_router(_router)
    api.mount("/static", StaticFiles(directory=PAGES), name="static")
    api.mount(look.PATH, StaticFiles(directory=look.STATIC), name="look")
