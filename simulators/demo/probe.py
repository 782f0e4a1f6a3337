"""How soon a sale in one store can be read in another that holds the member.

One rule: measured through the public door of the other store, by asking it again and again; nothing inside is looked
at. Only stores that are connected count.
"""

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from simulators.demo.http import Gone, JsonClient
from simulators.demo.shopping import Ledger, Sold

PATIENCE_S: Final = 5.0
ASK_EVERY_S: Final = 0.003


class VisibilityProbe:
    """Follows some of the sales, one at a time."""

    def __init__(
        self, clients: dict[str, JsonClient], ledgers: Callable[[], dict[str, Ledger]], is_dark: Callable[[str], bool]
    ) -> None:
        self.visible_ms: list[float] = []
        self.unseen = 0
        self._clients = clients
        self._ledgers = ledgers
        self._is_dark = is_dark
        self._sold: queue.Queue[Sold | None] = queue.Queue(1)
        self.thread = threading.Thread(target=self._run, name="visibility-probe", daemon=True)

    def offer(self, sold: Sold) -> None:
        """Offer a sale to follow; dropped while another one is followed."""
        try:
            self._sold.put_nowait(sold)
        except queue.Full:
            return

    def stop(self) -> None:
        """End the thread."""
        self._sold.put(None)
        self.thread.join()

    def _run(self) -> None:
        while (sold := self._sold.get()) is not None:
            try:
                self._follow(sold)
            except (Gone, RuntimeError):
                continue

    def _follow(self, sold: Sold) -> None:
        others = [
            (store, ledger.members[sold.member_ref])
            for store, ledger in self._ledgers().items()
            if store != sold.store and sold.member_ref in ledger.members and not self._is_dark(store)
        ]
        if not others or self._is_dark(sold.store):
            return
        store, member = others[0]
        here = self._written(self._clients[sold.store], sold.member, sold.store)
        until_s = time.monotonic() + PATIENCE_S
        while self._written(self._clients[store], member, sold.store) < here:
            if time.monotonic() > until_s or self._is_dark(store) or self._is_dark(sold.store):
                self.unseen += not self._is_dark(store) and not self._is_dark(sold.store)
                return
            time.sleep(ASK_EVERY_S)
        self.visible_ms.append((time.monotonic() - sold.done_s) * 1_000)

    @staticmethod
    def _written(client: JsonClient, member: str, store: str) -> int:
        """Add up what a store's nodes have written on the member's accounts: it only grows."""
        accounts: dict[str, dict[str, dict[str, Any]]] = client.get(f"/api/members/{member}/accounts")["accounts"]
        return sum(
            slots["made"] + slots["used"]
            for nodes in accounts.values()
            for node, slots in nodes.items()
            if node.startswith(f"{store}-")
        )
