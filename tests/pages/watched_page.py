"""A page of a real browser that is watched: what it asks for, what it complains of, and how each of its states looks.

One rule: every state that is photographed is also checked. The pictures lie in `build/screenshots/` for people to see.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

HERE: Final = Path(__file__).parent
SCREENSHOTS: Final = HERE.parent.parent / "build" / "screenshots"
AA_CONTRAST_MIN: Final = 4.5
TARGET_PX_MIN: Final = 44
CONTRASTS: Final = (HERE / "contrasts.js").read_text(encoding="utf-8")
FAULTS: Final = (HERE / "faults.js").read_text(encoding="utf-8")

_REFUSALS: Final = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
"""What Chromium says of every refusal, also of one that the page is made for."""


class Room(NamedTuple):
    """The screen a page is on."""

    name: str
    width: int
    height: int
    touch: bool = False


TILL: Final = Room("till", 1024, 768, touch=True)
DESK: Final = Room("desk", 1440, 900)
PHONE: Final = Room("phone", 390, 844, touch=True)


class Look(NamedTuple):
    """In which language, on light or dark, and on which screen a page is shown."""

    language: str
    theme: str
    room: Room

    def __str__(self) -> str:
        return f"{self.language}-{self.theme}-{self.room.name}"


class WatchedPage:
    """One page and what was noticed on it."""

    def __init__(self, page: Page, look: Look) -> None:
        self.page = page
        self.look = look
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        page.on("console", self._note_console)
        page.on("request", lambda request: self._note_request(request.url))

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _REFUSALS.match(message.text):
            self.complaints.append(f"console: {message.text}")

    def _note_request(self, url: str) -> None:
        if urlsplit(url).hostname != "127.0.0.1":
            self.complaints.append(f"asks outside: {url}")

    def __getitem__(self, testid: str) -> Locator:
        """Find a part by its test id."""
        return self.page.get_by_test_id(testid)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str, *then: str) -> None:
        """Type on the keyboard, wherever the focus is, then press keys."""
        self.page.keyboard.insert_text(text)
        self.press(*then)

    def tap(self, testid: str) -> None:
        """Touch a part."""
        self[testid].first.tap()

    def show(self, state: str) -> None:
        """Photograph a state and check it: nothing sticks out or is too small, all text can be read."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{state}-{self.look}.png", animations="disabled")
        faults = self.page.evaluate(FAULTS, TARGET_PX_MIN)
        assert not faults, faults
        faint = [one for one in self.page.evaluate(CONTRASTS) if one["contrast"] < AA_CONTRAST_MIN]
        assert not faint, faint


@contextmanager
def watched(browser: Browser, address: str, look: Look) -> Iterator[WatchedPage]:
    """Open a page in a browser of its own; what it complained of fails the test at the end."""
    context = browser.new_context(
        viewport={"width": look.room.width, "height": look.room.height},
        color_scheme="dark" if look.theme == "dark" else "light",
        has_touch=look.room.touch,
        is_mobile=look.room is PHONE,
        locale="zh-CN" if look.language == "zh" else "en-GB",
        timezone_id="Asia/Shanghai",
    )
    try:
        page = WatchedPage(context.new_page(), look)
        page.page.goto(address)
        yield page
        assert not page.complaints, page.complaints
    finally:
        context.close()


def has_focus(page: WatchedPage, testid: str) -> None:
    """See to it that a part has the focus."""
    expect(page[testid]).to_be_focused()
