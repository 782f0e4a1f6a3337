"""A hub on PostgreSQL, for tests of what only that database does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.context import HubContext, open_context
from hub.settings import HubSettings
from simulators.servers.postgres import PostgresCluster
from tests.databases import fresh_on


@pytest.fixture
def postgres_context(tmp_path: Path, cluster: PostgresCluster) -> Iterator[HubContext]:
    with fresh_on(cluster) as fresh:
        context = open_context(HubSettings(directory=tmp_path, database=fresh()))
        yield context
        context.close()
