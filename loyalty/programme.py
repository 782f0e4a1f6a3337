"""A chain's loyalty programme as data: what earns, what a point is worth, how many rights a home store keeps.

One rule: every number of the programme stands in this document, written at the hub and fed to all stores.
"""

from typing import Annotated

import msgspec

from sync_protocol.names import NEVER_EXPIRES

NonNegative = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
Positive = Annotated[int, msgspec.Meta(ge=1, le=10**12)]


class Currency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How amounts are shown."""

    code: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] = "CNY"
    symbol: Annotated[str, msgspec.Meta(min_length=1, max_length=4)] = "¥"
    decimals: Annotated[int, msgspec.Meta(ge=0, le=3)] = 2


class WelcomeCoupon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The coupon that the hub issues to every member once enrolled."""

    value_minor: Positive
    threshold_minor: NonNegative
    title_zh: Annotated[str, msgspec.Meta(max_length=80)]
    title_en: Annotated[str, msgspec.Meta(max_length=80)]


class Programme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document of one programme.

    `earn_per_minor`: net amount that earns one point. `point_value_minor`: what one point pays as tender.
    `valid_months`: points expire at the end of that month after the sale's; None: never. `float_points_max`: rights a
    node keeps per member at home in its store; what it holds above, and all of others, it hands to the hub.
    """

    version: Positive = 1
    currency: Currency = Currency()
    earn_per_minor: Positive = 100
    point_value_minor: Positive = 1
    valid_months: Annotated[int, msgspec.Meta(ge=1, le=120)] | None = None
    float_points_max: NonNegative = 20_000
    welcome_coupon: WelcomeCoupon | None = None


MAIN = "main"
"""Name of the programme that every chain has."""

_decoder = msgspec.json.Decoder(Programme)
_encoder = msgspec.json.Encoder()


def decode_programme(document: bytes) -> Programme:
    """Read a programme document. Raises: msgspec.ValidationError naming the field."""
    return _decoder.decode(document)


def encode_programme(programme: Programme) -> bytes:
    """Write a programme document."""
    return _encoder.encode(programme)


def expiry_month(programme: Programme, business_day: str) -> str:
    """Give the month (yyyymm) at whose end points earned on `business_day` (yyyymmdd) expire; `999912` for never."""
    if programme.valid_months is None:
        return NEVER_EXPIRES
    months = int(business_day[:4]) * 12 + int(business_day[4:6]) - 1 + programme.valid_months
    return f"{months // 12:04d}{months % 12 + 1:02d}"


def is_expired(expiry_yyyymm: str, business_day: str) -> bool:
    """Tell whether points of an expiry month no longer count on a business day (yyyymmdd)."""
    return expiry_yyyymm < business_day[:6]


def points_earned(programme: Programme, net_minor: int) -> int:
    """Compute the points that a net amount earns, whole points only; nothing for zero or a return."""
    return max(net_minor, 0) // programme.earn_per_minor


def points_for_amount(programme: Programme, amount_minor: int) -> int:
    """Compute the points that pay an amount; a started point is a whole one."""
    return -(-amount_minor // programme.point_value_minor)
