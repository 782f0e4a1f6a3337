"""Who may show the till page in a frame: nobody, unless the node file names one page."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from edge_node.api.app import create_api
from edge_node.node import Node
from provisioning.node_file import NodeFile
from provisioning.service.listening import listen
from provisioning.service.stopping import Stopping
from provisioning.service.web_server import serve

ORIGIN = "http://127.0.0.1:8090"


@contextmanager
def till(directory: Path, framed_by: str | None) -> Iterator[httpx.Client]:
    node = Node(NodeFile(store="a", broker="mqtt://127.0.0.1", framed_by=framed_by), directory)
    stopping = Stopping()
    with listen("127.0.0.1", 0) as listener:
        server = threading.Thread(target=serve, args=(create_api(node), listener, stopping))
        server.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", trust_env=False) as client:
                yield client
        finally:
            stopping.tell("end of the test")
            server.join()
            node.database.close()


def ancestors(client: httpx.Client, path: str) -> str:
    headers = client.get(path).headers
    assert "x-frame-options" not in headers
    (policy,) = headers.get_list("content-security-policy")
    (directive,) = (one.strip() for one in policy.split(";") if "frame-ancestors" in one)
    return directive


@pytest.mark.parametrize("path", ["/", "/api/status", "/static/till.js", "/none"])
def test_nobody_may_frame_a_till_whose_file_names_no_page(tmp_path: Path, path: str) -> None:
    with till(tmp_path, None) as client:
        assert ancestors(client, path) == "frame-ancestors 'none'"


def test_the_named_page_alone_may_frame_the_till_page_and_nothing_else(tmp_path: Path) -> None:
    with till(tmp_path, ORIGIN) as client:
        assert ancestors(client, "/") == f"frame-ancestors {ORIGIN}"
        for path in ("/api/status", "/static/till.html", "/openapi.json", "/none"):
            assert ancestors(client, path) == "frame-ancestors 'none'", path


def test_a_till_in_a_frame_keeps_its_other_headers(tmp_path: Path) -> None:
    with till(tmp_path / "framed", ORIGIN) as framed, till(tmp_path / "alone", None) as alone:
        one, other = (client.get("/").headers for client in (framed, alone))
    assert sorted(one) == sorted(other)
    assert (one["x-content-type-options"], one["cache-control"]) == ("nosniff", "no-store")
