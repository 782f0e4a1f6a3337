"""The hub's MQTT connection: one subscription per purpose, everything handed over, nothing kept.

One rule: callbacks of paho only hand over to the worker's queue.
"""

import contextlib
import socket
from collections.abc import Callable
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from hub.storage.partitions import Partitions
from provisioning.broker_address import BrokerAddress
from sync_protocol.names import CHAIN_TOPIC, down_topic

KEEPALIVE_S: Final = 20
RECONNECT_MIN_S: Final = 1
RECONNECT_MAX_S: Final = 4
IN_FLIGHT_MAX: Final = 1_000
QUEUED_MESSAGES_MAX: Final = 20_000
CHANNELS: Final = ("up", "rpc", "state")
FILTERS_PER_SUBSCRIBE_MAX: Final = 300


def subscriptions(partitions: Partitions) -> list[str]:
    """List the topics of a worker: by wildcard for one that has all partitions, else one by one."""
    if partitions.are_all:
        return [f"tillsync/1/+/{channel}/+" for channel in CHANNELS]
    held = range(partitions.first, partitions.last + 1)
    return [f"tillsync/1/{partition:04d}/{channel}/+" for partition in held for channel in CHANNELS]


class HubLink:
    """One hub process's connection to the broker, reconnecting by itself."""

    def __init__(
        self,
        address: BrokerAddress,
        partitions: Partitions,
        on_message: Callable[[str, bytes], None],
        on_state: Callable[[bool], None],
    ) -> None:
        """`on_state` is told whether the broker accepts us, whenever that changes."""
        self._address = address
        self._partitions = partitions
        self._on_message = on_message
        self._on_state = on_state
        # A stable name: a worker that comes back takes its own old connection over, if the broker still keeps it.
        name = f"hub-{partitions.first:04d}-{partitions.last:04d}"
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, clean_session=True, protocol=MQTTProtocolVersion.MQTTv311
        )
        self._client.max_inflight_messages_set(IN_FLIGHT_MAX)
        self._client.max_queued_messages_set(QUEUED_MESSAGES_MAX)
        self._client.reconnect_delay_set(RECONNECT_MIN_S, RECONNECT_MAX_S)
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._disconnected
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
        if reason.is_failure:
            return
        filters = [(topic, 1) for topic in subscriptions(self._partitions)]
        for start in range(0, len(filters), FILTERS_PER_SUBSCRIBE_MAX):
            client.subscribe(filters[start : start + FILTERS_PER_SUBSCRIBE_MAX])
        self._on_state(True)

    def _disconnected(self, *_: Any) -> None:
        self._on_state(False)

    def _message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        self._on_message(message.topic, bytes(message.payload))


def _send_at_once(_client: mqtt.Client, _userdata: Any, sock: Any) -> None:
    """Switch off Nagle's delay: every message is small and somebody waits for it."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
