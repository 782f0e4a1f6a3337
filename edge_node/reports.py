"""Lists for people and for comparing a node with its hub.

One rule: read only, by pages.
"""

import sqlite3
from typing import Any

from edge_node.errors import UnknownMember
from edge_node.members import view
from edge_node.personal import KeyRing
from edge_node.storage.cells import SLOT_COLUMNS, owned_rows, person
from sync_protocol.accounts import Slots, balance

_SUMS = ", ".join(f"SUM({column}) AS {column}" for column in SLOT_COLUMNS)


def recent_receipts(connection: sqlite3.Connection, keys: KeyRing, limit: int) -> list[dict[str, Any]]:
    """List the latest receipts, newest first, members masked."""
    rows = connection.execute(
        "SELECT receipt, total_minor, business_time_ms, member FROM receipts ORDER BY n DESC LIMIT ?", (limit,)
    )
    return [{**dict(row), "member_masked": _masked(connection, keys, row["member"])} for row in rows]


def _masked(connection: sqlite3.Connection, keys: KeyRing, member: str | None) -> str | None:
    if member is None:
        return None
    try:
        found = view(connection, keys, member)
    except UnknownMember:
        return None
    return found.phone_masked or found.card_masked


def page_receipts(connection: sqlite3.Connection, after: int, limit: int) -> dict[str, Any]:
    """List receipts by number."""
    rows = connection.execute(
        "SELECT n, receipt, basket_ref, member, total_minor FROM receipts WHERE n > ? ORDER BY n LIMIT ?",
        (after, limit),
    ).fetchall()
    return {"receipts": [dict(row) for row in rows], "next_after": rows[-1]["n"] if len(rows) == limit else None}


def page_balances(connection: sqlite3.Connection, after: str, limit: int) -> dict[str, Any]:
    """List balances by account."""
    rows = connection.execute(
        f"SELECT account, {_SUMS} FROM counters WHERE account > ? GROUP BY account ORDER BY account LIMIT ?",  # noqa: S608
        (after, limit),
    ).fetchall()
    balances = [
        {"account": row["account"], "balance": balance([Slots(*(row[column] for column in SLOT_COLUMNS))])}
        for row in rows
    ]
    return {"balances": balances, "next_after": rows[-1]["account"] if len(rows) == limit else None}


def account_slots(connection: sqlite3.Connection, member: str) -> dict[str, dict[str, dict[str, int]]]:
    """Show the slots of every node on a person's points accounts."""
    rows = owned_rows(connection, person(connection, member))
    return {account: {node: slots._asdict() for node, slots in nodes.items()} for account, nodes in rows.items()}


def page_refusals(connection: sqlite3.Connection, after: int, limit: int) -> dict[str, Any]:
    """List spends refused for lack of rights."""
    rows = connection.execute(
        "SELECT id, at_ms, kind, code, offline, detail FROM refusals WHERE id > ? ORDER BY id LIMIT ?", (after, limit)
    ).fetchall()
    refusals = [{**dict(row), "offline": bool(row["offline"])} for row in rows]
    return {"refusals": refusals, "next_after": rows[-1]["id"] if len(rows) == limit else None}
