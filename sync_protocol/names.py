"""Names that both sides must build alike: stores, actors, entities, accounts, topics (SPEC 1.5, 8.1).

One rule: a name is only ever built and read here. An id never changes and an actor's incarnation is never reused.
"""

import hashlib
import re
from typing import Final, NamedTuple

from sync_protocol.limits import PARTITION_COUNT

HUB_LINE: Final = "hub"
NEVER_EXPIRES: Final = "999912"

_STORE = re.compile(r"[a-z0-9]{1,12}")
_ACTOR = re.compile(r"([a-z0-9]{1,12})-([1-9][0-9]{0,5})")
_LINK = re.compile(r"link:[a-z]{1,12}:[0-9a-f]{1,64}")
_POINTS = re.compile(r"p:(m:[a-z0-9-]{1,20}:[0-9]{1,19}):[a-z0-9-]{1,20}:[0-9]{6}(:[0-9]{8})?")
_ENTITY = re.compile(r"[a-z]{1,12}:[\x21-\x7e]{1,120}")


class ActorName(NamedTuple):
    """`0042-1` taken apart."""

    store: str
    incarnation: int


def is_store_id(text: str) -> bool:
    """Tell whether `text` may name a store: `[a-z0-9]{1,12}`, never `hub`."""
    return _STORE.fullmatch(text) is not None and text != HUB_LINE


def actor_id(store: str, incarnation: int) -> str:
    """Build the actor id of a node. Raises: ValueError for names out of form."""
    actor = f"{store}-{incarnation}"
    if not is_store_id(store) or _ACTOR.fullmatch(actor) is None:
        raise ValueError(f"not an actor: {actor!r} (a store is [a-z0-9]{{1,12}} and never 'hub')")
    return actor


def hub_actor(n: int) -> str:
    """Name the hub's actor of incarnation `n`."""
    return f"{HUB_LINE}-{n}"


def split_actor(actor: str) -> ActorName:
    """Take an actor id apart. Raises: ValueError when it is none."""
    match = _ACTOR.fullmatch(actor)
    if match is None:
        raise ValueError(f"not an actor: {actor!r}")
    return ActorName(match[1], int(match[2]))


def is_hub(actor: str) -> bool:
    """Tell whether an actor belongs to the hub's line."""
    return actor.startswith(f"{HUB_LINE}-")


def is_entity(text: str) -> bool:
    """Tell whether `text` has the form `<kind>:<rest>`."""
    return _ENTITY.fullmatch(text) is not None


def minted(kind: str, actor: str, n: int) -> str:
    """Build the id of the `n`th thing of `kind` that `actor` made: `m:0042-1:57`."""
    return f"{kind}:{actor}:{n}"


def is_link(field: str) -> bool:
    """Tell whether a register's field is an identity link: `link:<kind>:<blind index in hex>`."""
    return _LINK.fullmatch(field) is not None


def is_account(text: str) -> bool:
    """Tell whether `text` may name an account: points in full form, anything else `<kind>:<rest>`."""
    if text.startswith("p:"):
        return _POINTS.fullmatch(text) is not None
    return is_entity(text)


def item_entity(code: str) -> str:
    """Name the entity of a catalogue item."""
    return f"i:{code}"


def programme_entity(programme: str) -> str:
    """Name the entity that holds a loyalty programme's documents."""
    return f"programme:{programme}"


def points_account(member: str, programme: str, expiry_yyyymm: str) -> str:
    """Name the account of a member's points that expire at the end of a month (`999912`: never)."""
    return f"p:{member}:{programme}:{expiry_yyyymm}"


def points_expiry(account: str) -> str:
    """Read the expiry month (yyyymm) off a points account."""
    return account.split(":")[5]


def owner_in_name(account: str) -> str | None:
    """Read the owning entity off an account's name; None where only the entity's `owner` field tells (coupons)."""
    points = _POINTS.fullmatch(account)
    return points[1] if points else None


def store_stream(store: str) -> str:
    """Name the stream of the members that a store holds."""
    return f"store/{store}"


CHAIN_STREAM: Final = "chain"


def is_chain_entity(entity: str) -> bool:
    """Tell whether everyone holds this entity: catalogue, programme, configuration; never a member or a coupon."""
    return entity.partition(":")[0] in {"i", "programme", "s"}


def partition_of(store: str) -> str:
    """Give the partition of a store: first two bytes of SHA-256, big-endian, mod 1,024, four digits. Never changes."""
    digest = hashlib.sha256(store.encode()).digest()
    return f"{int.from_bytes(digest[:2], 'big') % PARTITION_COUNT:04d}"


def node_topic(channel: str, actor: str) -> str:
    """Name the topic a node publishes to: channel `up`, `rpc` or `state`."""
    return f"tillsync/1/{partition_of(split_actor(actor).store)}/{channel}/{actor}"


def down_topic(actor: str) -> str:
    """Name the topic the hub talks to one node on."""
    return f"tillsync/1/down/{actor}"


CHAIN_TOPIC: Final = "tillsync/1/chain"


def parse_node_topic(topic: str) -> tuple[str, str] | None:
    """Take a node's topic apart into (channel, actor); None for anything else, a wrong partition included."""
    levels = topic.split("/")
    if len(levels) != 5 or levels[:2] != ["tillsync", "1"] or levels[3] not in {"up", "rpc", "state"}:
        return None
    try:
        expected = node_topic(levels[3], levels[4])
    except ValueError:
        return None
    return (levels[3], levels[4]) if expected == topic else None
