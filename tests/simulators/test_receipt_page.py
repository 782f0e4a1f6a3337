"""The demo's page of receipts: what it serves, and how it looks in a real browser."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from pos_drivers import Cut, DrawerPulse, Text, encode
from simulators.demo.page import PAGES, RECEIPTS_LISTED, ReceiptPage, Till
from simulators.devices.escpos_printer import SimulatedPrinter
from simulators.devices.receipt_font import NoReceiptFont
from tests.receipt_comparison import open_drawn

SCREENSHOTS = Path(__file__).parents[2] / "build" / "receipts"


def receipt(words: str, *, drawer: bool = False) -> bytes:
    return encode([*([DrawerPulse()] if drawer else []), Text(words), Cut()])


def send(printer: SimulatedPrinter, data: bytes) -> None:
    with Path(printer.path).open("wb", buffering=0) as device:
        device.write(data)


@pytest.fixture
def printer() -> Iterator[SimulatedPrinter]:
    with SimulatedPrinter() as running:
        send(running, receipt("第一张") + receipt("second", drawer=True))
        assert running.wait_for(lambda seen: len(seen.receipts) == 2)
        yield running


@pytest.fixture
def tills(printer: SimulatedPrinter) -> dict[str, Till]:
    return {"store1": Till("一号店", "http://127.0.0.1:8101/", printer)}


@pytest.fixture
def page(tills: dict[str, Till]) -> Iterator[httpx.Client]:
    with ReceiptPage(tills, 0) as served, httpx.Client(base_url=served.address) as client:
        yield client


def test_receipts_are_listed_newest_first_beside_the_way_to_the_till(page: httpx.Client) -> None:
    answer = page.get("/api/printers").json()
    assert answer["no_pictures"] is None
    (row,) = answer["stores"]
    assert (row["name"], row["till"], row["plugged"]) == ("一号店", "http://127.0.0.1:8101/", True)
    assert row["printed_count"] == 2
    assert row["receipts"] == [
        {"number": 2, "drawer": True, "text": "second"},
        {"number": 1, "drawer": False, "text": "第一张"},
    ]


def test_no_more_than_a_few_are_listed_however_many_were_printed(page: httpx.Client, printer: SimulatedPrinter) -> None:
    send(printer, receipt("x") * 30)
    assert printer.wait_for(lambda seen: len(seen.receipts) == 32)
    (row,) = page.get("/api/printers").json()["stores"]
    assert [one["number"] for one in row["receipts"]] == list(range(32, 32 - RECEIPTS_LISTED, -1))


def test_a_picture_is_the_receipt_and_may_be_kept(page: httpx.Client) -> None:
    reply = page.get("/receipts/store1/1.png")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/png")
    assert "immutable" in reply.headers["cache-control"]
    assert open_drawn(Image.open(io.BytesIO(reply.content))).transcript == "第一张"


@pytest.mark.parametrize("path", ["/receipts/store1/3.png", "/receipts/store1/0.png", "/receipts/none/1.png", "/docs"])
def test_what_is_not_there_is_not_found(page: httpx.Client, path: str) -> None:
    assert page.get(path).status_code in {404, 422}


def test_other_hosts_are_refused_and_other_sites_may_not_frame_the_page(page: httpx.Client) -> None:
    assert page.get("/", headers={"host": "evil.example"}).status_code == 400
    assert "frame-ancestors 'none'" in page.get("/").headers["content-security-policy"]


def test_without_the_font_the_page_tells_how_to_get_it_and_shows_text(tills: dict[str, Till]) -> None:
    def missing() -> None:
        raise NoReceiptFont("type: sudo apt-get install -y fonts-noto-cjk")

    with ReceiptPage(tills, 0, check_font=missing) as page, httpx.Client(base_url=page.address) as client:
        assert "fonts-noto-cjk" in client.get("/api/printers").json()["no_pictures"]
        assert client.get("/receipts/store1/1.png").status_code == 404


def test_the_page_names_no_outside_address() -> None:
    for path in PAGES.iterdir():
        words = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "//" not in re.sub(r"(?m)^\s*//.*$|\s// .*$", "", words), path.name


def test_both_languages_have_the_same_sentences() -> None:
    words = (PAGES / "receipts_texts.js").read_text(encoding="utf-8")
    zh, en = (re.findall(r'^    "([a-z._]+)":', part, re.MULTILINE) for part in words.split("\n  en: {"))
    assert zh == en
    assert len(zh) > 5


def test_the_page_ends_with_its_block(tills: dict[str, Till]) -> None:
    with ReceiptPage(tills, 0) as page:
        assert httpx.get(page.address).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(page.address)


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "打开收银页"), ("en-GB", "Open the till")])
def test_a_receipt_appears_on_top_while_somebody_looks(
    browser: Browser, tills: dict[str, Till], language: str, words: str
) -> None:
    problems: list[str] = []
    with ReceiptPage(tills, 0) as served:
        page = browser.new_page(locale=language, viewport={"width": 1024, "height": 768})
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(served.address)
        receipts = page.get_by_test_id("receipt")
        expect(receipts).to_have_count(2, timeout=15_000)
        expect(receipts.first).to_have_attribute("data-number", "2")
        expect(page.get_by_test_id("till-store1")).to_have_text(words)
        expect(page.get_by_test_id("till-store1")).to_have_attribute("href", "http://127.0.0.1:8101/")
        send(tills["store1"].printer, receipt("第三张"))
        expect(receipts.first).to_have_attribute("data-number", "3", timeout=15_000)
        expect(receipts.first.get_by_role("img")).to_have_attribute("alt", "第三张")
        shown = receipts.first.get_by_role("img").evaluate("image => [image.naturalWidth, image.complete]")
        assert shown == [640, True]
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"page-{language}.png", animations="disabled")
        page.close()
    assert problems == []


def test_without_the_font_people_see_the_text_and_what_to_type(browser: Browser, tills: dict[str, Till]) -> None:
    def missing() -> None:
        raise NoReceiptFont("type: sudo apt-get install -y fonts-noto-cjk")

    with ReceiptPage(tills, 0, check_font=missing) as served:
        page = browser.new_page(locale="en-GB")
        page.goto(served.address)
        expect(page.get_by_test_id("notice")).to_contain_text("fonts-noto-cjk")
        expect(page.get_by_test_id("receipt").first).to_contain_text("second", timeout=15_000)
        page.close()
