"""Asking a broker whether it does what the protocol relies on, and what it does besides.

One rule: everything is shown on the broker itself, by clients like ours; nothing is read from its manual. What the
protocol relies on is judged, the rest is only told. Source: sync_protocol/SPEC.md, 8.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from functools import partial
from typing import Any, Final, NamedTuple

from paho.mqtt.enums import MQTTProtocolVersion

from provisioning.broker_address import BrokerAddress
from simulators.network.mqtt_peer import PATIENCE_S, Lacking, MqttPeer
from sync_protocol.limits import MESSAGE_BYTES_MAX

PUBLISHES: Final = 300
QUEUED: Final = 1_500
QUIET_S: Final = 1.5
END: Final = b"end"
AFTER_RESTART: Final = "connecting again after the broker's restart"


class Finding(NamedTuple):
    """What was found about one thing. `holds` is None for what the protocol does not rely on."""

    what: str
    holds: bool | None
    seen: str


class Scene:
    """A broker, and clients on it whose names and topics nobody else has."""

    def __init__(self, address: BrokerAddress, restart: Callable[[], None]) -> None:
        self.address = address
        self.restart = restart
        self.root = f"tillsync-probe/{secrets.token_hex(6)}"
        self._stack = ExitStack()

    def peer(self, role: str, **options: Any) -> MqttPeer:
        """Connect a client; it leaves when the scene ends. The same role takes over its connection. Raises: Lacking."""
        peer = MqttPeer(self.address, f"{self.root.rpartition('/')[2]}-{role}", **options)
        peer.connect()
        self._stack.callback(peer.leave)
        return peer

    def topic(self, *levels: str) -> str:
        """Give a topic of this scene."""
        return "/".join((self.root, *levels))

    def close(self) -> None:
        """Let all clients leave."""
        self._stack.close()


# --- what the protocol relies on ------------------------------------------------------------------------------------


def _qos_1(scene: Scene) -> str:
    watcher, sender = scene.peer("watcher"), scene.peer("sender")
    granted = watcher.subscribe(scene.topic("a"))
    sender.publish(scene.topic("a"), END)
    qos = watcher.expect(END)[0].qos
    if granted != [1] or qos != 1:
        raise Lacking(f"QoS 1 was asked, {granted[0]} granted, the message came at {qos}")
    return "granted, and delivered at QoS 1"


def _take_over(scene: Scene) -> str:
    scene.peer("node").subscribe(scene.topic("a"))
    second = scene.peer("node")
    second.subscribe(scene.topic("a"))
    second.publish(scene.topic("a"), END)
    second.expect(END)
    return "is accepted, and gets what it subscribes to"


def _levels(scene: Scene) -> str:
    topic = scene.topic("0042", "a-b_c", "-", "_", "9z")
    watcher, sender = scene.peer("watcher"), scene.peer("sender")
    watcher.subscribe(topic)
    sender.publish(topic, END)
    if watcher.expect(END)[0].topic != topic:
        raise Lacking(f"{topic} came as {watcher.got[0].topic}")
    return "arrive as they were written"


def _wildcards(scene: Scene) -> str:
    watcher, sender = scene.peer("watcher"), scene.peer("sender")
    watcher.subscribe(scene.topic("+", "up", "+"), scene.topic("+", "rpc", "+"))
    for partition, purpose in (("0001", "up"), ("0002", "up"), ("0001", "down"), ("0001", "rpc")):
        sender.publish(scene.topic(partition, purpose, "store1-1"), f"{partition} {purpose}".encode())
    for purpose in ("up", "rpc"):
        sender.publish(scene.topic("end", purpose, "end"), f"end {purpose}".encode())
    got = sorted(one.payload for one in watcher.expect(b"end up", b"end rpc"))
    if got != sorted([b"0001 up", b"0002 up", b"0001 rpc", b"end up", b"end rpc"]):
        raise Lacking(f"got {got}")
    return "each message once, and no others"


def _subscribe_again(scene: Scene) -> str:
    sender = scene.peer("sender")
    first = scene.peer("node")
    first.subscribe(scene.topic("a"))
    first.cut()
    second = scene.peer("node")
    sender.publish(scene.topic("a"), b"before")
    second.subscribe(scene.topic("a"))
    sender.publish(scene.topic("a"), b"after")
    if [one.payload for one in second.expect(b"after")] != [b"after"]:
        raise Lacking(f"a clean session got {[one.payload for one in second.got]}")
    return "a clean session starts with nothing, and gets what comes after"


def _largest(scene: Scene) -> str:
    payload = secrets.token_bytes(MESSAGE_BYTES_MAX)
    watcher, sender = scene.peer("watcher"), scene.peer("sender")
    watcher.subscribe(scene.topic("a"))
    sender.publish(scene.topic("a"), payload)
    watcher.expect(payload)
    return f"{MESSAGE_BYTES_MAX:,} bytes arrive unchanged"


def _will(scene: Scene) -> str:
    watcher = scene.peer("watcher")
    watcher.subscribe(scene.topic("state", "+"))
    scene.peer("node", will_topic=scene.topic("state", "node")).cut()
    watcher.expect(b"offline")
    return "sent when a connection breaks"


def _puback(scene: Scene) -> str:
    scene.peer("sender").publish_all(scene.topic("a"), [b"%d" % number for number in range(PUBLISHES)])
    return f"{PUBLISHES} of {PUBLISHES}, with nobody listening"


def _restart(scene: Scene) -> str:
    node = scene.peer("node")
    node.subscribe(scene.topic("a"))
    scene.restart()
    node.wait(lambda: not node.is_connected, "the restart ends the connection")
    again = _patiently(scene, "node")
    again.subscribe(scene.topic("a"))
    again.publish(scene.topic("a"), END)
    again.expect(END)
    return "the same name connects and subscribes again"


def _patiently(scene: Scene, role: str) -> MqttPeer:
    """Connect to a broker that may just be starting."""
    until_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return scene.peer(role)
        except Lacking:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.05)


# --- what the protocol must not rely on -----------------------------------------------------------------------------


def _qos_2(scene: Scene) -> str:
    watcher, sender = scene.peer("watcher"), scene.peer("sender")
    granted = watcher.subscribe(scene.topic("a"), qos=2)[0]
    try:
        sender.publish(scene.topic("a"), END, qos=2)
        qos = watcher.expect(END)[0].qos
    except Lacking:
        return f"QoS {granted} granted, a publish at QoS 2 fails"
    return f"QoS {granted} granted, delivered at QoS {qos}"


def _shared(scene: Scene) -> str:
    members = [scene.peer(f"member-{number}") for number in (1, 2)]
    for member in members:
        if member.subscribe(f"$share/group/{scene.topic('a')}") == [128]:
            return "refused"
    sender = scene.peer("sender")
    wanted = {b"%d" % number for number in range(20)}
    for payload in wanted:
        sender.publish(scene.topic("a"), payload)
    for member in members:
        member.holds_within(lambda: {one.payload for each in members for one in each.got} == wanted, QUIET_S)
    counts = [len(member.got) for member in members]
    if sum(counts) == 0:
        return "accepted, but nothing arrives"
    return "each message to one member" if sum(counts) == len(wanted) else "each message to every member"


def _retained(scene: Scene) -> str:
    scene.peer("sender").publish(scene.topic("kept", "a"), END, retain=True)
    try:
        exact, wild, other = (scene.peer(role) for role in ("exact", "wild", "other"))
        exact.subscribe(scene.topic("kept", "a"))
        wild.subscribe(scene.topic("kept", "+"))
        other.subscribe(scene.topic("elsewhere"))
        seen = [
            what
            for peer, what in ((exact, "by topic"), (wild, "by wildcard"), (other, "even to who did not ask"))
            if peer.holds_within(partial(bool, peer.got), QUIET_S)
        ]
        return "delivered " + ", ".join(seen) if seen else "not delivered"
    finally:
        scene.peer("sender").publish(scene.topic("kept", "a"), b"", retain=True)


def _mqtt_5(scene: Scene) -> str:
    try:
        scene.peer("modern", protocol=MQTTProtocolVersion.MQTTv5)
    except Lacking:
        return "refused"
    return "spoken"


def _order(scene: Scene) -> str:
    sender = scene.peer("sender")
    first = scene.peer("slow", is_clean=False, acknowledges=False)
    first.subscribe(scene.topic("a"))
    numbers = [b"%d" % number for number in range(40)]
    sender.publish_all(scene.topic("a"), numbers[:20])
    first.expect(numbers[0])
    first.cut()
    sender.publish_all(scene.topic("a"), numbers[20:])
    second = scene.peer("slow", is_clean=False)
    second.holds_within(lambda: {one.payload for one in second.got} == set(numbers), QUIET_S)
    got = [int(one.payload) for one in second.got]
    _forget(scene, "slow")
    if len(set(got)) < len(numbers):
        return "unacknowledged messages do not all come again at once"
    return "kept" if got == sorted(got) else "broken"


def _queue(scene: Scene) -> str:
    away = scene.peer("away", is_clean=False)
    away.subscribe(scene.topic("a"))
    away.leave()
    scene.peer("sender").publish_all(scene.topic("a"), [b"%d" % number for number in range(QUEUED)])
    back = scene.peer("away", is_clean=False)
    before = -1
    while before < len(back.got) < QUEUED:
        before = len(back.got)
        back.holds_within(lambda: len(back.got) >= QUEUED, QUIET_S)
    kept = len({one.payload for one in back.got})
    _forget(scene, "away")
    return f"{kept:,} of {QUEUED:,} kept, all acknowledged"


def _forget(scene: Scene, role: str) -> None:
    """End a session that the broker would keep."""
    scene.peer(role).leave()


def _refusal(scene: Scene) -> str:
    try:
        scene.peer("sender").publish("$SYS/tillsync-probe", END)
    except Lacking:
        return "a publish that goes nowhere ends the connection"
    return "a publish that goes nowhere is acknowledged all the same"


def _presence(scene: Scene) -> str:
    watcher = scene.peer("watcher")
    watcher.subscribe(scene.topic("state", "+"))
    for _ in range(2):
        scene.peer("node", will_topic=scene.topic("state", "node"))
    by_take_over = watcher.holds_within(lambda: bool(watcher.got), QUIET_S)
    watcher.got.clear()
    scene.peer("guest", will_topic=scene.topic("state", "guest")).leave()
    by_goodbye = watcher.holds_within(lambda: bool(watcher.got), QUIET_S)
    return f"{_sent(by_take_over)} when a new connection takes over, {_sent(by_goodbye)} after a goodbye"


def _sent(was_sent: bool) -> str:
    return "sent" if was_sent else "not sent"


def _old_connection(scene: Scene) -> str:
    old, _ = scene.peer("node"), scene.peer("node")
    return "ends" if old.holds_within(lambda: not old.is_connected, QUIET_S) else "stays open"


_Look = Callable[[Scene], str]

RELIED_ON: Final[Mapping[str, _Look]] = {
    "MQTT 3.1.1 at QoS 1": _qos_1,
    "a new connection under the same client id": _take_over,
    "topic levels of a–z, 0–9, - and _": _levels,
    "one subscription per purpose, with + wildcards": _wildcards,
    "subscribing again after every connection": _subscribe_again,
    "messages of 128 KiB": _largest,
    "the last will, as a hint": _will,
    "PUBACK for every publish": _puback,
    AFTER_RESTART: _restart,
}

NOT_RELIED_ON: Final[Mapping[str, _Look]] = {
    "the old connection under the same client id": _old_connection,
    "QoS 2": _qos_2,
    "shared subscriptions": _shared,
    "retained messages": _retained,
    "MQTT 5": _mqtt_5,
    "order after a broken connection": _order,
    "queue for who is away": _queue,
    "negative acknowledgement": _refusal,
    "the will for presence": _presence,
}


def probe_broker(address: BrokerAddress, restart: Callable[[], None] | None = None) -> Iterator[Finding]:
    """Ask a broker everything, one finding after another.

    `restart` restarts it; without one, as with a broker that is not ours, that is left out.
    """
    for what, look in RELIED_ON.items():
        if restart is not None or what != AFTER_RESTART:
            yield _judge(what, look, Scene(address, restart or _nothing))
    for what, look in NOT_RELIED_ON.items():
        yield _judge(what, look, Scene(address, restart or _nothing))._replace(holds=None)


def _nothing() -> None:
    """Restart nothing."""


def _judge(what: str, look: _Look, scene: Scene) -> Finding:
    with closing(scene):
        try:
            return Finding(what, True, look(scene))
        except Lacking as lack:
            return Finding(what, False, str(lack))
