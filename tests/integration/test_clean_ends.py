"""Starts and ends of real processes: in mid-work, with the broker gone, the printer stuck, callers waiting."""

import contextlib
import json
import os
import pty
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge_node.node import Node
from provisioning.node_file import NodeFile, write_node_file
from simulators.bench.samples import introduce
from simulators.demo.chain import Chain
from simulators.demo.http import Gone, JsonClient
from simulators.demo.processes import free_port
from simulators.traffic.generator import Traffic, generate
from tests.integration.conftest import eventually
from tests.integration.service import Service


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return generate(seed=1, stores=1, receipts=10)


class Store:
    """A store's directory whose node knows its programme, and processes run in it."""

    def __init__(self, directory: Path, traffic: Traffic, printer: str | None, broker_port: int) -> None:
        self.directory = directory
        self.file = NodeFile(
            store="s1", broker=f"mqtt://127.0.0.1:{broker_port}", http_port=free_port(), printer=printer
        )
        self.path = directory / "node.toml"
        node = Node(self.file, directory / "node")
        introduce(node, traffic)
        node.database.close()
        self.path.write_text(write_node_file(self.file), encoding="utf-8")
        self.services: list[Service] = []

    def start(self) -> Service:
        """Start the node."""
        arguments = ("edge_node.cli", "run", f"--node-file={self.path}", f"--directory={self.directory / 'node'}")
        service = Service(self.directory / "node.log", f"http://127.0.0.1:{self.file.http_port}", *arguments)
        self.services.append(service)
        return service

    def receipts(self) -> dict[str, str]:
        """Read basket and receipt of everything that was sold, from the file itself."""
        connection = sqlite3.connect(self.directory / "node" / "node.db")
        try:
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            sold = dict(connection.execute("SELECT basket_ref, receipt FROM receipts").fetchall())
            assert connection.execute("SELECT count(*) FROM records").fetchone()[0] == len(sold)
            last_entry = connection.execute("SELECT last_entry FROM node").fetchone()[0]
            assert connection.execute("SELECT count(*) FROM outbox").fetchone()[0] == last_entry
        finally:
            connection.close()
        return sold


@pytest.fixture
def open_store(tmp_path: Path, traffic: Traffic) -> Iterator[Any]:
    stores: list[Store] = []

    def make(printer: str | None = None, broker_port: int | None = None) -> Store:
        stores.append(Store(tmp_path, traffic, printer, broker_port or free_port()))
        return stores[-1]

    yield make
    for service in [service for store in stores for service in store.services]:
        service.kill()


def sell(till: JsonClient, basket: str) -> str:
    """Sell one thing; return the receipt's number. Raises: Gone."""
    priced = till.call("PUT", f"/api/baskets/{basket}", {"lines": [{"code": "10001", "quantity": "1"}]})
    assert priced.ok, priced.body
    tenders = {"tenders": [{"kind": "cash", "amount_minor": priced.body["total_minor"]}]}
    paid = till.call("POST", f"/api/baskets/{basket}/pay", tenders)
    assert paid.ok, paid.body
    return str(paid.body["receipt"])


def sell_until_gone(address: str, name: str, sold: dict[str, str]) -> None:
    """Sell as fast as possible until the node is gone, keeping what was answered."""
    till = JsonClient(address, 0)
    with contextlib.suppress(Gone):
        for number in range(100_000):
            basket = f"{name}-{number}"
            sold[basket] = sell(till, basket)
    till.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_every_sale_that_was_answered_is_there_after_an_end_in_the_middle_of_selling(
    number: signal.Signals, open_store: Any
) -> None:
    store = open_store()
    node = store.start()
    node.wait_ready().close()
    answered: list[dict[str, str]] = [{}, {}, {}]
    tills = [
        threading.Thread(target=sell_until_gone, args=(node.address, f"till{place}", sold))
        for place, sold in enumerate(answered)
    ]
    for till in tills:
        till.start()
    eventually(lambda: sum(map(len, answered)) > 60, "sales at speed")
    assert node.end(number) == 0
    for till in tills:
        till.join()
    sold = {basket: receipt for one in answered for basket, receipt in one.items()}
    kept = store.receipts()
    assert sold.items() <= kept.items()
    assert len(kept) - len(sold) <= len(tills)  # at most one per till was cut off before its answer
    assert [message for message in node.messages() if message in {"started", "stopping", "stopped"}] == [
        "started", "stopping", "stopped",
    ]  # fmt: skip
    assert not (store.directory / "node" / "node.db-wal").exists()


