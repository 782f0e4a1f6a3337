"""The hub's command: what keeps it from running is said in a sentence; jobs; the embedded broker."""

import socket
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, insert, select, text

from hub.cli import main
from hub.context import HubContext, open_context
from hub.jobs import attempt_job, note_dark_stores
from hub.settings import HubSettings, load_settings
from hub.storage.tables import actors, alarms, contacts
from sync_protocol.entries import chain_start
from sync_protocol.hub_ports import StoreUnavailable


@pytest.mark.parametrize("option", ["--http-port", "--embedded-broker-port"])
def test_a_port_in_use_is_told_without_a_traceback(option: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        other = "--embedded-broker-port" if option == "--http-port" else "--http-port"
        done = CliRunner().invoke(main, ["all", f"--directory={tmp_path}", option, port, other, "0"])
    assert done.exit_code == 1
    assert port in done.output
    assert "Traceback" not in done.output
    assert done.output.splitlines()[-1].startswith("Error: ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["worker"], "--broker"),
        (["all", "--http-port", "70000"], "http_port"),
        (["all", "--broker", "http://x"], "mqtt://HOST:PORT"),
        (["all", "--database", "nonsense"], "URL"),
    ],
)
def test_settings_that_cannot_be_used_are_named(arguments: list[str], words: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, [*arguments, f"--directory={tmp_path}"])
    assert done.exit_code == 1
    assert words in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "url",
    [
        "mysql://tillsync:hunter2@127.0.0.1/tillsync",
        "postgresql+asyncpg://tillsync:hunter2@127.0.0.1/tillsync",
        "tillsync:hunter2@127.0.0.1",
        "postgresql+psycopg://tillsync:hunter2@127.0.0.1:port/tillsync",
    ],
)
@pytest.mark.parametrize("role", ["all", "api", "jobs"])
def test_a_database_url_that_cannot_be_used_is_refused_without_its_password(
    role: str, url: str, tmp_path: Path
) -> None:
    done = CliRunner().invoke(main, [role, f"--directory={tmp_path}", "--database", url])
    assert done.exit_code == 1
    assert "the database's URL cannot be used" in done.output
    assert "postgresql+psycopg://USER@HOST:PORT/DATABASE" in done.output
    assert "hunter2" not in done.output
    assert "Traceback" not in done.output


def test_a_database_of_a_newer_version_is_refused_by_name_and_left_alone(tmp_path: Path) -> None:
    opened = open_context(HubSettings(directory=tmp_path))
    with opened.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    opened.close()
    done = CliRunner().invoke(main, ["api", f"--directory={tmp_path}", "--http-port=0"])
    assert done.exit_code == 1
    assert "was written by a newer Tillsync: its schema is 9999" in done.output
    assert "Install the newer version" in done.output


def test_a_database_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hub.db").write_text("this is a text file, long enough to be looked at" * 40, encoding="utf-8")
    done = CliRunner().invoke(main, ["api", f"--directory={tmp_path}", "--http-port=0"])
    assert done.exit_code == 1
    assert "not a database" in done.output
    assert "Traceback" not in done.output


def test_a_job_without_its_database_waits_for_its_next_turn(
    context: HubContext, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", logger="hub")

    def job(_context: HubContext) -> None:
        raise StoreUnavailable("the server is gone")

    attempt_job(job, context)
    assert [vars(record)["job"] for record in caplog.records] == ["job"]
    counted = context.metrics.registry.get_sample_value("tillsync_hub_database_errors_total", {"part": "jobs"})
    assert counted == 1


def test_given_settings_go_before_the_environment_and_that_before_defaults() -> None:
    environment = {"TILLSYNC_HUB_HTTP_PORT": "9000", "TILLSYNC_HUB_DARK_AFTER_MS": "7000"}
    settings = load_settings(environment, http_port=9001)
    assert (settings.http_port, settings.dark_after_ms, settings.http_host) == (9001, 7000, "127.0.0.1")


@pytest.fixture
def context(tmp_path: Path) -> HubContext:
    """An opened hub with one store."""
    opened = open_context(HubSettings(directory=tmp_path, dark_after_ms=1_000))
    with opened.database.write() as connection:
        row = {"actor": "a-1", "store": "a", "incarnation": 1, "state": "active", "cursor": 0, "high_stamp": 0}
        connection.execute(insert(actors).values(**row, chain=chain_start("a-1")))
    return opened


def test_a_dark_store_raises_one_alarm_until_it_is_heard_again(context: HubContext) -> None:
    now_ms = time.time_ns() // 1_000_000
    assert note_dark_stores(context) == []
    with context.database.write() as connection:
        connection.execute(insert(contacts).values(actor="a-1", last_contact_ms=now_ms - 60_000))
    assert note_dark_stores(context) == ["a-1"]
    assert note_dark_stores(context) == []
    with context.database.write() as connection:
        connection.execute(contacts.update().values(last_contact_ms=now_ms))
    assert note_dark_stores(context) == []
    with context.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(alarms)).scalar_one() == 1
