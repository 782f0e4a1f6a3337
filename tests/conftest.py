"""What all tests share: Hypothesis without deadlines, and a real browser.

On a loaded machine a slow example says nothing about the code; the number of examples bounds the time.
"""

import shutil
from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

settings.register_profile("tillsync", deadline=None)
settings.load_profile("tillsync")

LAUNCH_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    executable = shutil.which("chromium")
    assert executable is not None, "needs chromium; './run test' installs it, or type: apt-get install -y chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=list(LAUNCH_ARGUMENTS))
        yield started
        started.close()
