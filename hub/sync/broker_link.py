"""The hub's MQTT connection: one subscription per purpose, everything handed over, nothing kept.

One rule: callbacks of paho only hand over to the worker's queue.
"""

import contextlib
import socket
from collections.abc import Callable
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from provisioning.broker_address import BrokerAddress
from sync_protocol.names import CHAIN_TOPIC, down_topic

KEEPALIVE_S: Final = 20
RECONNECT_MIN_S: Final = 1
RECONNECT_MAX_S: Final = 4
IN_FLIGHT_MAX: Final = 1_000
QUEUED_MESSAGES_MAX: Final = 20_000
SUBSCRIPTIONS = [("tillsync/1/+/up/+", 1), ("tillsync/1/+/rpc/+", 1), ("tillsync/1/+/state/+", 1)]


class HubLink:
    """One hub process's connection to the broker, reconnecting by itself."""

    def __init__(self, name: str, address: BrokerAddress, on_message: Callable[[str, bytes], None]) -> None:
        self._address = address
        self._on_message = on_message
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, clean_session=True, protocol=MQTTProtocolVersion.MQTTv311
        )
        self._client.max_inflight_messages_set(IN_FLIGHT_MAX)
        self._client.max_queued_messages_set(QUEUED_MESSAGES_MAX)
        self._client.reconnect_delay_set(RECONNECT_MIN_S, RECONNECT_MAX_S)
        self._client.on_connect = self._connected
        self._client.on_message = self._message
        self._client.on_socket_open = _send_at_once

    def start(self) -> None:
        """Begin to connect, and go on trying for ever."""
        self._client.connect_async(self._address.host, self._address.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Leave the broker and end the network thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, to: str | None, payload: bytes) -> None:
        """Publish to one node, or to everyone."""
        self._client.publish(CHAIN_TOPIC if to is None else down_topic(to), payload, qos=1)

    def _connected(self, client: mqtt.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            client.subscribe(SUBSCRIPTIONS)

    def _message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        self._on_message(message.topic, bytes(message.payload))


def _send_at_once(_client: mqtt.Client, _userdata: Any, sock: Any) -> None:
    """Switch off Nagle's delay: every message is small and somebody waits for it."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
