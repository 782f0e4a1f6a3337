"""The node's MQTT connection: subscribe after every connect, hand everything over, keep nothing.

One rule: callbacks of paho only hand over. The outbox is ours; a PUBACK means merely that the broker has it, and what
paho loses is sent again by the session.
"""

import contextlib
import logging
import random
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from provisioning.broker_address import BrokerAddress
from provisioning.service.broker_life import BrokerLife
from provisioning.service.stopping import stop_within
from sync_protocol.names import CHAIN_TOPIC, down_topic, node_topic

_paho_log = logging.getLogger("paho")

KEEPALIVE_S: Final = 20
RECONNECT_MIN_S: Final = 1
RECONNECT_MAX_S: Final = 4
RECONNECT_JITTER: Final = 0.25
"""By what part waits differ between nodes, so that a broker that comes back is not met by all of them at once."""

GOODBYE_S: Final = 0.5
"""How long the broker has to take the last payloads and the goodbye; then the network thread is left behind."""

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
        self._life = BrokerLife(address)
        self._leaving = False
        self._on_ready = on_ready
        self._on_lost = on_lost
        self._on_payload = on_payload
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=actor, clean_session=True, protocol=MQTTProtocolVersion.MQTTv311
        )
        if _paho_log.isEnabledFor(logging.DEBUG):  # else it reports every attempt to connect as an error
            self._client.enable_logger(_paho_log)
        self._client.max_queued_messages_set(QUEUED_MESSAGES_MAX)
        spread = random.uniform(1 - RECONNECT_JITTER, 1 + RECONNECT_JITTER)  # noqa: S311 - spreads load, guards nothing
        self._client.reconnect_delay_set(RECONNECT_MIN_S * spread, RECONNECT_MAX_S * spread)  # type: ignore[arg-type]
        self._client.will_set(node_topic("state", actor), b"offline", qos=1)
        self._client.on_connect = self._connected
        self._client.on_connect_fail = lambda _client, _userdata: self._life.failed()
        self._client.on_subscribe = self._subscribed
        self._client.on_disconnect = self._disconnected
        self._client.on_message = self._message
        self._client.on_socket_open = _send_at_once

    def start(self) -> None:
        """Begin to connect, and go on trying for ever."""
        self._client.connect_async(self._address.host, self._address.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Say goodbye, leave the broker and end the network thread. What was published before goes first."""
        if not self._client.is_connected():
            # The network thread may sit in an attempt to connect for seconds: it ends by itself, nobody waits for it.
            self._client.disconnect()
            threading.Thread(target=self._client.loop_stop, name="broker-link-end", daemon=True).start()
            return
        # Leaving in order keeps the will from being sent, so that the goodbye has to say the same.
        goodbye = self._client.publish(node_topic("state", self._actor), b"offline", qos=1)
        with contextlib.suppress(RuntimeError, ValueError):  # the line broke meanwhile: the will says it
            goodbye.wait_for_publish(GOODBYE_S)
        self._leaving = True
        self._client.disconnect()
        stop_within(GOODBYE_S, "broker link", self._end_thread)

    def is_connected(self) -> bool:
        """Tell whether the broker has accepted and subscribed this node."""
        return self._life.is_connected

    def publish(self, channel: str, payload: bytes) -> None:
        """Publish to one of the node's topics at QoS 1."""
        self._client.publish(node_topic(channel, self._actor), payload, qos=1)

    def _end_thread(self) -> None:
        self._client.loop_stop()

    def _connected(
        self, client: mqtt.Client, _userdata: Any, _flags: Any, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._life.away(str(reason))
        else:
            client.subscribe([(down_topic(self._actor), 1), (CHAIN_TOPIC, 1)])

    def _subscribed(
        self, client: mqtt.Client, _userdata: Any, _mid: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._life.away("the broker does not let this node read its topics")
            _break(client)
            return
        self._life.connected()
        client.publish(node_topic("state", self._actor), b"online", qos=1)
        self._on_ready()

    def _disconnected(self, _client: mqtt.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if self._leaving:
            self._life.left()
        else:
            self._life.away(str(reason))
        self._on_lost()

    def _message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        self._on_payload(bytes(message.payload))


def _break(client: mqtt.Client) -> None:
    """Break the connection, so that it is tried again after a wait; `disconnect` would end it for good."""
    sock: Any = client.socket()
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _send_at_once(_client: mqtt.Client, _userdata: Any, sock: Any) -> None:
    """Switch off Nagle's delay: every message is small and somebody waits for it."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
