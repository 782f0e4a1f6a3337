"""The portability probe: every broker does what the protocol relies on, and the document says what was seen."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from provisioning.broker_address import BrokerAddress
from simulators.cli import main
from simulators.demo.processes import free_port
from simulators.network.broker_probe import AFTER_RESTART, NOT_RELIED_ON, RELIED_ON, Finding, probe_broker
from simulators.servers.brokers import temporary_broker
from simulators.servers.server import BrokerServer
from tests.brokers.table import PATH, cell, column

PROBE = [sys.executable, "-m", "simulators.cli", "probe"]


def probe(*options: str) -> tuple[int, list[Finding]]:
    """Type the command; return its exit code and what it found."""
    done = CliRunner().invoke(main, ["probe", "--json", *options])
    return done.exit_code, [Finding(**row) for row in json.loads(done.output)]


@pytest.fixture(scope="module")
def findings(broker: BrokerServer) -> list[Finding]:
    """What was found about a broker."""

    def restart() -> None:
        broker.kill()
        broker.start()

    return list(probe_broker(broker.address, restart))


@pytest.mark.slow
def test_a_broker_does_what_the_protocol_relies_on(findings: list[Finding]) -> None:
    judged = {finding.what: finding for finding in findings if finding.holds is not None}
    assert judged.keys() == RELIED_ON.keys()
    assert [finding for finding in judged.values() if not finding.holds] == []


@pytest.mark.slow
def test_the_document_says_what_was_seen_of_a_broker(findings: list[Finding], broker: BrokerServer) -> None:
    seen = {finding.what: cell(finding) for finding in findings}
    written = column(PATH.read_text(encoding="utf-8"), broker.name)
    assert written == seen, "run: ./run exec python -m tests.brokers.table"


def test_a_broker_that_takes_no_large_messages_fails_the_probe_by_name() -> None:
    with temporary_broker("mosquitto") as running:
        running.stop()
        file = running.directory / "mosquitto.conf"
        file.write_text(file.read_text().replace("max_packet_size 262144", "max_packet_size 20000"))
        running.start()
        code, found = probe("--broker", str(running.address))
    assert code == 1
    assert [finding.what for finding in found if finding.holds is False] == ["messages of 128 KiB"]
    assert [finding.what for finding in found if finding.holds is None] == list(NOT_RELIED_ON)


def test_a_broker_that_is_not_ours_is_not_restarted() -> None:
    with temporary_broker("mosquitto") as running:
        code, found = probe("--broker", str(running.address))
    assert code == 0
    assert [finding.what for finding in found if finding.holds] == [what for what in RELIED_ON if what != AFTER_RESTART]


def test_the_table_for_people_names_each_thing_with_its_verdict() -> None:
    done = subprocess.run([*PROBE, "--start", "mosquitto"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    for what in RELIED_ON:
        assert f"  yes {what} " in done.stdout
    for what in NOT_RELIED_ON:
        assert f"      {what} " in done.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "--broker URL, or --start"),
        (["--broker", "http://x"], "mqtt://HOST:PORT"),
        (["--broker", str(BrokerAddress("127.0.0.1", free_port()))], "no broker answers"),
    ],
    ids=["none", "form", "gone"],
)
def test_a_probe_that_cannot_begin_says_why(options: list[str], words: str) -> None:
    done = CliRunner().invoke(main, ["probe", *options])
    assert done.exit_code != 0
    assert words in done.output
