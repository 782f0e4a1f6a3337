"""Mosquitto's configuration: every line explained, the loopback alone, and Mosquitto itself takes it."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioning.cli import main
from provisioning.errors import BadBrokerSettings
from provisioning.mosquitto import PACKET_BYTES_MAX, MosquittoSettings, mosquitto_configuration
from sync_protocol.limits import MESSAGE_BYTES_MAX

DIRECTORY = Path("/var/lib/tillsync/broker")


def options(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: value for name, _, value in (line.partition(" ") for line in lines)}


def test_every_option_is_explained_by_the_comment_above_it() -> None:
    blocks = mosquitto_configuration(MosquittoSettings(DIRECTORY)).strip().split("\n\n")
    assert all(block.startswith("# ") for block in blocks)
    assert all(re.search(r"\n[a-z]", block) for block in blocks[1:])


def test_the_file_says_that_nobody_is_authenticated_yet() -> None:
    assert "no authentication yet" in mosquitto_configuration(MosquittoSettings(DIRECTORY))


def test_it_listens_on_the_address_and_port_given_and_keeps_its_state_in_the_directory() -> None:
    written = options(mosquitto_configuration(MosquittoSettings(DIRECTORY, "::1", 18_830)))
    assert written["listener"] == "18830 ::1"
    assert (written["persistence"], written["persistence_location"]) == ("true", f"{DIRECTORY}/")


def test_the_largest_message_fits_with_its_topic() -> None:
    assert MESSAGE_BYTES_MAX + 1_024 < PACKET_BYTES_MAX


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "broker.example", ""])  # noqa: S104 - refused
def test_an_address_beyond_the_loopback_is_refused_while_nobody_is_authenticated(host: str) -> None:
    with pytest.raises(BadBrokerSettings, match=r"127\.0\.0\.1"):
        mosquitto_configuration(MosquittoSettings(DIRECTORY, host))


@pytest.mark.parametrize(
    "settings",
    [MosquittoSettings(Path("here")), MosquittoSettings(Path("/a\nb")), MosquittoSettings(DIRECTORY, port=0)],
    ids=["relative", "line break", "port"],
)
def test_what_would_spoil_the_file_is_refused(settings: MosquittoSettings) -> None:
    with pytest.raises(BadBrokerSettings):
        mosquitto_configuration(settings)


def test_the_command_writes_the_file_once_and_never_over_another(tmp_path: Path) -> None:
    arguments = ["mosquitto", "--directory", str(tmp_path / "broker"), "--port", "18831"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    file = tmp_path / "broker" / "mosquitto.conf"
    assert options(file.read_text(encoding="utf-8"))["listener"] == "18831 127.0.0.1"
    file.write_text("mine", encoding="utf-8")
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 1
    assert "exists already" in again.output
    assert file.read_text(encoding="utf-8") == "mine"


def test_the_command_refuses_an_open_address_in_a_sentence(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["mosquitto", "--directory", str(tmp_path), "--host", "0.0.0.0"])  # noqa: S104
    assert done.exit_code == 1
    assert "reached from outside" in done.output
    assert list(tmp_path.iterdir()) == []
