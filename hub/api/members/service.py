"""People put together out of rows, head rows and the key store.

One rule: what a person has is the sum over all their ids; personal fields are opened here and go nowhere but into the
answer.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from hub.api.balances import repository as balances
from hub.api.members import repository
from hub.api.members.repository import EntityRow
from hub.api.members.schemas import CouponView, MemberSummary, MemberView, PointsAccount
from hub.api.receipts.repository import read_of_members
from hub.api.receipts.service import summary
from hub.api.rows import AnyRow
from hub.personal import masked, open_field
from hub.storage.keystore import KeyStore
from hub.storage.people import people_of
from sync_protocol.names import NEVER_EXPIRES, points_expiry

LATEST_RECEIPTS = 50


class Opened(NamedTuple):
    """A member's personal fields in the clear; None where there is none or it does not open."""

    name: str | None
    phone: str | None
    card: str | None


_NOTHING = Opened(None, None, None)


def open_personal(keys: KeyStore, members: Iterable[EntityRow]) -> dict[str, Opened]:
    """Open the personal fields of members, by id. An erased member's do not open."""
    rows = list(members)
    found = keys.member_keys(row.entity for row in rows)
    return {row.entity: _open_one(found.get(row.entity), row) for row in rows}


def _open_one(key: bytes | None, member: EntityRow) -> Opened:
    if key is None:
        return _NOTHING
    return Opened(*(_open_field(key, member, field) for field in Opened._fields))


def _open_field(key: bytes, member: EntityRow, field: str) -> str | None:
    sealed = member.values.get(field)
    return (open_field(key, member.entity, field, sealed) or None) if isinstance(sealed, bytes) else None


def first_of(ids: Sequence[str], opened: Mapping[str, Opened]) -> Opened:
    """Put together what is known of a person: of each field the first that one of their ids has."""
    found = [opened.get(member, _NOTHING) for member in ids]
    return Opened(*(next((one[place] for one in found if one[place]), None) for place in range(len(Opened._fields))))


def masked_identity(person: Opened) -> str | None:
    """Show a person by their masked card, else phone; None where neither is known."""
    identity = person.card or person.phone
    return masked(identity) if identity else None


class _Gathered(NamedTuple):
    """What several people's summaries are made of."""

    people: dict[str, list[str]]
    rows: dict[str, EntityRow]
    opened: dict[str, Opened]
    accounts: dict[str, list[AnyRow]]
    holders: dict[str, set[str]]


def _gather(connection: Connection, keys: KeyStore, roots: Sequence[str]) -> _Gathered:
    people = people_of(connection, roots)
    ids = [member for members in people.values() for member in members]
    rows = repository.read_members(connection, ids)
    accounts: defaultdict[str, list[AnyRow]] = defaultdict(list)
    for row in balances.read_of_owners(connection, ids):
        accounts[row.owner].append(row)
    holders = repository.read_holders(connection, ids)
    return _Gathered(people, rows, open_personal(keys, rows.values()), accounts, holders)


def _summarise(root: str, gathered: _Gathered) -> MemberSummary:
    ids = gathered.people[root]
    person = first_of(ids, gathered.opened)
    points = [row for member in ids for row in gathered.accounts.get(member, []) if row.account.startswith("p:")]
    home_stores = (gathered.rows[member].text("home_store") for member in ids if member in gathered.rows)
    return MemberSummary(
        member=root,
        aliases=ids[1:],
        name=person.name,
        phone_masked=masked(person.phone) if person.phone else None,
        card_masked=masked(person.card) if person.card else None,
        home_store=next((store for store in home_stores if store), None),
        balance_points=sum(row.balance for row in points),
        stores_holding=sorted({store for member in ids for store in gathered.holders.get(member, ())}),
    )


def summaries(connection: Connection, keys: KeyStore, roots: Sequence[str]) -> list[MemberSummary]:
    """Show people by the ids they were joined to, in that order."""
    gathered = _gather(connection, keys, roots)
    return [_summarise(root, gathered) for root in roots]


def view_member(connection: Connection, keys: KeyStore, root: str) -> MemberView:
    """Show one person whole."""
    gathered = _gather(connection, keys, [root])
    ids = gathered.people[root]
    accounts = [row for member in ids for row in gathered.accounts.get(member, [])]
    return MemberView(
        **_summarise(root, gathered).model_dump(),
        enrolled_at_ms=_enrolled_at_ms(ids, gathered.rows),
        accounts=[_points_account(row) for row in accounts if row.account.startswith("p:")],
        coupons=_coupons(connection, ids, {row.account: row for row in accounts}),
        receipts=[summary(row) for row in read_of_members(connection, ids, LATEST_RECEIPTS)],
    )


def _enrolled_at_ms(ids: Sequence[str], rows: Mapping[str, EntityRow]) -> int | None:
    times = [rows[member].number("enrolled_at_ms") for member in ids if member in rows]
    return min((at_ms for at_ms in times if at_ms is not None), default=None)


def _points_account(row: AnyRow) -> PointsAccount:
    month = points_expiry(row.account) if row.account.count(":") >= 5 else NEVER_EXPIRES
    return PointsAccount(
        account=row.account,
        owner=row.owner,
        expires=None if month == NEVER_EXPIRES else month,
        balance_points=row.balance,
    )


def _coupons(connection: Connection, ids: Sequence[str], heads: Mapping[str, AnyRow]) -> list[CouponView]:
    coupons = repository.read_coupons(connection, ids)
    holders = repository.read_right_holders(connection, [coupon.entity for coupon in coupons])
    return [_coupon(coupon, heads.get(coupon.entity), holders.get(coupon.entity, [])) for coupon in coupons]


def _coupon(coupon: EntityRow, head: AnyRow | None, nodes: list[str]) -> CouponView:
    state: Literal["open", "used", "void"] = "void"
    if head is not None and head.balance >= 1:
        state = "open"
    elif head is not None and head.used >= 1:
        state = "used"
    at_hub = ["hub"] if head is not None and head.free >= 1 else []
    return CouponView(
        coupon=coupon.entity,
        owner=coupon.owner or "",
        code=coupon.text("code") or "",
        title_zh=coupon.text("title_zh") or "",
        title_en=coupon.text("title_en") or "",
        value_minor=coupon.number("value_minor") or 0,
        threshold_minor=coupon.number("threshold_minor") or 0,
        state=state,
        right_with=nodes + at_hub,
    )
