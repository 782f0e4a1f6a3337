"""The till page in a real browser: by keyboard, touch and on a phone, online and not, in both languages and themes."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from simulators.demo.chain import Chain
from tests.integration.conftest import eventually
from tests.pages.watched_page import PHONE, TILL, Look, WatchedPage, has_focus, watched

LOOKS = [Look("zh", "light", TILL), Look("en", "dark", TILL)]
TOUCHED = [LOOKS[0], Look("zh", "dark", PHONE), Look("en", "light", PHONE)]

looks = pytest.mark.parametrize("look", LOOKS, ids=str)


@contextmanager
def till_page(browser: Browser, shops: Chain, look: Look, store: str = "store1") -> Iterator[WatchedPage]:
    with watched(browser, f"{shops.nodes[store].command.address}/", look) as page:
        expect(page["connection"]).to_have_attribute("data-state", "online")
        yield page


def enter(page: WatchedPage, text: str) -> None:
    page.type(text, "Enter")


def put_member(page: WatchedPage, phone: str) -> None:
    page.press("F2")
    enter(page, phone)
    expect(page["member-name"]).to_have_text("张丽")


@looks
def test_a_sale_is_made_by_keyboard_alone(browser: Browser, shops: Chain, look: Look) -> None:
    with till_page(browser, shops, look) as page:
        before = shops.status("store1")["last_entry"]
        has_focus(page, "entry")
        page.show("till-1-empty")
        page.type("ri")
        expect(page["result"]).to_have_count(1)
        page.show("till-2-search")
        page.press("Enter")
        expect(page["line"]).to_have_count(1)
        enter(page, "3*tea")
        expect(page["line"]).to_have_count(2)
        page.press("+", "ArrowUp", "Delete")
        expect(page["line"]).to_have_count(1)
        enter(page, "2900000000032")
        expect(page["total"]).to_have_text("¥52.50")
        page.show("till-3-basket")
        page.press("F9")
        expect(page["view-pay"]).to_be_visible()
        page.show("till-4-pay")
        page.press("1")
        has_focus(page, "entry")
        page.show("till-5-cash")
        enter(page, "60")
        expect(page["change"]).to_have_text("¥7.50")
        has_focus(page, "entry")
        page.show("till-6-done")
        assert shops.status("store1")["last_entry"] == before + 1
        page.press("F4")
        expect(page["view-receipts"].get_by_test_id("receipt-text")).to_contain_text("52.50")
        page.show("till-7-receipts")
        page.press("Escape")
        expect(page["basket-empty"]).to_be_visible()
        has_focus(page, "entry")


@looks
def test_a_coupon_is_used_and_points_are_spent(
    browser: Browser, shops: Chain, look: Look, enrolled: Callable[[], str]
) -> None:
    phone = enrolled()
    with till_page(browser, shops, look) as page:
        enter(page, "3*tea")
        put_member(page, phone)
        expect(page["member-spendable"]).to_contain_text("720")
        expect(page["member-spendable"]).to_contain_text("¥7.20")
        page.show("till-member")
        page.press("F3")
        expect(page["result"]).to_have_count(1)
        page.show("till-coupon-choice")
        page.press("ArrowDown", "Enter")
        expect(page["coupon"]).to_have_attribute("data-applied", "true")
        expect(page["total"]).to_have_text("¥31.00")
        page.show("till-coupon")
        page.press("F9", "3")
        expect(page["entry"]).to_have_value("7.20")
        page.show("till-points")
        enter(page, "7")
        expect(page["pay-due"]).to_have_text("¥24.00")
        page.press("1", "Enter")
        expect(page["points-used"]).to_have_text("700")
        expect(page["change"]).to_have_text("¥0.00")
        page.show("till-points-done")


@looks
def test_an_offline_till_refuses_what_it_has_no_rights_to_sells_on_and_comes_back(
    browser: Browser, shops: Chain, look: Look, enrolled: Callable[[], str]
) -> None:
    phone = enrolled()
    in_chinese = look.language == "zh"
    with till_page(browser, shops, look, "store2") as page:
        enter(page, "3*tea")
        put_member(page, phone)
        expect(page["member-balance"]).to_contain_text("720")
        expect(page["member-coupon"]).to_contain_text("向总部申请" if in_chinese else "head office is asked")
        work = page.page.locator("#work").bounding_box()
        shops.links["store2"].cut()
        try:
            sees_banner(page, in_chinese=in_chinese)
            assert page.page.locator("#work").bounding_box() == work  # nothing moved
            has_focus(page, "entry")
            page.show("till-offline")
            page.press("F9", "3")
            is_told(page, "离线" if in_chinese else "offline", "现金或银行卡" if in_chinese else "cash or card")
            page.show("till-refused-points")
            page.press("Escape", "F3", "ArrowDown", "Enter")
            is_told(
                page, "额度不在本店" if in_chinese else "another store", "联网后再试" if in_chinese else "when online"
            )
            has_focus(page, "entry")
            page.show("till-refused-coupon")
            page.press("F9", "1", "Enter")
            expect(page["view-result"]).to_contain_text("离线" if in_chinese else "offline")
            page.show("till-offline-done")
        finally:
            shops.links["store2"].mend()
        expect(page["connection"]).to_have_attribute("data-state", "online", timeout=15_000)
        page.press("Enter")
        expect(page["basket-empty"]).to_be_visible()
    eventually(lambda: shops.status("store2")["outbox_count"] == 0, "what was sold offline is sent")


def sees_banner(page: WatchedPage, *, in_chinese: bool) -> None:
    """The banner that a cut line brings: icon, words, and as of when the data is."""
    banner = page["connection"]
    expect(banner).to_have_attribute("data-state", "offline", timeout=15_000)
    expect(banner).to_contain_text("离线" if in_chinese else "Offline")
    expect(banner).to_contain_text(re.compile(r"截至 \d\d:\d\d" if in_chinese else r"as of \d\d:\d\d"))
    expect(banner.locator("svg")).to_have_count(1)


def is_told(page: WatchedPage, cause: str, next_step: str) -> None:
    """A refusal says why, and what to do."""
    expect(page["message"]).to_have_attribute("data-kind", "error")
    expect(page["message"].locator("strong")).to_contain_text(cause)
    expect(page["message"].locator("span")).to_contain_text(next_step)


@looks
def test_an_unknown_phone_is_enrolled_with_consent_and_a_sale_is_cancelled(
    browser: Browser, shops: Chain, look: Look
) -> None:
    phone = "13900000001" if look.language == "zh" else "13900000002"
    with till_page(browser, shops, look) as page:
        enter(page, "nothing-like-it")
        expect(page["message"]).to_have_attribute("data-kind", "error")
        page.show("till-unknown-item")
        page.press("F2")
        enter(page, phone)
        expect(page["enrol-phone"]).to_have_text(phone)
        page.show("till-enrol")
        enter(page, "王芳")
        expect(page["member-name"]).to_have_text("王芳")
        enter(page, "tea")
        expect(page["line"]).to_have_count(1)
        page.press("F8")
        expect(page["cancel-confirm"]).to_be_visible()
        page.show("till-cancel")
        page.press("Enter")
        expect(page["basket-empty"]).to_be_visible()


@pytest.mark.parametrize("look", TOUCHED, ids=str)
def test_a_sale_is_made_by_touch_alone(browser: Browser, shops: Chain, look: Look, enrolled: Callable[[], str]) -> None:
    phone = enrolled()
    with till_page(browser, shops, look) as page:
        page.tap("entry")
        page.type("tea")
        expect(page["result"]).to_have_count(1)
        page.tap("result")
        expect(page["line"]).to_have_count(1)
        page.tap("line-more")
        page.tap("line-more")
        expect(page["line-quantity"]).to_have_text("3")
        page.show("touch-1-basket")
        page.tap("add-member")
        page.type(phone)
        page.tap("entry-enter")
        expect(page["member-name"]).to_have_text("张丽")
        page.tap("key-coupon")
        page.tap("result")
        expect(page["total"]).to_have_text("¥31.00")
        page.show("touch-2-member")
        page.tap("pay")
        page.tap("tender-cash")
        for digit in "35":
            page.tap(f"amount-key-{digit}")
        page.tap("amount-key-erase")
        page.tap("amount-key-7")
        expect(page["entry"]).to_have_value("37")
        expect(page["pay-change"]).to_have_text("¥6.00")
        page.show("touch-3-cash")
        page.tap("pay-confirm")
        expect(page["change"]).to_have_text("¥6.00")
        page.show("touch-4-done")
        page.tap("key-receipts")
        expect(page["view-receipts"].get_by_test_id("receipt-text")).to_contain_text("31.00")
        page.show("touch-5-receipts")


def test_the_screen_keyboard_comes_up_for_the_field_and_for_nothing_else(browser: Browser, shops: Chain) -> None:
    with till_page(browser, shops, TOUCHED[-1]) as page:
        page.tap("key-member")
        has_focus(page, "entry")
        expect(page["entry"]).to_have_attribute("inputmode", "none")
        page.tap("entry")
        expect(page["entry"]).to_have_attribute("inputmode", "text")


def test_the_language_is_switched_in_the_middle_of_a_sale_and_kept(browser: Browser, shops: Chain) -> None:
    with till_page(browser, shops, LOOKS[0]) as page:
        enter(page, "3*tea")
        expect(page["line"]).to_contain_text("绿茶")
        page["language-switch"].click()
        expect(page.page.locator("html")).to_have_attribute("lang", "en")
        expect(page["line"]).to_contain_text("Tea")
        expect(page["pay"]).to_contain_text("Pay")
        has_focus(page, "entry")
        page.page.reload()
        expect(page["line"]).to_contain_text("Tea")
        page["language-switch"].click()
        expect(page["pay"]).to_contain_text("收款")


def test_dark_is_as_the_system_has_it_until_it_is_switched_and_then_kept(browser: Browser, shops: Chain) -> None:
    with till_page(browser, shops, LOOKS[0]) as page:
        light = ground(page)
        page.page.emulate_media(color_scheme="dark")
        dark = ground(page)
        assert light != dark
        page["theme-switch"].click()
        assert ground(page) == light
        page.page.reload()
        expect(page["connection"]).to_have_attribute("data-state", "online")
        assert ground(page) == light
        page["theme-switch"].click()
        page.page.emulate_media(color_scheme="light")
        assert ground(page) == light  # the choice was that of the system, so that it follows the system again


def ground(page: WatchedPage) -> str:
    return str(page.page.evaluate("getComputedStyle(document.body).backgroundColor"))
