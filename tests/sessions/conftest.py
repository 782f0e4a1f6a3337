"""Chains that close their databases when the test ends."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.databases import FreshDatabase
from tests.sessions.chain import Chain

MakeChain = Callable[..., Chain]


@pytest.fixture
def make_chain(tmp_path: Path, fresh_database: FreshDatabase) -> Iterator[MakeChain]:
    """Make chains of the named stores, each in a directory of its own, its hub on a database of its own."""
    opened: list[Chain] = []

    def make(*stores: str, seed: int = 0, workers: int = 1) -> Chain:
        chain = Chain(tmp_path / f"chain-{len(opened)}", stores, seed, fresh_database(), workers)
        opened.append(chain)
        return chain

    yield make
    for chain in opened:
        chain.close()


@pytest.fixture
def chain(make_chain: MakeChain) -> Chain:
    """A chain of stores a and b, all connected and welcomed."""
    chain = make_chain("a", "b")
    chain.connect_all()
    return chain
