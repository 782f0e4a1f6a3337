"""What stands in a log line, and what must not."""

import json
import logging
import sqlite3
import subprocess
import sys
from collections.abc import Iterator

import pytest

from provisioning.service.logs import LIBRARIES, OURS, JsonLines, TextLines, describe_error, set_up_logs

PHONE = "15400001234"


@pytest.fixture(autouse=True)
def _levels_as_before() -> Iterator[None]:
    names = [None, *OURS, *LIBRARIES]
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in names]
    handlers = list(logging.getLogger().handlers)
    yield
    for logger, level in before:
        logger.setLevel(level)
    logging.getLogger().handlers[:] = handlers


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def failure() -> BaseException:
    """An error whose words, and whose cause's words, are what a customer gave."""

    def fail() -> None:
        try:
            int(PHONE + "x")
        except ValueError as error:
            raise KeyError(PHONE) from error

    with pytest.raises(KeyError) as raised:
        fail()
    return raised.value


def test_a_line_is_one_object_with_time_level_logger_message_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json", "info")
    logging.getLogger("hub.sync").info("met the hub", extra={"actor": "a-1", "entries": 3, "name_zh": "一号店"})
    found = lines(capsys)
    assert list(found[0]) == ["time", "level", "logger", "message", "actor", "entries", "name_zh"]
    assert found[0] | {"time": ""} == {
        "time": "",
        "level": "INFO",
        "logger": "hub.sync",
        "message": "met the hub",
        "actor": "a-1",
        "entries": 3,
        "name_zh": "一号店",
    }
    assert len(str(found[0]["time"])) == len("2026-01-01T00:00:00.000Z")
    assert str(found[0]["time"]).endswith("Z")


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_trace_names_types_and_places_but_none_of_an_errors_words(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(form, "debug")
    logging.getLogger("edge_node").error("unexpected error", exc_info=failure())
    written = capsys.readouterr().err
    assert PHONE not in written
    assert "builtins.ValueError" in written
    assert "builtins.KeyError" in written
    assert "in failure" in written
    assert "test_service_logs.py" in written


def test_what_the_system_or_a_database_calls_an_error_is_shown() -> None:
    assert describe_error(FileNotFoundError(2, "No such file or directory", PHONE))[-1].endswith(
        "(No such file or directory)"
    )
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (x UNIQUE)")
    connection.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(sqlite3.IntegrityError) as raised:
        connection.execute("INSERT INTO t VALUES (1)")
    connection.close()
    assert describe_error(raised.value)[-1] == "sqlite3.IntegrityError (SQLITE_CONSTRAINT_UNIQUE)"


def test_of_a_library_only_the_first_line_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json", "debug")
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: ValueError(%r)", PHONE)
    assert [line["message"] for line in lines(capsys)] == ["Task exception was never retrieved"]


def test_libraries_that_show_values_are_not_heard_at_debug_level(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json", "debug")
    for name in ("sqlalchemy.engine", "httpx", "some.library"):
        logging.getLogger(name).info("INSERT %s", PHONE)
    logging.getLogger("hub.api").debug("heard")
    logging.getLogger("apscheduler.scheduler").debug("heard, too")
    assert [line["message"] for line in lines(capsys)] == ["heard", "heard, too"]


def test_setting_logs_up_again_replaces_what_was_set_up(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json", "info")
    set_up_logs("text", "warning")
    logging.getLogger("hub").info("not heard")
    logging.getLogger("hub").warning("heard", extra={"code": "x"})
    written = capsys.readouterr().err.splitlines()
    assert len(written) == 1
    assert written[0].endswith("WARNING hub: heard  code=x")


def test_a_terminal_gets_lines_for_people_and_a_file_gets_json() -> None:
    program = "from provisioning.service.logs import set_up_logs; import logging; set_up_logs('auto', 'info'); "
    program += "logging.getLogger('hub').info('hello')"
    piped = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stderr
    assert json.loads(piped)["message"] == "hello"
    script = ["script", "-qec", f'{sys.executable} -c "{program}"', "/dev/null"]
    at_terminal = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    assert at_terminal.strip().endswith("INFO    hub: hello")


def test_both_forms_format_a_record_without_extras() -> None:
    record = logging.LogRecord("hub", logging.INFO, "x.py", 1, "hello %s", ("you",), None)
    assert json.loads(JsonLines().format(record))["message"] == "hello you"
    assert TextLines().format(record).endswith("INFO    hub: hello you")
