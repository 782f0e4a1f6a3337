"""A process of ours under test: started, asked, told to end, and its log read."""

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioning.broker_address import BrokerAddress
from simulators.demo.http import Gone, JsonClient
from simulators.demo.processes import free_port
from tests.integration.conftest import eventually

END_S = 3.0
"""What the node and the hub promise."""

LOADED_MACHINE_S = 4.0
"""Patience for a machine that does other things, too."""


class Service:
    """A process of ours under test, its log read as JSON."""

    def __init__(self, log: Path, address: str, *arguments: str) -> None:
        self.address = address
        self._log = log
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *arguments], stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
            )

    def wait_ready(self) -> JsonClient:
        """Wait until it is ready and give a connection."""
        client = JsonClient(self.address)

        def is_ready() -> bool:
            assert self.process.poll() is None, self.log_text()
            try:
                return client.call("GET", "/readyz").ok
            except Gone:
                return False

        eventually(is_ready, "the service is ready")
        return client

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end, as long as was promised; return the exit code."""
        self.process.send_signal(number)
        try:
            return self.process.wait(END_S + LOADED_MACHINE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            pytest.fail(f"did not end: {self.log_text()[-3_000:]}")

    def logged(self) -> list[dict[str, Any]]:
        """Read its log."""
        return [json.loads(line) for line in self.log_text().splitlines() if line.startswith("{")]

    def messages(self) -> list[str]:
        """Read the messages of its log."""
        return [line["message"] for line in self.logged()]

    def kill(self) -> None:
        """Kill it, if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def log_text(self) -> str:
        """Read its log as it stands there."""
        return self._log.read_text(encoding="utf-8")


def has_said(service: Service, message: str, times: int = 1) -> bool:
    """Tell whether a service has logged a message, so often at least."""
    return service.messages().count(message) >= times


@contextlib.contextmanager
def hub_processes(directory: Path, broker: BrokerAddress, database: str) -> Iterator[Callable[..., Service]]:
    """Give a starter of processes of one hub: the same folder, database and broker. Whatever still runs is killed."""
    started: list[Service] = []

    def start(role: str, *options: str, url: str = database) -> Service:
        port = free_port()
        arguments = [role, f"--directory={directory / 'hub'}", f"--broker={broker}", f"--http-port={port}"]
        arguments += [f"--database={url}"] if url else []
        log = directory / f"{len(started)}.log"
        started.append(Service(log, f"http://127.0.0.1:{port}", "hub.cli", "--log-format=json", *arguments, *options))
        return started[-1]

    yield start
    for service in started:
        service.kill()
