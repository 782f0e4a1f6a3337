"""The programme's document, and the numbers that follow from it."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme import (
    Currency,
    Programme,
    WelcomeCoupon,
    decode_programme,
    encode_programme,
    expiry_month,
    is_expired,
    points_earned,
    points_for_amount,
)

days = st.dates(min_value=date(2020, 1, 1)).map(lambda day: day.strftime("%Y%m%d"))
programmes = st.builds(
    Programme,
    version=st.integers(1, 10**12),
    currency=st.builds(Currency, code=st.from_regex("[A-Z]{3}", fullmatch=True), decimals=st.integers(0, 3)),
    earn_per_minor=st.integers(1, 10**12),
    point_value_minor=st.integers(1, 10**12),
    valid_months=st.one_of(st.none(), st.integers(1, 120)),
    float_points_max=st.integers(0, 10**12),
    welcome_coupon=st.one_of(
        st.none(),
        st.builds(
            WelcomeCoupon,
            value_minor=st.integers(1, 10**12),
            threshold_minor=st.integers(0, 10**12),
            title_zh=st.text(st.characters(codec="utf-8"), max_size=80),
            title_en=st.text(st.characters(codec="utf-8"), max_size=80),
        ),
    ),
)


@given(programmes)
def test_a_programme_reads_back_as_it_was_written(programme: Programme) -> None:
    assert decode_programme(encode_programme(programme)) == programme


def test_an_empty_document_is_the_programme_of_the_defaults() -> None:
    assert decode_programme(b"{}") == Programme()


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (b'{"version": 0}', r"\$\.version"),
        (b'{"earn_per_minor": 0}', r"\$\.earn_per_minor"),
        (b'{"earn_per_minor": 1.5}', r"\$\.earn_per_minor"),
        (b'{"earn_per_minor": "100"}', r"\$\.earn_per_minor"),
        (b'{"point_value_minor": -1}', r"\$\.point_value_minor"),
        (b'{"valid_months": 0}', r"\$\.valid_months"),
        (b'{"valid_months": 121}', r"\$\.valid_months"),
        (b'{"float_points_max": -1}', r"\$\.float_points_max"),
        (b'{"currency": {"code": "yuan"}}', r"\$\.currency\.code"),
        (b'{"currency": {"decimals": 4}}', r"\$\.currency\.decimals"),
        (b'{"currency": {"symbol": ""}}', r"\$\.currency\.symbol"),
        (b'{"welcome_coupon": {"value_minor": 1}}', r"\$\.welcome_coupon"),
        (
            b'{"welcome_coupon": {"value_minor": 0, "threshold_minor": 0, "title_zh": "", "title_en": ""}}',
            "value_minor",
        ),
        (b'{"earn_per_minot": 100}', "earn_per_minot"),
    ],
)
def test_an_error_in_a_document_names_its_field(document: bytes, field: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        decode_programme(document)


@pytest.mark.parametrize("document", [b"", b"{", b"\xff", b'{"version": 1'])
def test_what_is_no_json_is_refused(document: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, ValueError)):
        decode_programme(document)


@pytest.mark.parametrize(
    ("months", "day", "expiry"),
    [
        (1, "20270131", "202702"),
        (1, "20271231", "202801"),
        (12, "20270101", "202801"),
        (11, "20270131", "202712"),
        (120, "20270615", "203706"),
        (None, "20270131", "999912"),
    ],
)
def test_points_expire_at_the_end_of_the_month_so_many_after_the_sales(
    months: int | None, day: str, expiry: str
) -> None:
    assert expiry_month(Programme(valid_months=months), day) == expiry


def test_case_28_earned_on_31_january_and_valid_one_month_is_usable_to_the_end_of_february() -> None:
    month = expiry_month(Programme(valid_months=1), "20270131")
    assert not is_expired(month, "20270228")
    assert is_expired(month, "20270301")


@given(days, st.integers(1, 120))
def test_points_are_never_expired_on_the_day_they_are_earned(day: str, months: int) -> None:
    month = expiry_month(Programme(valid_months=months), day)
    assert len(month) == 6
    assert "01" <= month[4:] <= "12"
    assert not is_expired(month, day)


@pytest.mark.parametrize(("net_minor", "points"), [(0, 0), (99, 0), (100, 1), (199, 1), (17_350, 173), (-500, 0)])
def test_whole_points_only_are_earned_and_none_for_a_return(net_minor: int, points: int) -> None:
    assert points_earned(Programme(earn_per_minor=100), net_minor) == points


@given(st.integers(0, 10**9), st.integers(1, 10**4))
def test_the_points_for_an_amount_are_the_fewest_that_pay_it(amount_minor: int, value_minor: int) -> None:
    points = points_for_amount(Programme(point_value_minor=value_minor), amount_minor)
    assert points * value_minor >= amount_minor > (points - 1) * value_minor
