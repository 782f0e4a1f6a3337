"""The guest that the demo sends to the store that goes dark."""

from simulators.demo.guest import DARK_VISITS, with_guest
from simulators.demo.run import dark_store
from simulators.traffic.generator import generate


def test_a_guest_visits_the_dark_store_and_nobody_is_added_or_lost() -> None:
    made = generate(seed=1, stores=3, receipts=600)
    store = dark_store(made.store_names)
    visited = with_guest(made.baskets, made.households, store)
    assert [one.basket_ref for one in visited] == [one.basket_ref for one in made.baskets]
    homes = {household.ref: household.home_store for household in made.households}
    changed = [(old, new) for old, new in zip(made.baskets, visited, strict=True) if old != new]
    guests = {new.member_ref for _, new in changed}
    assert len(guests) == 1
    assert len(changed) >= len(DARK_VISITS)
    assert all(new.store == store and homes[str(new.member_ref)] != store for _, new in changed)
    assert any(new.wants_points for _, new in changed)
