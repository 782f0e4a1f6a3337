"""The till page in a real browser, by keyboard alone."""

import pytest
from playwright.sync_api import Browser

from simulators.demo.chain import Chain
from tests.integration.conftest import eventually


@pytest.mark.slow
@pytest.mark.parametrize(("language", "pay_word", "change"), [("zh", "收款", "¥4.00"), ("en", "Pay", "¥4.00")])
def test_a_sale_is_made_by_keyboard_alone(
    chain: Chain, browser: Browser, language: str, pay_word: str, change: str
) -> None:
    till = chain.node_client("store1")
    before = till.get("/api/status")["last_entry"]
    page = browser.new_page(viewport={"width": 1024, "height": 768})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{chain.nodes['store1'].command.address}/?lang={language}")
    assert pay_word in page.get_by_test_id("pay").inner_text()
    page.get_by_test_id("entry").fill("3*tea")
    page.keyboard.press("Enter")
    page.get_by_test_id("line").wait_for()
    assert page.get_by_test_id("total").inner_text() == "¥36.00"
    page.keyboard.press("F9")
    page.get_by_test_id("view-pay").wait_for()
    page.keyboard.press("1")
    page.keyboard.press("Control+A")
    page.keyboard.type("40.00", delay=70)
    page.keyboard.press("Enter")
    page.get_by_test_id("view-result").wait_for()
    assert page.get_by_test_id("change").inner_text() == change
    assert till.get("/api/status")["last_entry"] == before + 1
    page.keyboard.press("Enter")
    page.get_by_test_id("view-sale").wait_for()
    assert page.evaluate("document.activeElement.dataset.testid") == "entry"
    page.close()
    assert errors == []


@pytest.mark.slow
def test_an_offline_till_shows_a_steady_banner_and_the_console_who_is_dark(chain: Chain, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{chain.nodes['store2'].command.address}/?lang=en")
    banner = page.get_by_test_id("connection")
    page.locator("[data-testid=connection][data-state=online]").wait_for()
    chain.links["store2"].cut()
    try:
        page.locator("[data-testid=connection][data-state=offline]").wait_for()
        assert "as of" in banner.inner_text().lower()
        page.goto(f"{chain.hub.command.address}/?lang=en")
        page.get_by_text("dark", exact=False).first.wait_for()
    finally:
        chain.links["store2"].mend()
        page.close()
    eventually(lambda: chain.is_ready("store2"), "store 2 comes back")
