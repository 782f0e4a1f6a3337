"""Exact numbers and times out of text: what a column of a recording says, or why it says nothing usable.

One rule: decimal or integer arithmetic only, and nothing is guessed: what is not plainly a number is wrong. Thousands
separators, NaN, Infinity and digits of other scripts are no numbers here.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

MINOR_MAX = 2**53
"""The largest amount, and the largest quantity in thousandths: what a double in a browser still holds exactly."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_CHARACTERS_MAX = 60
_EXACT = Context(prec=500, rounding=ROUND_HALF_UP)  # holds every product of two numbers of that length
_AMOUNT_MAX = Decimal(MINOR_MAX).scaleb(-2)
_QUANTITY_MAX = Decimal(MINOR_MAX).scaleb(-3)
_THOUSANDTH = Decimal("0.001")
_ONE = Decimal(1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class CellError(ValueError):
    """A cell cannot be used; the message is the reason, without the value, so that reasons can be counted."""


@lru_cache(maxsize=65_536)
def read_number(text: str, field: str) -> Decimal:
    """Read a decimal number exactly. Raises: CellError."""
    stripped = text.strip()
    if not stripped:
        raise CellError(f"{field} is blank")
    if len(stripped) > _CHARACTERS_MAX or not _NUMBER.fullmatch(stripped):
        raise CellError(f"{field} is not a number")
    number = Decimal(stripped)
    return number if number else number.copy_abs()


@lru_cache(maxsize=65_536)
def read_quantity(text: str) -> Decimal:
    """Read a signed quantity of at most three decimals, without zeros at the end. Raises: CellError."""
    quantity = read_number(text, "quantity")
    if quantity.copy_abs() > _QUANTITY_MAX:
        raise CellError("quantity is beyond 2**53 thousandths")
    exact = _EXACT.quantize(quantity, _THOUSANDTH)
    if exact != quantity:
        raise CellError("quantity has more than three decimals")
    whole = _EXACT.quantize(exact, _ONE)
    return whole if whole == exact else _EXACT.normalize(exact)


@lru_cache(maxsize=65_536)
def read_minor(text: str, field: str) -> int:
    """Read an amount in major units as minor units (hundredths), rounded half up. Raises: CellError."""
    return to_minor(read_number(text, field), field)


@lru_cache(maxsize=65_536)
def multiply_to_minor(quantity: Decimal, price: Decimal) -> int:
    """Return quantity x price in minor units, rounded half up once. Raises: CellError."""
    if price.copy_abs() > MINOR_MAX:
        raise CellError("price is beyond 2**53")
    return to_minor(_EXACT.multiply(quantity, price), "amount")


def to_minor(amount: Decimal, field: str) -> int:
    """Round an amount in major units half up to hundredths.

    A half goes away from zero, so that a credit cancels its sale.

    Raises: CellError where it is beyond 2**53 hundredths.
    """
    if amount.copy_abs() > _AMOUNT_MAX:
        raise CellError(f"{field} is beyond 2**53")
    return int(_EXACT.quantize(_EXACT.multiply(amount, Decimal(100)), _ONE))


def exact_minor(amount: Decimal) -> int | None:
    """Return the amount in minor units if it is a whole number of them, else None."""
    if amount.copy_abs() > _AMOUNT_MAX:
        return None
    hundredths = _EXACT.multiply(amount, Decimal(100))
    whole = int(_EXACT.quantize(hundredths, _ONE))
    return whole if whole == hundredths else None


@lru_cache(maxsize=65_536)
def read_time(text: str, field: str, zone: tzinfo | None) -> tuple[int, str]:
    """Read ISO 8601 as (milliseconds since 1970, local time with its offset).

    A time without an offset is local in `zone` (the first of two where clocks are set back); without a zone either, it
    is read as if it were UTC and its local form stays without an offset.

    Raises: CellError.
    """
    stripped = text.strip()
    if not stripped:
        raise CellError(f"{field} is blank")
    try:
        moment = datetime.fromisoformat(stripped)
    except ValueError as error:
        raise CellError(f"{field} is not an ISO 8601 time") from error
    if moment.tzinfo is None and zone is not None:
        moment = moment.replace(tzinfo=zone)
    local = moment.isoformat()
    instant = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    milliseconds = (instant - _EPOCH) // _MILLISECOND
    if milliseconds < 0:
        raise CellError(f"{field} is before 1970")
    return milliseconds, local
