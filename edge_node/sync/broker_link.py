"""The node's MQTT connection: subscribe after every connect, hand everything over, keep nothing.

One rule: callbacks of paho only hand over. The outbox is ours; a PUBACK means merely that the broker has it, and what
paho loses is sent again by the session.
"""

import contextlib
import socket
from collections.abc import Callable
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from provisioning.broker_address import BrokerAddress
from sync_protocol.names import CHAIN_TOPIC, down_topic, node_topic

KEEPALIVE_S: Final = 20
RECONNECT_MIN_S: Final = 1
RECONNECT_MAX_S: Final = 4
QUEUED_MESSAGES_MAX: Final = 1_000


class BrokerLink:
    """One node's connection to the broker, reconnecting by itself."""

    def __init__(
        self,
        actor: str,
        address: BrokerAddress,
        *,
        on_ready: Callable[[], None],
        on_lost: Callable[[], None],
        on_payload: Callable[[bytes], None],
    ) -> None:
        self._actor = actor
        self._address = address
        self._on_ready = on_ready
        self._on_lost = on_lost
        self._on_payload = on_payload
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=actor, clean_session=True, protocol=MQTTProtocolVersion.MQTTv311
        )
        self._client.max_queued_messages_set(QUEUED_MESSAGES_MAX)
        self._client.reconnect_delay_set(RECONNECT_MIN_S, RECONNECT_MAX_S)
        self._client.will_set(node_topic("state", actor), b"offline", qos=1)
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
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

    def publish(self, channel: str, payload: bytes) -> None:
        """Publish to one of the node's topics at QoS 1."""
        self._client.publish(node_topic(channel, self._actor), payload, qos=1)

    def _connected(
        self, client: mqtt.Client, _userdata: Any, _flags: Any, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if not reason.is_failure:
            client.subscribe([(down_topic(self._actor), 1), (CHAIN_TOPIC, 1)])

    def _subscribed(
        self, client: mqtt.Client, _userdata: Any, _mid: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            client.disconnect()
            return
        client.publish(node_topic("state", self._actor), b"online", qos=1)
        self._on_ready()

    def _disconnected(self, _client: mqtt.Client, _userdata: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        self._on_lost()

    def _message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        self._on_payload(bytes(message.payload))


def _send_at_once(_client: mqtt.Client, _userdata: Any, sock: Any) -> None:
    """Switch off Nagle's delay: every message is small and somebody waits for it."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
