"""A small JSON client over one kept-alive connection, for driving nodes and the hub.

One rule: a connection that broke is opened anew and the call repeated; every call made here may be repeated safely.
"""

import http.client
import json
import socket
import time
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

_TIMEOUT_S: Final = 30


class Reply(NamedTuple):
    """Status, body and headers of one answer."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def ok(self) -> bool:
        """Tell whether the call succeeded."""
        return self.status < 400

    @property
    def code(self) -> str:
        """Give the problem's code; empty for a success."""
        return "" if self.ok else str(self.body.get("code", self.status))


class Gone(Exception):
    """The server did not answer within the patience given."""


class JsonClient:
    """One caller's connection to one server."""

    def __init__(self, address: str, patience_s: float = 0.0) -> None:
        parts = urlsplit(address)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 80
        self._patience_s = patience_s
        self._connection: http.client.HTTPConnection | None = None
        self._is_kept = False  # has answered before: it may have been ended since

    def call(self, method: str, path: str, body: object = None) -> Reply:
        """Make one call; while the server is away, try again until the patience ends. Raises: Gone."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        until_s = time.monotonic() + self._patience_s
        while True:
            try:
                return self._once(method, path, data)
            except (OSError, http.client.HTTPException) as error:
                was_kept = self._is_kept
                self.close()
                if was_kept:
                    continue  # a server may end an idle connection at any time: that says nothing of the server
                if time.monotonic() >= until_s:
                    raise Gone(f"{method} http://{self._host}:{self._port}{path}: {error}") from error
                time.sleep(0.05)

    def get(self, path: str) -> Any:
        """Read something that must be there. Raises: Gone, RuntimeError for a problem."""
        reply = self.call("GET", path)
        if not reply.ok:
            raise RuntimeError(f"GET {path}: {reply.body}")
        return reply.body

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._is_kept = False

    def _once(self, method: str, path: str, data: bytes | None) -> Reply:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT_S)
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(data or b""))} if data else {}
        self._connection.request(method, path, body=data, headers=headers)
        response = self._connection.getresponse()
        raw = response.read()
        self._is_kept = True
        is_json = "json" in response.getheader("content-type", "")
        body = json.loads(raw) if is_json else raw.decode("utf-8", "replace")
        return Reply(response.status, body, {name.lower(): value for name, value in response.getheaders()})
