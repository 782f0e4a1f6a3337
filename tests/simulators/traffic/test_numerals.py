"""Text is read as an exact number or time, or refused with a reason."""

from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.traffic.numerals import (
    MINOR_MAX,
    CellError,
    exact_minor,
    multiply_to_minor,
    read_minor,
    read_number,
    read_quantity,
    read_time,
)


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-inf", "1,000.00", "1_000", "１２", "0x10", "12abc", "--1", ".", "1e999", "9" * 61]
)
def test_what_is_not_plainly_a_number_is_refused(text: str) -> None:
    with pytest.raises(CellError, match="amount is not a number"):
        read_number(text, "amount")


def test_a_blank_number_is_refused_as_blank() -> None:
    with pytest.raises(CellError, match="price is blank"):
        read_number("  ", "price")


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1.50", 150),
        ("0", 0),
        ("-0.00", 0),
        ("0.005", 1),
        ("0.0049", 0),
        ("-0.005", -1),
        (" 12 ", 1200),
        ("1e2", 10000),
    ],
)
def test_amounts_are_rounded_half_up_to_minor_units(text: str, minor: int) -> None:
    assert read_minor(text, "amount") == minor


def test_amounts_beyond_what_a_browser_holds_are_refused() -> None:
    assert read_minor("90071992547409.92", "amount") == MINOR_MAX
    for text in ("90071992547409.93", "-90071992547409.93", "9e99"):
        with pytest.raises(CellError, match=r"amount is beyond 2\*\*53"):
            read_minor(text, "amount")


@pytest.mark.parametrize(
    ("text", "quantity"),
    [("3", "3"), ("-12", "-12"), ("0", "0"), ("-0", "0"), ("0.735", "0.735"), ("1.5000", "1.5"), ("32623", "32623"),
     ("100", "100"), ("1e3", "1000")],
)  # fmt: skip
def test_quantities_are_signed_with_up_to_three_decimals(text: str, quantity: str) -> None:
    assert str(read_quantity(text)) == quantity


@pytest.mark.parametrize("text", ["0.7355", "1e-9"])
def test_a_quantity_with_more_than_three_decimals_is_refused(text: str) -> None:
    with pytest.raises(CellError, match="quantity has more than three decimals"):
        read_quantity(text)


def test_a_quantity_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(CellError, match=r"quantity is beyond 2\*\*53 thousandths"):
        read_quantity("1e13")


@given(
    quantity=st.decimals(-(10**9), 10**9, places=3, allow_nan=False, allow_infinity=False),
    price=st.decimals(-9999, 9999, places=3, allow_nan=False, allow_infinity=False),
)
def test_quantity_times_price_is_within_half_a_unit_and_mirrors(quantity: Decimal, price: Decimal) -> None:
    minor = multiply_to_minor(quantity, price)
    assert abs(Fraction(minor) - 100 * Fraction(quantity) * Fraction(price)) <= Fraction(1, 2)
    assert multiply_to_minor(-quantity, price) == -minor


def test_a_price_is_in_minor_units_only_where_it_is_a_whole_number_of_them() -> None:
    assert exact_minor(Decimal("2.550")) == 255
    assert exact_minor(Decimal("0.001")) is None
    assert exact_minor(Decimal("1e40")) is None


def test_a_time_with_an_offset_is_that_instant() -> None:
    assert read_time("2017-01-01T07:30:27-05:00", "time", None) == (1483273827000, "2017-01-01T07:30:27-05:00")


def test_a_time_without_an_offset_is_local_in_the_zone() -> None:
    assert read_time("2011-04-15 09:27:00", "time", ZoneInfo("Europe/London")) == (
        1302856020000,
        "2011-04-15T09:27:00+01:00",
    )


def test_the_hour_that_comes_twice_is_the_first_of_the_two() -> None:
    assert read_time("2011-10-30 01:30:00", "time", ZoneInfo("Europe/London"))[1] == "2011-10-30T01:30:00+01:00"


def test_a_time_without_offset_or_zone_stays_without_offset() -> None:
    assert read_time("1970-01-01 00:00:01.5", "time", None) == (1500, "1970-01-01T00:00:01.500000")


@pytest.mark.parametrize("text", ["12/1/2010 8:26", "yesterday", "2011-02-30 10:00", "2011-01-01T25:00"])
def test_what_is_no_iso_time_is_refused(text: str) -> None:
    with pytest.raises(CellError, match="time is not an ISO 8601 time"):
        read_time(text, "time", None)


def test_times_before_1970_and_blank_times_are_refused() -> None:
    with pytest.raises(CellError, match="time is before 1970"):
        read_time("1969-12-31T23:59:59Z", "time", None)
    with pytest.raises(CellError, match="time is blank"):
        read_time("", "time", None)


@given(st.text(max_size=70) | st.text("0123456789.-+eE:T Z", max_size=70))
def test_any_text_is_a_number_and_a_time_or_refused(text: str) -> None:
    with suppress(CellError):
        assert abs(read_quantity(text)) * 1000 <= MINOR_MAX
    with suppress(CellError):
        assert abs(read_minor(text, "amount")) <= MINOR_MAX
    with suppress(CellError):
        assert read_time(text, "time", ZoneInfo("Europe/London"))[0] >= 0
