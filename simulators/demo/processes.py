"""Starting, killing and stopping the demo's processes.

One rule: every process is in a session of its own and ends with the demo, whatever ends the demo.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

from provisioning.broker_address import BrokerAddress
from provisioning.node_file import NodeFile, write_node_file
from simulators.demo.http import Gone, JsonClient

START_PATIENCE_S: Final = 30.0
STOP_PATIENCE_S: Final = 8.0


def free_port(preferred: int = 0) -> int:
    """Find a TCP port on the loopback that is free: the preferred one if it is, else any."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no TCP port is free on the loopback")


class Command(NamedTuple):
    """What to run, what it writes to, and where it answers."""

    name: str
    module: str
    arguments: tuple[str, ...]
    log: Path
    address: str
    health: str
    nice: int = 0


class Process:
    """One process of the demo, started again by `start` after `kill`."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; it may take a moment until it answers."""
        self.command.log.parent.mkdir(parents=True, exist_ok=True)
        with self.command.log.open("ab") as log:
            self._popen = subprocess.Popen(
                ["nice", f"-n{self.command.nice}", sys.executable, "-m", self.command.module, *self.command.arguments],  # noqa: S607
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )

    def wait_ready(self) -> None:
        """Wait until the process answers. Raises: RuntimeError with the end of its log when it does not."""
        client = JsonClient(self.command.address)
        until_s = time.monotonic() + START_PATIENCE_S
        try:
            while time.monotonic() < until_s and self.is_running():
                try:
                    if client.call("GET", self.command.health).ok:
                        return
                except Gone:
                    time.sleep(0.05)
        finally:
            client.close()
        tail = self.command.log.read_text(errors="replace")[-2_000:]
        raise RuntimeError(f"{self.command.name} did not start; its log ends:\n{tail}")

    def is_running(self) -> bool:
        """Tell whether the process lives."""
        return self._popen is not None and self._popen.poll() is None

    def kill(self) -> None:
        """Kill the process at once, as a power cut does (SIGKILL)."""
        if self._popen is not None:
            self._popen.kill()
            self._popen.wait()

    def stop(self) -> None:
        """Ask the process to end, and see to it that it does."""
        if self._popen is None or self._popen.poll() is not None:
            return
        self._popen.send_signal(signal.SIGTERM)
        try:
            self._popen.wait(STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


class HubPlan(NamedTuple):
    """What all processes of one hub share: its folder, its database (empty: SQLite in the folder) and its broker."""

    directory: Path
    http_port: int
    dark_after_ms: int
    database: str
    broker: BrokerAddress
    broker_is_embedded: bool

    def arguments(self) -> tuple[str, ...]:
        """Write them as options of `tillsync-hub`."""
        return (
            f"--directory={self.directory / 'hub'}",
            f"--http-port={self.http_port}",
            f"--dark-after-ms={self.dark_after_ms}",
            f"--embedded-broker-port={self.broker.port}" if self.broker_is_embedded else f"--broker={self.broker}",
            *([f"--database={self.database}"] if self.database else []),
        )


def hub_process(plan: HubPlan, part: str = "all") -> Process:
    """Describe the hub (`all`, with the embedded broker when the chain has no other) or one of its parts.

    `api` answers HTTP as `all` does; `worker` and `jobs` answer nobody. `worker A-B` works on partitions A to B.
    """
    command, _, partitions = part.partition(" ")
    arguments = (command, *plan.arguments(), *([f"--partitions={partitions}"] if partitions else []))
    address = f"http://127.0.0.1:{plan.http_port}"
    log = plan.directory / ("hub.log" if part == "all" else f"hub-{part.replace(' ', '-')}.log")
    # Headquarters has machines of its own; here, where all share one, the tills go first.
    return Process(
        Command(f"hub {part}", "hub.cli", arguments, log, address, "/api/health", nice=10),
    )


def node_process(directory: Path, file: NodeFile) -> Process:
    """Write a node's file and describe its process."""
    path = directory / f"{file.store}.toml"
    path.write_text(write_node_file(file), encoding="utf-8")
    arguments = ("run", f"--node-file={path}", f"--directory={directory / file.store}")
    address = f"http://127.0.0.1:{file.http_port}"
    log = directory / f"{file.store}.log"
    return Process(Command(f"store {file.store}", "edge_node.cli", arguments, log, address, "/api/status"))
