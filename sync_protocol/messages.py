"""Everything that node and hub say to one another (SPEC 8.2): msgspec structs, array-like, tagged.

One rule: a field is only ever added at the end, with a default; unknown trailing fields are ignored. Tags reserved for
parts that later versions bring: `challenge`, `head` (signed chain head), `close` (day close), `digest`, `witness`.
"""

from typing import Annotated

import msgspec

from sync_protocol.cells import Counter, Name, Number, Register

Count = Annotated[int, msgspec.Meta(ge=0)]
Text = Annotated[str, msgspec.Meta(max_length=1000)]


class Base(msgspec.Struct, frozen=True, array_like=True, tag_field="t"):
    """What all messages share."""


class MemberKey(msgspec.Struct, frozen=True, array_like=True):
    """The key of one member's personal fields; travels beside entries and feeds, never inside what is hashed."""

    member: Name
    key: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class EntityState(msgspec.Struct, frozen=True, array_like=True):
    """One entity: its registers, those of the coupons it owns, and all their counters, in the present state.

    Feeds and found members carry it `whole`; an answer to an ask for rights carries only the cells that changed.
    """

    entity: Name
    registers: list[Register] = []
    counters: list[Counter] = []
    key: bytes | None = None
    whole: bool = True


# --- from a node ------------------------------------------------------------------------------------------------


class Birth(Base, frozen=True, tag="birth"):
    """First words after connecting: who I am, how far my log and my feeds go.

    `fenced` says that this node has found its own history behind the hub's, and stopped.
    """

    actor: Name
    boot: Name
    last_entry: Count
    last_chain: bytes
    hub_n: Count
    cursors: dict[str, int]
    software: Text
    capabilities: list[Text] = []
    challenge_answer: bytes = b""
    fenced: Text = ""


class Batch(Base, frozen=True, tag="batch"):
    """Entries `first` … `last` as stored bytes; `prev` is the chain hash before `first`."""

    actor: Name
    first: Number
    last: Number
    prev: bytes
    entries: list[bytes]
    keys: list[MemberKey] = []


class Heartbeat(Base, frozen=True, tag="heartbeat"):
    """I am here; this is how far I am."""

    actor: Name
    last_entry: Count
    cursors: dict[str, int]
    node_time_ms: int


class Fetch(Base, frozen=True, tag="fetch"):
    """Send me what changed in `stream` after `after`."""

    stream: Name
    after: Count


class FeedAcknowledge(Base, frozen=True, tag="feed-ack"):
    """I have applied `stream` up to `seq`, durably."""

    stream: Name
    seq: Count


class FindMember(Base, frozen=True, tag="find"):
    """Question: which member has this identity? From now on my store holds them."""

    kind: Name
    blind: Name


class WantRights(Base, frozen=True, tag="rights"):
    """Question: bring my rights on `account` up to `target`; `made`, `used`, `to_hub` are my own row as it is now.

    Naming a target makes repeats harmless: the second one finds the rights there already.
    """

    account: Name
    target: Count
    made: Count
    used: Count
    to_hub: Count


class Ask(Base, frozen=True, tag="ask"):
    """A question with an id and a deadline (SPEC 7)."""

    id: Count
    deadline_ms: Count
    question: FindMember | WantRights


# --- from the hub -----------------------------------------------------------------------------------------------


class Welcome(Base, frozen=True, tag="welcome"):
    """Answer to a birth: where the hub stands for this actor."""

    hub_n: Number
    cursor: Count
    chain: bytes
    hub_time_ms: int
    heads: dict[str, int]
    blind_index_key: bytes


class Acknowledge(Base, frozen=True, tag="ack"):
    """Everything up to `cursor` is durable at hub incarnation `hub_n`; `heads` are the ends of the node's streams."""

    hub_n: Number
    cursor: Count
    heads: dict[str, int]


class Refuse(Base, frozen=True, tag="refuse"):
    """The hub does not accept something, and where the node should go on from.

    Codes: `unknown-actor`, `gap`, `quarantined`, `held`, `clock-ahead`, `undecodable`.
    """

    code: Name
    detail: Text
    hub_n: Number
    cursor: Count
    number: Count = 0


class Feed(Base, frozen=True, tag="feed"):
    """What changed in `stream` after `previous`, up to `seq`; `more` says that a further chunk waits to be fetched."""

    hub_n: Number
    stream: Name
    previous: Count
    seq: Count
    entities: list[EntityState]
    more: bool = False


class Answer(Base, frozen=True, tag="answer"):
    """Answer to the ask `id`: a hint that speeds up what the feed brings in any case.

    Outcomes: `found`, `not-found`, `granted`, `short` (granted less than the target).
    """

    id: Count
    outcome: Name
    detail: Text = ""
    entities: list[EntityState] = []


class CallBack(Base, frozen=True, tag="call-back"):
    """The hub asks for up to `amount` unreserved rights on `account`; the node answers by its log."""

    account: Name
    amount: Count


class Fence(Base, frozen=True, tag="fence"):
    """This name must stop selling: two histories share it, or it was revoked (SPEC 4.5)."""

    reason: Text


FromNode = Birth | Batch | Heartbeat | Fetch | FeedAcknowledge | Ask
FromHub = Welcome | Acknowledge | Refuse | Feed | Answer | CallBack | Fence
Question = FindMember | WantRights
