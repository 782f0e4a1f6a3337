"""What a process of the hub counts and measures, for Prometheus.

One rule: a commit is counted after it, never inside it. Labels take their values from short lists that the code fixes;
what is known per store stands in `hub/api/health/chain_state.py`, bounded there.
"""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from provisioning.service.metrics import new_registry
from sync_protocol.envelope import Envelope
from sync_protocol.errors import PeerError
from sync_protocol.messages import Acknowledge, Answer, Batch, Feed, FromHub, FromNode, Refuse

COMMIT_BUCKETS_S: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0)
GROUP_BUCKETS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)


class HubMetrics:
    """The metrics of one process of the hub, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = new_registry()
        self.commit_seconds = Histogram(
            "tillsync_hub_commit_seconds",
            "Time of one group commit that merged entries, from its beginning until it was durable.",
            buckets=COMMIT_BUCKETS_S,
            registry=self.registry,
        )
        self.commit_entries = Histogram(
            "tillsync_hub_commit_entries",
            "Entries merged in one group commit.",
            buckets=GROUP_BUCKETS,
            registry=self.registry,
        )
        self.batches = self._counter("batches", "Batches of entries that stores sent and that could be opened.")
        self.acknowledgements = self._counter("acknowledgements", "Acknowledgements sent, after their commit.")
        self.feeds = self._counter("feeds", "Feeds sent: changes for the stores that hold what changed.")
        self.answers = self._counter(
            "answers",
            "Answers to stores' questions by outcome; granted, short: rights; found, not-found: members.",
            "outcome",
        )
        self.refusals = self._counter("refusals", "Messages of stores that were not accepted, by code.", "code")
        self.payloads_rejected = self._counter("payloads_rejected", "Payloads that did not open, by code.", "code")
        self.database_errors = self._counter(
            "database_errors", "Times the database could not be worked with, by part (worker, jobs, api).", "part"
        )
        self.database_retries = self._counter(
            "database_retries", "Transactions begun again because another one stood in their way."
        )
        self.inbox_dropped = self._counter("inbox_dropped", "Payloads dropped because the worker's queue was full.")
        self.inbox_messages = Gauge(
            "tillsync_hub_inbox_messages", "Payloads that wait for the worker.", registry=self.registry
        )
        self.broker_connected = Gauge(
            "tillsync_hub_broker_connected", "1 while the broker accepts this worker, else 0.", registry=self.registry
        )

    def merged(self, entries: int, seconds: float) -> None:
        """Note a group commit that merged entries, once it is durable."""
        self.commit_seconds.observe(seconds)
        self.commit_entries.observe(entries)

    def _counter(self, name: str, sentence: str, *labels: str) -> Counter:
        return Counter(f"tillsync_hub_{name}", sentence, labels, registry=self.registry)


class CountingEnvelope:
    """An envelope that counts what passes through it. The session closes a message only after the commit behind it."""

    def __init__(self, envelope: Envelope[FromHub, FromNode], metrics: HubMetrics) -> None:
        self._envelope = envelope
        self._metrics = metrics

    def seal(self, message: FromHub) -> bytes:
        """See `Envelope.seal`."""
        payload = self._envelope.seal(message)
        match message:
            case Acknowledge():
                self._metrics.acknowledgements.inc()
            case Feed():
                self._metrics.feeds.inc()
            case Answer():
                self._metrics.answers.labels(message.outcome).inc()
            case Refuse():
                self._metrics.refusals.labels(message.code).inc()
            case _:
                pass
        return payload

    def open(self, payload: bytes) -> FromNode:
        """See `Envelope.open`."""
        try:
            message = self._envelope.open(payload)
        except PeerError as error:
            self._metrics.payloads_rejected.labels(error.code).inc()
            raise
        if isinstance(message, Batch):
            self._metrics.batches.inc()
        return message
