"""A recorded receipt is replayed whole or not at all, and every row is accounted for."""

import gzip
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulators.traffic.baskets import Rejected
from simulators.traffic.errors import RecordingUnreadableError, SettingError
from simulators.traffic.recorded import COMPANION, RecordedTraffic, read_baskets, slugs

JOURNEY = (
    "basket_id,line_no,ts_local,ts_utc,week,store_id,household_id,product_id,"
    "quantity,sales_value,retail_disc,coupon_disc,coupon_match_disc\n"
)
ONLINE = "line_id,invoice_no,stock_code,description,quantity,invoice_ts,unit_price,customer_id,country\n"
TILL = "receipt,shop,when,article,qty,total,card\n"
MAPPING = {
    "basket": "receipt",
    "store": "shop",
    "time": "when",
    "code": "article",
    "quantity": "qty",
    "amount": "total",
    "member": "card",
}
NOON = "2026-01-05T12:00:00+08:00"


def read_journey(folder: Path, *rows: str) -> RecordedTraffic:
    (folder / "transactions.csv.gz").write_bytes(gzip.compress((JOURNEY + "\n".join(rows) + "\n").encode()))
    return read_baskets(folder, "journey")


def read_online(folder: Path, *rows: str) -> RecordedTraffic:
    (folder / "lines.csv.gz").write_bytes(gzip.compress((ONLINE + "\n".join(rows) + "\n").encode()))
    return read_baskets(folder, "online-retail")


def read_till(folder: Path, *rows: str, stores: int | None = None, receipts: int = 0) -> RecordedTraffic:
    path = folder / "till.csv"
    path.write_text(TILL + "\n".join(rows) + "\n", encoding="utf-8")
    recorded = read_baskets(path, None, MAPPING, stores, receipts)
    in_baskets = sum(len(basket.lines) for basket in recorded.baskets)
    assert recorded.rows_read == in_baskets + len(recorded.rejected) + recorded.rows_left_out
    return recorded


# The Complete Journey


def test_a_journey_line_keeps_its_amount_its_discounts_and_its_member(tmp_path: Path) -> None:
    recorded = read_journey(
        tmp_path, "31,1,2017-01-01T07:30:27-05:00,2017-01-01T12:30:27Z,1,319,906,1075,2,1.50,0.29,0.50,0.00"
    )
    (basket,) = recorded.baskets
    assert (basket.store, basket.member_ref, basket.kind) == ("319", "906", "sale")
    assert (basket.business_time_ms, basket.business_time_local) == (1483273827000, "2017-01-01T07:30:27-05:00")
    (line,) = basket.lines
    assert (line.code, line.quantity, line.amount_minor, line.unit_price_minor) == ("1075", Decimal(2), 150, None)
    assert line.discounts == (("retail_disc", 29), ("coupon_disc", 50))
    assert basket.wants_coupon
    assert recorded.currency == "USD"


def test_quantities_of_nothing_and_of_thousandths_of_fuel_keep_their_amounts(tmp_path: Path) -> None:
    at = "2017-01-01T07:30:27-05:00,2017-01-01T12:30:27Z,1,319,906"
    recorded = read_journey(
        tmp_path, f"31,1,{at},100,0,0.99,0,0,0", f"31,2,{at},200,32623,25.99,0,0,0", f"31,3,{at},300,1,0.00,0,0,0"
    )
    lines = recorded.baskets[0].lines
    assert [(line.quantity, line.amount_minor) for line in lines] == [
        (Decimal(0), 99),
        (Decimal(32623), 2599),
        (Decimal(1), 0),
    ]
    assert recorded.rejected == ()


def test_articles_are_called_as_the_file_of_products_beside_says(tmp_path: Path) -> None:
    products = "product_id,manufacturer_id,product_type,package_size\n1075,1,TUNA,5 OZ\n"
    (tmp_path / "products.csv").write_text(products, encoding="utf-8")
    at = "2017-01-01T07:30:27-05:00,2017-01-01T12:30:27Z,1,319,906"
    recorded = read_journey(tmp_path, f"31,1,{at},1075,1,1.50,0,0,0", f"31,2,{at},9,1,1.50,0,0,0")
    assert [line.name for line in recorded.baskets[0].lines] == ["TUNA 5 OZ", "9"]


