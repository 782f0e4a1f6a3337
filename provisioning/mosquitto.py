"""The configuration of a chain's Mosquitto broker, as text.

One rule: a pure function of its settings; every line it writes says what it is for. Source: mosquitto.conf(5) of
version 2.0.11, that of Debian 12.
"""

import ipaddress
from pathlib import Path
from typing import Final, NamedTuple

from provisioning.broker_address import DEFAULT_PORT
from provisioning.errors import BadBrokerSettings

FILE_NAME: Final = "mosquitto.conf"
USER: Final = "mosquitto"
"""What Mosquitto becomes when root starts it: its directory must belong to this user then."""

PACKET_BYTES_MAX: Final = 256 * 1024
QUEUED_MESSAGES_MAX: Final = 10_000
QUEUED_BYTES_MAX: Final = 64 * 1024 * 1024
IN_FLIGHT_MAX: Final = 20
CONNECTIONS_MAX: Final = 20_000
AUTOSAVE_S: Final = 60


class MosquittoSettings(NamedTuple):
    """What differs between two brokers. `directory` is where it keeps its state: absolute, without a line break."""

    directory: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT


def mosquitto_configuration(settings: MosquittoSettings) -> str:
    """Write the configuration file. Raises: BadBrokerSettings for what cannot be used, an open address among it."""
    _check(settings)
    parts = [
        "# Tillsync's MQTT broker. Made by 'tillsync-provision mosquitto'; edit by hand as needed.\n"
        "# There is no authentication yet: whoever reaches the port may read and write. Therefore it listens on the\n"
        "# loopback only, until mutual TLS comes with the nodes' certificates. Do not open it to a network.\n"
    ]
    for why, *options in _options(settings):
        parts.append("".join(f"{line}\n" for line in (*(f"# {words}" for words in why.splitlines()), *options)))
    return "\n".join(parts)


def _check(settings: MosquittoSettings) -> None:
    try:
        is_loopback = ipaddress.ip_address(settings.host).is_loopback
    except ValueError as error:
        raise BadBrokerSettings(f"host {settings.host!r} is no IP address; write 127.0.0.1") from error
    if not is_loopback:
        raise BadBrokerSettings(
            f"host {settings.host} can be reached from outside, and nobody is authenticated yet; use 127.0.0.1"
        )
    if not 1 <= settings.port <= 65_535:
        raise BadBrokerSettings(f"port {settings.port} is none; choose 1 to 65535")
    if not settings.directory.is_absolute() or any(ord(letter) < 0x20 for letter in str(settings.directory)):
        raise BadBrokerSettings(f"directory {str(settings.directory)!r} must be an absolute path on one line")


def _options(settings: MosquittoSettings) -> list[tuple[str, ...]]:
    """Give for each option, or options that belong together, first why and then the lines."""
    return [
        ("Where it listens: port and address, this one alone.", f"listener {settings.port} {settings.host}"),
        ("Stores, hub workers and watchers together; more are refused.", f"max_connections {CONNECTIONS_MAX}"),
        ("One set of rules for all listeners, the one with TLS to come included.", "per_listener_settings false"),
        ("Nobody is asked who they are, see above: for the loopback only.", "allow_anonymous true"),
        (
            "Every client has a name of its own: its new connection ends its old one.",
            "allow_zero_length_clientid false",
        ),
        (
            "Sessions and queues outlast a restart. Tillsync does not rely on it: what the other side's database has\n"
            "not acknowledged is sent again.",
            "persistence true",
        ),
        ("Where they are kept.", f"persistence_location {settings.directory}/"),
        ("They are saved by time, not by the number of changes …", "autosave_on_changes false"),
        ("… every so many seconds, and at the broker's end.", f"autosave_interval {AUTOSAVE_S}"),
        ("What is queued for a client that never comes back is forgotten.", "persistent_client_expiration 30d"),
        ("Messages are small and somebody waits for each: send at once.", "set_tcp_nodelay true"),
        (
            "Bytes of a packet. Tillsync's messages have at most 131072; who sends more than this is cut off.",
            f"max_packet_size {PACKET_BYTES_MAX}",
        ),
        ("Messages on their way to a client that has not acknowledged them.", f"max_inflight_messages {IN_FLIGHT_MAX}"),
        (
            "Messages that wait for a slow client. Beyond it they are dropped, and the log says so: raise an alarm on\n"
            "'Outgoing messages are being dropped'.",
            f"max_queued_messages {QUEUED_MESSAGES_MAX}",
        ),
        ("The same in bytes: whichever is reached first.", f"max_queued_bytes {QUEUED_BYTES_MAX}"),
        ("The log goes where the terminal or the service manager takes it.", "log_dest stderr"),
        ("What goes wrong, and who comes and goes.", "log_type error", "log_type warning", "log_type notice"),
        ("Times that people can read.", "log_timestamp_format %Y-%m-%dT%H:%M:%S"),
    ]
