"""What a node counts and measures, for Prometheus.

One rule: counting takes a few microseconds and never happens inside a transaction. Labels take their values from short
lists that the code fixes, never from people. What can be read off the node at any time stands in `edge_node/state.py`.
"""

from typing import Final

from prometheus_client import Counter, Histogram

from provisioning.service.metrics import new_registry

COMMIT_BUCKETS_S: Final = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 1.0, 5.0)
ACKNOWLEDGED_BUCKETS_S: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0, 300.0, 3_600.0, 86_400.0)

ASK_OUTCOMES: Final = frozenset({"found", "not-found", "granted", "short", "timeout"})
HUB_CODES: Final = frozenset(
    {"bad-envelope", "bad-numbering", "clock-ahead", "gap", "held", "not-owner", "quarantined", "undecodable"}
    | {"unknown-actor"}
)
OTHER: Final = "other"


def among(value: str, known: frozenset[str]) -> str:
    """Give a value that a peer sent where it is a known one, else `other`: peers must not make up labels."""
    return value if value in known else OTHER


class NodeMetrics:
    """The metrics of one node, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = new_registry()
        self.commit_seconds = Histogram(
            "tillsync_edge_commit_seconds",
            "Time from handing a sale or an enrolment to the writer until it was durable.",
            buckets=COMMIT_BUCKETS_S,
            registry=self.registry,
        )
        self.acknowledgement_seconds = Histogram(
            "tillsync_edge_acknowledgement_seconds",
            "Time from an entry's commit until the hub acknowledged it; what was written before the start is left out.",
            buckets=ACKNOWLEDGED_BUCKETS_S,
            registry=self.registry,
        )
        self.refusals = Counter(
            "tillsync_edge_refusals",
            "Requests that the local API refused, by the problem's code.",
            ["code"],
            registry=self.registry,
        )
        self.rights_refused = Counter(
            "tillsync_edge_rights_refused",
            "Spends refused for lack of rights, by kind (points, coupon) and reason.",
            ["kind", "reason"],
            registry=self.registry,
        )
        self.hub_refusals = Counter(
            "tillsync_edge_hub_refusals",
            "Messages that the hub did not accept, by its code.",
            ["code"],
            registry=self.registry,
        )
        self.hub_asks = Counter(
            "tillsync_edge_hub_asks",
            "Questions to the hub during a sale or a look-up, by outcome; timeout: no answer within 250 ms.",
            ["outcome"],
            registry=self.registry,
        )
        self.payloads_rejected = Counter(
            "tillsync_edge_payloads_rejected",
            "Payloads from the hub's side that did not open and were kept as dead letters, by code.",
            ["code"],
            registry=self.registry,
        )
        self.write_faults = Counter(
            "tillsync_edge_write_faults",
            "Transactions that the disk or another program prevented, by reason.",
            ["reason"],
            registry=self.registry,
        )
