"""Handing rights that are not needed here to the hub, and forgetting acknowledged entries after their retention.

One rule: a node keeps rights only for members at home in its store, up to the programme's float; the rest goes where
the customer may turn up next. Only while the hub is in reach: offline, rights are what lets a customer spend.
"""

import sqlite3
from typing import Final

from edge_node.catalogue import read_programme
from edge_node.clock import Instant
from edge_node.errors import NotIntroduced
from edge_node.members import points_held
from edge_node.storage.cells import node_row, person, read_fields
from edge_node.storage.log import Raise, append
from sync_protocol.accounts import TO_HUB

RECEIPTS_PER_SWEEP: Final = 200
OUTBOX_RETENTION_MS: Final = 35 * 24 * 3600 * 1000


def sweep(connection: sqlite3.Connection, at: Instant) -> int:
    """Hand over what the latest receipts left above the float, in one entry; return the log's end."""
    node = node_row(connection)
    try:
        float_points_max = read_programme(connection).float_points_max
    except NotIntroduced:
        return int(node["last_entry"])
    rows = connection.execute(
        "SELECT n, member FROM receipts WHERE n > ? ORDER BY n LIMIT ?", (node["swept_receipt"], RECEIPTS_PER_SWEEP)
    ).fetchall()
    if not rows or node["fenced"]:
        return int(node["last_entry"])
    raises = []
    # One person may stand on receipts under several ids: their surplus is handed over once.
    members = {row["member"] for row in rows if row["member"]}
    for ids in sorted({tuple(person(connection, member)) for member in members}):
        people = list(ids)
        at_home = read_fields(connection, people[0]).get("home_store") == node["store"]
        keep = float_points_max if at_home else 0
        for held in points_held(connection, people, node["actor"]):
            surplus = held.rights - keep
            keep = max(keep - max(held.rights, 0), 0)
            if surplus > 0:
                raises.append(Raise(held.account, TO_HUB, surplus))
    connection.execute("UPDATE node SET swept_receipt = ?", (rows[-1]["n"],))
    if not raises:
        return int(node["last_entry"])
    return append(connection, at, counters=raises).entry


def prune_outbox(connection: sqlite3.Connection, now_ms: int) -> int:
    """Forget acknowledged entries older than the retention; return how many. The chain's end stays with the node."""
    cursor = connection.execute(
        "DELETE FROM outbox WHERE number <= (SELECT acknowledged FROM node) AND number < (SELECT last_entry FROM node) "
        "AND written_ms < ?",
        (now_ms - OUTBOX_RETENTION_MS,),
    )
    return cursor.rowcount
