"""A listening TCP socket for a web server.

One rule: the socket names its protocol. asyncio switches Nagle's delay off only for sockets that do, and without that
every answer in two writes waits 40 ms for the caller's delayed acknowledgement.
"""

import socket
from typing import Final

BACKLOG: Final = 2_048


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; port 0 takes a free one. Raises: OSError naming the address when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"{host}:{port}: {error.strerror}; choose another port") from error
    listener.listen(BACKLOG)
    return listener
