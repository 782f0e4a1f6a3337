"""What a day of shopping is made of: baskets with their lines, households, catalogue items, rejected rows.

One rule: values only. Whether a basket was made up (`generator`) or recorded (`recorded`), it looks the same to whoever
replays it. Amounts are integers in minor units (fen, cents), never floats. No reading, no chance and no clock here.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Kind = Literal["sale", "return", "adjustment"]


@dataclass(frozen=True, slots=True)
class TrafficLine:
    """One line of a basket, as scanned.

    `quantity` is signed and has at most three decimals (kilograms where the item is weighed). `amount_minor` is the
    recorded net amount of the line, None where the till is to price it. `unit_price_minor` is None where no price is
    known that is a whole number of minor units. `discounts` are (name, minor) as recorded, for information only: they
    are already inside `amount_minor`.
    """

    code: str
    name: str
    quantity: Decimal
    amount_minor: int | None
    unit_price_minor: int | None
    discounts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class TrafficBasket:
    """One receipt to be: what one customer brings to one till.

    `basket_ref` is unique within its store. `business_time_local` is ISO 8601 with the offset where it is known; where
    it is not, `business_time_ms` reads the local time as if it were UTC.
    """

    basket_ref: str
    store: str
    business_time_ms: int
    business_time_local: str
    member_ref: str | None
    lines: tuple[TrafficLine, ...]
    kind: Kind
    wants_points: bool
    wants_coupon: bool


@dataclass(frozen=True, slots=True)
class Household:
    """A member of the loyalty scheme; no other store sees it more often than `home_store`."""

    ref: str
    home_store: str
    phone: str
    name: str


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """An article on sale; the price includes tax and is per kilogram where the item is `weighed`."""

    code: str
    gtin: str
    name_zh: str
    name_en: str
    price_minor: int
    tax_bp: int
    category: str
    weighed: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is in no basket, and why.

    `row` counts as a spreadsheet does, the header being row 1. `basket_ref` is empty where the row names no basket.
    """

    row: int
    basket_ref: str
    reason: str
