"""The bench runs, and says what it measured against what."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PARTS = {
    "protocol": {"entry_encode_us", "entry_decode_us", "hub_merge_us_per_cell", "receipt_bytes"},
    "edge": {"price_basket_p50_ms", "pay_p50_ms", "pay_p99_ms"},
}


@pytest.mark.slow
@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_part_reports_values_with_units_and_ratios(part: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "simulators.bench", part, f"--json={report}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found.keys() == {part}
    assert found[part].keys() >= PARTS[part]
    for name in PARTS[part]:
        metric = found[part][name]
        assert metric["value"] > 0
        assert metric["unit"]
        assert metric["ratio"] == pytest.approx(metric["value"] / metric["baseline"], rel=0.01)
        assert name in done.stdout


def test_an_unknown_part_or_revision_is_refused_with_the_names_that_are_known() -> None:
    for arguments, words in ((["nothing"], "protocol"), (["compare", "no-such-revision"], "cannot be checked out")):
        command = [sys.executable, "-m", "simulators.bench", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode != 0
        assert words in done.stderr
        assert "Traceback" not in done.stderr
