"""The sentences of both pages: both languages have the same, and none that a page asks for is missing."""

import re
from pathlib import Path

import pytest

from edge_node.api.app import PAGES as TILL
from hub.api.console import PAGES as CONSOLE

PAGES = pytest.mark.parametrize("folder", [TILL, CONSOLE], ids=["till", "console"])


def sentences(folder: Path, language: str) -> dict[str, str]:
    """Read the table of one language."""
    table = (folder / f"texts_{language}.js").read_text(encoding="utf-8")
    found = re.findall(r'^  "([a-z.-]+)":\s*"(.*)",$', table, re.MULTILINE)
    assert len(found) == len(dict(found)) == table.count('":'), "one key twice, or a line that is read by nobody"
    return dict(found)


@PAGES
def test_every_sentence_stands_in_both_languages_with_the_same_values(folder: Path) -> None:
    chinese, english = sentences(folder, "zh"), sentences(folder, "en")
    assert chinese.keys() == english.keys()
    values = {key: (values_of(chinese[key]), values_of(english[key])) for key in chinese}
    assert {key: pair for key, pair in values.items() if pair[0] != pair[1]} == {}
    assert len(chinese) > 30


def values_of(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


@PAGES
def test_no_sentence_that_a_page_asks_for_by_its_whole_key_is_missing(folder: Path) -> None:
    html = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.html"))
    asked = set(re.findall(r'data-text(?:-label|-title)?="([a-z.-]+)"', html))
    for script in folder.glob("*.js"):
        asked |= set(re.findall(r'(?:text|note)\("([a-z.-]+)"', script.read_text(encoding="utf-8")))
    assert asked <= sentences(folder, "zh").keys()
    assert len(asked) > 30


@PAGES
def test_english_sentences_hold_no_chinese_and_chinese_ones_do(folder: Path) -> None:
    assert [key for key, sentence in sentences(folder, "en").items() if re.search(r"[一-鿿]", sentence)] == []
    assert sum(bool(re.search(r"[一-鿿]", sentence)) for sentence in sentences(folder, "zh").values()) > 30
