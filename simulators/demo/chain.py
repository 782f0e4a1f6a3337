"""The demo's chain: a hub and its stores as processes, each store on a line of its own that can be cut.

One rule: only what a chain would do: start, stop, kill, cut, mend, and calls through public doors.
"""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from loyalty.programme import Programme
from provisioning.broker_address import BrokerAddress
from provisioning.node_file import NodeFile
from simulators.demo.headquarters import set_up
from simulators.demo.http import JsonClient
from simulators.demo.processes import HubPlan, Process, free_port, hub_process, node_process
from simulators.devices.escpos_printer import SimulatedPrinter
from simulators.network.link import CuttableLink

HEARTBEAT_MS: Final = 500
DARK_AFTER_MS: Final = 2_500
HUB_PORT: Final = 8000
TILL_PORT: Final = 8101


class Chain:
    """A running chain; use it as a context manager.

    `database` is the URL of the hub's main database; empty: SQLite in the hub's folder. `broker` is a broker that runs
    already; None: the hub's embedded one. `hub_parts` are the processes that the hub runs as; `all` stands alone.
    `framed_by` is the origin of a page that shows the tills in frames. `well_known_ports` are those that people know,
    where they are free; without it any port is taken, so that several chains may start at a time.
    """

    def __init__(
        self,
        directory: Path,
        stores: Mapping[str, str],
        *,
        timezone: str = "Asia/Shanghai",
        recorded: bool = False,
        printers: bool = True,
        database: str = "",
        broker: BrokerAddress | None = None,
        hub_parts: Sequence[str] = ("all",),
        framed_by: str | None = None,
        well_known_ports: bool = False,
    ) -> None:
        self.directory = directory
        self.stores = dict(stores)
        self._timezone = timezone
        self._recorded = recorded
        self._prints = printers
        self._framed_by = framed_by
        self._till_port = TILL_PORT if well_known_ports else 0
        self._stack = contextlib.ExitStack()
        # An embedded broker keeps its port when the hub is killed and started again.
        self.broker = broker or BrokerAddress("127.0.0.1", free_port())
        http_port = free_port(HUB_PORT if well_known_ports else 0)
        plan = HubPlan(directory, http_port, DARK_AFTER_MS, database, self.broker, broker_is_embedded=broker is None)
        self.hub_parts = {part: hub_process(plan, part) for part in hub_parts}
        self.hub = self.hub_parts["all" if "all" in hub_parts else "api"]
        self.links: dict[str, CuttableLink] = {}
        self.printers: dict[str, SimulatedPrinter] = {}
        self.nodes: dict[str, Process] = {}
        self._watched: dict[str, JsonClient] = {}

    def __enter__(self) -> Self:
        """Start the hub, the lines and the printers; stores come with `open_stores`."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for part in self.hub_parts.values():
            self._stack.callback(part.stop)
            part.start()
        for place, (store, name) in enumerate(self.stores.items()):
            self.links[store] = self._stack.enter_context(CuttableLink(*self.broker))
            if self._prints:
                transcript = self.directory / f"{store}-receipts.txt"
                self.printers[store] = self._stack.enter_context(SimulatedPrinter(transcript=transcript))
            file = NodeFile(
                store=store,
                store_name=name[:80],
                broker=f"mqtt://127.0.0.1:{self.links[store].port}",
                timezone=self._timezone,
                http_port=free_port(self._till_port and self._till_port + place),
                printer=self.printers[store].path if self._prints else None,
                heartbeat_ms=HEARTBEAT_MS,
                recorded_sales=self._recorded,
                framed_by=self._framed_by,
            )
            self.nodes[store] = node_process(self.directory, file)
        # The nodes start while the hub does: they wait for it by themselves.
        for node in self.nodes.values():
            self._stack.callback(node.stop)
            node.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything."""
        self._stack.close()

    def hub_client(self, patience_s: float = 10.0) -> JsonClient:
        """Give a new connection to the hub; it is closed with the chain."""
        return self._client(self.hub, patience_s)

    def node_client(self, store: str, patience_s: float = 10.0) -> JsonClient:
        """Give a new connection to a store's node; it is closed with the chain."""
        return self._client(self.nodes[store], patience_s)

    def _client(self, process: Process, patience_s: float) -> JsonClient:
        client = JsonClient(process.command.address, patience_s)
        self._stack.callback(client.close)
        return client

    def status(self, store: str) -> dict[str, Any]:
        """Read how a store's node is, over a connection kept for that. Raises: Gone while it is away."""
        if store not in self._watched:
            self._watched[store] = self.node_client(store, 0.0)
        return dict(self._watched[store].get("/api/status"))

    def set_up(self, programme: Programme, items: list[dict[str, Any]]) -> None:
        """Tell the hub its programme, catalogue and stores, as headquarters would."""
        self.hub.wait_ready()
        hub = self.hub_client()
        set_up(hub, programme, items, self.stores)
        hub.close()

    def is_ready(self, store: str) -> bool:
        """Tell whether a store has met its hub and can sell."""
        status = self.status(store)
        return bool(status["online"] and status["introduced"])
