"""Programme and catalogue: written at headquarters, fed to all stores, unchanged values left alone."""

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from hub.storage.cells import unpack
from hub.storage.tables import entities, marks
from loyalty.programme import Programme, decode_programme, encode_programme
from sync_protocol.clock import time_of_ms
from tests.hub.api.chain import START_MS
from tests.hub.api.conftest import Hub

JSON = {"Content-Type": "application/json"}
APPLE: dict[str, Any] = {
    "code": "apple.1",
    "gtin": "2900000000017",
    "name_zh": "苹果",
    "name_en": "Apples",
    "price_minor": 1_180,
    "tax_bp": 900,
}


def count_marks(hub: Hub) -> int:
    with hub.context.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(marks)).scalar_one())


def test_a_chain_begins_without_programme(hub: Hub) -> None:
    assert hub.http.get("/api/programme").json()["code"] == "not-found"


def test_a_programme_is_written_and_read_back_whole(hub: Hub) -> None:
    document = {
        "version": 3,
        "currency": {"code": "EUR", "symbol": "€", "decimals": 2},
        "earn_per_minor": 50,
        "point_value_minor": 2,
        "valid_months": 12,
        "float_points_max": 500,
        "welcome_coupon": {"value_minor": 1, "threshold_minor": 2, "title_zh": "券", "title_en": "Coupon"},
    }
    written = hub.http.put("/api/programme", content=json.dumps(document).encode(), headers=JSON)
    assert written.status_code == 200, written.text
    assert written.json() == {"changed": True, "programme": document}
    assert hub.get("/api/programme") == document
    assert hub.wakes == [START_MS]
    assert count_marks(hub) == 1
    with hub.context.database.read() as connection:
        packed = connection.execute(select(entities.c.fields)).scalar_one()
    value, stamp, actor = unpack(packed)["document"]
    assert isinstance(value, bytes)
    assert encode_programme(decode_programme(value)) == value
    assert (time_of_ms(stamp), actor) == (START_MS, "hub-1")


def test_what_a_programme_leaves_out_has_its_default(hub: Hub) -> None:
    assert hub.http.put("/api/programme", content=b"{}", headers=JSON).status_code == 200
    assert hub.get("/api/programme")["earn_per_minor"] == Programme().earn_per_minor


def test_writing_the_same_programme_again_changes_nothing(hub: Hub) -> None:
    hub.http.put("/api/programme", content=b'{"version": 2}', headers=JSON)
    again = hub.http.put("/api/programme", content=b'{ "version":2, "valid_months": null }', headers=JSON)
    assert again.json()["changed"] is False
    assert count_marks(hub) == 1
    assert len(hub.wakes) == 1


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b'{"earn_per_minor": 0}', "$.earn_per_minor"),
        (b'{"earn_per_minor": 1.5}', "$.earn_per_minor"),
        (b'{"currency": {"code": "eur"}}', "$.currency.code"),
        (b'{"unknown": 1}', "unknown"),
        (b"{", "truncated"),
        (b"", "truncated"),
        (b"[]", "object"),
        (b'{"version": "\xff"}', "programme"),
        (b"[" * 100_000, "programme"),
    ],
)
def test_a_programme_that_cannot_be_used_is_refused_by_field(hub: Hub, body: bytes, named: str) -> None:
    response = hub.http.put("/api/programme", content=body, headers=JSON)
    assert response.status_code == 422
    assert response.json()["code"] == "bad-document"
    assert named in response.json()["detail"]
    assert hub.http.get("/api/programme").status_code == 404
    assert hub.wakes == []


def test_items_are_written_in_bulk_and_listed_by_code(hub: Hub) -> None:
    items = [APPLE | {"code": code} for code in ("b", "a", "C_1-2.3")]
    response = hub.http.post("/api/catalogue/items", json={"items": items})
    assert response.json() == {"received": 3, "changed": 3, "unchanged": 0}
    first = hub.get("/api/catalogue/items", limit=2)
    assert [item["code"] for item in first["items"]] == ["C_1-2.3", "a"]
    rest = hub.get("/api/catalogue/items", limit=2, after=first["next_after"])
    assert rest == {"items": [APPLE | {"code": "b"}], "next_after": None}
    assert hub.wakes == [START_MS]


def test_only_what_differs_is_fed(hub: Hub) -> None:
    hub.http.post("/api/catalogue/items", json={"items": [APPLE, APPLE | {"code": "b"}]})
    hub.chain.work()
    again = hub.http.post("/api/catalogue/items", json={"items": [APPLE, APPLE | {"code": "b", "price_minor": 1}]})
    assert again.json() == {"received": 2, "changed": 1, "unchanged": 1}
    assert count_marks(hub) == 1
    same = hub.http.post("/api/catalogue/items", json={"items": [APPLE]})
    assert same.json() == {"received": 1, "changed": 0, "unchanged": 1}
    assert len(hub.wakes) == 2


def test_an_item_needs_no_barcode_and_no_names(hub: Hub) -> None:
    item = {"code": "x", "price_minor": 0, "tax_bp": 0}
    assert hub.http.post("/api/catalogue/items", json={"items": [item]}).status_code == 200
    assert hub.get("/api/catalogue/items")["items"] == [item | {"gtin": "", "name_zh": "", "name_en": ""}]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "a b"}, "code"),
        ({"code": ""}, "code"),
        ({"code": "x" * 41}, "code"),
        ({"code": "苹果"}, "code"),
        ({"gtin": "12A"}, "gtin"),
        ({"gtin": "1" * 15}, "gtin"),
        ({"name_zh": "a\x00b"}, "name_zh"),
        ({"name_en": "x" * 121}, "name_en"),
        ({"price_minor": -1}, "price_minor"),
        ({"price_minor": 1.5}, "price_minor"),
        ({"price_minor": "1"}, "price_minor"),
        ({"price_minor": True}, "price_minor"),
        ({"price_minor": 10**30}, "price_minor"),
        ({"tax_bp": 10_001}, "tax_bp"),
        ({"weight": 1}, "weight"),
    ],
)
def test_an_item_out_of_form_is_refused_by_field_and_nothing_is_written(
    hub: Hub, change: dict[str, Any], field: str
) -> None:
    items = [APPLE | {"code": "good"}, APPLE | change]
    response = hub.http.post("/api/catalogue/items", json={"items": items})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [f"body.items.1.{field}"]
    assert hub.get("/api/catalogue/items")["items"] == []


@pytest.mark.parametrize("items", [[], [APPLE, APPLE | {"price_minor": 1}]])
def test_no_items_and_a_code_twice_are_refused(hub: Hub, items: list[dict[str, Any]]) -> None:
    response = hub.http.post("/api/catalogue/items", json={"items": items})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "body.items"
    assert hub.wakes == []


def test_a_whole_assortment_is_written_at_once(hub: Hub) -> None:
    items = [APPLE | {"code": f"item-{n:05d}"} for n in range(20_000)]
    response = hub.http.post("/api/catalogue/items", json={"items": items}, timeout=60)
    assert response.json() == {"received": 20_000, "changed": 20_000, "unchanged": 0}
