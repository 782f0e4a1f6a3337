"""The demo's page: what it serves; and, in a real browser, tills that sell beside the paper of their printers."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, FrameLocator, expect

from pos_drivers import Cut, DrawerPulse, Text, encode
from simulators.demo.chain import Chain
from simulators.demo.command import tills as tills_of
from simulators.demo.page import PAGES, RECEIPTS_LISTED, DemoPage, Till
from simulators.devices.escpos_printer import SimulatedPrinter
from simulators.devices.receipt_font import NoReceiptFont, find_font
from tests.integration.conftest import ITEMS, PROGRAMME, eventually
from tests.pages.watched_page import DESK, PHONE, TILL, Look, WatchedPage, watched
from tests.receipt_comparison import open_drawn

STORES = {"store1": "南京路店", "store2": "静安寺店"}
LOOKS = [Look("zh", "light", DESK), Look("en", "dark", TILL)]


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
    return {"store1": Till("一号店", "http://127.0.0.1:8101", printer)}


@contextmanager
def shown(tills: dict[str, Till], check_font: Callable[[], object] = find_font) -> Iterator[DemoPage]:
    with DemoPage(0) as page:
        page.show(tills, check_font=check_font)
        yield page


@pytest.fixture
def page(tills: dict[str, Till]) -> Iterator[httpx.Client]:
    with shown(tills) as served, httpx.Client(base_url=served.origin) as client:
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


def test_other_hosts_are_refused_and_the_page_frames_its_tills_but_nobody_frames_it(page: httpx.Client) -> None:
    assert page.get("/", headers={"host": "evil.example"}).status_code == 400
    policy = page.get("/").headers["content-security-policy"]
    assert policy == "default-src 'self'; frame-src http://127.0.0.1:8101; frame-ancestors 'none'"


def test_whoever_calls_it_by_another_name_is_sent_to_the_origin_that_the_tills_know(page: httpx.Client) -> None:
    reply = page.get("/", headers={"host": "localhost:8090"})
    assert (reply.status_code, reply.headers["location"]) == (307, "http://127.0.0.1:8090/")


def test_without_the_font_the_page_tells_how_to_get_it_and_shows_text(tills: dict[str, Till]) -> None:
    def missing() -> None:
        raise NoReceiptFont("type: sudo apt-get install -y fonts-noto-cjk")

    with shown(tills, missing) as page, httpx.Client(base_url=page.origin) as client:
        assert "fonts-noto-cjk" in client.get("/api/printers").json()["no_pictures"]
        assert client.get("/receipts/store1/1.png").status_code == 404


def test_the_page_names_no_outside_address() -> None:
    for path in PAGES.iterdir():
        words = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "//" not in re.sub(r"(?m)^\s*//.*$|\s// .*$", "", words), path.name


def test_both_languages_have_the_same_sentences() -> None:
    words = (PAGES / "texts.js").read_text(encoding="utf-8")
    zh, en = (re.findall(r'^    "([a-z._]+)":', part, re.MULTILINE) for part in words.split("\n  en: {"))
    assert zh == en
    assert len(zh) > 5


def test_the_page_keeps_its_port_before_it_is_shown_and_ends_with_its_block(tills: dict[str, Till]) -> None:
    with DemoPage(0) as page, DemoPage(int(page.origin.rpartition(":")[2])) as other:
        assert other.origin != page.origin
        page.show(tills)
        assert httpx.get(page.origin).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(page.origin)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoPage]:
    """The page over a real chain of two stores, ready to sell."""
    with (
        DemoPage(0) as page,
        Chain(tmp_path_factory.mktemp("demo"), STORES, framed_by=page.origin) as chain,
    ):
        chain.set_up(PROGRAMME, ITEMS)
        clients = [chain.node_client(store) for store in STORES]
        for node in chain.nodes.values():
            node.wait_ready()
        eventually(
            lambda: all(client.get(f"/api/items?q={item['gtin']}")["items"] for client in clients for item in ITEMS),
            "the catalogue arrives",
        )
        page.show(tills_of(chain))
        yield page


def till_in(page: WatchedPage, store: str) -> FrameLocator:
    """Find the till in its frame; it has the keyboard as soon as it is there."""
    expect(page[f"frame-{store}"]).to_be_focused()
    till = page.page.frame_locator(f"[data-testid=frame-{store}]")
    expect(till.get_by_test_id("connection")).to_have_attribute("data-state", "online")
    expect(till.get_by_test_id("entry")).to_be_focused()
    return till


def forgive_autofocus(page: WatchedPage) -> None:
    """Forget what Chromium says of `autofocus` in a frame: the till asks for the keyboard by itself, and gets it."""
    page.complaints[:] = [one for one in page.complaints if "Blocked autofocusing" not in one]


def sell(page: WatchedPage, till: FrameLocator) -> None:
    """Sell by keyboard alone, in cash and to the cent."""
    for code in ("3*tea", "rice", "2900000000032"):
        page.type(code, "Enter")
    expect(till.get_by_test_id("total")).to_have_text("¥66.30")
    page.press("F9")
    expect(till.get_by_test_id("view-pay")).to_be_visible()
    page.press("1", "Enter")
    expect(till.get_by_test_id("view-result")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_what_is_sold_in_the_frame_comes_out_of_the_printer_beside_it(
    browser: Browser, demo: DemoPage, look: Look
) -> None:
    with watched(browser, demo.origin, look) as page:
        till = till_in(page, "store1")
        printed = page["roll-store1"].get_by_test_id("receipt")
        before = int(re.findall(r"\d+", page["count-store1"].inner_text())[0])
        expect(printed).to_have_count(before, timeout=15_000)
        page.show("demo-1-before")
        sell(page, till)
        expect(printed.first).to_have_attribute("data-number", str(before + 1), timeout=15_000)
        expect(printed.first.get_by_role("img")).to_have_attribute("alt", re.compile("66.30"))
        assert printed.first.get_by_role("img").evaluate("image => image.naturalWidth") == 640
        expect(page["count-store1"]).to_contain_text(str(before + 1))
        page.show("demo-2-sold")
        forgive_autofocus(page)


def test_a_store_is_chosen_by_its_tab_and_what_was_begun_on_the_other_till_stays(
    browser: Browser, demo: DemoPage
) -> None:
    with watched(browser, demo.origin, Look("en", "light", PHONE)) as page:
        till = till_in(page, "store1")
        page.type("rice", "Enter")
        expect(till.get_by_test_id("line")).to_have_count(1)
        expect(page["frame-store2"]).to_have_count(0)
        page.tap("tab-store2")
        till_in(page, "store2")
        expect(page["frame-store1"]).to_be_hidden()
        address = page["frame-store2"].get_attribute("src")
        expect(page["open-till"]).to_have_attribute("href", str(address))
        page.show("demo-3-other-store")
        page.tap("tab-store1")
        expect(till.get_by_test_id("line")).to_have_count(1)
        page.type("tea", "Enter")
        expect(till.get_by_test_id("line")).to_have_count(2)
        forgive_autofocus(page)


def test_without_the_font_people_see_the_text_and_what_to_type(browser: Browser, tills: dict[str, Till]) -> None:
    def missing() -> None:
        raise NoReceiptFont("type: sudo apt-get install -y fonts-noto-cjk")

    with shown(tills, missing) as served:
        page = browser.new_page(locale="en-GB")
        page.goto(served.origin)
        expect(page.get_by_test_id("notice")).to_contain_text("fonts-noto-cjk")
        expect(page.get_by_test_id("receipt").first).to_contain_text("second", timeout=15_000)
        page.close()