def test_two_columns_that_tell_two_times_are_refused(tmp_path: Path) -> None:
    recorded = read_journey(tmp_path, "31,1,2017-01-01T07:30:27-05:00,2017-01-01T13:30:27Z,1,319,906,1075,2,1.50,0,0,0")
    assert recorded.rejected == (Rejected(2, "31", "time and utc are different instants"),)


# Online Retail


def test_an_invoice_line_is_quantity_times_price_rounded_half_up(tmp_path: Path) -> None:
    recorded = read_online(
        tmp_path,
        "1,536365,85123A,HEART,6,2010-12-01 08:26:00,2.550,17850,United Kingdom",
        "2,536365,PADS,PADS,1,2010-12-01 08:26:00,0.001,17850,United Kingdom",
        "3,536365,X,,3,2010-12-01 08:26:00,0.005,17850,United Kingdom",
    )
    (basket,) = recorded.baskets
    assert [line.amount_minor for line in basket.lines] == [1530, 0, 2]
    assert [line.unit_price_minor for line in basket.lines] == [255, None, None]
    assert [line.name for line in basket.lines] == ["HEART", "PADS", "X"]
    assert recorded.store_names == {"unitedkingdo": "United Kingdom"}
    assert recorded.currency == "GBP"


def test_credit_notes_are_returns_and_bad_debts_adjustments(tmp_path: Path) -> None:
    recorded = read_online(
        tmp_path,
        "1,536365,A,A,6,2010-12-01 08:26:00,1.000,17850,France",
        "2,C536379,A,A,-6,2010-12-01 09:41:00,1.000,17850,France",
        "3,A563185,B,Adjust bad debt,1,2010-12-01 10:00:00,11.00,,France",
    )
    assert [(basket.kind, basket.lines[0].amount_minor) for basket in recorded.baskets] == [
        ("sale", 600),
        ("return", -600),
        ("adjustment", 1100),
    ]


def test_a_blank_customer_is_no_member(tmp_path: Path) -> None:
    assert read_online(tmp_path, "1,1,A,A,1,2010-12-01 08:26:00,1.000,,France").baskets[0].member_ref is None


def test_an_invoice_with_two_times_has_the_earlier(tmp_path: Path) -> None:
    recorded = read_online(
        tmp_path,
        "1,1,A,A,1,2011-04-15 09:28:00,1.000,,France",
        "2,1,B,B,1,2011-04-15 09:27:00,1.000,,France",
    )
    assert [basket.business_time_local for basket in recorded.baskets] == ["2011-04-15T09:27:00+01:00"]
    assert [line.code for line in recorded.baskets[0].lines] == ["A", "B"]


def test_lines_that_are_equal_to_the_letter_are_two_lines(tmp_path: Path) -> None:
    line = "A,A,1,2010-12-01 08:26:00,1.000,,France"
    assert len(read_online(tmp_path, f"1,1,{line}", f"2,1,{line}").baskets[0].lines) == 2


# Any other file


def test_a_basket_with_one_bad_row_is_rejected_whole_and_every_row_listed(tmp_path: Path) -> None:
    recorded = read_till(
        tmp_path, f"1,N,{NOON},a,1,1.00,", f"1,N,{NOON},b,x,1.00,", f"1,N,{NOON},c,1,1.00,", f"2,N,{NOON},d,1,1.00,"
    )
    assert [basket.basket_ref for basket in recorded.baskets] == ["2"]
    assert recorded.rejected == (
        Rejected(2, "1", COMPANION),
        Rejected(3, "1", "quantity is not a number"),
        Rejected(4, "1", COMPANION),
    )
    assert recorded.baskets_rejected == 1
    assert recorded.rejected_counts == {COMPANION: 2, "quantity is not a number": 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f",N,{NOON},a,1,1.00,", "basket is blank"),
        (f"1,,{NOON},a,1,1.00,", "store is blank"),
        ("1,N,yesterday,a,1,1.00,", "time is not an ISO 8601 time"),
        ("1,N,,a,1,1.00,", "time is blank"),
        (f"1,N,{NOON},,1,1.00,", "code is blank"),
        (f"1,N,{NOON},a,,1.00,", "quantity is blank"),
        (f"1,N,{NOON},a,NaN,1.00,", "quantity is not a number"),
        (f"1,N,{NOON},a,1.2345,1.00,", "quantity has more than three decimals"),
        (f"1,N,{NOON},a,1,Infinity,", "amount is not a number"),
        (f"1,N,{NOON},a,1,90071992547409.93,", "amount is beyond 2**53"),
        (f"1,N,{NOON},a,1", "row has the wrong number of cells"),
    ],
)
def test_a_row_that_cannot_be_used_is_listed_with_its_number_and_reason(tmp_path: Path, row: str, reason: str) -> None:
    recorded = read_till(tmp_path, f"0,N,{NOON},a,1,1.00,", row)
    assert [(rejected.row, rejected.reason) for rejected in recorded.rejected] == [(3, reason)]
    assert [basket.basket_ref for basket in recorded.baskets] == ["0"]


