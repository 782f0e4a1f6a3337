"""Ending and waiting: signals, patience, parts that hang, and what is away."""

import signal
import subprocess
import sys
import threading

import pytest

from provisioning.broker_address import BrokerAddress
from provisioning.service import stopping as module
from provisioning.service.broker_life import BrokerLife
from provisioning.service.stopping import EXIT_STUCK, PATIENCE_S, Stopping, stop_within
from provisioning.service.waiting import JITTER_MIN, Backoff, when_available

PATIENCE_BEYOND_S = PATIENCE_S + 7

SERVICE = """
import sys, threading, time
from provisioning.service.logs import set_up_logs
from provisioning.service.stopping import Stopping, stop_within
set_up_logs("text", "info")
with Stopping() as stopping:
    print("up", flush=True)
    {body}
print("ended", flush=True)
"""


def run(body: str, *signals: int) -> "subprocess.CompletedProcess[str]":
    """Run a service in a process of its own, send it signals once it is up, and wait for its end."""
    command = [sys.executable, "-c", SERVICE.format(body=body)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    for number in signals:
        process.send_signal(number)
        if len(signals) > 1:
            assert process.stdout.readline() == "told\n" or number == signals[-1]
    out, err = process.communicate(timeout=PATIENCE_BEYOND_S)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_once_and_the_process_ends_well(number: signal.Signals) -> None:
    done = run("stopping.wait()", number)
    assert (done.returncode, done.stdout) == (0, "ended\n")
    assert done.stderr.count("stopping  reason=" + number.name) == 1


def test_a_second_signal_ends_at_once_though_the_main_thread_hangs() -> None:
    body = "stopping.on_stop(lambda: print('told', flush=True)); threading.Lock().__enter__(); time.sleep(600)"
    done = run(body, signal.SIGTERM, signal.SIGTERM)
    assert done.returncode == 128 + signal.SIGTERM
    assert "ended" not in done.stdout


def test_what_does_not_end_in_time_is_ended_hard_and_named() -> None:
    body = "threading.Thread(target=lambda: time.sleep(600), name='stuck-part').start(); time.sleep(600)"
    done = run(body, signal.SIGTERM)
    assert done.returncode == EXIT_STUCK
    assert "did not end in time" in done.stderr
    assert "stuck-part" in done.stderr


def test_an_error_that_nobody_caught_is_logged_without_its_words() -> None:
    done = run("threading.Thread(target=lambda: int('15400001234x')).start(); stopping.wait()", signal.SIGTERM)
    assert done.returncode == 0
    assert "a thread ended by an error that was not expected" in done.stderr
    assert "builtins.ValueError" in done.stderr
    assert "15400001234" not in done.stderr


def test_handlers_and_hooks_are_given_back() -> None:
    before = (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT), sys.excepthook, threading.excepthook)
    with Stopping() as stopping:
        assert signal.getsignal(signal.SIGTERM) is module._leave_to_the_listener
        assert not stopping.is_told()
    after = (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT), sys.excepthook, threading.excepthook)
    assert after == before


def test_whoever_asks_late_is_told_at_once() -> None:
    stopping, told = Stopping(), []
    stopping.on_stop(lambda: told.append("early"))
    stopping.tell("test")
    stopping.on_stop(lambda: told.append("late"))
    assert told == ["early", "late"]
    assert stopping.wait(0)


def test_a_part_that_hangs_is_left_behind_and_one_that_fails_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING", logger="provisioning")
    never = threading.Event()

    def hang() -> None:
        never.wait()

    def fail() -> None:
        raise ZeroDivisionError

    assert stop_within(5, "good part", lambda: None)
    assert not stop_within(0.05, "hanging part", hang)
    assert not stop_within(5, "failing part", fail)
    never.set()
    parts = [vars(record)["part"] for record in caplog.records]
    assert parts == ["hanging part", "failing part"]


def test_waits_double_up_to_a_bound_and_differ_by_chance() -> None:
    waits = Backoff(first_s=1, longest_s=8)
    found = [waits.next_s() for _ in range(8)]
    for wait_s, whole_s in zip(found, [1, 2, 4, 8, 8, 8, 8, 8], strict=True):
        assert whole_s * JITTER_MIN <= wait_s <= whole_s
    assert len(set(found[3:])) > 1


class Away(Exception):
    """What is wanted is away."""


def test_what_is_away_is_tried_again_and_each_attempt_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING", logger="provisioning")
    causes = ["starting up", "refused"]

    def attempt() -> str:
        if causes:
            raise Away(causes.pop())
        return "there"

    found = when_available(attempt, Away, Stopping(), what="the database", backoff=Backoff(0.001, 0.002))
    assert found == "there"
    assert [vars(record)["cause"] for record in caplog.records] == ["refused", "starting up"]
    assert {vars(record)["what"] for record in caplog.records} == {"the database"}


def test_waiting_ends_when_the_process_is_told_to_end() -> None:
    stopping = Stopping()

    def attempt() -> None:
        stopping.tell("test")
        raise Away

    assert when_available(attempt, Away, stopping, what="x", backoff=Backoff(600, 600)) is None


def test_another_error_is_not_waited_out() -> None:
    def attempt() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        when_available(attempt, Away, Stopping(), what="x")


def test_the_line_to_the_broker_is_told_once_per_change_and_cause(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="provisioning")
    life = BrokerLife(BrokerAddress("127.0.0.1", 1883))
    for cause in ("refused", "refused", "not authorized", "refused"):
        life.away(cause)
    life.connected()
    life.away("keep alive timeout")
    life.connected()
    life.left()
    assert [record.getMessage() for record in caplog.records] == [
        "no broker, trying again",
        "no broker, trying again",
        "connected to the broker",
        "lost the broker, trying again",
        "reconnected to the broker",
        "left the broker",
    ]
