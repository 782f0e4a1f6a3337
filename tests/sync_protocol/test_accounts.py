"""Bounded counters: rights, balances, where cells are stored, and what a node may write."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_protocol.accounts import (
    Slots,
    balance,
    cells_of,
    check_node_counter,
    free_rights,
    place_of,
    require_rights,
    rights,
)
from sync_protocol.cells import Counter
from sync_protocol.errors import DecodeError, InsufficientRights, OwnershipError

POINTS = "p:m:a-1:1:main:999912"
NODES = ("a-1", "b-1", "c-2")
VERBS = ("made", "used", "to_hub", "granted", "taken", "hub_made", "hub_used", "void")
acts = st.lists(st.tuples(st.sampled_from(VERBS), st.sampled_from(NODES), st.integers(1, 100)), max_size=60)
amounts = st.integers(0, 10**6)


class Ledger:
    """One account as it is, every slot raised only by who has the rights to."""

    def __init__(self) -> None:
        self.nodes: defaultdict[str, Slots] = defaultdict(Slots)
        self.hub = Slots()

    def act(self, verb: str, node: str, amount: int) -> bool:
        """Do one thing if rights allow it; tell whether they did."""
        slots = self.nodes[node]
        needs = {
            "made": 0,
            "hub_made": 0,
            "used": rights(slots),
            "to_hub": rights(slots),
            "taken": rights(slots),
        }.get(verb, self.free())
        if verb not in {"made", "hub_made"} and amount > needs:
            return False
        if verb in {"hub_made", "hub_used", "void"}:
            column = verb.removeprefix("hub_")
            self.hub = self.hub._replace(**{column: getattr(self.hub, column) + amount})
        else:
            self.nodes[node] = slots._replace(**{verb: getattr(slots, verb) + amount})
        return True

    def free(self) -> int:
        """Compute the hub line's rights."""
        return free_rights([self.hub], self.nodes.values())

    def balance(self) -> int:
        """Compute what the account is worth."""
        return balance([self.hub, *self.nodes.values()])


@given(acts)
def test_all_rights_together_are_always_the_balance(done: list[tuple[str, str, int]]) -> None:
    ledger = Ledger()
    for verb, node, amount in done:
        ledger.act(verb, node, amount)
        shares = [rights(slots) for slots in ledger.nodes.values()]
        assert sum(shares) + ledger.free() == ledger.balance()
        assert all(share >= 0 for share in shares)
        assert ledger.free() >= 0
        assert ledger.balance() >= 0


@given(acts)
def test_only_making_spending_and_voiding_change_the_balance(done: list[tuple[str, str, int]]) -> None:
    ledger = Ledger()
    for verb, node, amount in done:
        before = ledger.balance()
        happened = ledger.act(verb, node, amount)
        sign = {"made": 1, "hub_made": 1, "used": -1, "hub_used": -1, "void": -1}.get(verb, 0)
        assert ledger.balance() - before == (sign * amount if happened else 0)


def test_rights_of_a_store_are_what_the_worked_case_says() -> None:
    node = Slots(granted=10_000)
    require_rights(POINTS, node, 6_000)
    node = node._replace(used=6_000)
    with pytest.raises(InsufficientRights) as refusal:
        require_rights(POINTS, node, 5_000)
    assert (refusal.value.wanted, refusal.value.available) == (5_000, 4_000)


def test_rights_below_zero_are_told_as_none_available() -> None:
    with pytest.raises(InsufficientRights) as refusal:
        require_rights(POINTS, Slots(used=5), 1)
    assert refusal.value.available == 0


@given(st.sampled_from(NODES), st.integers(1, 99), amounts, amounts, amounts, amounts, amounts)
def test_a_nodes_stored_row_and_its_cells_are_inverse(
    node: str, hub_n: int, made: int, used: int, to_hub: int, granted: int, taken: int
) -> None:
    _check_inverse(node, hub_n, Slots(made, used, to_hub, granted, taken))


@given(st.integers(1, 99), amounts, amounts, amounts)
def test_the_hubs_stored_row_and_its_cells_are_inverse(hub_n: int, made: int, used: int, void: int) -> None:
    _check_inverse(f"hub-{hub_n}", hub_n, Slots(made=made, used=used, void=void))


def _check_inverse(node: str, hub_n: int, slots: Slots) -> None:
    cells = cells_of(POINTS, node, hub_n, slots)
    back = Slots()
    for cell in cells:
        place = place_of(cell)
        own = place.column in {"made", "used", "to_hub"} and not node.startswith("hub-")
        assert (place.node, place.hub_n) == (node, 1 if own else hub_n)
        back = back._replace(**{place.column: cell.value})
    assert back == slots
    assert len(cells) == sum(1 for value in slots if value)


@pytest.mark.parametrize(
    ("actor", "slot"),
    [
        ("a-1", "void"),
        ("a-1", "to:b-1"),
        ("a-1", "take:b-1"),
        ("a-1", "to:"),
        ("a-1", ""),
        ("a-1", "granted"),
        ("hub-1", "to:hub"),
        ("hub-1", "to:"),
        ("hub-1", "take:"),
        ("hub-1", "give:a-1"),
        ("hub-x", "made"),
        ("hub-", "made"),
    ],
)
def test_a_slot_that_does_not_exist_has_no_place(actor: str, slot: str) -> None:
    with pytest.raises(DecodeError):
        place_of(Counter(POINTS, actor, slot, 1))


@pytest.mark.parametrize(
    ("actor", "slot", "place"),
    [
        ("a-1", "made", ("a-1", 1, "made")),
        ("a-1", "used", ("a-1", 1, "used")),
        ("a-1", "to:hub", ("a-1", 1, "to_hub")),
        ("hub-3", "to:a-1", ("a-1", 3, "granted")),
        ("hub-3", "take:a-1", ("a-1", 3, "taken")),
        ("hub-3", "made", ("hub-3", 3, "made")),
        ("hub-3", "void", ("hub-3", 3, "void")),
    ],
)
def test_every_slot_has_its_place(actor: str, slot: str, place: tuple[str, int, str]) -> None:
    assert place_of(Counter(POINTS, actor, slot, 1)) == place


@pytest.mark.parametrize("slot", ["made", "used", "to:hub"])
def test_a_node_may_write_its_own_slots(slot: str) -> None:
    check_node_counter(Counter(POINTS, "a-1", slot, 1), "a-1")


def test_a_node_may_make_the_coupons_it_issued() -> None:
    check_node_counter(Counter("c:a-1:7", "a-1", "made", 1), "a-1")


@pytest.mark.parametrize(
    ("account", "actor", "slot"),
    [
        (POINTS, "b-1", "made"),
        (POINTS, "hub-1", "made"),
        (POINTS, "a-1", "void"),
        (POINTS, "a-1", "to:b-1"),
        (POINTS, "a-1", "take:b-1"),
        ("c:hub-1:7", "a-1", "made"),
        ("c:b-1:7", "a-1", "made"),
        ("c:a-11:7", "a-1", "made"),
    ],
)
def test_a_node_is_refused_what_is_not_its_own(account: str, actor: str, slot: str) -> None:
    with pytest.raises(OwnershipError):
        check_node_counter(Counter(account, actor, slot, 1), "a-1")


@pytest.mark.parametrize("account", ["p:m:a-1:1", "p:", "p:m:a-1:1:main", "p:m:a-1:1:main:soon", "nothing", ":", "p"])
def test_a_node_is_refused_an_account_out_of_form(account: str) -> None:
    with pytest.raises((OwnershipError, DecodeError)):
        check_node_counter(Counter(account, "a-1", "made", 1), "a-1")
