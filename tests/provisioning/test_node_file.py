"""Node files: made, read back, refused with the field's name; and the technician's command."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from provisioning.broker_address import parse_broker
from provisioning.cli import main
from provisioning.errors import BadNodeFile
from provisioning.node_file import NodeFile, check_node_file, read_node_file, write_node_file

BROKER = "mqtt://127.0.0.1:1883"


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=80))
def test_whatever_a_store_is_called_its_file_reads_back(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    path = tmp_path_factory.mktemp("file") / "node.toml"
    made = NodeFile(store="0042", broker=BROKER, store_name=name, printer="/dev/ttyUSB0", recorded_sales=True)
    path.write_text(write_node_file(made), encoding="utf-8")
    assert read_node_file(path) == made


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"store": "hub", "broker": BROKER}, "hub"),
        ({"store": "Nord", "broker": BROKER}, "store"),
        ({"store": "1\n", "broker": BROKER}, "store"),
        ({"store": "1", "broker": "http://x"}, "broker"),
        ({"store": "1", "broker": "mqtt://host:99999999"}, "broker"),
        ({"store": "1"}, "broker"),
        ({"store": "1", "broker": BROKER, "incarnation": 0}, "incarnation"),
        ({"store": "1", "broker": BROKER, "http_port": 70_000}, "http_port"),
        ({"store": "1", "broker": BROKER, "surprise": 1}, "surprise"),
        *[
            ({"store": "1", "broker": BROKER, "framed_by": framed_by}, "framed_by")
            for framed_by in (
                "",
                "*",
                "127.0.0.1:8090",
                "ftp://127.0.0.1",
                "http://",
                "http://127.0.0.1:8090/",
                "http://127.0.0.1:*",
                "http://127.0.0.1:0",
                "http://*.example",
                "http://a http://b",
                "http://a; script-src *",
                "http://a\n",
                "http://me@a",
            )
        ],
    ],
)
def test_a_bad_field_is_named(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(BadNodeFile, match=named):
        check_node_file(fields, "here")


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8090", "https://training.example"])
def test_a_page_that_may_frame_the_till_is_named_by_its_origin(origin: str) -> None:
    fields = {"store": "1", "broker": BROKER, "framed_by": origin}
    assert check_node_file(fields, "here").framed_by == origin
    assert check_node_file({"store": "1", "broker": BROKER}, "here").framed_by is None


@pytest.mark.parametrize("content", [b"\xff\xfe", b"store = ", b"= 1"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "node.toml"
    path.write_bytes(content)
    with pytest.raises(BadNodeFile, match=r"node\.toml"):
        read_node_file(path)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BadNodeFile, match="tillsync-provision node-file"):
        read_node_file(tmp_path / "none.toml")


def test_a_broker_without_a_port_listens_on_1883() -> None:
    assert str(parse_broker("mqtt://broker.example")) == "mqtt://broker.example:1883"


def test_command_makes_a_file_and_checks_it(tmp_path: Path) -> None:
    path = tmp_path / "node.toml"
    made = CliRunner().invoke(main, ["node-file", "--store", "0042", "--broker", BROKER, "--out", str(path)])
    assert made.exit_code == 0, made.output
    again = CliRunner().invoke(main, ["node-file", "--store", "0042", "--broker", BROKER, "--out", str(path)])
    assert again.exit_code == 1
    assert "exists already" in again.output
    checked = CliRunner().invoke(main, ["check", str(path), "--json"])
    assert json.loads(checked.output)["node"]["store"] == "0042"
    path.write_text("store = 'hub'", encoding="utf-8")
    refused = CliRunner().invoke(main, ["check", str(path)])
    assert refused.exit_code == 1
    assert "Traceback" not in refused.output
