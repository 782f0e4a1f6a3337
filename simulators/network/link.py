"""A TCP link that can be cut: a store's line to the broker.

One rule: cutting closes what is open and refuses what comes, as a pulled cable does after its time-out; nothing in the
store is told.
"""

import contextlib
import selectors
import socket
import threading
from types import TracebackType
from typing import Final, Self

_CHUNK_BYTES: Final = 65_536
_LOOPBACK: Final = "127.0.0.1"


class CuttableLink:
    """Forwards connections on its own port to a target until it is cut."""

    def __init__(self, target_host: str, target_port: int) -> None:
        self._target = (target_host, target_port)
        self._listener = socket.create_server((_LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._peers: dict[socket.socket, socket.socket] = {}
        self._cut = False
        self._stopping = False
        self._wake_in, self._wake_out = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="cuttable-link", daemon=True)

    def __enter__(self) -> Self:
        """Start forwarding."""
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wake_out, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop forwarding and close everything."""
        self._stopping = True
        self._wake_in.send(b"x")
        self._thread.join()
        for connection in (self._listener, self._wake_in, self._wake_out):
            connection.close()
        self._selector.close()

    @property
    def is_cut(self) -> bool:
        """Tell whether the link is cut."""
        return self._cut

    def cut(self) -> None:
        """Cut the link: open connections end, new ones are refused."""
        self._cut = True
        self._wake_in.send(b"x")

    def mend(self) -> None:
        """Let connections through again."""
        self._cut = False

    def _run(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select():
                self._serve(key.fileobj)  # type: ignore[arg-type]  # only sockets are registered
            if self._cut:
                self._close_all()
        self._close_all()

    def _serve(self, ready: socket.socket) -> None:
        if ready is self._wake_out:
            ready.recv(64)
        elif ready is self._listener:
            self._accept()
        elif ready in self._peers:
            try:
                data = ready.recv(_CHUNK_BYTES)
                if data:
                    self._peers[ready].sendall(data)
                    return
            except OSError:
                pass
            self._close(ready)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        if self._cut:
            near.close()
            return
        try:
            far = socket.create_connection(self._target, timeout=2)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        for one, other in ((near, far), (far, near)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peers[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _close(self, one: socket.socket) -> None:
        for connection in (one, self._peers.get(one)):
            if connection is not None and connection in self._peers:
                del self._peers[connection]
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(connection)
                connection.close()

    def _close_all(self) -> None:
        for connection in list(self._peers):
            self._close(connection)
