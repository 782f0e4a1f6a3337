"""A hub in a directory of its own for each test, answering real HTTP on the loopback interface.

One rule: one server runs for the whole session; each test puts its own API behind it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from hub.api.app import create_api
from hub.context import HubContext, open_context
from hub.settings import HubSettings
from tests.databases import FreshDatabase
from tests.hub.api.chain import Chain, Clock

SERVER_START_S_MAX = 10


class Switchboard:
    """The application of the one server: hands requests on to the present test's API."""

    def __init__(self) -> None:
        self.api: FastAPI | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.api is not None
        await self.api(scope, receive, send)


@dataclass
class Served:
    """The running server: what stands behind it, and where it listens."""

    switchboard: Switchboard
    address: str


@dataclass
class Hub:
    """A test's hub: its API over HTTP, its databases, its clock, and the chain that fills it."""

    context: HubContext
    api: FastAPI
    http: httpx.Client
    clock: Clock
    chain: Chain
    wakes: list[int] = field(default_factory=list)

    def get(self, path: str, **query: Any) -> Any:
        """Read JSON; anything but 200 fails the test."""
        response = self.http.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def create_store(self, store: str, name: str = "", *, greet: bool = True) -> None:
        """Create a store's slot through the API and let its node introduce itself."""
        response = self.http.post("/api/stores", json={"store": store, "name": name or f"Store {store}"})
        assert response.status_code == 201, response.text
        if greet:
            self.chain.greet(store)


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    switchboard = Switchboard()
    config = uvicorn.Config(switchboard, host="127.0.0.1", port=0, log_level="warning", lifespan="off", ws="none")
    socket = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    deadline_s = time.monotonic() + SERVER_START_S_MAX
    while not server.started:
        assert time.monotonic() < deadline_s, "the server did not start"
        time.sleep(0.01)
    yield Served(switchboard, f"http://127.0.0.1:{socket.getsockname()[1]}")
    server.should_exit = True
    thread.join(SERVER_START_S_MAX)
    socket.close()


@pytest.fixture
def make_hub(tmp_path: Path, served: Served, fresh_database: FreshDatabase) -> Iterator[Callable[..., Hub]]:
    """Make hubs with settings of the test's choice; the latest one answers."""
    opened: list[Hub] = []

    def make(**settings: Any) -> Hub:
        wakes: list[int] = []
        clock = Clock()
        directory = tmp_path / f"hub{len(opened)}"
        context = open_context(
            HubSettings(**{"directory": directory, "database": fresh_database(), **settings}),
            wake=lambda: wakes.append(clock.now_ms),
        )
        api = create_api(context, now_ms=clock)
        # Plain HTTP: there is no need to load certificates.
        http = httpx.Client(base_url=served.address, verify=False, trust_env=False)  # noqa: S501
        hub = Hub(context, api, http, clock, Chain(context, clock), wakes)
        served.switchboard.api = api
        opened.append(hub)
        return hub

    yield make
    served.switchboard.api = None
    for hub in opened:
        hub.http.close()
        hub.context.database.close()
        hub.context.keys.close()


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    return make_hub()
