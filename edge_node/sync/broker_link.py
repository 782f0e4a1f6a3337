"""What a node says and hears on which topics of the broker.

One rule: nothing is kept here. The outbox is ours; what the link loses is sent again by the session.
"""

from collections.abc import Callable
from typing import Final

from provisioning.broker_address import BrokerAddress
from provisioning.service.mqtt_link import MqttLink, Presence
from sync_protocol.names import CHAIN_TOPIC, down_topic, node_topic

QUEUED_MESSAGES_MAX: Final = 1_000


def node_link(
    actor: str,
    address: BrokerAddress,
    *,
    on_ready: Callable[[], None],
    on_lost: Callable[[], None],
    on_payload: Callable[[bytes], None],
) -> MqttLink:
    """Make a node's connection: it reads what is for itself and for everyone, and says that it is there."""
    return MqttLink(
        actor,
        address,
        [down_topic(actor), CHAIN_TOPIC],
        on_ready=on_ready,
        on_lost=on_lost,
        on_message=lambda _topic, payload: on_payload(payload),
        queued_max=QUEUED_MESSAGES_MAX,
        presence=Presence(node_topic("state", actor)),
    )
