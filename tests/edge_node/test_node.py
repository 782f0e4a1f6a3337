"""One node alone: personal data at rest, its database, its files, the print desk."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from edge_node.baskets import BasketWish, LineWish
from edge_node.cli import main
from edge_node.errors import AlreadyEnrolled, NotIntroduced
from edge_node.node import Node
from edge_node.personal import blind, masked, open_field, seal_field
from edge_node.storage.cells import node_row
from edge_node.storage.database import NodeDatabase
from loyalty.baskets import Tender
from loyalty.receipts import Receipt
from provisioning.node_file import NodeFile
from simulators.bench.samples import lonely_node
from simulators.devices.escpos_printer import SimulatedPrinter
from simulators.traffic.generator import generate
from tests.integration.conftest import eventually

PHONE = "15400001234"
NAME = "不该出现的名字"


def sell(node: Node, basket: str, member: str | None = None) -> Receipt:
    async def go() -> Receipt:
        node.selling.put_basket(BasketWish(basket, (LineWish("10001", "2", None),), member, ()))
        total = node.selling.basket(basket).priced.total_minor
        return (await node.selling.pay(basket, (Tender("cash", total),))).receipt

    return asyncio.run(go())


def test_no_personal_value_stands_in_the_clear_in_any_file_of_a_node(node: Node, tmp_path: Path) -> None:
    async def go() -> str:
        return (await node.selling.enrol({"phone": PHONE}, NAME)).member

    member = asyncio.run(go())
    receipt = sell(node, "b1", member)
    assert receipt.member == member
    assert node.selling.member(member).name == NAME
    kept = b"".join(path.read_bytes() for path in (tmp_path / "node").rglob("*") if path.is_file())
    assert len(kept) > 10_000
    for secret in (PHONE, NAME, PHONE[-8:]):
        assert secret.encode() not in kept


def test_storage_key_is_readable_by_its_owner_alone(node: Node, tmp_path: Path) -> None:
    assert node.database.store == "bench"
    assert (tmp_path / "node" / "storage.key").stat().st_mode & 0o777 == 0o600


def test_the_same_phone_in_another_writing_is_the_same_member(node: Node) -> None:
    async def go() -> None:
        first = await node.selling.enrol({"phone": "+86 154-0000-1234"}, None)
        assert (await node.selling.find_member("phone", "8615400001234")).member == first.member
        with pytest.raises(AlreadyEnrolled):
            await node.selling.enrol({"phone": "8615400001234"}, None)

    asyncio.run(go())


@given(st.text(max_size=60))
def test_a_sealed_field_opens_under_its_own_key_member_and_field_only(text: str) -> None:
    key, other = bytes(32), bytes([1]) * 32
    sealed = seal_field(key, "m:a-1:1", "name", text)
    assert open_field(key, "m:a-1:1", "name", sealed) == text
    assert open_field(other, "m:a-1:1", "name", sealed) is None
    assert open_field(key, "m:a-1:2", "name", sealed) is None
    assert open_field(key, "m:a-1:1", "phone", sealed) is None
    assert open_field(key, "m:a-1:1", "name", sealed[:-1]) is None


def test_blind_index_needs_its_key() -> None:
    assert blind(bytes(32), "phone", PHONE) == blind(bytes(32), "phone", "154 0000 1234")
    assert blind(bytes(32), "phone", PHONE) != blind(bytes([1]) * 32, "phone", PHONE)
    assert blind(bytes(32), "phone", PHONE) != blind(bytes(32), "card", PHONE)
    assert masked(PHONE) == "*******1234"
    assert masked("123") == "***"


def test_a_node_that_never_met_its_hub_says_so(tmp_path: Path) -> None:
    node = Node(NodeFile(store="new", broker="mqtt://127.0.0.1:9"), tmp_path)
    try:
        with pytest.raises(NotIntroduced):
            node.selling.put_basket(BasketWish("b", (), None, ()))
        with pytest.raises(NotIntroduced):
            asyncio.run(node.selling.find_member("phone", PHONE))
    finally:
        node.database.close()


def test_a_database_of_another_actor_is_not_opened(tmp_path: Path) -> None:
    NodeDatabase(tmp_path / "node.db", "a-1").close()
    with pytest.raises(ValueError, match="belongs to a-1"):
        NodeDatabase(tmp_path / "node.db", "a-2")


def test_a_failed_write_leaves_nothing_behind_and_the_writer_goes_on(node: Node) -> None:
    def half(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE node SET last_receipt = 77")
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        node.database.write(half)
    assert sell(node, "b1").receipt == "bench-1/000001"


def test_every_commit_is_durable_and_readers_wait_for_nobody(node: Node) -> None:
    assert node.database.write(lambda connection: connection.execute("PRAGMA synchronous").fetchone()[0]) == 2
    reader = node.database.reader()
    assert reader.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("UPDATE node SET last_receipt = 1")


def test_stamps_follow_the_hubs_clock_though_the_nodes_own_is_years_off(node: Node) -> None:
    decade_ms = 10 * 365 * 24 * 3_600_000
    node.store.note_welcome(1, bytes(32), decade_ms)
    sell(node, "b1")
    stamped_ms = node_row(node.database.reader())["high_stamp"] >> 16
    assert abs(stamped_ms - (node.clock.now_ms() + decade_ms)) < 60_000


def test_status_command_reads_a_node_that_is_not_running(node: Node, tmp_path: Path) -> None:
    sell(node, "b1")
    shown = CliRunner().invoke(main, ["status", "--directory", str(tmp_path / "node")])
    assert shown.exit_code == 0
    assert "bench-1: 1 receipts, 1 entries wait for the hub" in shown.output
    missing = CliRunner().invoke(main, ["status", "--directory", str(tmp_path)])
    assert missing.exit_code == 1
    assert "does not exist" in missing.output


def test_run_command_refuses_a_bad_node_file_without_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "node.toml"
    path.write_text("store = 'hub'\nbroker = 'mqtt://x'\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["run", "--node-file", str(path)])
    assert done.exit_code == 1
    assert "cannot be called 'hub'" in done.output


def test_a_receipt_interrupted_while_printing_is_never_printed_twice(tmp_path: Path) -> None:
    traffic = generate(seed=1, stores=1, receipts=10)
    with SimulatedPrinter() as printer:
        with lonely_node(tmp_path / "node", traffic, printer=printer.path) as node:
            number = sell(node, "b1").receipt
            node.desk.notify()
            assert printer.wait_for(lambda one: any(number in text for text in one.receipts), 10)

            def interrupted(connection: sqlite3.Connection) -> None:
                connection.execute("UPDATE print_jobs SET state = 'started'")

        database = NodeDatabase(tmp_path / "node" / "node.db", "bench-1")
        database.write(interrupted)
        database.close()
        with lonely_node(tmp_path / "node", traffic, printer=printer.path) as node:
            second = sell(node, "b2").receipt
            node.desk.notify()
            assert printer.wait_for(lambda one: any(second in text for text in one.receipts), 10)
            assert sum(number in text for text in printer.receipts) == 1
            node.desk.reprint(number)
            assert printer.wait_for(lambda one: any("副本" in text for text in one.receipts), 10)
            assert sum(number in text for text in printer.receipts) == 2


def test_a_disk_that_refuses_for_a_while_does_not_end_printing(tmp_path: Path) -> None:
    traffic = generate(seed=1, stores=1, receipts=10)
    with SimulatedPrinter() as printer, lonely_node(tmp_path / "node", traffic, printer=printer.path) as node:
        number = sell(node, "b1").receipt
        node.database._writer.execute("PRAGMA query_only = ON")
        node.desk.notify()
        eventually(lambda: node.database.fault, "the desk meets the disk")
        node.database._writer.execute("PRAGMA query_only = OFF")
        node.desk.notify()
        assert printer.wait_for(lambda one: any(number in text for text in one.receipts), 10)


def test_a_printer_that_is_not_there_holds_up_no_sale(tmp_path: Path) -> None:
    traffic = generate(seed=1, stores=1, receipts=10)
    with lonely_node(tmp_path / "node", traffic, printer=str(tmp_path / "no-such-port")) as node:
        assert sell(node, "b1").receipt == "bench-1/000001"
        node.desk.notify()
        assert sell(node, "b2").receipt == "bench-1/000002"
        eventually(lambda: node.desk.status().message, "the till says what is wrong")
        assert node.desk.status().state == "fault"
