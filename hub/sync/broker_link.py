"""What a hub's worker says and hears on which topics of the broker.

One rule: nothing is kept here; everything is handed over to the worker's queue.
"""

from collections.abc import Callable
from typing import Final

from hub.storage.partitions import Partitions
from provisioning.broker_address import BrokerAddress
from provisioning.service.mqtt_link import MqttLink

QUEUED_MESSAGES_MAX: Final = 20_000
IN_FLIGHT_MAX: Final = 1_000
CHANNELS: Final = ("up", "rpc", "state")


def worker_topics(partitions: Partitions) -> list[str]:
    """List the topics of a worker: by wildcard for one that has all partitions, else one by one."""
    if partitions.are_all:
        return [f"tillsync/1/+/{channel}/+" for channel in CHANNELS]
    held = range(partitions.first, partitions.last + 1)
    return [f"tillsync/1/{partition:04d}/{channel}/+" for partition in held for channel in CHANNELS]


def worker_link(
    partitions: Partitions,
    address: BrokerAddress,
    *,
    on_state: Callable[[bool], None],
    on_message: Callable[[str, bytes], None],
) -> MqttLink:
    """Make a worker's connection to the broker; `on_state` is told whether it is up, whenever that changes.

    Its name follows from its partitions: a worker that comes back takes over its own old connection.
    """
    return MqttLink(
        f"hub-{partitions.first:04d}-{partitions.last:04d}",
        address,
        worker_topics(partitions),
        on_ready=lambda: on_state(True),
        on_lost=lambda: on_state(False),
        on_message=on_message,
        queued_max=QUEUED_MESSAGES_MAX,
        in_flight_max=IN_FLIGHT_MAX,
    )
