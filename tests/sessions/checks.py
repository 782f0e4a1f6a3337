"""What must be true of a chain once everything has been said, told as assertions.

One rule: they look only into the databases, never into a session's memory.
"""

from collections import Counter

from edge_node.storage.cells import unpack
from hub.storage.tables import alarms, dead_letters, heads, quarantine, receipts, records
from sync_protocol.accounts import balance, free_rights, rights
from tests.sessions.chain import Chain
from tests.sessions.headquarters import split_rows


def finally_everything_is_told(chain: Chain) -> None:
    """Every node's log is at the hub to its end, acknowledged, and nobody honest was stopped."""
    for till in chain.tills.values():
        node, actor = till.node(), chain.hub.actor(till.actor)
        assert node["fenced"] is None
        assert actor.state == "active"
        assert till.outbox_is_empty(), f"{till.actor}: {node['acknowledged']} of {node['last_entry']} acknowledged"
        assert (actor.cursor, actor.chain) == (node["last_entry"], node["last_chain"])
        assert till.rows("SELECT * FROM dead_letters") == []
    assert chain.hub.rows(quarantine) == []
    assert chain.hub.rows(dead_letters) == []
    assert chain.hub.rows(alarms) == []


def finally_every_receipt_is_at_the_hub_once(chain: Chain) -> None:
    """What a till printed is at the hub, once, to the byte."""
    written = {
        (till.actor, row["number"]): bytes(row["body"])
        for till in chain.tills.values()
        for row in till.rows("SELECT number, body FROM records WHERE actor = ?", till.actor)
    }
    kept = chain.hub.rows(records)
    assert Counter((row.actor, row.number) for row in kept) == Counter(written.keys())
    assert {(row.actor, row.number): row.body for row in kept} == written
    printed = [row["receipt"] for till in chain.tills.values() for row in till.rows("SELECT receipt FROM receipts")]
    assert sorted(row.receipt for row in chain.hub.rows(receipts)) == sorted(printed)


def always_money_adds_up(chain: Chain) -> None:
    """At the hub no rights and no balance is below zero, and rights sum up to the balance on every account."""
    shown = {row.account: row for row in chain.hub.rows(heads)}
    for account, rows in chain.hub.accounts().items():
        own, nodes = split_rows(rows)
        assert all(rights(slots) >= 0 for slots in nodes.values()), account
        free = free_rights(own, nodes.values())
        assert shown[account].free == free >= 0
        assert free + sum(rights(slots) for slots in nodes.values()) == balance(rows.values()) >= 0, account


def finally_stores_equal_the_hub(chain: Chain) -> None:
    """What a store holds is what the hub holds: all fields, and all rows of all accounts."""
    at_hub = chain.hub.accounts()
    holdings = chain.hub.holdings()
    for store, till in chain.tills.items():
        for entity in sorted(holdings.get(store, set())):
            rows = till.rows("SELECT fields, whole FROM entities WHERE entity = ?", entity)
            assert rows, f"{store} never got {entity}"
            assert unpack(rows[0]["fields"]) == chain.hub.fields(entity)
            assert rows[0]["whole"] == 1
            for account in (name for name in at_hub if name.startswith(f"p:{entity}:")):
                assert till.account(account) == at_hub[account]


def finally_all_is_well(chain: Chain) -> None:
    """Everything at once."""
    finally_everything_is_told(chain)
    finally_every_receipt_is_at_the_hub_once(chain)
    always_money_adds_up(chain)
    finally_stores_equal_the_hub(chain)
