"""One MQTT client that does as it is told and remembers what it got: for asking brokers what they do.

One rule: it waits for conditions with a patience, and says in a sentence what did not come about.
"""

import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from provisioning.broker_address import BrokerAddress

PATIENCE_S: Final = 10.0
KEEPALIVE_S: Final = 20
IN_FLIGHT_MAX: Final = 100


class Lacking(Exception):
    """The broker did not do what was asked of it."""


class Got(NamedTuple):
    """One message as it arrived, at a time of `time.perf_counter`."""

    topic: str
    payload: bytes
    qos: int
    at_s: float


class MqttPeer:
    """A client; it never connects again by itself."""

    def __init__(
        self,
        address: BrokerAddress,
        name: str,
        *,
        is_clean: bool = True,
        will_topic: str = "",
        protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv311,
        acknowledges: bool = True,
    ) -> None:
        self.got: list[Got] = []
        self._address = address
        self._name = name
        self._changed = threading.Condition()
        self._is_connected = False
        self._reason: Any = None
        self._granted: dict[int, list[int]] = {}
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=name,
            clean_session=None if protocol == MQTTProtocolVersion.MQTTv5 else is_clean,
            protocol=protocol,
            reconnect_on_failure=False,
            manual_ack=not acknowledges,
        )
        self._client.max_inflight_messages_set(IN_FLIGHT_MAX)
        if will_topic:
            self._client.will_set(will_topic, b"offline", qos=1)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_socket_open = _send_at_once

    def connect(self) -> None:
        """Connect. Raises: Lacking."""
        try:
            self._client.connect(*self._address, keepalive=KEEPALIVE_S)
        except OSError as error:
            raise Lacking(f"{self._address} cannot be reached: {error.strerror}") from error
        self._client.loop_start()
        is_answered = self.holds_within(lambda: self._reason is not None, PATIENCE_S)
        if not self._is_connected:
            self.leave()
            raise Lacking(f"the connection was refused: {self._reason}" if is_answered else "no answer to CONNECT")

    def leave(self) -> None:
        """Say goodbye, if that has not been said."""
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def is_connected(self) -> bool:
        """Tell whether the connection stands."""
        return self._is_connected

    def subscribe(self, *topics: str, qos: int = 1) -> list[int]:
        """Subscribe; return what was granted: a QoS each, or 128 for a refusal. Raises: Lacking."""
        _, number = self._client.subscribe([(topic, qos) for topic in topics])
        if number is None:
            raise Lacking("the connection has ended")
        self.wait(lambda: number in self._granted, f"the subscription to {', '.join(topics)} is answered")
        return self._granted[number]

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Publish and wait until it is acknowledged. Raises: Lacking."""
        self._await([self._client.publish(topic, payload, qos=qos, retain=retain)])

    def publish_all(self, topic: str, payloads: list[bytes]) -> None:
        """Publish all at once and wait until every one is acknowledged. Raises: Lacking."""
        self._await([self._client.publish(topic, payload, qos=1) for payload in payloads])

    def _await(self, sent: list[mqtt.MQTTMessageInfo]) -> None:
        until_s = time.monotonic() + PATIENCE_S
        for one in sent:
            while not one.is_published() and self._is_connected and time.monotonic() < until_s:
                one.wait_for_publish(0.1)
        missing = sum(not one.is_published() for one in sent)
        if missing:
            raise Lacking(f"{missing} of {len(sent)} publishes were not acknowledged")

    def cut(self) -> None:
        """End the connection without a goodbye, as a pulled cable does."""
        connection = self._client.socket()
        if isinstance(connection, socket.socket):
            connection.shutdown(socket.SHUT_RDWR)
        self.wait(lambda: not self._is_connected, "the connection ends")

    def expect(self, *payloads: bytes) -> list[Got]:
        """Wait until all these have arrived; return everything that has. Raises: Lacking."""
        self.wait(lambda: set(payloads) <= {one.payload for one in self.got}, f"{payloads[0][:40]!r} arrives")
        return list(self.got)

    def wait(self, condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
        """Wait until something holds. Raises: Lacking with its name."""
        with self._changed:
            if not self._changed.wait_for(condition, patience_s):
                raise Lacking(f"did not come about within {patience_s:g} s: {what}")

    def holds_within(self, condition: Callable[[], bool], patience_s: float) -> bool:
        """Tell whether something comes to hold in a time."""
        with self._changed:
            return self._changed.wait_for(condition, patience_s)

    def _on_connect(self, _client: mqtt.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        with self._changed:
            self._reason = reason
            self._is_connected = not reason.is_failure
            self._changed.notify_all()

    def _on_disconnect(self, _client: mqtt.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        with self._changed:
            self._reason = reason
            self._is_connected = False
            self._changed.notify_all()

    def _on_subscribe(self, _client: mqtt.Client, _userdata: Any, number: int, reasons: Any, _properties: Any) -> None:
        with self._changed:
            self._granted[number] = [reason.value for reason in reasons]
            self._changed.notify_all()

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        at_s = time.perf_counter()
        with self._changed:
            self.got.append(Got(message.topic, bytes(message.payload), message.qos, at_s))
            self._changed.notify_all()


def _send_at_once(_client: mqtt.Client, _userdata: Any, connection: Any) -> None:
    """Switch off Nagle's delay, as our nodes and hubs do."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
