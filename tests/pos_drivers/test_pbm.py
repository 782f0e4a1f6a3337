"""Pictures for the receipt printer: both forms of PBM, and what is refused."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos_drivers import IllegalRequestError
from pos_drivers.pbm import PBM_BYTES_MAX, parse_pbm
from pos_drivers.printout import Picture


@pytest.mark.parametrize(
    "content",
    [
        b"P4\n10 2\n\xff\xc0\x80\x00",
        b"P4 # made by hand\n# and again\n10\t2\r\xff\xff\x80\x3f and what follows",
        b"P1\n10 2\n1111111111\n1000000000\n",
        b"P1 10 2\n1 1 1 1 1 1 1 1 1 1 # the first row\n1000 000000",
    ],
    ids=["binary", "binary with comments and dirty padding", "digits", "digits with comments"],
)
def test_both_forms_are_read_and_ink_is_a_set_bit(content: bytes) -> None:
    assert parse_pbm(content) == Picture(10, 2, b"\xff\xc0\x80\x00")


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "not a picture"),
        (b"\x89PNG\r\n", "not a picture"),
        (b"P5\n1 1\n255\n\x00", "not a picture"),
        (b"P4\n-1 5\n\x00", "not a picture"),
        (b"P4\n0 5\n", "does not go on a receipt"),
        (b"P4\n1153 1\n" + bytes(145), "does not go on a receipt"),
        (b"P4\n8 401\n" + bytes(401), "does not go on a receipt"),
        (b"P4\n16 2\n\x00\x00\x00", "breaks off 1 bytes"),
        (b"P1\n2 2\n101", "does not have 4 dots"),
        (b"P1\n2 2\n1021", "does not have 4 dots"),
        (b"P4\n1 1\n" + bytes(PBM_BYTES_MAX), "not a picture"),
    ],
)
def test_what_is_no_picture_for_paper_is_refused_with_cause_and_next_step(content: bytes, cause: str) -> None:
    with pytest.raises(IllegalRequestError, match=cause) as refused:
        parse_pbm(content)
    assert refused.value.next_step


@settings(deadline=None)
@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda rest: b"P4 3 3\n" + rest))
def test_any_bytes_are_a_picture_or_refused(content: bytes) -> None:
    with contextlib.suppress(IllegalRequestError):
        parse_pbm(content)


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 20), st.data())
def test_digits_and_binary_say_the_same(width: int, height: int, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.text("01", min_size=width, max_size=width), min_size=height, max_size=height))
    packed = b"".join(int(row.ljust(-(-width // 8) * 8, "0"), 2).to_bytes(-(-width // 8), "big") for row in rows)
    digits = parse_pbm(f"P1\n{width} {height}\n{' '.join(rows)}".encode())
    assert digits == parse_pbm(f"P4\n{width} {height}\n".encode() + packed)
