"""Brokers as processes of our own: they answer, are killed and come again on their state, and leave nothing behind."""

import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.demo.processes import free_port
from simulators.servers.brokers import BROKERS, RabbitmqServer, temporary_broker
from simulators.servers.mosquitto import MosquittoServer
from simulators.servers.server import BrokerServer, Server, ServerError
from tests.integration.conftest import eventually

MOSQUITTO = [sys.executable, "-m", "simulators.servers.mosquitto"]


def processes_about(directory: Path) -> list[str]:
    """List the processes whose command or environment names a folder: all of a server's do."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue  # it has just ended
        if str(directory).encode() in told:
            found.append(process.name)
    return found


def listening_addresses(port: int) -> set[str]:
    """Give the addresses that somebody listens on at a port, in hexadecimal as the kernel writes them."""
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    locals_ = [row[1].split(":") for row in rows if row[3] == "0A"]  # 0A: listening. Source: proc(5)
    return {address for address, number in locals_ if int(number, 16) == port}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that servers reach as users of their own, which pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="tillsync-servers-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def test_a_killed_broker_starts_again_on_its_port_and_folder(broker: BrokerServer) -> None:
    assert broker.answers()
    broker.kill()
    assert not broker.is_running()
    assert not broker.answers()
    broker.start()
    assert broker.answers()


def test_a_broker_listens_on_the_loopback_alone(broker: BrokerServer) -> None:
    assert listening_addresses(broker.address.port) == {"0100007F"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "mosquitto" else pytest.mark.more_brokers) for name in BROKERS]
)
def test_nothing_of_a_broker_is_left_when_it_has_been_stopped(name: str) -> None:
    with temporary_broker(name) as running:
        directory = running.directory.parent
        assert processes_about(directory)
    assert processes_about(directory) == []
    assert not directory.exists()


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=f"port {port} cannot be used"), MosquittoServer(tmp_path, port):
            pass


def test_a_broker_that_does_not_start_shows_the_end_of_its_log() -> None:
    with temporary_broker("mosquitto") as running:
        running.stop()
        (running.directory / "mosquitto.conf").write_text("no_such_option\n")
        with pytest.raises(ServerError, match=r"(?s)mosquitto did not start.*no_such_option"):
            running.start()


def test_a_program_that_is_missing_names_its_package() -> None:
    class Missing(Server):
        program = package = "no-such-server"

    with pytest.raises(ServerError, match=r"no-such-server is not installed.*run packages no-such-server"):
        Missing.find_program()


@pytest.mark.more_brokers
def test_the_port_mapper_of_rabbitmq_ends_when_rabbitmq_cannot_start(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(RabbitmqServer, "command", lambda _: ["/bin/false"])
    with pytest.raises(ServerError, match="rabbitmq did not start"), RabbitmqServer(folder, free_port()):
        pass
    assert processes_about(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_runs_mosquitto_until_it_is_told_to_end_and_again_on_the_same_state(
    number: signal.Signals, folder: Path
) -> None:
    port = free_port()
    for _ in range(2):
        command = [*MOSQUITTO, "--directory", str(folder / "broker"), "--port", str(port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            assert f"mqtt://127.0.0.1:{port}" in running.stdout.readline()
            assert MosquittoServer(folder / "broker", port).answers()
            running.send_signal(number)
            assert running.wait(15) == 0
        assert (folder / "broker" / "mosquitto.db").exists()


def test_the_command_ends_mosquitto_even_when_it_is_killed_itself(folder: Path) -> None:
    command = [*MOSQUITTO, "--directory", str(folder), "--port", str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.kill()
    eventually(lambda: processes_about(folder) == [], "Mosquitto ends with its starter")


def test_the_command_refuses_a_port_that_its_configuration_does_not_have(tmp_path: Path) -> None:
    (tmp_path / "mosquitto.conf").write_text("listener 18830 127.0.0.1\n")
    command = [*MOSQUITTO, "--directory", str(tmp_path), "--port", "18831"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "says port 18830" in done.stderr
