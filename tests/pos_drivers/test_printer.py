"""POSPrinter on a real pseudo-terminal: printing, states, unplugging, back-off."""

import threading

import pytest

from pos_drivers import (
    Align,
    Backoff,
    Columns,
    Cut,
    DeviceBusyError,
    DeviceClosedError,
    DeviceOfflineError,
    DeviceTimeoutError,
    DrawerPulse,
    Element,
    NoHardwareError,
    Port,
    PortSettings,
    POSPrinter,
    PrinterState,
    Text,
    encode,
    open_port,
)
from simulators.devices.escpos_events import DrawerOpened, PaperCut
from simulators.devices.escpos_printer import SimulatedPrinter

RECEIPT: list[Element] = [Text("收银小票", Align.CENTRE, bold=True), Columns("牛奶 1L", "¥12.50"), Cut()]


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class CountingOpener:
    """Opens real ports and counts how often it was asked to."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, url: str, settings: PortSettings) -> Port:
        self.count += 1
        return open_port(url, settings)


def test_a_chinese_receipt_is_printed_and_read_back() -> None:
    with SimulatedPrinter(columns=32) as device, POSPrinter(device.path) as printer:
        printer.print_bytes(encode(RECEIPT, columns=32))
        assert device.wait_for(lambda seen: seen.receipts)
        assert device.receipts == [" " * 12 + "收银小票\n牛奶 1L" + " " * 18 + "￥12.50"]


def test_two_jobs_are_two_receipts() -> None:
    with SimulatedPrinter() as device, POSPrinter(device.path) as printer:
        printer.print_bytes(encode([Text("一"), Cut()]))
        printer.print_bytes(encode([Text("二"), Cut()]))
        assert device.wait_for(lambda seen: seen.receipts == ["一", "二"])


def test_a_pulse_opens_the_drawer() -> None:
    with SimulatedPrinter() as device, POSPrinter(device.path) as printer:
        printer.pulse_drawer()
        printer.pulse_drawer(DrawerPulse(pin=5, on_ms=100))
        assert device.wait_for(lambda seen: seen.drawer_openings == 2)
        assert device.events == [DrawerOpened(2, 50, 500), DrawerOpened(5, 100, 500)]


def test_the_states_follow_open_unplugging_and_close() -> None:
    with SimulatedPrinter() as device:
        printer = POSPrinter(device.path)
        states = [printer.state]
        printer.open()
        printer.open()
        states.append(printer.state)
        device.unplug()
        with pytest.raises(NoHardwareError):
            printer.print_bytes(b"x")
        states.append(printer.state)
        printer.close()
        printer.close()
        states.append(printer.state)
    assert states == [PrinterState.CLOSED, PrinterState.ENABLED, PrinterState.OPENED, PrinterState.CLOSED]


def test_a_closed_printer_prints_nothing() -> None:
    with pytest.raises(DeviceClosedError, match="Open it"):
        POSPrinter("loop://").print_bytes(b"x")


def test_unplugging_before_a_job_says_that_nothing_of_it_was_sent() -> None:
    with SimulatedPrinter() as device, POSPrinter(device.path) as printer:
        device.unplug()
        with pytest.raises(NoHardwareError) as caught:
            printer.print_bytes(encode(RECEIPT))
        assert caught.value.retryable
        assert caught.value.sent_bytes_max == 0


def test_unplugging_in_the_middle_of_a_job_says_that_a_part_may_be_on_paper() -> None:
    with SimulatedPrinter(unplug_after_bytes=1_000) as device, POSPrinter(device.path) as printer:
        with pytest.raises(DeviceOfflineError) as caught:
            printer.print_bytes(encode([Text("牛奶\n" * 30_000)]))
        assert caught.value.sent_bytes_max >= 1_000
        assert printer.state is PrinterState.OPENED


def test_a_printer_out_of_paper_times_out_and_prints_nothing_of_the_old_job_later() -> None:
    settings = PortSettings(write_timeout_ms=100)
    with SimulatedPrinter() as device, POSPrinter(device.path, settings, backoff=Backoff(first_ms=0)) as printer:
        device.hold()
        with pytest.raises(DeviceTimeoutError):
            printer.print_bytes(encode([Text("旧\n" * 60_000), Cut()]))
        device.release()
        printer.print_bytes(encode([Text("新"), Cut()]))
        assert device.wait_for(lambda seen: any(isinstance(event, PaperCut) for event in seen.events))
        assert len(device.receipts) == 1
        assert device.receipts[0].endswith("新")


def test_a_printer_plugged_in_again_between_two_jobs_is_found_without_an_error() -> None:
    with SimulatedPrinter() as first, SimulatedPrinter() as second:
        places = iter([first.path, second.path])

        def open_next(_url: str, settings: PortSettings) -> Port:
            return open_port(next(places), settings)

        with POSPrinter("usb-printer", opener=open_next) as printer:
            first.unplug()
            printer.print_bytes(encode(RECEIPT))
            assert second.wait_for(lambda seen: seen.receipts)


def test_a_printer_that_was_missing_when_opened_prints_once_it_is_there() -> None:
    clock = Clock()
    with SimulatedPrinter() as device:
        places = iter(["/dev/does-not-exist", device.path])

        def open_next(_url: str, settings: PortSettings) -> Port:
            return open_port(next(places), settings)

        printer = POSPrinter("usb-printer", opener=open_next, monotonic_s=clock)
        with pytest.raises(NoHardwareError):
            printer.open()
        assert printer.state is PrinterState.OPENED
        clock.now_s += 1
        printer.print_bytes(encode(RECEIPT))
        assert device.wait_for(lambda seen: seen.receipts)
        printer.close()


def test_a_failed_port_is_left_alone_until_its_time_has_come() -> None:
    clock, opener = Clock(), CountingOpener()
    printer = POSPrinter("/dev/does-not-exist", monotonic_s=clock, chance=lambda: 0.0, opener=opener)
    with pytest.raises(NoHardwareError):
        printer.open()
    with pytest.raises(NoHardwareError) as caught:
        printer.print_bytes(b"x")
    assert caught.value.retry_after_ms == 250
    assert opener.count == 1
    clock.now_s += 0.25
    with pytest.raises(NoHardwareError) as caught:
        printer.print_bytes(b"x")
    assert caught.value.retry_after_ms == 0
    assert opener.count == 2


def test_opening_again_by_hand_does_not_wait() -> None:
    opener = CountingOpener()
    printer = POSPrinter("/dev/does-not-exist", monotonic_s=Clock(), opener=opener)
    for _ in range(3):
        with pytest.raises(NoHardwareError):
            printer.open()
    assert opener.count == 3


def test_the_back_off_doubles_up_to_its_longest_and_chance_takes_up_to_a_half() -> None:
    backoff = Backoff(first_ms=100, longest_ms=1_000)
    assert [backoff.wait_ms(failures, 0.0) for failures in (1, 2, 3, 4, 5, 1_000)] == [100, 200, 400, 800, 1_000, 1_000]
    assert backoff.wait_ms(2, 0.5) == 150


def test_a_second_job_does_not_wait_for_ever_behind_a_stuck_one() -> None:
    entered, leave = threading.Event(), threading.Event()

    def open_slowly(url: str, settings: PortSettings) -> Port:
        entered.set()
        leave.wait(timeout=10)
        return open_port(url, settings)

    printer = POSPrinter("loop://", opener=open_slowly, lock_wait_ms=10)
    stuck = threading.Thread(target=printer.open)
    stuck.start()
    assert entered.wait(timeout=10)
    with pytest.raises(DeviceBusyError, match="another job"):
        printer.print_bytes(b"x")
    leave.set()
    stuck.join(timeout=10)
    printer.close()


def test_jobs_from_many_threads_never_mix() -> None:
    with SimulatedPrinter() as device, POSPrinter(device.path) as printer:
        jobs = [encode([Text(f"{number}\n" * 200), Cut()]) for number in range(8)]
        threads = [threading.Thread(target=printer.print_bytes, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=10)
        assert device.wait_for(lambda seen: len(seen.receipts) == 8)
        assert all(len(set(receipt.split("\n"))) == 1 for receipt in device.receipts)