@pytest.mark.parametrize("row", [f"1,,{NOON},a,1,1.00,", "1,N"])
def test_a_row_of_no_known_store_spoils_every_basket_of_its_id(tmp_path: Path, row: str) -> None:
    recorded = read_till(tmp_path, f"1,N,{NOON},a,1,1.00,", f"1,S,{NOON},a,1,1.00,", f"2,S,{NOON},a,1,1.00,", row)
    assert [basket.basket_ref for basket in recorded.baskets] == ["2"]
    assert recorded.baskets_rejected == 2


def test_stores_may_count_their_receipts_each_for_itself(tmp_path: Path) -> None:
    recorded = read_till(tmp_path, f"1,N,{NOON},a,1,1.00,", f"1,S,{NOON},b,1,2.00,")
    assert {(basket.store, basket.basket_ref) for basket in recorded.baskets} == {("n", "1"), ("s", "1")}


def test_a_basket_of_two_members_is_rejected_and_one_named_once_is_kept(tmp_path: Path) -> None:
    recorded = read_till(
        tmp_path,
        f"1,N,{NOON},a,1,1.00,ann", f"1,N,{NOON},b,1,1.00,bob",
        f"2,N,{NOON},a,1,1.00,", f"2,N,{NOON},b,1,1.00,ann",
    )  # fmt: skip
    assert [(basket.basket_ref, basket.member_ref) for basket in recorded.baskets] == [("2", "ann")]
    assert recorded.rejected_counts == {COMPANION: 1, "its basket names another member": 1}


def test_a_basket_of_nothing_but_negative_quantities_is_a_return(tmp_path: Path) -> None:
    recorded = read_till(
        tmp_path,
        f"1,N,{NOON},a,-1,-1.00,", f"1,N,{NOON},b,0,0,", f"2,N,{NOON},a,-1,-1.00,", f"2,N,{NOON},b,1,5.00,",
    )  # fmt: skip
    assert [basket.kind for basket in recorded.baskets] == ["return", "sale"]


def test_lines_that_lie_apart_are_one_basket_in_order_of_line(tmp_path: Path) -> None:
    path = tmp_path / "till.csv"
    rows = f"1,2,N,{NOON},b,1,1.00\n2,1,N,{NOON},c,1,1.00\n1,1,N,{NOON},a,1,1.00\n"
    path.write_text("receipt,no,shop,when,article,qty,price\n" + rows, encoding="utf-8")
    mapping = {name: column for name, column in MAPPING.items() if name not in ("amount", "member")}
    recorded = read_baskets(path, None, {**mapping, "price": "price", "line": "no"})
    assert [[line.code for line in basket.lines] for basket in recorded.baskets] == [["a", "b"], ["c"]]


def test_baskets_come_in_order_of_time_and_equal_times_in_order_of_the_file(tmp_path: Path) -> None:
    recorded = read_till(tmp_path, f"9,N,{NOON},a,1,1,", f"8,N,{NOON},a,1,1,", "7,N,2026-01-05T04:59:59+01:00,a,1,1,")
    assert [basket.basket_ref for basket in recorded.baskets] == ["7", "9", "8"]


