"""Both databases join cells as the kernel says, whatever the order, the grouping and the repetition."""

import itertools
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from edge_node.storage import cells as edge_cells
from edge_node.storage.database import connect, prepare
from hub.context import HubContext, open_context
from hub.settings import HubSettings
from hub.storage import cells as hub_cells
from hub.storage.tables import counters, entities, heads, links
from sync_protocol.accounts import Slots
from sync_protocol.cells import Counter, Register, Value, join_registers, value_bytes
from tests.databases import FreshDatabase

VALUES: tuple[Value, ...] = (None, True, False, 0, 1, -1, 255, "", "a", "b", b"", b"a", b"\xff")
LAWS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
Fields = dict[str, dict[str, tuple[bytes, int, str]]]

TRUTH_BESIDE_ONE = [[Register("m:a-1:1", "tag:x", value, 1, "a-1")] for value in (1, True)]
"""Equal to Python, not to the join: their bytes differ."""

registers = st.builds(
    Register,
    entity=st.sampled_from(["m:a-1:1", "m:a-1:2"]),
    field=st.sampled_from(["name", "tag:x"]),
    value=st.sampled_from(VALUES),
    stamp=st.integers(1, 3),
    actor=st.sampled_from(["a-1", "b-1", "hub-1"]),
)
node_slots = st.tuples(st.sampled_from(["a-1", "b-1"]), st.sampled_from(["made", "used", "to:hub"]))
hub_slots = st.tuples(st.sampled_from(["hub-1", "hub-2"]), st.sampled_from(["made", "to:a-1", "take:b-1"]))
counted = st.tuples(st.sampled_from(["p:m:a-1:1:main:999912", "x:1"]), st.one_of(node_slots, hub_slots))


@st.composite
def counter_cells(draw: st.DrawFn) -> Counter:
    account, (actor, slot) = draw(counted)
    return Counter(account, actor, slot, draw(st.integers(0, 20)))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("node") / "node.db"
    prepare(path, "a-1")
    connection = connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, fresh_database: FreshDatabase) -> Iterator[HubContext]:
    directory = Path(tmp_path_factory.mktemp("hub"))
    context = open_context(HubSettings(directory=directory, database=fresh_database()))
    yield context
    context.database.close()
    context.keys.close()


def _packed(rows: Sequence[tuple[str, bytes]]) -> Fields:
    return {
        entity: {name: (value_bytes(value), stamp, actor) for name, (value, stamp, actor) in _unpacked(data)}
        for entity, data in rows
    }


def _unpacked(data: bytes) -> list[tuple[str, tuple[Value, int, str]]]:
    return list(edge_cells.unpack(data).items())


def _expected(cells: Sequence[Register]) -> Fields:
    found: defaultdict[str, dict[str, tuple[bytes, int, str]]] = defaultdict(dict)
    by_place = itertools.groupby(
        sorted(cells, key=lambda cell: (cell.entity, cell.field)), key=lambda cell: (cell.entity, cell.field)
    )
    for (entity, name), group in by_place:
        cell = reduce(join_registers, group)
        found[entity][name] = (value_bytes(cell.value), cell.stamp, cell.actor)
    return dict(found)


@LAWS
@given(st.lists(st.lists(registers, max_size=4), max_size=4))
@example(TRUTH_BESIDE_ONE)
def test_the_nodes_database_joins_registers_like_the_kernel(
    node: sqlite3.Connection, groups: list[list[Register]]
) -> None:
    node.execute("DELETE FROM entities")
    for group in [*groups, *groups[:1]]:
        edge_cells.apply_registers(node, group)
    rows = [(row["entity"], row["fields"]) for row in node.execute("SELECT entity, fields FROM entities")]
    assert _packed(rows) == _expected([cell for group in groups for cell in group])


@LAWS
@given(st.lists(st.lists(registers, max_size=4), max_size=4))
@example(TRUTH_BESIDE_ONE)
def test_the_hubs_database_joins_registers_like_the_kernel(hub: HubContext, groups: list[list[Register]]) -> None:
    with hub.database.write() as connection:
        connection.execute(delete(entities))
        connection.execute(delete(links))
        for group in [*groups, *groups[:1]]:
            hub_cells.join_in_registers(connection, group)
        rows = [(row.entity, row.fields) for row in connection.execute(entities.select())]
    assert _packed(rows) == _expected([cell for group in groups for cell in group])


def _slots(cells: Sequence[Counter]) -> dict[tuple[str, str], Slots]:
    """Reckon by hand what the slots between account and node come to, summed over the hub's incarnations."""
    highest: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for cell in cells:
        key = (cell.account, cell.actor, cell.slot)
        highest[key] = max(highest[key], cell.value)
    found: defaultdict[tuple[str, str], Slots] = defaultdict(Slots)
    for (account, actor, slot), value in highest.items():
        verb, _, other = slot.partition(":")
        node, column = actor, verb
        if actor.startswith("hub-") and other:
            node, column = other, {"to": "granted", "take": "taken"}[verb]
        elif slot == "to:hub":
            column = "to_hub"
        slots = found[account, node]
        found[account, node] = slots._replace(**{column: getattr(slots, column) + value})
    return dict(found)


@LAWS
@given(st.lists(st.lists(counter_cells(), max_size=5), max_size=4))
def test_the_nodes_database_joins_counters_by_their_maximum(
    node: sqlite3.Connection, groups: list[list[Counter]]
) -> None:
    node.execute("DELETE FROM counters")
    for group in [*groups, *groups[:1]]:
        edge_cells.apply_counters(node, group)
    found = {
        (account, name): slots
        for account in ("p:m:a-1:1:main:999912", "x:1")
        for name, slots in edge_cells.account_rows(node, account).items()
    }
    assert found == _slots([cell for group in groups for cell in group])


@LAWS
@given(st.lists(st.lists(counter_cells(), max_size=5), max_size=4))
def test_the_hubs_database_joins_counters_by_their_maximum(hub: HubContext, groups: list[list[Counter]]) -> None:
    backed = [Counter(account, "hub-1", "made", 1_000) for account in ("p:m:a-1:1:main:999912", "x:1")]
    backed += [Counter(one.account, "hub-1", f"to:{name}", 100) for one in backed for name in ("a-1", "b-1")]
    groups = [backed, *groups]
    expected = _slots([cell for group in groups for cell in group])
    with hub.database.write() as connection:
        connection.execute(delete(counters))
        connection.execute(delete(heads))
        for group in [*groups, *groups[:1]]:
            hub_cells.join_in_counters(connection, group)
        found = {(account, name): hub_cells.slots_of(connection, account, name) for account, name in expected}
    assert found == expected
