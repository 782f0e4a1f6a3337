"""What all tests share: Hypothesis without deadlines, marks that follow from what a test uses, and a real browser.

On a loaded machine a slow example says nothing about the code; the number of examples bounds the time.
"""

import shutil
from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from simulators.servers.postgres import PostgresCluster
from tests.databases import KINDS, SQLITE, FreshDatabase, fresh_on, running_cluster

settings.register_profile("tillsync", deadline=None)
settings.load_profile("tillsync")

LAUNCH_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark that chooses brokers; the others stand in pyproject.toml."""
    config.addinivalue_line(
        "markers", "more_brokers: needs NATS or RabbitMQ; './run test brokers' installs them and runs these, too"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens a browser as slow: the quick run goes without Chromium."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    executable = shutil.which("chromium")
    assert executable is not None, "needs chromium; './run test' installs it, or type: apt-get install -y chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=list(LAUNCH_ARGUMENTS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def cluster() -> Iterator[PostgresCluster]:
    """A PostgreSQL cluster for this test run, in a temporary folder."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module", params=KINDS)
def fresh_database(request: pytest.FixtureRequest) -> Iterator[FreshDatabase]:
    """Empty databases for hubs: every test that asks for one runs on SQLite and on PostgreSQL."""
    if request.param == SQLITE:
        yield lambda: ""
        return
    with fresh_on(request.getfixturevalue("cluster")) as fresh:
        yield fresh