def test_the_busiest_stores_are_kept_with_ties_by_store_id(tmp_path: Path) -> None:
    rows = [f"{n},{shop},{NOON},a,1,1," for n, shop in enumerate(("B", "C", "C", "A", "D"))]
    recorded = read_till(tmp_path, *rows, stores=2)
    assert recorded.store_names == {"c": "C", "a": "A"}
    assert [basket.store for basket in recorded.baskets] == ["c", "c", "a"]
    assert recorded.rows_left_out == 2


def test_receipts_are_the_first_in_order_of_time_after_the_choice_of_stores(tmp_path: Path) -> None:
    rows = [f"{n},{shop},2026-01-0{n}T10:00:00Z,a,1,1," for n, shop in ((3, "A"), (2, "A"), (1, "B"), (4, "A"))]
    recorded = read_till(tmp_path, *rows, stores=1, receipts=2)
    assert [basket.basket_ref for basket in recorded.baskets] == ["2", "3"]


def test_a_byte_order_mark_quotes_and_blank_lines_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "till.csv"
    text = "\ufeff" + TILL + f'\r\n1,"N ""1"", east",{NOON},a,1,1.00,\r\n\r\n'
    path.write_bytes(text.encode())
    recorded = read_baskets(path, None, MAPPING)
    assert recorded.store_names == {"n1east": 'N "1", east'}
    assert recorded.rows_read == 1


def test_an_empty_file_has_no_header(tmp_path: Path) -> None:
    (tmp_path / "till.csv").touch()
    with pytest.raises(RecordingUnreadableError, match="there is no header"):
        read_baskets(tmp_path / "till.csv", None, MAPPING)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ((TILL + f"1,N,{NOON},caf").encode() + b"\xe9,1,1.00,\n", "not UTF-8"),
        ((TILL + f'1,N,{NOON},"a,1,1.00,\n2,N,{NOON},a,1,1.00,\n').encode(), "not CSV after row 1"),
        (gzip.compress((TILL * 50).encode(), mtime=0)[:-20], "cannot be read"),
        (b"\x1f\x8bnot gzip at all", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_to_its_end_is_refused_whole(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "till.csv"
    path.write_bytes(content)
    with pytest.raises(RecordingUnreadableError, match=reason):
        read_baskets(path, None, MAPPING)


@pytest.mark.parametrize(("stores", "receipts"), [(0, 0), (-1, 0), (None, -1)])
def test_senseless_numbers_of_stores_and_receipts_are_refused(
    tmp_path: Path, stores: int | None, receipts: int
) -> None:
    with pytest.raises(SettingError):
        read_till(tmp_path, stores=stores, receipts=receipts)


# Store ids


def test_store_names_become_short_plain_ids() -> None:
    given = slugs(["United Kingdom", "United Kingdoms", "HUB", "319", "上海店", "RSA", "r.s.a."])
    assert given == {
        "319": "319",
        "HUB": "hub2",
        "RSA": "rsa",
        "United Kingdom": "unitedkingdo",
        "United Kingdoms": "unitedkingd2",
        "r.s.a.": "rsa2",
        "上海店": "store",
    }


def test_a_name_that_is_an_id_keeps_it_whoever_comes_first() -> None:
    assert slugs(["A-1", "a1", "hub", "hub2"]) == {"a1": "a1", "A-1": "a12", "hub2": "hub2", "hub": "hub3"}


@given(st.lists(st.text(alphabet="aB1-ü店 hu", max_size=15), max_size=40))
@example(["hub", "HUB", "h-u-b", "hub2"])
@example([f"{'x' * 12}{n}" for n in range(120)])
def test_store_ids_are_valid_unique_and_the_same_in_any_order(names: list[str]) -> None:
    given_ids = slugs(names)
    assert set(given_ids) == set(names)
    assert len(set(given_ids.values())) == len(given_ids)
    for slug in given_ids.values():
        assert 1 <= len(slug) <= 12
        assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789")
        assert slug != "hub"
    assert slugs(reversed(names)) == given_ids
    assert slugs(given_ids.values()) == {slug: slug for slug in given_ids.values()}
