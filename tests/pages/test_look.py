"""The look that both pages share: its colours can be read on light and on dark, and nothing comes from outside."""

import re
from pathlib import Path

import pytest

from edge_node.api.app import PAGES as TILL
from hub.api.console import PAGES as CONSOLE
from provisioning import look

AA_TEXT_MIN = 4.5
AA_PART_MIN = 3.0
THEMES = ("light", "dark")
GROUNDS = ("ground", "surface", "sunken")

TEXT_ON = [
    *[(text, ground) for text in ("ink", "ink-soft", "accent", "done", "warn", "error") for ground in GROUNDS],
    *[(f"series-{n}", "surface") for n in range(1, 6)],
    *[(text, "accent-soft") for text in ("ink", "ink-soft", "accent-ink", "done", "warn", "error")],
    ("done", "done-soft"),
    ("warn", "warn-soft"),
    ("error", "error-soft"),
    *[("on-fill", fill) for fill in ("fill", "fill-pressed", "error-fill", "error-fill-pressed")],
    *[(text, "bar") for text in ("bar-ink", "bar-soft")],
]
PARTS_ON = [("edge", ground) for ground in (*GROUNDS, "accent-soft")] + [("accent", ground) for ground in GROUNDS]


def tokens() -> dict[str, tuple[str, str]]:
    """Read the colours of the stylesheet: name → (on light, on dark)."""
    css = (look.STATIC / "look.css").read_text(encoding="utf-8")
    pairs = re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", css)
    single = re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", css)
    return {name: (light, dark) for name, light, dark in pairs} | {name: (color, color) for name, color in single}


def luminance(color: str) -> float:
    shares = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read_on_every_ground_it_stands_on(theme: str) -> None:
    colors = {name: pair[THEMES.index(theme)] for name, pair in tokens().items()}
    found = {f"{text} on {ground}": round(contrast(colors[text], colors[ground]), 2) for text, ground in TEXT_ON}
    assert {pair: value for pair, value in found.items() if value < AA_TEXT_MIN} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_the_edges_of_controls_can_be_seen(theme: str) -> None:
    colors = {name: pair[THEMES.index(theme)] for name, pair in tokens().items()}
    found = {f"{part} on {ground}": round(contrast(colors[part], colors[ground]), 2) for part, ground in PARTS_ON}
    assert {pair: value for pair, value in found.items() if value < AA_PART_MIN} == {}


def files() -> list[Path]:
    return [path for folder in (look.STATIC, TILL, CONSOLE) for path in sorted(folder.iterdir()) if path.is_file()]


@pytest.mark.parametrize("path", files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_file_of_the_pages_names_no_outside_address_and_is_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert re.search(r"(https?:)?//[a-z0-9]", text) is None
    assert len(text.splitlines()) <= 340


@pytest.mark.parametrize("path", [path for path in files() if path.suffix == ".css"], ids=lambda path: path.name)
def test_colours_are_named_in_the_look_and_nowhere_else(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    outside_of_tokens = (
        re.sub(r"^  --[a-z0-9-]+: .*;$", "", text, flags=re.MULTILINE) if path.name == "look.css" else text
    )
    assert re.findall(r"#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(", outside_of_tokens) == []


@pytest.mark.parametrize("folder", [look.STATIC, TILL, CONSOLE], ids=["look", "till", "console"])
def test_every_icon_that_is_asked_for_is_drawn(folder: Path) -> None:
    drawn = set(re.findall(r'<symbol id="icon-([a-z]+)"', (look.STATIC / "icons.svg").read_text(encoding="utf-8")))
    asked: set[str] = set()
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r'\bicon\("([a-z]+)"', text)) | set(re.findall(r'href="#icon-([a-z]+)"', text))
        asked |= set(re.findall(r'\bicon: "([a-z]+)"', text))
    assert asked <= drawn
