"""The metrics page of a process, in the text format of Prometheus.

One rule: one registry per process, handed in; nothing is registered globally, so that tests can run several at once.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from prometheus_client import (
    CollectorRegistry,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
    start_http_server,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

_SUFFIXES: Final = {"counter": "_total", "info": "_info"}
CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


class Described(NamedTuple):
    """One metric, as documentation shows it."""

    name: str
    kind: str
    sentence: str


def new_registry() -> CollectorRegistry:
    """Make a registry that knows the process's memory, processor time and open files."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a time per series, which nobody asks for
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry


def page(registry: CollectorRegistry) -> bytes:
    """Write the metrics page."""
    return generate_latest(registry)


def describe(registry: CollectorRegistry) -> Iterator[Described]:
    """Describe our own metrics of a registry."""
    for family in registry.collect():
        if family.name.startswith("tillsync_"):
            name = family.name + _SUFFIXES.get(family.type, "")
            yield Described(name, family.type, family.documentation)


def serve_metrics(registry: CollectorRegistry, host: str, port: int) -> None:
    """Serve the page on a port of its own, for a process that serves nothing else; ends with the process.

    Raises: OSError when the port is taken.
    """
    start_http_server(port, host, registry)
