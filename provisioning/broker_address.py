"""The address of an MQTT broker as both sides write it: `mqtt://host:port`."""

from typing import Final, NamedTuple
from urllib.parse import urlsplit

from provisioning.errors import BadNodeFile

DEFAULT_PORT: Final = 1883


class BrokerAddress(NamedTuple):
    """Where a broker listens."""

    host: str
    port: int

    def __str__(self) -> str:
        """Write the address as a URL."""
        return f"mqtt://{self.host}:{self.port}"


def parse_broker(url: str) -> BrokerAddress:
    """Read `mqtt://host[:port]`. Raises: BadNodeFile with the form that is expected."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORT
    except ValueError as error:
        raise BadNodeFile("the broker's address has no port that can be used; write mqtt://HOST:PORT") from error
    if parts.scheme != "mqtt" or not parts.hostname or parts.path not in {"", "/"}:
        # The text is not repeated: somebody may have written a password into it.
        raise BadNodeFile("the broker's address cannot be read; write mqtt://HOST:PORT")
    return BrokerAddress(parts.hostname, port)
