"""Bounds on the size of files and functions, and on a few habits."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
PACKAGES = ("sync_protocol", "loyalty", "pos_drivers", "provisioning", "edge_node", "hub", "simulators", "tests")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_and_its_functions_are_short_enough(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= FILE_LINES_MAX
    long = [
        f"{node.name}: {(node.end_lineno or 0) - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_lock_file_carries_no_addresses_and_a_hash_for_everything() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    packages = re.findall(r"^[a-z0-9._-]+==", text, re.MULTILINE | re.IGNORECASE)
    blocks = re.split(r"\n(?=[A-Za-z0-9._-]+==)", text)
    assert len(packages) > 20
    assert all("--hash=sha256:" in block for block in blocks)


def test_no_room_has_a_name_that_says_nothing() -> None:
    forbidden = {"utils", "helpers", "common", "manager", "data", "info", "process"}
    assert [str(path) for path in FILES if path.stem in forbidden] == []
