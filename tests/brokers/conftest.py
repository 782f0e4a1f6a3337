"""Every broker that Tillsync is shown to run on, started for the tests of one module after another.

NATS and RabbitMQ are chosen by `./run test brokers`, which installs them; they are never skipped.
"""

from collections.abc import Iterator

import pytest

from simulators.demo.chain import Chain
from simulators.servers.brokers import BROKERS, temporary_broker
from simulators.servers.server import BrokerServer
from tests.integration.conftest import ready_chain

ALWAYS = {"amqtt", "mosquitto"}


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=() if name in ALWAYS else pytest.mark.more_brokers) for name in BROKERS],
)
def broker(request: pytest.FixtureRequest) -> Iterator[BrokerServer]:
    """A running broker."""
    with temporary_broker(request.param) as running:
        yield running


@pytest.fixture(scope="module")
def chain(broker: BrokerServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """A hub and two stores on that broker, ready to sell."""
    with ready_chain(tmp_path_factory.mktemp(broker.name), broker.address) as running:
        yield running


@pytest.fixture(autouse=True)
def broker_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """Show the end of the broker's log beside a test that failed on it."""
    yield
    if "broker" in request.fixturenames:
        running: BrokerServer = request.getfixturevalue("broker")
        print(f"the log of {running.name} ends:\n{running.log_tail()}")
