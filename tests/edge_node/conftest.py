"""A node that knows its programme and catalogue and whose broker is not there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_node.node import Node
from simulators.bench.samples import lonely_node
from simulators.traffic.generator import generate


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A node offline, ready to sell the generated catalogue."""
    with lonely_node(tmp_path / "node", generate(seed=1, stores=1, receipts=10)) as running:
        yield running
