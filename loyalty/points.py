"""Which points are spent first.

One rule: the earliest expiry goes first, and nothing is planned beyond the rights at hand.
"""

from collections.abc import Sequence
from typing import NamedTuple

from loyalty.programme import is_expired
from sync_protocol.names import points_expiry


class PointsHeld(NamedTuple):
    """One points account as a node sees it: its balance everywhere, and its rights here."""

    account: str
    balance: int
    rights: int


class Spend(NamedTuple):
    """So many points from one account."""

    account: str
    points: int


def usable(accounts: Sequence[PointsHeld], business_day: str) -> list[PointsHeld]:
    """Give the accounts that count on a business day, in the order in which they are spent."""
    alive = [held for held in accounts if not is_expired(points_expiry(held.account), business_day)]
    return sorted(alive, key=lambda held: (points_expiry(held.account), held.account))


def plan_spend(accounts: Sequence[PointsHeld], points: int, business_day: str) -> list[Spend]:
    """Spread a spend over accounts by rights at hand, earliest expiry first. The sum may fall short of `points`."""
    plan: list[Spend] = []
    for held in usable(accounts, business_day):
        part = min(max(held.rights, 0), points)
        if part > 0:
            plan.append(Spend(held.account, part))
            points -= part
    return plan


def plan_request(accounts: Sequence[PointsHeld], points: int, business_day: str) -> list[Spend]:
    """Say which rights to ask the hub for so that `points` could be spent here: targets per account, earliest first."""
    wanted: list[Spend] = []
    for held in usable(accounts, business_day):
        part = min(max(held.balance, 0), points)
        if part > max(held.rights, 0):
            wanted.append(Spend(held.account, part))
        points -= part
    return wanted
