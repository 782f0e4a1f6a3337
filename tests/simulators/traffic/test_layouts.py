"""The layout of a recording is found, mapped or refused with what is missing and what is there."""

from pathlib import Path

import pytest

from simulators.traffic.errors import MappingError, PresetUnknownError, RecordingNotFoundError
from simulators.traffic.layouts import PRESETS, parse_mapping
from simulators.traffic.recorded import read_baskets

HEADER = "receipt,shop,when,article,qty,total\n"
MAPPING = {
    "basket": "receipt", "store": "shop", "time": "when", "code": "article", "quantity": "qty", "amount": "total",
}  # fmt: skip
ROW = "r1,North,2026-01-05T10:00:00+08:00,a,1,2.50\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_mapping_is_written_as_field_equals_column() -> None:
    assert parse_mapping("basket=receipt, store=shop") == {"basket": "receipt", "store": "shop"}


@pytest.mark.parametrize("text", ["", "basket", "basket=", "=receipt", "basket=a,basket=b"])
def test_a_mapping_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(MappingError):
        parse_mapping(text)


def test_a_file_of_any_columns_is_read_through_a_mapping(tmp_path: Path) -> None:
    recorded = read_baskets(write(tmp_path / "till.csv", HEADER + ROW), None, MAPPING)
    assert recorded.layout == "mapping"
    assert recorded.baskets[0].lines[0].amount_minor == 250


def test_missing_fields_are_named_with_the_columns_of_the_file(tmp_path: Path) -> None:
    mapping = {"basket": "receipt", "time": "when", "code": "article"}
    with pytest.raises(
        MappingError, match=r"store \(not mapped\).*amount or price.*columns are: receipt, shop"
    ) as caught:
        read_baskets(write(tmp_path / "till.csv", HEADER + ROW), None, mapping)
    assert caught.value.missing == ("store", "quantity", "amount or price")
    assert caught.value.columns == ("receipt", "shop", "when", "article", "qty", "total")


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"member \(column 'card' is not in the file\)"):
        read_baskets(write(tmp_path / "till.csv", HEADER + ROW), None, {**MAPPING, "member": "card"})


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"quantity \(column 'qty' is twice in the file\)"):
        read_baskets(write(tmp_path / "till.csv", HEADER.replace("total", "qty,total")), None, MAPPING)


def test_a_field_that_is_none_of_ours_is_named_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="no such field: colour; there are: basket, store"):
        read_baskets(write(tmp_path / "till.csv", HEADER + ROW), None, {**MAPPING, "colour": "shop"})


def test_an_unknown_preset_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(PresetUnknownError, match="'jurney'; there are: journey, online-retail"):
        read_baskets(tmp_path, "jurney")


def test_columns_of_no_preset_need_a_mapping(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"no preset \(journey, online-retail\).*basket, store, .*qty, total"):
        read_baskets(write(tmp_path / "till.csv", HEADER + ROW))


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_preset_is_known_by_its_columns(tmp_path: Path, preset: str) -> None:
    layout = PRESETS[preset]
    header = ",".join([*layout.columns.values(), *layout.discounts.values()])
    assert read_baskets(write(tmp_path / "any.csv", header + "\n")).layout == preset


def test_a_mapping_goes_over_the_columns_of_a_preset(tmp_path: Path) -> None:
    text = "line_id,InvoiceNo,stock_code,description,quantity,invoice_ts,unit_price,customer_id,country\n"
    text += "1,C1,a,A,-1,2011-01-05 10:00:00,2.50,,France\n"
    recorded = read_baskets(write(tmp_path / "lines.csv", text), "online-retail", {"basket": "InvoiceNo"})
    assert [(basket.basket_ref, basket.kind) for basket in recorded.baskets] == [("C1", "return")]


def test_a_path_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(RecordingNotFoundError, match="no such file or folder"):
        read_baskets(tmp_path / "nowhere.csv", "journey")


def test_a_folder_without_the_presets_file_says_which_was_looked_for(tmp_path: Path) -> None:
    write(tmp_path / "other.csv", HEADER)
    wanted = r"looked for transactions.csv.gz or transactions.csv; the folder's CSV files: other.csv"
    with pytest.raises(RecordingNotFoundError, match=wanted):
        read_baskets(tmp_path, "journey")


def test_a_folder_with_two_candidates_asks_for_one(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", HEADER + ROW)
    write(tmp_path / "b.csv", HEADER + ROW)
    with pytest.raises(RecordingNotFoundError, match=r"looked for one .*found a.csv, b.csv: name the one file meant"):
        read_baskets(tmp_path, None, MAPPING)


def test_a_folder_with_a_single_file_needs_no_name(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", HEADER + ROW)
    assert len(read_baskets(tmp_path, None, MAPPING).baskets) == 1
