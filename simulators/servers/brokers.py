"""The brokers that Tillsync is shown to run on, each as a server of our own.

One rule: each is configured as little as it takes: what is shown here should hold for the broker as it comes.
"""

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from simulators.demo.processes import free_port
from simulators.servers.mosquitto import MosquittoServer
from simulators.servers.server import LOOPBACK, BrokerServer, Server

ROOT: Final = Path(__file__).parent.parent.parent


class AmqttServer(BrokerServer):
    """The hub's embedded broker, in a process of its own."""

    name = "amqtt"

    def command(self) -> list[str]:
        """Give the program and its arguments."""
        return [sys.executable, "-m", "simulators.servers.amqtt_process", str(self.address.port)]

    def environment(self) -> dict[str, str]:
        """Give the environment that it runs in."""
        return {**super().environment(), "PYTHONPATH": str(ROOT)}


class NatsServer(BrokerServer):
    """NATS with JetStream and its MQTT door."""

    name = "nats"
    program = package = "nats-server"
    user = "nats"

    def prepare(self) -> None:
        """Write what the server reads at its start; called once."""
        self._file.write_text(
            f"server_name: tillsync\n"
            f"listen: {LOOPBACK}:{free_port()}\n"
            f'jetstream {{ store_dir: "{self.directory}/jetstream" }}\n'
            f"mqtt {{ listen: {LOOPBACK}:{self.address.port} }}\n",
            encoding="utf-8",
        )

    def command(self) -> list[str]:
        """Give the program and its arguments."""
        return [self.find_program(), "-c", str(self._file)]

    @property
    def _file(self) -> Path:
        return self.directory / "nats.conf"


class RabbitmqServer(BrokerServer):
    """RabbitMQ with its MQTT plugin, and the Erlang port mapper (epmd) that it needs: both our own."""

    name = "rabbitmq"
    program = package = "rabbitmq-server"
    user = "rabbitmq"

    def __init__(self, directory: Path, port: int, *, shows_log: bool = False) -> None:
        super().__init__(directory, port, shows_log=shows_log)
        self._mapper = _PortMapper(directory / "epmd", free_port())
        self._node_port = free_port()

    def prepare(self) -> None:
        """Write what the server reads at its start; called once."""
        self._mapper.__enter__()
        (self.directory / "enabled_plugins").write_text("[rabbitmq_mqtt].\n")
        (self.directory / "rabbitmq.conf").write_text(
            "listeners.tcp = none\n"
            f"mqtt.listeners.tcp.1 = {LOOPBACK}:{self.address.port}\n"
            "mqtt.allow_anonymous = true\n"
            "log.console = true\n"
            "log.console.level = warning\n"
            "log.file = false\n",
            encoding="utf-8",
        )

    def __exit__(self, *_: object) -> None:
        """Stop the broker and its port mapper; its state stays."""
        super().__exit__()
        self._mapper.__exit__()

    def command(self) -> list[str]:
        """Give the program and its arguments."""
        # Debian's command of that name insists on becoming its user by itself; this is what it calls.
        return [self.find_program("/usr/lib/rabbitmq/bin/rabbitmq-server")]

    def environment(self) -> dict[str, str]:
        """Give the environment that it runs in. Source: rabbitmq.com/configure.html, relocate.html."""
        return {
            **super().environment(),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(self._mapper.address.port),
            "RABBITMQ_NODENAME": "tillsync@localhost",
            "RABBITMQ_DIST_PORT": str(self._node_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_CONFIG_FILE": str(self.directory / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.directory / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.directory / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.directory / "log"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RUNNING_UNDER_SYSTEMD": "1",  # the script becomes the server instead of starting it and waiting
        }


class _PortMapper(Server):
    """Erlang's port mapper: without one of our own, RabbitMQ starts one that outlives it."""

    name = program = "epmd"
    package = "rabbitmq-server"
    user = "rabbitmq"

    def command(self) -> list[str]:
        """Give the program and its arguments."""
        return [self.find_program(), "-address", self.address.host, "-port", str(self.address.port)]


BROKERS: Final[dict[str, type[BrokerServer]]] = {
    kind.name: kind for kind in (AmqttServer, MosquittoServer, NatsServer, RabbitmqServer)
}


@contextlib.contextmanager
def temporary_broker(name: str) -> Iterator[BrokerServer]:
    """Run a broker in a temporary folder on a free port for as long as the block lasts. Raises: ServerError."""
    directory = Path(tempfile.mkdtemp(prefix=f"tillsync-{name}-"))
    directory.chmod(0o711)
    try:
        with BROKERS[name](directory / "broker", free_port()) as broker:
            yield broker
    finally:
        shutil.rmtree(directory, ignore_errors=True)
