"""A program's MQTT connection: subscribe after every connect, hand everything over, keep nothing.

One rule: callbacks of paho only hand over. What paho loses is sent again by whoever cares: a PUBACK means merely that
the broker has it.
"""

import contextlib
import logging
import random
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from provisioning.broker_address import BrokerAddress
from provisioning.service.broker_life import BrokerLife
from provisioning.service.stopping import stop_within

_paho_log = logging.getLogger("paho")

KEEPALIVE_S: Final = 20
RECONNECT_MIN_S: Final = 1
RECONNECT_MAX_S: Final = 4
RECONNECT_JITTER: Final = 0.25
"""By what part waits differ between programs, so that a broker that comes back is not met by all of them at once."""

GOODBYE_S: Final = 0.5
"""How long the broker has to take the last payloads and the goodbye; then the network thread is left behind."""

FILTERS_PER_SUBSCRIBE_MAX: Final = 300


class Presence(NamedTuple):
    """What is published on `topic` when the link is up, and when it ends: by us, or by the broker as our will."""

    topic: str
    online: bytes = b"online"
    offline: bytes = b"offline"


class MqttLink:
    """One program's connection to the broker, reconnecting by itself. `name` is its client id, the same for ever.

    `on_ready` is called whenever the broker has accepted and subscribed us, `on_lost` whenever that ends.
    """

    def __init__(
        self,
        name: str,
        address: BrokerAddress,
        topics: Sequence[str],
        *,
        on_ready: Callable[[], None],
        on_lost: Callable[[], None],
        on_message: Callable[[str, bytes], None],
        queued_max: int,
        in_flight_max: int = 20,
        presence: Presence | None = None,
    ) -> None:
        self._address = address
        self._topics = list(topics)
        self._presence = presence
        self._life = BrokerLife(address)
        self._leaving = False
        self._unanswered: set[int | None] = set()
        self._on_ready = on_ready
        self._on_lost = on_lost
        self._on_message = on_message
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, clean_session=True, protocol=MQTTProtocolVersion.MQTTv311
        )
        if _paho_log.isEnabledFor(logging.DEBUG):  # else it reports every attempt to connect as an error
            self._client.enable_logger(_paho_log)
        self._client.max_inflight_messages_set(in_flight_max)
        self._client.max_queued_messages_set(queued_max)
        spread = random.uniform(1 - RECONNECT_JITTER, 1 + RECONNECT_JITTER)  # noqa: S311 - spreads load, guards nothing
        self._client.reconnect_delay_set(RECONNECT_MIN_S * spread, RECONNECT_MAX_S * spread)  # type: ignore[arg-type]
        if presence is not None:
            self._client.will_set(presence.topic, presence.offline, qos=1)
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
            threading.Thread(target=self._client.loop_stop, name="mqtt-link-end", daemon=True).start()
            return
        if self._presence is not None:
            # Leaving in order keeps the will from being sent, so that the goodbye has to say the same.
            goodbye = self._client.publish(self._presence.topic, self._presence.offline, qos=1)
            with contextlib.suppress(RuntimeError, ValueError):  # the line broke meanwhile: the will says it
                goodbye.wait_for_publish(GOODBYE_S)
        self._leaving = True
        self._client.disconnect()
        stop_within(GOODBYE_S, "MQTT link", self._end_thread)

    def is_connected(self) -> bool:
        """Tell whether the broker has accepted and subscribed us."""
        return self._life.is_connected

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 1."""
        self._client.publish(topic, payload, qos=1)

    def _end_thread(self) -> None:
        self._client.loop_stop()

    def _connected(
        self, client: mqtt.Client, _userdata: Any, _flags: Any, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._life.away(str(reason))
            return
        self._unanswered.clear()
        for start in range(0, len(self._topics), FILTERS_PER_SUBSCRIBE_MAX):
            part = self._topics[start : start + FILTERS_PER_SUBSCRIBE_MAX]
            _, number = client.subscribe([(topic, 1) for topic in part])
            self._unanswered.add(number)

    def _subscribed(
        self, client: mqtt.Client, _userdata: Any, number: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._life.away("the broker does not let us read our topics")
            _break(client)
            return
        self._unanswered.discard(number)
        if self._unanswered:
            return
        self._life.connected()
        if self._presence is not None:
            client.publish(self._presence.topic, self._presence.online, qos=1)
        self._on_ready()

    def _disconnected(self, _client: mqtt.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if self._leaving:
            self._life.left()
        else:
            self._life.away(str(reason))
        self._on_lost()

    def _message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        self._on_message(message.topic, bytes(message.payload))


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