def test_a_node_ends_though_its_broker_is_a_hole_that_swallows_everything(open_store: Any) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as hole:  # takes the connection and never answers
        node = open_store(broker_port=hole.getsockname()[1]).start()
        till = node.wait_ready()
        sell(till, "b1")
        assert node.end() == 0
        till.close()
    assert node.messages()[-1] == "stopped"


def test_a_node_ends_though_its_printer_is_stuck_in_the_middle_of_a_receipt(open_store: Any) -> None:
    printer, path = pty.openpty()
    try:
        store = open_store(printer=os.ttyname(path))
        node = store.start()
        till = node.wait_ready()
        sold = {f"b{number}": sell(till, f"b{number}") for number in range(30)}  # nobody reads: the line fills up
        assert node.end() == 0
        till.close()
        assert store.receipts() == sold
    finally:
        os.close(printer)
        os.close(path)


def test_callers_that_keep_connections_open_do_not_keep_a_node_from_ending(open_store: Any) -> None:
    node = open_store().start()
    kept = [node.wait_ready() for _ in range(3)]
    port = int(node.address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as idle, socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(b"POST /api/members/find HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        slow.sendall(b"Content-Length: 100\r\n\r\n{")  # and never the rest
        assert node.end() == 0
        assert idle.recv(1) == b""
    for till in kept:
        till.close()


def test_a_second_node_in_the_same_directory_refuses_and_says_who_holds_it(open_store: Any) -> None:
    store = open_store()
    node = store.start()
    node.wait_ready().close()
    command = [sys.executable, "-m", "edge_node.cli"]
    directory = f"--directory={store.directory / 'node'}"
    second = subprocess.run(
        [*command, "run", f"--node-file={store.path}", directory],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert f"process {node.process.pid} on " in second.stderr
    assert "stop the other one first" in second.stderr
    assert "Traceback" not in second.stderr
    shown = subprocess.run([*command, "status", directory], capture_output=True, text=True, timeout=60, check=False)
    assert shown.stdout.startswith("s1-1: 0 receipts")
    node.kill()
    again = store.start()
    again.wait_ready().close()
    assert again.end() == 0


def test_a_locked_database_is_waited_for_and_told(open_store: Any) -> None:
    store = open_store()
    other = sqlite3.connect(store.directory / "node" / "node.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    node = store.start()
    eventually(lambda: "not available, trying again" in node.messages(), "the lock is told")
    waiting = next(line for line in node.logged() if line["message"] == "not available, trying again")
    assert waiting["cause"] == "another program locks the database"
    assert waiting["attempt"] == 1
    other.execute("ROLLBACK")
    other.close()
    node.wait_ready().close()
    assert "available again" in node.messages()
    assert node.end() == 0


def test_a_node_and_a_hub_say_goodbye_and_tell_their_life(tmp_path: Path) -> None:
    with Chain(tmp_path, {"store1": "一号店"}, printers=False) as chain:
        chain.hub.wait_ready()
        hub = chain.hub_client()
        assert hub.call("POST", "/api/stores", {"store": "store1", "name": "x"}).ok
        chain.nodes["store1"].wait_ready()
        eventually(lambda: chain.status("store1")["online"], "the store meets the hub")
        till = chain.node_client("store1")
        assert till.call("POST", "/api/members", {"card": "LAST", "consent": True}).status == 201
        chain.nodes["store1"].stop()
        eventually(lambda: hub.get("/api/members?external_id=LAST")["members"], "what was last committed went along")

        def hint() -> object:
            return hub.get("/api/stores")["stores"][0]["offline_hint_ms"]

        eventually(hint, "the hub is told that the store has left")
        chain.hub.stop()
        for log, logger in (("store1.log", "edge_node"), ("hub.log", "hub")):
            lines = [json.loads(line) for line in (tmp_path / log).read_text().splitlines() if line.startswith("{")]
            life = [
                line["message"]
                for line in lines
                if line["message"] in {"started", "stopping", "stopped", "met the hub"}
            ]
            assert life == (
                ["started", "met the hub", "stopping", "stopped"]
                if logger == "edge_node"
                else ["started", "stopping", "stopped"]
            )
            assert [line for line in lines if line["level"] == "ERROR"] == []
