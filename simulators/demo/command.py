"""`tillsync-sim demo`: from options to a plan, from a plan to a running demo and its report."""

import contextlib
import gc
import json
import signal
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType
from typing import Any, Final, NamedTuple

from rich.table import Table

from simulators.demo.chain import Chain
from simulators.demo.guest import with_guest
from simulators.demo.page import DemoPage, Till
from simulators.demo.run import Demo, Plan, dark_store, export
from simulators.demo.screen import Screen
from simulators.traffic.generator import generate
from simulators.traffic.layouts import parse_mapping
from simulators.traffic.recorded import read_baskets

DEFAULT_STORES: Final = 3
DEFAULT_RECEIPTS: Final = 2_000
DEFAULT_RATE: Final = 42.0
SWITCH_INTERVAL_S: Final = 0.0005
_TIMEZONES: Final = {"journey": "America/New_York", "online-retail": "Europe/London"}


class DemoOptions(NamedTuple):
    """What a person asked for."""

    once: bool
    json_file: Path | None
    stores: int
    receipts: int
    seed: int
    export_directory: Path | None
    baskets: Path | None
    preset: str | None
    mapping: str | None
    rate: float | None
    directory: Path | None


def make_plan(options: DemoOptions) -> Plan:
    """Generate or read the traffic. Raises: TrafficError."""
    if options.baskets is None:
        made = generate(options.seed, options.stores, options.receipts or DEFAULT_RECEIPTS)
        return Plan(
            stores=made.store_names,
            baskets=with_guest(made.baskets, made.households, dark_store(made.store_names)),
            catalogue=made.catalogue,
            households=made.households,
            currency="CNY",
            timezone="Asia/Shanghai",
            recorded=False,
            rate=DEFAULT_RATE if options.rate is None else options.rate,
        )
    mapping = parse_mapping(options.mapping) if options.mapping else None
    read = read_baskets(options.baskets, options.preset, mapping, options.stores, options.receipts)
    notes = [f"{count} rows rejected: {reason}" for reason, count in read.rejected_counts.items()]
    notes += [f"row {row.row}, basket {row.basket_ref}: {row.reason}" for row in read.rejected[:20]]
    return Plan(
        stores=read.store_names,
        baskets=read.baskets,
        catalogue=(),
        households=(),
        currency=read.currency,
        timezone=_TIMEZONES.get(read.layout, "UTC"),
        recorded=True,
        rate=0.0 if options.rate is None else options.rate,
        notes=tuple(notes),
    )


def run_demo(options: DemoOptions) -> dict[str, Any]:
    """Run the demo and return its report."""
    plan = make_plan(options)
    # All customers, printers and the probe share this process: let them take turns quickly, or they measure themselves.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.freeze()
    screen = Screen(len(plan.baskets))
    with contextlib.ExitStack() as stack:
        directory = options.directory
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tillsync-demo-")))
        for note in plan.notes:
            screen.say(note, style="yellow")
        screen.say(f"{len(plan.baskets)} baskets for {len(plan.stores)} stores; starting the hub and the stores …")
        page = None if plan.recorded else stack.enter_context(DemoPage())
        chain = stack.enter_context(
            Chain(
                directory,
                plan.stores,
                timezone=plan.timezone,
                recorded=plan.recorded,
                printers=page is not None,
                well_known_ports=True,
                framed_by=None if page is None else page.origin,
            )
        )
        demo = Demo(plan, chain, screen)
        done = stop_on_signals(demo)
        demo.get_ready()
        _print_addresses(screen, chain)
        if page is not None:
            page.show(tills(chain))
            screen.say(f"all tills    {page.origin}/   sell, and see the receipts come out of the printers")
        with screen:
            demo.shop()
            report = demo.settle()
        _print_report(screen, report)
        _write(options, chain, screen, report)
        if not options.once and not done.is_set():
            screen.say("\nThe stores and the hub go on running: sell on the till pages. Ctrl-C stops everything.")
            done.wait()
            screen.say("stopping …")
    return report


def stop_on_signals(demo: Demo) -> threading.Event:
    """End the demo in good order at Ctrl-C or SIGTERM."""
    done = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if done.is_set():
            raise KeyboardInterrupt  # asked twice: at once
        done.set()
        demo.interrupt()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    return done


def _print_addresses(screen: Screen, chain: Chain) -> None:
    screen.say(f"hub console  {chain.hub.command.address}/   API {chain.hub.command.address}/docs")
    for store, name in chain.stores.items():
        screen.say(f"till page    {chain.nodes[store].command.address}/   {name}")


def tills(chain: Chain) -> dict[str, Till]:
    """Give what the demo's page shows of a chain that has printers."""
    return {
        store: Till(chain.stores[store], chain.nodes[store].command.address, printer)
        for store, printer in chain.printers.items()
    }


def _print_report(screen: Screen, report: dict[str, Any]) -> None:
    table = Table(show_header=False)
    for key, value in report.items():
        if key not in {"problems", "notes", "refused"}:
            table.add_row(key, json.dumps(value))
    screen.console.print(table)
    for reason, count in report["refused"].items():
        screen.say(f"refused {count} ×  {reason}")
    for problem in report["problems"]:
        screen.say(f"PROBLEM  {problem}", style="red")


def _write(options: DemoOptions, chain: Chain, screen: Screen, report: dict[str, Any]) -> None:
    if options.export_directory is not None:
        for path in export(chain, options.export_directory):
            screen.say(f"written: {path}")
    if options.json_file is not None:
        options.json_file.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        screen.say(f"written: {options.json_file}")


def is_good(report: dict[str, Any]) -> bool:
    """Tell whether a report shows that nothing is missing, doubled, unequal or left."""
    return bool(
        report["receipts_missing"] == 0
        and report["receipts_doubled"] == 0
        and report["outbox_left"] == 0
        and report["balances_equal"]
        and report["baskets_failed"] == 0
    )
