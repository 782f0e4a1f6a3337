"""Members as a till sees them: finding, enrolling, what they have and what can be spent here.

One rule: what a till shows as spendable is exactly what this node has rights to, never the balance.
"""

import os
import sqlite3
from typing import NamedTuple

from edge_node.clock import Instant
from edge_node.errors import AlreadyEnrolled, NotIntroduced, UnknownMember
from edge_node.personal import KEY_BYTES, LINK_KINDS, KeyRing, blind, masked, normalised, open_field, seal_field
from edge_node.storage.cells import PackedFields, account_rows, node_row, owned_rows, person, unpack
from edge_node.storage.log import Write, append
from loyalty.points import PointsHeld
from sync_protocol.accounts import Slots, balance, rights
from sync_protocol.cells import Value
from sync_protocol.messages import MemberKey
from sync_protocol.names import minted


class CouponView(NamedTuple):
    """One open coupon of a member, and whether it can be used here."""

    coupon: str
    code: str
    title_zh: str
    title_en: str
    value_minor: int
    threshold_minor: int
    usable_here: bool
    reason_code: str | None


class MemberView(NamedTuple):
    """One member as the till shows them. `balance_points` is None until everything about them has arrived."""

    member: str
    name: str
    phone_masked: str
    card_masked: str
    balance_points: int | None
    points: tuple[PointsHeld, ...]
    whole: bool
    home_store: str
    coupons: tuple[CouponView, ...]


def blind_key(connection: sqlite3.Connection) -> bytes:
    """Read the key of the blind index. Raises: NotIntroduced before the first welcome."""
    key: bytes | None = node_row(connection)["blind_index_key"]
    if key is None:
        raise NotIntroduced("this node has no key for looking members up yet")
    return key


def find_here(connection: sqlite3.Connection, kind: str, value: str) -> str | None:
    """Find a member held here by phone or card; the joined-to one where several are one person."""
    index = blind(blind_key(connection), kind, value)
    row = connection.execute(
        "SELECT member FROM links WHERE kind = ? AND blind = ? ORDER BY member", (kind, index)
    ).fetchone()
    return None if row is None else person(connection, row["member"])[0]


def enrol(
    connection: sqlite3.Connection,
    at: Instant,
    keys: KeyRing,
    *,
    identities: dict[str, str],
    name: str | None,
    home_store: str,
) -> str:
    """Enrol a member by phone or card, offline too; return the new id. Consent must have been given.

    Raises: AlreadyEnrolled, NotIntroduced.
    """
    index_key = blind_key(connection)
    for kind, value in identities.items():
        if kind not in LINK_KINDS or not normalised(kind, value):
            raise ValueError(f"an identity is a phone or a card, not {kind}")
        if find_here(connection, kind, value) is not None:
            raise AlreadyEnrolled(f"this {kind} belongs to a member already", kind=kind)
    node = node_row(connection)
    connection.execute("UPDATE node SET last_member = last_member + 1")
    member = minted("m", node["actor"], node["last_member"] + 1)
    key = os.urandom(KEY_BYTES)
    keys.put(connection, member, key)
    writes = [
        Write(member, f"held:{node['store']}", 1),
        Write(member, "home_store", home_store),
        Write(member, "enrolled_at_ms", at.wall_ms),
        Write(member, f"consent:membership:{node['store']}", 1),
    ]
    for kind, value in identities.items():
        writes.append(Write(member, kind, seal_field(key, member, kind, value)))
        writes.append(Write(member, f"link:{kind}:{blind(index_key, kind, value)}", 1))
    if name:
        writes.append(Write(member, "name", seal_field(key, member, "name", name)))
    append(connection, at, registers=writes, keys=[MemberKey(member, key)])
    # Nobody else knows this member yet: what is here is the whole.
    connection.execute("UPDATE entities SET whole = 1 WHERE entity = ?", (member,))
    return member


def points_held(connection: sqlite3.Connection, people: list[str], actor: str) -> list[PointsHeld]:
    """List the points accounts of one person: balance everywhere, rights here."""
    held = []
    for account, rows in sorted(owned_rows(connection, people).items()):
        if account.startswith("p:"):
            held.append(PointsHeld(account, balance(rows.values()), rights(rows.get(actor, Slots()))))
    return held


def coupons_of(connection: sqlite3.Connection, people: list[str], actor: str) -> list[CouponView]:
    """List the open coupons of one person."""
    marks = ", ".join("?" * len(people))
    rows = connection.execute(
        f"SELECT entity, fields FROM entities WHERE kind = 'c' AND owner IN ({marks}) ORDER BY entity",  # noqa: S608
        people,
    ).fetchall()
    views = [coupon_view(connection, row["entity"], unpack(row["fields"]), actor) for row in rows]
    return [view for view in views if view.reason_code != "used"]


def coupon_view(connection: sqlite3.Connection, coupon: str, fields: PackedFields, actor: str) -> CouponView:
    """Read one coupon and say whether it can be used here, and if not, why."""
    values = {field: cell[0] for field, cell in fields.items()}
    rows = account_rows(connection, coupon)
    usable = rights(rows.get(actor, Slots())) >= 1
    reason = None if usable else "held-elsewhere" if balance(rows.values()) >= 1 else "used"
    return CouponView(
        coupon=coupon,
        code=_text(values, "code"),
        title_zh=_text(values, "title_zh"),
        title_en=_text(values, "title_en"),
        value_minor=_number(values, "value_minor"),
        threshold_minor=_number(values, "threshold_minor"),
        usable_here=usable,
        reason_code=reason,
    )


def view(connection: sqlite3.Connection, keys: KeyRing, member: str) -> MemberView:
    """Read one member as the till shows them. Raises: UnknownMember."""
    people = person(connection, member)
    marks = ", ".join("?" * len(people))
    # The id that a member was joined to may not have arrived yet: what is here of them shows, without a balance.
    rows = {
        row["entity"]: row
        for row in connection.execute(
            f"SELECT entity, fields, whole FROM entities WHERE entity IN ({marks})",  # noqa: S608
            people,
        )
    }
    known = people[0] if people[0] in rows else member
    row = rows.get(known)
    if row is None:
        raise UnknownMember(f"{member} is not held by this store", reason_code="unknown", hub_asked=False)
    values = {field: cell[0] for field, cell in unpack(row["fields"]).items()}
    is_whole = all(one in rows and rows[one]["whole"] for one in people)
    actor: str = node_row(connection)["actor"]
    points = points_held(connection, people, actor)
    key = keys.get(connection, known)
    phone = _open(key, known, "phone", values)
    card = _open(key, known, "card", values)
    return MemberView(
        member=people[0],
        name=_open(key, known, "name", values),
        phone_masked=masked(phone),
        card_masked=masked(card),
        balance_points=sum(held.balance for held in points) if is_whole else None,
        points=tuple(points),
        whole=is_whole,
        home_store=_text(values, "home_store"),
        coupons=tuple(coupons_of(connection, people, actor)),
    )


def _open(key: bytes | None, member: str, field: str, values: dict[str, Value]) -> str:
    sealed = values.get(field)
    if key is None or not isinstance(sealed, bytes):
        return ""
    return open_field(key, member, field, sealed) or ""


def _text(values: dict[str, Value], field: str) -> str:
    value = values.get(field)
    return value if isinstance(value, str) else ""


def _number(values: dict[str, Value], field: str) -> int:
    value = values.get(field)
    return value if isinstance(value, int) else 0
