"""What a session tells its shell, and what it wants sent. Nouns of the protocol's own page."""

from typing import NamedTuple

from sync_protocol.messages import EntityState


class Welcomed(NamedTuple):
    """The hub knows this node and said where it stands."""

    cursor: int
    hub_time_ms: int


class Acknowledged(NamedTuple):
    """Everything up to `cursor` is durable at the hub."""

    cursor: int


class FeedApplied(NamedTuple):
    """Cells of a feed were joined."""

    stream: str
    seq: int
    entities: tuple[str, ...]


class Answered(NamedTuple):
    """An ask ended: by an answer, or by its deadline (outcome `timeout`)."""

    id: int
    outcome: str
    detail: str
    entities: tuple[EntityState, ...]


class Refused(NamedTuple):
    """The hub did not accept something."""

    code: str
    detail: str
    number: int


class Fenced(NamedTuple):
    """This name must stop selling."""

    reason: str


class PayloadRejected(NamedTuple):
    """A payload did not open or decode; the shell keeps it with its reason."""

    code: str
    reason: str
    payload: bytes


EdgeEvent = Welcomed | Acknowledged | FeedApplied | Answered | Refused | Fenced | PayloadRejected


class EdgePayload(NamedTuple):
    """Bytes for the topic of `channel` (`up` or `rpc`)."""

    channel: str
    payload: bytes


class HubPayload(NamedTuple):
    """Bytes for one actor's `down` topic, or for everyone (`to` is None: the chain topic)."""

    to: str | None
    payload: bytes
