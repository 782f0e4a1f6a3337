"""What the documents say is what the code does."""

import re
from pathlib import Path

import pytest

from tests.docs_tables import OPERATIONS, PATH, document, operations

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "sync_protocol" / "SPEC.md"])


def test_settings_and_help_in_the_docs_are_those_of_the_code() -> None:
    assert PATH.read_text(encoding="utf-8") == document(), "run: ./run exec python -m tests.docs_tables"


def test_metrics_in_the_docs_are_those_of_the_code() -> None:
    assert OPERATIONS.read_text(encoding="utf-8") == operations(), "run: ./run exec python -m tests.docs_tables"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    missing = [link for link in targets if "://" not in link and not (path.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("path", [ROOT / "ARCHITECTURE.md"], ids=["ARCHITECTURE.md"])
def test_files_named_in_the_architecture_exist(path: Path) -> None:
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]*(?:\.py|\.md)?)`", path.read_text(encoding="utf-8")))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_both_readmes_show_the_same_commands() -> None:
    commands = [
        re.findall(r"^(\./run[^#\n]*|curl[^\n]*)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
        for name in ("README.md", "README.zh-CN.md")
    ]
    assert [command.strip() for command in commands[0]] == [command.strip() for command in commands[1]]
