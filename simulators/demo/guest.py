"""A guest: somebody at home in one store who visits another, before and while that one is dark.

One rule: made of baskets that somebody bought anyway. Generated traffic has guests of its own, but whether one of them
comes at the right time is chance, and the demo is there to show what a dark store refuses.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from simulators.traffic.baskets import Household, TrafficBasket

FIRST_VISIT: Final = 0.22
DARK_VISITS: Final = (0.42, 0.47, 0.52, 0.57, 0.62)
"""When the guest comes, as parts of the run: once while the store still has its line, then while it has none."""


def with_guest(
    baskets: Sequence[TrafficBasket], households: Sequence[Household], dark_store: str
) -> tuple[TrafficBasket, ...]:
    """Let one household visit the dark store, in place of some other baskets there; the count stays the same."""
    homes = {household.ref: household.home_store for household in households}
    early = baskets[: len(baskets) // 8]
    guest = next(
        (one for one in early if one.member_ref and dark_store not in {one.store, homes[one.member_ref]}), None
    )
    if guest is None:
        return tuple(baskets)
    visited = list(baskets)
    for part in (FIRST_VISIT, *DARK_VISITS):
        start = int(len(baskets) * part)
        place = next((i for i in range(start, len(baskets)) if baskets[i].store == dark_store), None)
        if place is not None:
            replaced = baskets[place]
            visited[place] = replace(replaced, member_ref=guest.member_ref, wants_points=part != FIRST_VISIT)
    return tuple(visited)
