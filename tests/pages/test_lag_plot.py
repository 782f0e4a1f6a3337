"""The plot of lag on the console, and how the console looks: few stores or many, online or dark, pointer or keys."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import delete

from hub.api.live.lag import LOOK_EVERY_MS
from hub.api.stores.repository import create_store
from hub.storage.tables import contacts
from tests.hub.api.chain import Sale
from tests.hub.api.conftest import Hub
from tests.pages.watched_page import DESK, PHONE, TILL, Look, watched

LOOKS = [
    Look("zh", "light", DESK),
    Look("en", "dark", DESK),
    Look("en", "light", TILL),
    Look("zh", "dark", PHONE),
]


DARK_AFTER_MS = 60_000
HEARD_EVERY_LOOKS = 10


def let_time_pass(hub: Hub, heard: list[str], looks: int) -> None:
    for look in range(looks):
        hub.clock.now_ms += LOOK_EVERY_MS
        if look % HEARD_EVERY_LOOKS == 0:
            hub.chain.deliver(*heard)
        hub.api.state.parts.lags.look(hub.clock.now_ms)


@pytest.fixture
def three_stores(make_hub: Callable[..., Hub]) -> Hub:
    """Three stores over ten minutes; the second fell silent in the middle, the third did and came back."""
    hub = make_hub(dark_after_ms=DARK_AFTER_MS)
    for store, name in (("a", "南京路店"), ("b", "静安寺店"), ("c", "人民广场店")):
        hub.create_store(store, name)
    member = hub.chain.node("a").enrol(card="VIP0001", name="张丽")
    for number in range(12):
        hub.chain.node("a").sell(Sale(member=member, total_minor=3_600 + number, points_earned=36))
    let_time_pass(hub, ["a", "b", "c"], looks=60)
    let_time_pass(hub, ["a"], looks=30)
    let_time_pass(hub, ["a", "c"], looks=30)
    return hub


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_a_dark_store_is_told_by_number_name_line_and_word(browser: Browser, three_stores: Hub, look: Look) -> None:
    in_chinese = look.language == "zh"
    with watched(browser, str(three_stores.http.base_url), look) as page:
        expect(page["connection"]).to_have_attribute("data-state", "live")
        expect(page["lag-line"]).to_have_count(3)
        dark = page.page.locator("[data-testid=lag-line][data-store=b]")
        expect(dark).to_have_attribute("data-dark", "true")
        assert dark.locator(".line").evaluate("line => getComputedStyle(line).strokeDasharray") != "none"
        expect(dark.locator(".mark-number")).to_have_text("1")
        expect(page["lag-legend"].locator("li").first).to_contain_text("失联" if in_chinese else "Dark")
        expect(page["lag-summary"]).to_contain_text("静安寺店 5 分" if in_chinese else "静安寺店 5 min")
        page.show("console")


def test_the_axes_name_times_and_durations_with_their_units(browser: Browser, three_stores: Hub) -> None:
    with watched(browser, str(three_stores.http.base_url), LOOKS[1]) as page:
        expect(page["lag-line"]).to_have_count(3)
        ticks = page["lag-plot"].locator(".tick").all_text_contents()
        assert {"0", "5 s", "1 min", "5 min"} <= set(ticks)
        assert len([tick for tick in ticks if re.fullmatch(r"\d\d:\d\d", tick)]) >= 3
        expect(page["lag-plot"]).to_contain_text("log scale")


def test_what_is_pointed_at_is_read_out_by_pointer_and_by_keys(browser: Browser, three_stores: Hub) -> None:
    with watched(browser, str(three_stores.http.base_url), LOOKS[1]) as page:
        plot = page["lag-plot"]
        expect(page["lag-line"]).to_have_count(3)
        expect(plot).to_have_attribute("aria-valuenow", "119")
        plot.hover(position={"x": 300, "y": 90})
        expect(page["lag-readout"]).to_contain_text("静安寺店")
        page.show("console-readout")
        plot.focus()
        page.press("End")
        expect(page["lag-readout"]).to_contain_text("5 min")
        expect(plot).to_have_attribute("aria-valuetext", re.compile("静安寺店 5 min"))
        page.press("Home")
        expect(plot).to_have_attribute("aria-valuenow", "0")
        expect(plot).to_have_attribute("aria-valuetext", re.compile("静安寺店 0"))
        page.press("ArrowRight", "ArrowRight")
        expect(plot).to_have_attribute("aria-valuenow", "2")


@pytest.fixture
def three_hundred_stores(hub: Hub) -> Hub:
    """Three hundred stores, forty of which fell silent; all but seven came back. Written at once."""

    def hear(stores: list[str]) -> None:
        with hub.context.database.write() as connection:
            rows = [{"actor": f"{store}-1", "last_contact_ms": hub.clock.now_ms, "last_entry": 0} for store in stores]
            connection.execute(delete(contacts).where(contacts.c.actor.in_([row["actor"] for row in rows])))
            connection.execute(contacts.insert(), rows)

    stores = [f"s{n:03d}" for n in range(300)]
    with hub.context.database.write() as connection:
        for n, store in enumerate(stores):
            assert create_store(connection, 1, store, f"第 {n} 分店", hub.clock.now_ms)
    for heard in [stores] * 3 + [stores[40:]] * 8 + [stores[7:]] * 4:
        hub.clock.now_ms += LOOK_EVERY_MS
        hear(heard)
        hub.api.state.parts.lags.look(hub.clock.now_ms)
    return hub


@pytest.mark.parametrize("look", [LOOKS[0], Look("en", "light", PHONE)], ids=str)
def test_of_three_hundred_stores_the_worst_have_names_and_the_rest_are_a_band(
    browser: Browser, three_hundred_stores: Hub, look: Look
) -> None:
    with watched(browser, str(three_hundred_stores.http.base_url), look) as page:
        expect(page["lag-line"]).to_have_count(5)
        expect(page["lag-plot"].locator("path.band")).to_have_count(1)
        expect(page["lag-plot"].locator("path.median")).to_have_count(1)
        expect(page["lag-summary"]).to_contain_text("300")
        page.show("console-300-stores")


def test_a_hub_that_falls_silent_leaves_the_plot_and_says_so(browser: Browser, three_stores: Hub) -> None:
    with watched(browser, str(three_stores.http.base_url), LOOKS[0]) as page:
        expect(page["lag-line"]).to_have_count(3)
        page.page.route("**/api/live**", lambda route: route.fulfill(status=404, body="{}"))
        expect(page["connection"]).to_have_attribute("data-kind", "warning")
        page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # asks at once
        expect(page["lag-summary"]).to_contain_text("暂时读不到")
        expect(page["lag-line"]).to_have_count(3)
        page.show("console-silent")


def test_the_console_changes_between_light_and_dark_and_keeps_it(browser: Browser, three_stores: Hub) -> None:
    with watched(browser, str(three_stores.http.base_url), LOOKS[0]) as page:
        expect(page["store"]).to_have_count(3)
        page["theme-switch"].click()
        expect(page.page.locator("html")).to_have_attribute("data-theme", "dark")
        page.page.reload()
        expect(page.page.locator("html")).to_have_attribute("data-theme", "dark")
