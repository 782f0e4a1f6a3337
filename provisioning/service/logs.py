"""Logs of a service on its standard error: JSON lines for machines, plain lines at a terminal.

One rule: no personal data, ever. A message is a constant sentence, and what varies stands in named fields (`extra=`)
that never hold what a customer or a till gave. A trace tells where something went wrong and what kind of error it was,
but not the error's own words: those may repeat the input. Libraries are heard only as far as they follow the same rule.
"""

import logging
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, TextIO, TypeVar

import click
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

Command = TypeVar("Command", bound=Callable[..., Any])

AUTO: Final = "auto"
JSON: Final = "json"
TEXT: Final = "text"
FORMATS: Final = (AUTO, JSON, TEXT)
LEVELS: Final = ("debug", "info", "warning", "error")

OURS: Final = ("edge_node", "hub", "loyalty", "pos_drivers", "provisioning", "sync_protocol")
LIBRARIES: Final = ("alembic", "apscheduler", "asyncio", "paho", "uvicorn")
"""Libraries that name calls and never contents, so that they are heard at debug level when we are. All others may show
what was read or written (SQLAlchemy: statements with their values) and are never heard below `warning`."""

_HANDLER: Final = "tillsync"
_FRAMES_MAX: Final = 30
_ERRORS_MAX: Final = 10
_LEFT_OUT: Final = frozenset({*RESERVED_ATTRS, "color_message", "taskName"})


def log_options(command: Command) -> Command:
    """Give a command the options `--log-format` and `--log-level`."""
    level = click.option(
        "--log-level",
        type=click.Choice(LEVELS),
        default="info",
        show_default=True,
        envvar="TILLSYNC_LOG_LEVEL",
        show_envvar=True,
        help="From which level on is logged, to standard error.",
    )
    form = click.option(
        "--log-format",
        type=click.Choice(FORMATS),
        default=AUTO,
        show_default=True,
        envvar="TILLSYNC_LOG_FORMAT",
        show_envvar=True,
        help="json: one object per line; text: for people; auto: text at a terminal.",
    )
    return form(level(command))


def set_up_logs(form: str, level: str) -> None:
    """Send all logs of the process to standard error. Calling it again replaces what was set up before."""
    handler = _Stderr()
    handler.set_name(_HANDLER)
    is_text = form == TEXT or (form == AUTO and sys.stderr.isatty())
    handler.setFormatter(TextLines() if is_text else JsonLines())
    root = logging.getLogger()
    for known in [one for one in root.handlers if one.name == _HANDLER]:
        root.removeHandler(known)
    root.addHandler(handler)
    number = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(number, logging.WARNING))
    for name in OURS:
        logging.getLogger(name).setLevel(number)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(number if number == logging.DEBUG else max(number, logging.WARNING))
    logging.captureWarnings(True)


class _Stderr(logging.Handler):
    """Writes to what is standard error at that moment: tests and supervisors may change it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record as one line (a trace at a terminal: several)."""
        try:
            stream: TextIO = sys.stderr
            stream.write(self.format(record) + "\n")
            stream.flush()
        except (OSError, ValueError):
            self.handleError(record)


class _TracesWithoutValues(logging.Formatter):
    """Shows of an error its type, its code and its place."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        """Format an error and what led to it, the first one first."""
        return "\n".join(describe_error(ei[1])) if ei[1] is not None else ""


class JsonLines(_TracesWithoutValues, JsonFormatter):
    """One JSON object per line: time, level, logger, message, then the record's own fields, then a trace if any."""

    def __init__(self) -> None:
        super().__init__(
            "{levelname}{name}{message}",
            style="{",
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "trace"},
            reserved_attrs=sorted(_LEFT_OUT),
            json_ensure_ascii=False,
        )

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Put the time before everything else."""
        log_data["time"] = _time(record)
        super().add_fields(log_data, record, message_dict)
        log_data["message"] = _message(record)


class TextLines(_TracesWithoutValues):
    """A line for people: time, level, logger, message and fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        fields = {key: value for key, value in vars(record).items() if key not in _LEFT_OUT}
        named = "".join(f"  {key}={value}" for key, value in fields.items())
        line = f"{_time(record)} {record.levelname:<7} {record.name}: {_message(record)}{named}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    """Give a record's message; of a library only its first line: asyncio repeats the words of an error below it."""
    message = record.getMessage()
    return message if record.name.partition(".")[0] in OURS else message.partition("\n")[0]


def describe_error(error: BaseException) -> list[str]:
    """Describe an error for a log, line by line: types, codes and places, none of its words.

    The words of an error may repeat what somebody typed, so they have no place in a log.
    """
    chain: list[BaseException] = []
    present: BaseException | None = error
    while present is not None and len(chain) < _ERRORS_MAX:
        chain.append(present)
        present = present.__cause__ or (None if present.__suppress_context__ else present.__context__)
    lines: list[str] = []
    for one in reversed(chain):
        lines += _places(one.__traceback__)
        lines.append(f"{type(one).__module__}.{type(one).__qualname__}{_code(one)}")
    return lines


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-_FRAMES_MAX:]
    return [f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}' for frame in frames]


def _code(error: BaseException) -> str:
    """Give what the system or a database calls the error: words of its own, never of its input."""
    for name in ("strerror", "sqlite_errorname", "sqlstate"):
        value = getattr(error, name, None)
        if isinstance(value, str) and value:
            return f" ({value})"
    return ""
