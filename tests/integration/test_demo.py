"""The demo as a person starts it, and replays of recorded baskets."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

KEYS = {
    "stores",
    "receipts_committed",
    "receipts_at_hub",
    "receipts_missing",
    "receipts_doubled",
    "outbox_left",
    "members",
    "balances_equal",
    "points_made",
    "points_used",
    "points_balance",
    "spends_refused_offline",
    "commit_ms",
    "visible_ms",
    "wall_s",
}


def run_demo(directory: Path, *options: str) -> tuple[dict[str, Any], Path]:
    """Run the demo once; return its report and the folder of its exports."""
    report, out = directory / "report.json", directory / "out"
    command = [
        sys.executable,
        "-m",
        "simulators.cli",
        "demo",
        "--once",
        f"--json={report}",
        f"--export={out}",
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(report.read_text(encoding="utf-8")), out


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def assert_nothing_amiss(report: dict[str, Any]) -> None:
    assert report["problems"] == []
    assert (report["receipts_missing"], report["receipts_doubled"], report["outbox_left"]) == (0, 0, 0)
    assert report["balances_equal"] is True
    assert report["receipts_at_hub"] == report["receipts_committed"]
    assert report["points_balance"] == report["points_made"] - report["points_used"]


def test_demo_once_reports_that_nothing_is_missing(tmp_path: Path) -> None:
    report, out = run_demo(tmp_path, "--receipts=1500", "--rate=0")
    assert report.keys() >= KEYS
    assert_nothing_amiss(report)
    assert (report["stores"], report["receipts_committed"]) == (3, 1500)
    assert report["spends_refused_offline"] >= 1
    assert report["points_used"] > 0
    stores = read_csv(out / "stores.csv")
    assert sum(int(row["receipts"]) for row in stores) == 1500
    members = read_csv(out / "members.csv")
    assert len(members) == report["members"]
    assert sum(int(row["points_balance"]) for row in members) == report["points_balance"]


def test_demo_replays_mapped_baskets_and_lists_what_it_rejects(tmp_path: Path) -> None:
    recording = tmp_path / "sold.csv"
    recording.write_text(
        "ticket,shop,sold_at,sku,qty,net,card\n"
        "1,North,2024-05-01T10:00:00+02:00,A,2,3.50,K1\n"
        "1,North,2024-05-01T10:00:00+02:00,B,0,1.00,K1\n"
        "2,North,2024-05-01T10:05:00+02:00,A,-1,-1.75,\n"
        "3,South,2024-05-01T11:00:00+02:00,GAS,12345.678,40.01,K1\n"
        "4,South,2024-05-01T11:00:00+02:00,A,many,1.00,K2\n",
        encoding="utf-8",
    )
    columns = "basket=ticket,store=shop,time=sold_at,code=sku,quantity=qty,amount=net,member=card"
    report, out = run_demo(tmp_path, f"--baskets={recording}", f"--map={columns}", "--receipts=0", "--stores=2")
    assert_nothing_amiss(report)
    assert report["receipts_committed"] == 3
    assert any("1 rows rejected" in note for note in report["notes"])
    assert {row["store"]: (row["receipts"], row["net_minor"]) for row in read_csv(out / "stores.csv")} == {
        "North": ("2", "275"),
        "South": ("1", "4001"),
    }
    assert [row["external_id"] for row in read_csv(out / "members.csv")] == ["K1"]


def test_demo_stops_cleanly_at_ctrl_c(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simulators.cli", "demo", "--receipts=60", f"--directory={tmp_path / 'demo'}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as demo:
        assert demo.stdout is not None
        shown = ""
        for line in demo.stdout:
            shown += line
            if "Ctrl-C stops everything" in line:
                demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0, shown
    assert re.search(r"hub console\s+http://127", shown)
    assert shown.count("till page") >= 3
    ours = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True, check=False).stdout
    assert ours == ""


def test_options_that_do_not_fit_say_what_to_do(tmp_path: Path) -> None:
    for options, words in (
        (["--preset=journey"], "--baskets"),
        ([f"--baskets={tmp_path}"], "transactions.csv"),
        ([f"--directory={tmp_path.parent}"], "not empty"),
    ):
        command = [sys.executable, "-m", "simulators.cli", "demo", "--once", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode != 0
        assert words in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.real_data
@pytest.mark.slow
def test_journey_of_the_five_busiest_stores_is_kept_to_the_cent(tmp_path: Path) -> None:
    data = Path(os.environ["TILLSYNC_DATA"])
    report, out = run_demo(tmp_path, f"--baskets={data / 'cj'}", "--preset=journey", "--stores=5", "--receipts=0")
    assert_nothing_amiss(report)
    assert report["baskets_failed"] == 0
    expected = {row["store_id"]: row for row in read_csv(data / "expected" / "cj" / "store_summary.csv")}
    found = read_csv(out / "stores.csv")
    assert len(found) == 5
    for row in found:
        wanted = expected[row["store"]]
        assert row["receipts"] == wanted["baskets"]
        assert int(row["net_minor"]) == round(float(wanted["revenue"]) * 100)


@pytest.mark.real_data
@pytest.mark.slow
def test_online_retail_keeps_credit_notes_and_huge_quantities_to_the_penny(tmp_path: Path) -> None:
    data = Path(os.environ["TILLSYNC_DATA"])
    options = (f"--baskets={data / 'uci'}", "--preset=online-retail", "--stores=6", "--receipts=1200")
    report, out = run_demo(tmp_path, *options)
    assert_nothing_amiss(report)
    assert report["baskets_failed"] == 0
    assert report["receipts_committed"] == 1200
    assert any(row["store"] == "United Kingdom" for row in read_csv(out / "stores.csv"))
