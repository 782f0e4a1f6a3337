"""Accounts: bounded counters with the hub line as their bank (SPEC 2).

One rule: an actor spends or hands over only what it has rights to. All slots only grow, so joins are maxima; rights and
balances are computed from slots and never stored as truth.

Source: Balegas et al., "Extending Eventually Consistent Cloud Databases for Enforcing Numeric Invariants" (2015).
"""

from collections.abc import Iterable
from typing import NamedTuple

from sync_protocol.cells import Counter
from sync_protocol.errors import DecodeError, InsufficientRights, OwnershipError
from sync_protocol.limits import NODE_AMOUNT_MAX
from sync_protocol.names import HUB_LINE, is_account, is_hub

MADE = "made"
USED = "used"
VOID = "void"
TO_HUB = f"to:{HUB_LINE}"


class Slots(NamedTuple):
    """All slots between one account and one actor.

    For a node: `made`, `used`, `to_hub` are its own, `granted` and `taken` are the hub's towards it (the sum over the
    hub's incarnations). For the hub: `made`, `used`, `void` are its own, the rest is zero.
    """

    made: int = 0
    used: int = 0
    to_hub: int = 0
    granted: int = 0
    taken: int = 0
    void: int = 0


def rights(node: Slots) -> int:
    """Compute the rights of a node: made + granted - handed to the hub - used - taken back. Negative marks a cheat."""
    return node.made + node.granted - node.to_hub - node.used - node.taken


def free_rights(hub: Iterable[Slots], nodes: Iterable[Slots]) -> int:
    """Compute the rights of the hub line: its own made less used and void, and what nodes gave less what it granted."""
    own = sum(slots.made - slots.used - slots.void for slots in hub)
    return own + sum(slots.to_hub - slots.granted + slots.taken for slots in nodes)


def balance(rows: Iterable[Slots]) -> int:
    """Compute what an account is worth: everything made, less everything used and void."""
    return sum(slots.made - slots.used - slots.void for slots in rows)


def require_rights(account: str, node: Slots, wanted: int) -> None:
    """Raise InsufficientRights unless `wanted` may be spent or handed over (SPEC 2.2)."""
    available = rights(node)
    if wanted > available:
        raise InsufficientRights(account, wanted, max(available, 0))


class SlotPlace(NamedTuple):
    """Where a counter cell is stored: the row of `node`, by hub incarnation `hub_n`, in `column`."""

    node: str
    hub_n: int
    column: str


def place_of(cell: Counter) -> SlotPlace:
    """Say where a counter cell belongs in storage: one row per account and node, all slots between them in it.

    A node's own slots stand in the row of hub incarnation 1; what a later hub incarnation grants opens a row of its
    own, so that every slot stays the maximum of one writer. Raises: DecodeError for a slot that does not exist.
    """
    if is_hub(cell.actor):
        number = cell.actor.partition("-")[2]
        if not (number.isascii() and number.isdigit()):
            raise DecodeError(f"{cell.actor!r} is no actor of the hub")
        hub_n = int(number)
        verb, _, other = cell.slot.partition(":")
        if verb == "to" and other and other != HUB_LINE:
            return SlotPlace(other, hub_n, "granted")
        if verb == "take" and other:
            return SlotPlace(other, hub_n, "taken")
        if cell.slot in {MADE, USED, VOID}:
            return SlotPlace(cell.actor, hub_n, cell.slot)
    elif cell.slot in {MADE, USED}:
        return SlotPlace(cell.actor, 1, cell.slot)
    elif cell.slot == TO_HUB:
        return SlotPlace(cell.actor, 1, "to_hub")
    raise DecodeError(f"counter {cell.account}: {cell.actor} has no slot {cell.slot!r}")


def cells_of(account: str, node: str, hub_n: int, slots: Slots) -> list[Counter]:
    """Turn a stored row back into counter cells; the inverse of `place_of` for all slots above zero."""
    hub = f"{HUB_LINE}-{hub_n}"
    pairs = (
        (node, MADE, slots.made),
        (node, USED, slots.used),
        (node, VOID, slots.void),
        (node, TO_HUB, slots.to_hub),
        (hub, f"to:{node}", slots.granted),
        (hub, f"take:{node}", slots.taken),
    )
    return [Counter(account, actor, slot, value) for actor, slot, value in pairs if value]


def check_node_counter(cell: Counter, actor: str) -> None:
    """Refuse a counter cell that node `actor` may not write (SPEC 1.4).

    That is another node's row, a slot of the hub, or the making of a coupon it did not issue.

    Raises: OwnershipError, DecodeError.
    """
    if cell.actor != actor:
        raise OwnershipError(f"counter {cell.account} is written in the name of {cell.actor} by {actor}")
    if cell.slot not in {MADE, USED, TO_HUB}:
        raise OwnershipError(f"counter {cell.account}: slot {cell.slot!r} belongs to the hub")
    if not is_account(cell.account):
        raise DecodeError(f"{cell.account!r} is no account")
    if cell.value > NODE_AMOUNT_MAX:
        raise DecodeError(f"counter {cell.account}: {cell.value} is beyond {NODE_AMOUNT_MAX}")
    kind = cell.account.partition(":")[0]
    if cell.slot == MADE and kind == "c" and not cell.account.startswith(f"c:{actor}:"):
        raise OwnershipError(f"coupon {cell.account} was not issued by {actor}")
