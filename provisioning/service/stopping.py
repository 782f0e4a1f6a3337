"""Ending a service: by SIGTERM or Ctrl-C, in order, and in any case soon.

One rule: the first signal asks, and everything has `PATIENCE_S` to end well; the second signal, or the end of that
patience, ends the process at once. Every part keeps its promises through a hard end, too; ending well is a courtesy.
"""

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Final, Self

log = logging.getLogger(__name__)

PATIENCE_S: Final = 2.8
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
EXIT_STUCK: Final = 70
"""Exit code of a process that a part kept from ending well (EX_SOFTWARE of sysexits.h)."""

_SIGNAL_EXIT: Final = 128


class Stopping:
    """Tells whether the process was told to end; use it as a context manager around all of a service's life.

    Signals are read by a thread from a socket that the interpreter's own handler writes to, so that a main thread that
    hangs in a system call cannot keep a second signal from ending the process.
    """

    def __init__(self) -> None:
        self._told = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._ended = threading.Event()
        self._give_back = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Take over signals and errors that nobody caught. Call it on the main thread."""
        ear, mouth = socket.socketpair()
        mouth.setblocking(False)
        listener = threading.Thread(target=self._listen, args=(ear,), name="signals", daemon=True)
        listener.start()
        self._give_back.callback(listener.join)
        self._give_back.callback(mouth.close)  # the listener reads the end and stops
        self._give_back.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False))
        for number in SIGNALS:
            self._give_back.callback(signal.signal, number, signal.signal(number, _leave_to_the_listener))
        self._give_back.callback(_set_hooks, sys.excepthook, threading.excepthook)
        _set_hooks(_log_stray, _log_stray_of_thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give everything back."""
        self._ended.set()
        self._give_back.close()

    def is_told(self) -> bool:
        """Tell whether the process was told to end."""
        return self._told.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the process is told to end, at most so long; return whether it was."""
        return self._told.wait(seconds)

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Call `callback` (from another thread) once the process is told to end, at once if it was already."""
        with self._lock:
            if not self._told.is_set():
                self._callbacks.append(callback)
                return
        callback()

    def tell(self, reason: str) -> None:
        """Tell the process to end, without a limit of time."""
        with self._lock:
            if self._told.is_set():
                return
            self._told.set()
        log.info("stopping", extra={"reason": reason})
        for callback in self._callbacks:
            callback()

    def _listen(self, ear: socket.socket) -> None:
        with ear:
            while numbers := ear.recv(64):
                for number in numbers:
                    if number not in SIGNALS:
                        continue
                    if self._told.is_set():
                        os._exit(_SIGNAL_EXIT + number)
                    threading.Thread(target=self._watch, name="end-of-patience", daemon=True).start()
                    self.tell(signal.Signals(number).name)

    def _watch(self) -> None:
        if self._ended.wait(PATIENCE_S):
            return
        held_by = sorted(one.name for one in threading.enumerate() if not one.daemon)
        log.error("did not end in time, ended hard", extra={"threads": ", ".join(held_by)})
        os._exit(EXIT_STUCK)


def stop_within(patience_s: float, what: str, stop: Callable[[], None]) -> bool:
    """Stop one part of a service, waiting for it so long at most; return whether it ended well.

    What does not end is left behind: it must be a daemon thread's, and hold nothing that others wait for.
    """
    failures: list[BaseException] = []

    def run() -> None:
        try:
            stop()
        except BaseException as error:  # noqa: BLE001 - told below; the other parts must end, too
            failures.append(error)

    started_s = time.monotonic()
    thread = threading.Thread(target=run, name=f"stop {what}", daemon=True)
    thread.start()
    thread.join(patience_s)
    if failures:
        log.error("a part ended badly", extra={"part": what}, exc_info=failures[0])
    elif thread.is_alive():
        elapsed_ms = round((time.monotonic() - started_s) * 1_000)
        log.warning("a part does not end and is left behind", extra={"part": what, "waited_ms": elapsed_ms})
    return not failures and not thread.is_alive()


def _leave_to_the_listener(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the interpreter wrote the signal's number for the listener before it came here."""


def _set_hooks(of_process: Any, of_threads: Any) -> None:
    sys.excepthook, threading.excepthook = of_process, of_threads


def _log_stray(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    log.critical("ended by an error that was not expected", exc_info=(kind, error, trace))


def _log_stray_of_thread(arguments: threading.ExceptHookArgs) -> None:
    name = arguments.thread.name if arguments.thread is not None else ""
    log.critical(
        "a thread ended by an error that was not expected", extra={"of_thread": name}, exc_info=arguments.exc_value
    )
