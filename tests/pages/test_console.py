"""The console page: what it is made of, and how it behaves in a real browser."""

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import update

from hub.api.console import PAGES
from hub.storage.tables import actors
from tests.hub.api.chain import Sale
from tests.hub.api.conftest import Hub

HIDDEN_OR_SEEN = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


class Parts(HTMLParser):
    """Gathers what a page refers to, and what must not stand in it."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"src", "href"}:
                self.references.append(value or "")
            if name.startswith("on") or name == "style":
                self.inline.append(f"{tag} {name}")
        if tag == "style" or (tag == "script" and "src" not in dict(attrs)):
            self.inline.append(tag)


def read_parts() -> Parts:
    parts = Parts()
    parts.feed((PAGES / "console.html").read_text())
    return parts


def test_the_page_and_its_parts_are_served(hub: Hub) -> None:
    page = hub.http.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for reference in read_parts().references:
        assert reference.startswith(("/static/", "/look/"))
        assert hub.http.get(reference).status_code == 200, reference
    script = hub.http.get("/static/console.js")
    assert "javascript" in script.headers["content-type"]
    assert script.headers["cache-control"] == "no-cache"
    assert script.headers["x-content-type-options"] == "nosniff"


def test_nothing_stands_inline_in_the_page() -> None:
    assert read_parts().inline == []


@pytest.fixture
def page(browser: Browser, hub: Hub) -> Iterator[Page]:
    """An empty page of a browser that prefers English; a page whose script fails, fails the test."""
    context = browser.new_context(
        base_url=str(hub.http.base_url), locale="en-GB", viewport={"width": 1440, "height": 900}
    )
    failures: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield page
    context.close()
    assert failures == []


@pytest.fixture
def chain_of_four(hub: Hub) -> Hub:
    """One store of each state: a online, b held, c never heard, d fenced."""
    for store, name in (("a", "上海一店"), ("b", "上海二店"), ("c", "<b>Third</b>"), ("d", "Fourth")):
        hub.create_store(store, name, greet=store != "c")
    hub.chain.spoil("b")
    with hub.context.database.write() as connection:
        connection.execute(update(actors).where(actors.c.store == "d").values(state="fenced"))
    member = hub.chain.node("a").enrol(card="VIP0001")
    hub.chain.node("a").sell(Sale(member=member, total_minor=123_456, points_earned=12, offline=True))
    hub.chain.deliver("a")
    return hub


in_a_browser = pytest.mark.slow


@in_a_browser
def test_stores_are_shown_with_words_for_their_states(page: Page, chain_of_four: Hub) -> None:
    page.goto("/")
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    rows = page.get_by_test_id("store")
    expect(rows).to_have_count(4)
    names = [row.locator("strong").inner_text() for row in rows.all()]
    assert names == ["<b>Third</b>", "Fourth", "上海二店", "上海一店"]
    expect(page.get_by_test_id("store-state")).to_have_text(["Not started", "Fenced", "Held", "Online"])
    expect(rows.nth(3).get_by_test_id("store-net")).to_have_text("¥1,234.56")
    expect(rows.nth(3).get_by_test_id("store-contact")).to_have_text("0 s ago")
    expect(rows.nth(3).get_by_test_id("store-cursor")).to_have_text("2")
    expect(page.get_by_test_id("total-stores")).to_contain_text("1 dark")
    expect(page.get_by_test_id("quarantined")).to_have_text("quarantined: 1")
    expect(page).to_have_title("(1 dark) Tillsync headquarters")
    chain_of_four.clock.now_ms += 20_000
    expect(page.get_by_test_id("store-state")).to_have_text(["Dark", "Dark · Held", "Not started", "Dark · Fenced"])
    expect(page.get_by_test_id("total-stores")).to_contain_text("4 dark")


@in_a_browser
def test_receipts_come_in_by_themselves(page: Page, chain_of_four: Hub) -> None:
    page.goto("/")
    receipts = page.get_by_test_id("receipt")
    expect(receipts).to_have_count(1)
    expect(receipts.first).to_contain_text("sold offline")
    expect(receipts.first).to_contain_text("**0001")
    expect(receipts.first).to_contain_text("+12 pts")
    chain_of_four.clock.now_ms += 1_000
    chain_of_four.chain.node("a").sell(Sale(total_minor=-500, kind="return"))
    chain_of_four.chain.deliver("a")
    expect(receipts).to_have_count(2)
    expect(receipts.first).to_contain_text("−¥5.00")
    expect(page.get_by_test_id("total-net")).to_contain_text("¥1,229.56")


@in_a_browser
@pytest.mark.usefixtures("chain_of_four")
def test_the_language_can_be_switched_and_is_kept(page: Page) -> None:
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_test_id("language-switch").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_test_id("store-state")).to_have_text(["未启用", "已隔断", "暂停", "在线"])
    page.reload()
    expect(page.get_by_test_id("connection")).to_contain_text("实时")
    page.goto("/?lang=en")
    expect(page.get_by_test_id("connection")).to_contain_text("Live")


@in_a_browser
@pytest.mark.usefixtures("chain_of_four")
def test_silence_of_the_hub_is_a_steady_banner_that_moves_nothing(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_test_id("store")).to_have_count(4)
    main_before = page.locator("main").bounding_box()
    refuse_with: list[int | None] = [None]

    def answer(route: Route) -> None:
        if refuse_with[0] is None:
            route.abort()
        else:
            route.fulfill(status=refuse_with[0], body="{}")

    page.route("**/api/live", answer)
    connection = page.get_by_test_id("connection")
    expect(connection).to_have_attribute("data-state", "silent")
    expect(connection).to_contain_text("The hub does not answer")
    assert page.locator("main").bounding_box() == main_before
    expect(page.get_by_test_id("store")).to_have_count(4)
    refuse_with[0] = 503
    expect(connection).to_contain_text("The hub cannot read its data right now")
    page.unroute("**/api/live")
    expect(connection).to_have_attribute("data-state", "live")


@in_a_browser
def test_a_hidden_page_asks_nothing(page: Page) -> None:
    asked: list[str] = []
    page.clock.install()
    page.goto("/")
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    expect(page.get_by_test_id("lag-summary")).not_to_be_empty()
    page.evaluate(HIDDEN_OR_SEEN, True)
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []
    with page.expect_request("**/api/live"), page.expect_request("**/api/live/lag"):
        page.evaluate(HIDDEN_OR_SEEN, False)
    with page.expect_request("**/api/live"):
        page.clock.run_for(2_000)
